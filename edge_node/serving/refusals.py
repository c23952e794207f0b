"""What the server itself refuses, before or around a handler, each with its status and remedy."""

from edge_node.base.errors import EdgeNodeError, Refusal


class ServingError(EdgeNodeError):
    """Root of the serving room's errors."""


class ServingRefusal(ServingError, Refusal):
    """Root of what the server refuses on its own account."""


class BodyTooLarge(ServingRefusal):
    """A body is, or says it is, larger than its route allows."""

    slug = "body-too-large"
    status = 413
    remedy = "Send less in one request."

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"the body is larger than {limit} bytes")


class BodyTimeout(ServingRefusal):
    """The next bytes of a body did not come in time."""

    slug = "body-timeout"
    status = 408
    remedy = "Send the body without long pauses."

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        super().__init__(f"no bytes of the body came for {timeout_s:g} s")


class HeadTimeout(ServingRefusal):
    """A request line and its headers were not complete in time."""

    slug = "header-timeout"
    status = 408
    remedy = "Send the request line and the headers at once."

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        super().__init__(f"the request's headers were not complete after {timeout_s:g} s")


class HostNotServed(ServingRefusal):
    """The Host is a name this node does not go by: a stranger's page may have been pointed at its address."""

    slug = "host-not-served"
    status = 421
    remedy = "Use the node's address, or add the name to http.hosts in its settings."

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(f"the host {host} is not served here")


class PathUnknown(ServingRefusal):
    """No route matches the path."""

    slug = "no-such-path"
    status = 404
    remedy = "See the node's documentation for its paths."

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"there is nothing at {path}")


class MethodNotAllowed(ServingRefusal):
    """The path exists and does not take this method; `allow` lists those it takes."""

    slug = "method-not-allowed"
    status = 405
    remedy = "Use one of the methods in Allow."

    def __init__(self, method: str, allow: tuple[str, ...]) -> None:
        self.method, self.allow = method, allow
        super().__init__(f"{method} is not among the methods of this path: {', '.join(allow)}")


class Overloaded(ServingRefusal):
    """The server has as many connections as it may have, in all or from this address."""

    slug = "overloaded"
    status = 503
    retry_after_s = 1
    remedy = "Keep connections open and reuse them, or come back later."

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"no more than {limit} connections are taken")


class MetadataTooLarge(ServingRefusal):
    """A call came with more metadata than a call may have; its connection goes on."""

    slug = "metadata-too-large"
    status = 431
    remedy = "Send a shorter token, and less else in the headers of a call."

    def __init__(self, size: int, limit: int) -> None:
        self.size, self.limit = size, limit
        super().__init__(f"metadata of {size} bytes is larger than {limit}")


class OriginRefused(ServingRefusal):
    """A web page of another origin asked for a change or a live connection."""

    slug = "origin-refused"
    status = 403
    remedy = "Add the page's origin to http.origins in the node's settings if it may do this."

    def __init__(self, origin: str) -> None:
        self.origin = origin
        super().__init__(f"pages of {origin} may not do this here")
