"""A subscriber as a stranger would write one: raw sockets, frames by hand, JSON as it comes."""

import os
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import trio

from edge_node.wire.sse import NEED_DATA, ServerEvent, SseParser
from edge_node.wire.websocket_frames import encode_text
from tests.gateway.rig import ANSWER_S, RunningNode
from tests.wire.websocket_rig import mask_frame

STREAM = "/api/v1/streams/site/a"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


@dataclass
class WebSocketClient:
    """One connection after its upgrade; `receive` gives (opcode, payload)."""

    stream: trio.SocketStream
    head: str
    data: bytearray = field(default_factory=bytearray)

    async def _need(self, size: int) -> None:
        while len(self.data) < size:
            more = await self.stream.receive_some()
            if not more:
                raise EOFError
            self.data += more

    async def receive(self) -> tuple[int, bytes]:
        """The next frame, whatever it is; EOFError at the end."""
        with trio.fail_after(ANSWER_S):
            await self._need(2)
            assert not self.data[1] & 0x80, "a server does not mask"
            size, start = self.data[1], 2
            if size >= 126:
                start = 4 if size == 126 else 10
                await self._need(start)
                size = int.from_bytes(self.data[2:start], "big")
            await self._need(start + size)
        opcode, payload = self.data[0] & 15, bytes(self.data[start : start + size])
        del self.data[: start + size]
        return opcode, payload

    async def next(self) -> Any:
        """The next text message as JSON, answering nothing in between."""
        while True:
            opcode, payload = await self.receive()
            if opcode == 1:
                return msgspec.json.decode(payload)
            assert opcode == 9, f"a frame of kind {opcode}: {payload!r}"

    async def take(self, count: int) -> list[int]:
        """The offsets of the next events."""
        return [(await self.next())["offset"] for _ in range(count)]

    async def end(self) -> tuple[Any, int, str]:
        """The problem that ends it (None if there is none), and the close frame's code and reason."""
        problem = None
        while True:
            opcode, payload = await self.receive()
            if opcode == 8:
                return problem, int.from_bytes(payload[:2], "big"), payload[2:].decode()
            if opcode == 1:
                problem = msgspec.json.decode(payload).get("end")

    async def send(self, frame: bytes) -> None:
        """Send a frame as a client must."""
        await self.stream.send_all(mask_frame(frame, os.urandom(4)))

    async def say(self, value: Any) -> None:
        """Send one text message."""
        await self.send(encode_text(msgspec.json.encode(value)))


def upgrade(target: str, lines: Iterable[str]) -> bytes:
    """The request that opens a WebSocket."""
    said = [
        f"GET {target} HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}", *lines,
    ]  # fmt: skip
    return "\r\n".join((*said, "", "")).encode()


@asynccontextmanager
async def listening(
    node: RunningNode,
    target: str = f"{STREAM}?from=end",
    who: str = "neighbour",
    *,
    lines: Iterable[str] = (),
    signed: bool = True,
    opened: bool = True,
) -> AsyncGenerator[WebSocketClient, None]:
    """A WebSocket subscription whose `open` has been read (unless not `opened`)."""
    every = [*lines, f"Edge-Request: {node.proof('GET', target, who=who)}"] if signed else lines
    async with await trio.open_tcp_stream("127.0.0.1", node.port) as stream:
        await stream.send_all(upgrade(target, every))
        data = b""
        with trio.fail_after(ANSWER_S):
            while b"\r\n\r\n" not in data:
                more = await stream.receive_some()
                assert more, data
                data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        client = WebSocketClient(stream, head.decode(), bytearray(rest))
        if opened:
            assert set(await client.next()) == {"open"}
        yield client


@dataclass
class SseClient:
    """One open response; `next` gives each event."""

    chunks: AsyncGenerator[bytes, None]
    parser: SseParser = field(default_factory=SseParser)

    async def next(self) -> ServerEvent:
        """The next event; EOFError at the end of the body."""
        with trio.fail_after(ANSWER_S):
            while (event := self.parser.next_event()) is NEED_DATA:
                try:
                    self.parser.receive(await anext(self.chunks))
                except StopAsyncIteration:
                    raise EOFError from None
        assert isinstance(event, ServerEvent)
        return event

    async def take(self, count: int) -> list[tuple[str, str, int]]:
        """Name, id and offset of the next events."""
        events = [await self.next() for _ in range(count)]
        return [(event.event, event.id, msgspec.json.decode(event.data).get("offset")) for event in events]


@asynccontextmanager
async def reading(
    node: RunningNode, target: str = STREAM, who: str = "neighbour", headers: dict[str, str] | None = None
) -> AsyncGenerator[SseClient, None]:
    """An SSE subscription, `open` not yet read."""
    said = {"accept": "text/event-stream", "edge-request": node.proof("GET", target, who=who)} | (headers or {})
    async with node.client.stream("GET", target, headers=said) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        chunks = response.aiter_raw()
        try:
            yield SseClient(chunks)  # type: ignore[arg-type]
        finally:
            await response.aclose()
            try:
                async for _ in chunks:
                    pass
            except Exception:
                pass
