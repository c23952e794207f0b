"""A running server or a single connection for the tests, and a client that sends exactly the bytes it is told."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import trio
import trio.testing

from edge_node.base.clock import ClockQuality
from edge_node.serving.connection import Connection
from edge_node.serving.http_server import HttpServer
from edge_node.serving.limits import Reaper
from edge_node.serving.listeners import open_listeners
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.serving.router import Handler
from edge_node.serving.service import Service
from edge_node.serving.tls import TlsIdentity
from edge_node.settings.tree import HttpSettings
from tests.serving.stream_transport import StreamTransport

GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CLOSING_GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def post(body: bytes, *lines: str, path: str = "/") -> bytes:
    """A POST with its length named."""
    head = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}", *lines]
    return "\r\n".join([*head, "", ""]).encode() + body


class FixedClock:
    """A wall clock that stands still."""

    def now_ms(self) -> int:
        return 1_790_000_000_123

    def monotonic_s(self) -> float:
        return trio.current_time()

    def quality(self) -> ClockQuality:
        return ClockQuality.NETWORK


@dataclass(frozen=True)
class Answer:
    """One response as a client read it."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The problem document; an assertion when it is none."""
        assert self.headers["content-type"] == "application/problem+json"
        document: dict[str, Any] = msgspec.json.decode(self.body)
        assert document["status"] == self.status
        return document


def parse_answers(raw: bytes, *, to_head: bool = False) -> list[Answer]:
    """The responses in `raw`, interim ones too; a body without length or chunks runs to the end."""
    answers = []
    while raw:
        head, separator, raw = raw.partition(b"\r\n\r\n")
        assert separator, f"half a head: {head!r}"
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        status = int(first.split(" ")[1])
        if status < 200 or status in {204, 304} or to_head:
            body = b""
        elif headers.get("transfer-encoding") == "chunked":
            body, raw = _dechunk(raw)
        else:
            length = int(headers.get("content-length", len(raw)))
            body, raw = raw[:length], raw[length:]
        answers.append(Answer(status, headers, body))
    return answers


def _dechunk(raw: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        size, _, raw = raw.partition(b"\r\n")
        length = int(size, 16)
        body, raw = body + raw[:length], raw[length + 2 :]
        if not length:
            return body, raw


async def read_to_end(stream: trio.abc.ReceiveStream) -> bytes:
    """Everything until the other side closes."""
    raw = b""
    while data := await stream.receive_some(65_536):
        raw += data
    return raw


async def read_answer(stream: trio.abc.ReceiveStream) -> Answer:
    """One response with a Content-Length, leaving the connection open."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        data = await stream.receive_some(65_536)
        assert data, f"closed after {raw!r}"
        raw += data
    head = raw.partition(b"\r\n\r\n")[0]
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.startswith(b"content-length")]
    while len(raw) < len(head) + 4 + int(lengths[0] if lengths else b"0"):
        raw += await stream.receive_some(65_536)
    [answer] = parse_answers(raw)
    return answer


async def echo(request: Request) -> Response:
    """A handler that answers the body it got."""
    return Response(200, (("content-type", "application/octet-stream"),), await request.body(1 << 20))


def loopback(**changes: Any) -> HttpSettings:
    """Settings with one plain door at a free port."""
    return msgspec.structs.replace(HttpSettings(listen="127.0.0.1:0", listen_tls=""), **changes)


@asynccontextmanager
async def running(
    handler: Handler = echo, settings: HttpSettings | None = None, identity: TlsIdentity | None = None
) -> AsyncIterator[HttpServer]:
    """A server on loopback sockets, cancelled at the end of the block."""
    settings = settings or loopback()
    doors = open_listeners(settings, identity)
    async with trio.open_nursery() as nursery:

        async def serve(task_status: trio.TaskStatus[HttpServer]) -> None:
            await HttpServer(doors, handler, settings, clock=FixedClock()).run(task_status)

        yield await nursery.start(serve)
        nursery.cancel_scope.cancel()


async def dial(server: HttpServer, door: int = 0) -> trio.SocketStream:
    """A client's socket to one of the doors."""
    host, _, port = server.urls[door].partition("//")[2].rpartition(":")
    return await trio.open_tcp_stream(host.strip("[]"), int(port))


async def talk(server: HttpServer, *pieces: bytes, finish: bool = False) -> list[Answer]:
    """Send the pieces over one connection and read until the server closes; `finish` closes our sending side."""
    async with await dial(server) as stream:
        for piece in pieces:
            await stream.send_all(piece)
        if finish:
            await stream.send_eof()
        return parse_answers(await read_to_end(stream))


Streams = tuple[trio.abc.Stream, trio.abc.Stream]


@asynccontextmanager
async def connected(
    handler: Handler = echo, settings: HttpSettings | None = None, streams: Streams | None = None
) -> AsyncIterator[tuple[trio.abc.Stream, Connection]]:
    """One connection over streams in memory, with its reaper; for deadlines under a clock that jumps."""
    client, server = streams or trio.testing.memory_stream_pair()
    watched: list[Connection] = []
    reaper = Reaper(watched)
    reaper.tick()
    connection = Connection(
        Service(handler, settings or loopback(), reaper), StreamTransport(server, "192.0.2.1", secure=True)
    )
    watched.append(connection)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reaper.run)
        nursery.start_soon(connection.run)
        yield client, connection
        nursery.cancel_scope.cancel()


def statuses(answers: Sequence[Answer]) -> list[int]:
    """The statuses alone."""
    return [answer.status for answer in answers]


async def answer_of(raw: bytes, handler: object = echo) -> list[Answer]:
    """What a connection in memory answers to `raw` followed by the client's end."""
    async with connected(handler) as (client, _):  # type: ignore[arg-type]
        await client.send_all(raw)
        await client.send_eof()  # type: ignore[attr-defined]
        return parse_answers(await read_to_end(client))


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """An asynchronous body."""
    for part in parts:
        yield part
