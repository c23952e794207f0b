"""What an HTTP/1.1 peer can do wrong, each with the status its door should answer (RFC 9110, RFC 9112)."""

from edge_node.base.errors import LocalError, RemoteError


class HttpBroken(RemoteError):
    """Root of HTTP/1.1 refusals; after any of them the connection's framing is lost and it must be closed."""

    slug = "malformed-request"
    status = 400
    remedy = "Send the request as RFC 9110 and RFC 9112 define it."


class MalformedRequest(HttpBroken):
    """The request's bytes do not follow the grammar; `why` says where."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"malformed HTTP request: {why}")


class AmbiguousLength(MalformedRequest):
    """Two readers could disagree on where the body ends: the way requests are smuggled."""

    remedy = "Send exactly one Content-Length of digits, or exactly `Transfer-Encoding: chunked` on HTTP/1.1."


class MalformedHost(MalformedRequest):
    """HTTP/1.1 wants exactly one valid Host, equal to the target's when that is absolute."""

    remedy = "Send exactly one Host header with a name or address and an optional port."


class MalformedTarget(MalformedRequest):
    """The request target is none of the forms a server answers, or decodes to something unsafe."""

    remedy = "Send an absolute path with an optional query, percent-encoded UTF-8, without fragment or dot segments."


class MalformedChunk(MalformedRequest):
    """A chunked body breaks its framing."""


class BodyTruncated(HttpBroken):
    """The peer closed before its body ended; what arrived is worth nothing."""

    slug = "body-truncated"
    remedy = "Send the whole body again."

    def __init__(self, received: int) -> None:
        self.received = received
        super().__init__(f"the connection closed inside the body, after {received} bytes")


class HeadTruncated(HttpBroken):
    """The peer closed inside a request line or its headers."""

    def __init__(self) -> None:
        super().__init__("the connection closed inside the request's headers")


class TargetTooLong(HttpBroken):
    """The request target exceeds its limit."""

    slug = "target-too-long"
    status = 414
    remedy = "Shorten the path and the query."

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"the request target is longer than {limit} bytes")


class HeadTooLarge(HttpBroken):
    """Request line and headers, or the trailers, exceed their limit of bytes or lines."""

    slug = "headers-too-large"
    status = 431
    remedy = "Send fewer or shorter headers."

    def __init__(self, what: str, limit: int) -> None:
        self.limit = limit
        super().__init__(f"{what}: the limit is {limit}")


class VersionNotSupported(HttpBroken):
    """The request line names another version than HTTP/1.0 or HTTP/1.1; the HTTP/2 preface is such a line."""

    slug = "http-version"
    status = 505
    remedy = "Speak HTTP/1.1; HTTP/2 is not served at this port."

    def __init__(self, version: str) -> None:
        self.version = version
        super().__init__(f"{version} is not served here")


class MethodNotImplemented(HttpBroken):
    """The method is well formed and unknown to this server."""

    slug = "method-not-implemented"
    status = 501
    remedy = "Use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS."

    def __init__(self, method: str) -> None:
        self.method = method
        super().__init__(f"the method {method} is not implemented")


class ExpectationNotMet(HttpBroken):
    """Expect asks for something other than 100-continue."""

    slug = "expectation"
    status = 417
    remedy = "Leave the Expect header out, or send `Expect: 100-continue`."

    def __init__(self) -> None:
        super().__init__("only the expectation 100-continue can be met")


class HttpMisuse(LocalError):
    """Our own side called the connection out of order, or built a response that HTTP cannot carry."""
