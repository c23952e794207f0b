"""Where a request carries its bearer: a header, or a WebSocket subprotocol where none can be set; never a URL."""

from edge_node.gateway.errors import BearerInUrl
from edge_node.serving import Request

SUBPROTOCOL_PREFIX = "bearer."
_FORBIDDEN = ("bearer", "access_token")  # ours, and that of RFC 6750 section 2.3


def read_token(request: Request) -> str | None:
    """The token a request presents, None if it presents none; BearerInUrl for one in the query."""
    if request.head.query:
        for name in _FORBIDDEN:
            if name in request.query:
                raise BearerInUrl(name)
    scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip(" ")
    if request.head.upgrade is None:
        return None
    for offered in (request.headers.get("sec-websocket-protocol") or "").split(","):
        protocol = offered.strip(" \t")
        if protocol.startswith(SUBPROTOCOL_PREFIX):
            return protocol.removeprefix(SUBPROTOCOL_PREFIX)
    return None
