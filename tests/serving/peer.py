"""WebSocket clients for the tests: one of raw frames under trio, and the `websockets` library as a stranger."""

import asyncio  # noqa: TID251 - a foreign client in a thread of its own, the way strangers come
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio

from edge_node.serving.http_server import HttpServer
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.serving.router import Handler
from edge_node.serving.upgrade import WebSocketUpgrade, check_websocket
from edge_node.serving.websocket_session import Talk, WebSocketSession
from edge_node.wire.websocket import NEED_DATA, Event, WebSocket
from edge_node.wire.websocket_frames import encode_binary, encode_text
from tests.serving.rig import dial
from tests.wire.websocket_rig import mask_frame

KEY = b"\x37\xfa\x21\x3d"


def upgrade(path: str = "/", *lines: str) -> bytes:
    """An upgrade request."""
    head = [
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]
    return "\r\n".join([*head, *lines, "", ""]).encode()


def masked(frame: bytes) -> bytes:
    """As a client sends it."""
    return mask_frame(frame, KEY)


def text(message: str) -> bytes:
    """A client's text message."""
    return masked(encode_text(message.encode()))


class Peer:
    """The client's end of an open WebSocket; it answers nothing by itself."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self._socket = WebSocket(client=True, message_max=1 << 30)

    async def open(self, *, path: str = "/", behind: bytes = b"") -> str:
        """Upgrade, with bytes sent along; the response's head."""
        await self.stream.send_all(upgrade(path) + behind)
        raw = b""
        while b"\r\n\r\n" not in raw:
            data = await self.stream.receive_some(65_536)
            assert data, f"closed after {raw!r}"
            raw += data
        head, _, rest = raw.partition(b"\r\n\r\n")
        if rest:
            self._socket.receive(rest)
        return head.decode()

    async def send(self, *frames: bytes) -> None:
        """Frames already masked, in one piece."""
        await self.stream.send_all(b"".join(frames))

    async def next(self) -> Event:
        """The next event; Closed at the end."""
        while (event := self._socket.next_event()) is NEED_DATA:
            try:
                self._socket.receive(await self.stream.receive_some(65_536))
            except trio.BrokenResourceError:
                self._socket.receive(b"")
        return event

    async def rest(self) -> bytes:
        """Whatever comes until the server closes."""
        raw = b""
        while data := await self.stream.receive_some(65_536):
            raw += data
        return raw


@asynccontextmanager
async def opened(server: HttpServer, *, path: str = "/", behind: bytes = b"") -> AsyncIterator[Peer]:
    """A peer over a plain socket, reset at the end of the block."""
    stream = await dial(server)
    peer = Peer(stream)
    try:
        assert (await peer.open(path=path, behind=behind)).startswith("HTTP/1.1 101 ")
        yield peer
    finally:
        await trio.aclose_forcefully(stream)


def opening(talk: Talk, **options: object) -> Handler:
    """A handler that opens a WebSocket and talks."""

    async def handler(request: Request) -> Response:
        handshake = check_websocket(request)
        chosen = handshake.subprotocols[0] if handshake.subprotocols else None
        return WebSocketUpgrade(handshake, talk, subprotocol=chosen, **options)  # type: ignore[arg-type]

    return handler


async def echo(session: WebSocketSession) -> None:
    """Send back whatever comes."""
    while True:
        data = (await session.receive()).data
        await session.send_frames(encode_text(data.encode()) if isinstance(data, str) else encode_binary(data))


async def wait_for_ever(session: WebSocketSession) -> None:
    """A handler that never speaks nor listens."""
    await trio.sleep_forever()


async def as_stranger(play: Callable[[], Awaitable[None]]) -> None:
    """Run a client under asyncio, in a thread."""

    async def under_asyncio() -> None:
        await play()

    await trio.to_thread.run_sync(lambda: asyncio.run(under_asyncio()))
