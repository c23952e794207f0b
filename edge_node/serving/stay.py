"""The one response of a connection that stays open, if there is one: a stream of events, or a WebSocket session."""

from collections.abc import AsyncIterable

from edge_node.serving.live import Host, Link, Live
from edge_node.serving.service import Service
from edge_node.serving.sse_stream import EventStream, SseStream
from edge_node.serving.transport import LiveTransport, Transport
from edge_node.serving.upgrade import WebSocketUpgrade
from edge_node.serving.websocket_session import WebSocketSession
from edge_node.wire.http1_errors import HttpMisuse


class Stay:
    """What a connection's deadline and a server's drain are handed on to while a response stays open."""

    __slots__ = ("_host", "_live", "_service", "_transport")

    def __init__(self, host: Host, service: Service, transport: Transport) -> None:
        self._host, self._service, self._transport = host, service, transport
        self._live: Live | None = None

    def expire(self) -> bool:
        """The deadline has passed; False if nothing stays open."""
        if self._live is None:
            return False
        self._live.expire()
        return True

    def drain(self) -> None:
        """The server stops."""
        if self._live is not None:
            self._live.drain()

    async def stream(self, response: EventStream, events: AsyncIterable[bytes], *, chunked: bool) -> None:
        """Send events until they or the client end; HttpMisuse where there is no socket."""
        stream = SseStream(self._link(), chunked=chunked)
        try:
            self._begin(stream)
            await stream.run(events, response.stopping)
        finally:
            self._live = None

    def session(self, upgrade: WebSocketUpgrade) -> WebSocketSession:
        """The session that was agreed on, not begun; HttpMisuse where there is no socket."""
        return WebSocketSession(
            self._link(),
            subprotocol=upgrade.subprotocol,
            message_max=upgrade.message_max,
            stopping=upgrade.stopping,
        )

    async def talk(self, session: WebSocketSession, upgrade: WebSocketUpgrade, heard: bytes) -> bool:
        """Converse to the end, `heard` first; whether the client is still to be told of it."""
        try:
            self._begin(session)
            return await session.run(upgrade.talk, heard)
        finally:
            self._live = None

    def _begin(self, live: Live) -> None:
        self._live = live
        if self._service.draining:
            live.drain()

    def _link(self) -> Link:
        transport, service = self._transport, self._service
        if not isinstance(transport, LiveTransport):
            raise HttpMisuse("a response that stays open wants a socket")
        return Link(self._host, transport, service.watch, service.reaper, service.settings.write_timeout_s)
