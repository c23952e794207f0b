"""What a door refuses before a room is asked: headers, parameters, content types, proofs of who asks."""

from edge_node.base.errors import Refusal


class GatewayRefusal(Refusal):
    """Root of the doors' own refusals."""


class SignatureMissing(GatewayRefusal):
    """The request carries no signature where one is needed."""

    slug, status = "signature-missing", 401

    def __init__(self, header: str, spec: str) -> None:
        self.header = header
        self.remedy = f"Sign the request as {spec} says."  # type: ignore[misc]  # the remedy names the right page
        super().__init__(f"the header {header} is missing")


class AttributeHeaders(GatewayRefusal):
    """CloudEvents attributes came as headers, which no signature covers."""

    slug, status = "ce-headers", 400
    remedy = "Put the attributes into the body (application/cloudevents+json)."

    def __init__(self, header: str) -> None:
        self.header = header
        super().__init__(f"the header {header} is outside the signature")


class ContentEncodingRefused(GatewayRefusal):
    """The body is coded; what is signed and hashed is what is stored."""

    slug, status = "content-encoding", 415
    remedy = "Send the plain bytes, as they were signed and hashed, without Content-Encoding."

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        super().__init__(f"the content encoding {encoding[:32]!r} is not accepted")


class StreamMismatch(GatewayRefusal):
    """The URL names one stream and the signature another."""

    slug, status = "stream-mismatch", 400
    remedy = "Post to the stream that was signed, or to /events."

    def __init__(self, url: str, signed: str) -> None:
        self.url_stream, self.signed_stream = url, signed
        super().__init__(f"the URL names stream {url}, the signature {signed}")


class BadParameter(GatewayRefusal):
    """A query parameter is not what it should be."""

    slug, status = "bad-parameter", 400
    remedy = "See docs/specs/http.md for the parameters of this path."

    def __init__(self, name: str, why: str) -> None:
        self.parameter = name
        super().__init__(f"parameter {name}: {why}")


class BearerInUrl(GatewayRefusal):
    """A token stands in the URL, where logs and histories keep it."""

    slug, status = "bearer-in-url", 400
    remedy = "Send it as Authorization: Bearer, or as the WebSocket subprotocol bearer.<token>; let this one expire."

    def __init__(self, name: str) -> None:
        self.parameter = name
        super().__init__(f"the query has a parameter {name}")


class BadBearerRequest(GatewayRefusal):
    """The body that asks for a bearer is not what the specification says."""

    slug, status = "bad-bearer-request", 400
    remedy = "Send no body, or a JSON object with seconds and stream (docs/specs/subscriptions.md, Bearers)."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not a wish for a bearer: {why}")


class BadSubscription(GatewayRefusal):
    """What a WebSocket client says is not where its subscription should begin, or comes when nothing is asked."""

    slug, status = "bad-subscription", 400
    remedy = "Send one JSON object with from and slow, or nothing (docs/specs/subscriptions.md)."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not a subscription: {why}")


class MalformedMessage(GatewayRefusal):
    """A body is not the message that this path takes, in protobuf's JSON."""

    slug, status = "malformed-message", 400
    remedy = "Send the message as docs/specs/http.md shows it: bytes as base64, 64-bit numbers as text."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not the message wanted here: {why}")


class TypeNotJson(GatewayRefusal):
    """A message came as something else than JSON, as any web page's form could send it."""

    slug, status = "content-type", 415
    remedy = "Send it with Content-Type: application/json."

    def __init__(self) -> None:
        super().__init__("this path takes application/json alone")


class ServiceWorkerRefused(GatewayRefusal):
    """A browser asks for bucket content in order to install it as what answers for this whole origin."""

    slug, status = "service-worker-refused", 403
    remedy = "Serve the site from an origin of its own: a bucket's pages share this node's."

    def __init__(self) -> None:
        super().__init__("bucket content is never a service worker")


class UnknownName(GatewayRefusal):
    """The bucket has no CNS name like this."""

    slug, status = "unknown-name", 404
    remedy = "Check the name and the bucket; a CID is written as it was returned."

    def __init__(self, name: str, bucket: int) -> None:
        self.name, self.bucket = name[:255], bucket
        super().__init__(f"bucket {bucket} has no name {name[:100]!r}")


class WrongNode(GatewayRefusal):
    """The request is signed for another node."""

    slug, status = "wrong-node", 401
    remedy = "Sign for the node key that GET /info shows."

    def __init__(self) -> None:
        super().__init__("the request is signed for another node")


class RequestExpired(GatewayRefusal):
    """The signed time of the request is outside the window."""

    slug, status = "request-expired", 401
    remedy = "Sign with the present time; GET /info shows this node's."

    def __init__(self, off_ms: int, window_ms: int) -> None:
        self.off_ms, self.window_ms = off_ms, window_ms
        super().__init__(f"the request is {off_ms} ms away from this node's time; at most {window_ms} ms are accepted")


class SignedBeforeStart(GatewayRefusal):
    """The request may have been used before this node started: which were is not remembered, only until when."""

    slug, status = "signed-before-start", 503
    remedy = "Sign the request anew; if this stays for minutes, set the caller's clock."

    def __init__(self, wait_ms: int) -> None:
        self.wait_ms = wait_ms
        # By then the caller's clock, however far behind, shows a time that counts.
        self.retry_after_s = wait_ms // 1_000 + 1  # type: ignore[misc]  # as long as it takes this caller
        super().__init__(f"it may have been made before this node started; sign it anew in {wait_ms} ms")


class NonceReused(GatewayRefusal):
    """This request was already made."""

    slug, status = "nonce-reused", 401
    remedy = "Sign every request anew, with a fresh nonce."

    def __init__(self) -> None:
        super().__init__("this signed request was used before")


class RequestForged(GatewayRefusal):
    """The request's signature does not verify under the named key."""

    slug, status, forged = "bad-signature", 401, True
    remedy = "Sign method, target, body digest, time and nonce as docs/specs/signed-request.md says."

    def __init__(self) -> None:
        super().__init__("the signature of the request does not verify")


class BodyDigestMismatch(GatewayRefusal):
    """The body is not the one whose digest was signed; nothing was kept."""

    slug, status = "body-digest-mismatch", 422
    remedy = "Sign the BLAKE3 of exactly the bytes sent."

    def __init__(self, signed: str, got: str) -> None:
        self.signed, self.got = signed, got
        super().__init__(f"the body hashes to {got}, and {signed} was signed")


class LoopbackOnly(GatewayRefusal):
    """The path is for this machine's own programs."""

    slug, status = "loopback-only", 403
    remedy = "Ask from the node's own machine, or read the figures from its view socket."

    def __init__(self, peer: str) -> None:
        self.peer = peer
        super().__init__(f"the figures are not for {peer}")


class NoRoom(GatewayRefusal):
    """Bodies under way hold all the memory there is for them."""

    slug, status, retry_after_s = "overloaded", 503, 1
    remedy = "Send again after Retry-After; nothing of the body was read."

    def __init__(self, held: int, limit: int) -> None:
        self.held, self.limit = held, limit
        super().__init__(f"bodies under way hold {held} of {limit} bytes")


class NoRoomToAnswer(GatewayRefusal):
    """Answers that their readers have not taken yet hold the memory there is for them."""

    slug, status, retry_after_s = "overloaded", 503, 1
    remedy = "Read the answers you have asked for, then ask again after Retry-After, for a smaller page or range."

    def __init__(self, held: int, own: int, limit: int) -> None:
        self.held, self.own, self.limit = held, own, limit
        super().__init__(f"answers under way hold {held} of {limit} bytes, {own} of them for this key")
