"""What a handler answers to open a WebSocket: a response that is not sent but begun."""

from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.serving.websocket_session import Talk
from edge_node.wire.http1_errors import HttpMisuse
from edge_node.wire.websocket import MESSAGE_MAX_BYTES
from edge_node.wire.websocket_handshake import Handshake, check_upgrade


class WebSocketUpgrade(Response):
    """101, then `talk` with the session until it returns.

    `subprotocol` is one of those the client offered, or None. `message_max` bounds a client's message in bytes.
    `stopping` are frames sent before the close frame (1001) when the server stops.
    """

    __slots__ = ("handshake", "message_max", "stopping", "subprotocol", "talk")

    def __init__(
        self,
        handshake: Handshake,
        talk: Talk,
        *,
        subprotocol: str | None = None,
        message_max: int = MESSAGE_MAX_BYTES,
        stopping: bytes = b"",
    ) -> None:
        if subprotocol is not None and subprotocol not in handshake.subprotocols:
            raise HttpMisuse(f"the client did not offer the subprotocol {subprotocol}")
        super().__init__(101)
        self.handshake, self.talk = handshake, talk
        self.subprotocol, self.message_max, self.stopping = subprotocol, message_max, stopping

    def header_lines(self) -> str:
        """The 101's own header lines."""
        lines = f"sec-websocket-accept: {self.handshake.accept}\r\n"
        if self.subprotocol is not None:
            lines += f"sec-websocket-protocol: {self.subprotocol}\r\n"
        return lines


def check_websocket(request: Request) -> Handshake:
    """The handshake of a request that opens a WebSocket; UpgradeRequired (426), MalformedUpgrade (400)."""
    return check_upgrade(request.head)
