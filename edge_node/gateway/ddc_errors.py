"""What the DDC doors refuse on their own account: signed requests, the order of messages, acknowledgements."""

from edge_node.gateway.errors import GatewayRefusal


class RequestMissing(GatewayRefusal):
    """A token that names no bucket came without the signed request it counts with."""

    slug, status = "request-missing", 401
    remedy = "Send the metadata `request`, signed by who signed the token, or a token that names the bucket."

    def __init__(self) -> None:
        super().__init__("a token for no bucket in particular counts only with a signed request")


class RequestForeign(GatewayRefusal):
    """The signed request is another account's than the one the token gives rights to."""

    slug, status = "request-foreign", 403
    remedy = "Sign the request with the key that the token was made by or for."

    def __init__(self) -> None:
        super().__init__("the request is signed by another account than the token's")


class RequestMismatch(GatewayRefusal):
    """The signed request is for something else than the call; `what` names the field."""

    slug, status = "request-mismatch", 403
    remedy = "Sign a request for every call: its bucket, its type and its CID."

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"the signed request has another {what} than the call")


class RequestReplayed(GatewayRefusal):
    """This signed request was already acted on."""

    slug, status = "request-replayed", 401
    remedy = "Sign every request anew, with a fresh requestId."

    def __init__(self) -> None:
        super().__init__("this signed request was used before")


class TokenInUrl(GatewayRefusal):
    """A token that opens all of an owner's buckets stands in a URL, where logs and histories keep it."""

    slug, status = "token-in-url", 401
    remedy = "Put a token that names the bucket into URLs, best also a piece and a near end; let this one expire."

    def __init__(self) -> None:
        super().__init__("a token for no bucket in particular is not taken from a URL")


class CacheTakesNoStores(GatewayRefusal):
    """A store came to a door that is a cache."""

    slug, status = "cache-door", 409
    remedy = "Store at a node whose mode is full or storage."

    def __init__(self) -> None:
        super().__init__("this door is a cache: it serves reads")


class MessageOutOfOrder(GatewayRefusal):
    """A call's messages are not the ones its method begins or goes on with."""

    slug, status = "message-out-of-order", 400
    remedy = "Send what the method begins with once and first (docs/specs/ddc.md)."

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"the call's messages are out of order: {what}")


class EmptyPiece(GatewayRefusal):
    """A raw piece without a byte."""

    slug, status = "empty-piece", 400
    remedy = "Send content; the SDK refuses empty pieces too."

    def __init__(self) -> None:
        super().__init__("the piece has no content")


class SizeUnderstated(GatewayRefusal):
    """More content came than the metadata said; nothing was kept."""

    slug, status = "size-understated", 400
    remedy = "Say the piece's size, or more than it, or nothing."

    def __init__(self, said: int) -> None:
        self.said = said
        super().__init__(f"the metadata said {said} bytes and more came")


class RangeOutside(GatewayRefusal):
    """A range that is not inside the file."""

    slug, status = "range-outside", 416
    remedy = "Ask for start <= end < the file's size; both ends are included."

    def __init__(self, start: int, last: int, size: int) -> None:
        self.start, self.last, self.size = start, last, size
        super().__init__(f"{start} to {last} is not inside the {size} bytes of this file")


class AcksMissing(GatewayRefusal):
    """A reader was sent as much as may be on its way and acknowledged nothing for too long."""

    slug, status = "acks-missing", 429
    remedy = "Acknowledge what was received, or read in ranges."

    def __init__(self, unacked: int, wait_s: float) -> None:
        self.unacked = unacked
        super().__init__(f"{unacked} bytes were sent and not acknowledged for {wait_s:g} s")
