"""One open response of server-sent events: each piece sent at once, signs of life, and an end when the client left.

As for WebSockets the generator runs in the connection's own task; the SocketWatch tells of a client that left, and the
reaper's tick sends a comment where nothing else was sent.
"""

from collections.abc import AsyncIterable

import trio

from edge_node.serving.counters import CONNECTIONS_EXPIRED
from edge_node.serving.live import Link
from edge_node.serving.response import Response
from edge_node.serving.transport import PeerGone
from edge_node.wire.http1_response import LAST_CHUNK, encode_chunk
from edge_node.wire.sse import COMMENT_PING

PING_S = 10.0  # below every proxy's patience with a silent response
READ_BYTES = 4_096  # what a client sends behind its request is dropped: the connection ends with the stream
HEADERS = (
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-store"),
    ("x-accel-buffering", "no"),  # nginx would keep events until its buffer is full
)


class EventStream(Response):
    """A response of server-sent events, as `wire.sse.encode_event` makes them.

    Every piece of `events` is sent at once; the server adds comments in silence. `events` is cancelled when the
    client leaves (a client that closes its sending side has left), and when the server stops, which then sends
    `stopping` as the last piece.
    """

    __slots__ = ("stopping",)

    def __init__(self, events: AsyncIterable[bytes], *, stopping: bytes = b"") -> None:
        super().__init__(200, HEADERS, events)
        self.stopping = stopping


class SseStream:
    """The running side of an EventStream."""

    __slots__ = ("_chunked", "_flushing", "_link", "_scope", "_stuck")

    def __init__(self, link: Link, *, chunked: bool) -> None:
        self._link = link
        self._chunked = chunked
        self._scope = trio.CancelScope()
        self._flushing = self._stuck = False

    async def run(self, events: AsyncIterable[bytes], stopping: bytes) -> None:
        """Send until `events` ends, the server stops or the client is gone; PeerGone and what `events` raises."""
        self._link.expect(PING_S)
        self._link.watch_for(self._on_ready)
        try:
            with self._scope:
                async for data in events:
                    await self._send(data)
                    await trio.lowlevel.checkpoint()  # a fast reader must not keep the loop to itself
            if self._scope.cancelled_caught:
                await self._send(stopping)
            if self._chunked:
                await self._flush(LAST_CHUNK)
        finally:
            self._link.unwatch()

    def drain(self) -> None:
        """See Live."""
        self._scope.cancel()

    def expire(self) -> None:
        """See Live."""
        try:
            if self._flushing or (self._stuck and not self._link.transport.push()):
                CONNECTIONS_EXPIRED.inc()
                self._link.host.end()
                return
            self._stuck = not self._link.transport.offer(self._framed(COMMENT_PING))
        except PeerGone:
            self._link.host.end()
            return
        self._link.expect(self._link.write_timeout_s if self._stuck else PING_S)

    def _on_ready(self) -> None:
        """The client closed, or sent what nobody asked for."""
        if self._link.transport.take(READ_BYTES) == b"":
            self._link.unwatch()  # an end stays ready, and `events` may take its time to be cancelled
            self._link.host.end()

    async def _send(self, data: bytes) -> None:
        if data:
            await self._flush(self._framed(data))

    def _framed(self, data: bytes) -> bytes:
        return encode_chunk(data) if self._chunked else data

    async def _flush(self, data: bytes) -> None:
        transport = self._link.transport
        self._flushing = True
        try:
            self._note_progress()
            if not transport.settled:
                await transport.flush(self._note_progress)
            if not transport.offer(data):
                await transport.flush(self._note_progress)
        finally:
            self._flushing = self._stuck = False
        self._link.expect(PING_S)

    def _note_progress(self) -> None:
        self._link.expect(self._link.write_timeout_s)
