"""Which web pages may change things or open live connections: the node's own and the operator's list.

A page of any site can send a form or open a WebSocket to an address on its visitor's network; the browser then names
the page's origin. Programs send no Origin. Reading by GET is left to the browser, which hides the answer from the page.
"""

from collections.abc import Iterable

from edge_node.wire.http1_head import RequestHead

_READING = frozenset({"GET", "HEAD", "OPTIONS"})  # nothing here changes by them (RFC 9110 section 9.2.1)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class OriginGate:
    """The allow-list over Origin values."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(map(_without_default_port, origins))

    def allows(self, head: RequestHead) -> bool:
        """Whether the page that sent this request, if a page did, may."""
        origin = head.fields.get("origin")
        if origin is None or not _matters(head):
            return True
        if head.fields.repeats("origin"):
            return False
        origin = _without_default_port(origin.lower())
        scheme = origin.partition("://")[0]
        # Only host and port are compared with ours: behind a proxy that ends TLS the scheme we see is not the page's.
        own = _without_default_port(f"{scheme}://{head.host.lower()}")
        return (scheme in _DEFAULT_PORTS and origin == own) or origin in self._origins


def _matters(head: RequestHead) -> bool:
    if head.method not in _READING or head.upgrade is not None:
        return True
    return "text/event-stream" in (head.fields.get("accept") or "").lower()


def _without_default_port(origin: str) -> str:
    return origin.removesuffix(_DEFAULT_PORTS.get(origin.partition("://")[0], "\0"))
