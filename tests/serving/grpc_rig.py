"""A running gRPC server for the tests, a stranger's client (grpcio), and one that sends the frames it is told."""

import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import h2.config
import h2.connection
import h2.events
import msgspec
import psutil
import trio
from h2.connection import ConnectionState

from edge_node.serving.call import Call, CallTable
from edge_node.serving.grpc_server import GrpcDoor, GrpcServer, open_grpc_door
from edge_node.settings.tree import GrpcSettings
from edge_node.wire.grpc import message_prefix
from edge_node.wire.http2_frames import PREFACE, FrameType, frame_head

MIB = 1 << 20
MESSAGE_MAX = 4 * MIB
BLOCK = memoryview(bytes(MIB))  # no handler holds a copy: what is measured is the server
GROWTH_MAX = 64 * MIB
PATIENCE_S = 30  # no test may hang


async def echo(call: Call) -> None:
    """Answer the one message with itself."""
    await call.send(await call.receive() or b"")


async def upload(call: Call) -> None:
    """Accept after the first message, count the rest."""
    await call.receive()
    await call.accept()
    total = 0
    while (message := await call.receive()) is not None:
        total += len(message)
    await call.send(str(total).encode())


async def download(call: Call) -> None:
    """Send as many bytes as the message asks for, in messages of 4,000,000."""
    left = int(await call.receive() or b"0")
    await call.accept()
    while left:
        size = min(left, 4_000_000)
        whole, rest = divmod(size, MIB)
        await call.send(*[BLOCK] * whole, BLOCK[:rest])
        left -= size


async def pong(call: Call) -> None:
    """Send back each message."""
    await call.accept()
    while (message := await call.receive()) is not None:
        await call.send(message)


async def stuck(call: Call) -> None:
    """Accept, and never take or send anything."""
    await call.accept()
    await trio.sleep_forever()


HANDLERS = {"echo": echo, "upload": upload, "download": download, "pong": pong, "stuck": stuck}


def table_of(**more: Callable[[Call], Any]) -> CallTable:
    """A table of the handlers above and more, as /test.T/<name>."""
    table = CallTable()
    for name, handler in {**HANDLERS, **more}.items():
        table.add(path(name), handler, message_max=MESSAGE_MAX)
    return table


def path(name: str) -> str:
    """A handler's method."""
    return f"/test.T/{name}"


@asynccontextmanager
async def serving(
    table: CallTable | None = None, *, doors: list[GrpcDoor] | None = None, **changes: Any
) -> AsyncIterator[GrpcServer]:
    """A server on a loopback socket, cancelled at the end of the block."""
    settings = msgspec.structs.replace(GrpcSettings(listen="127.0.0.1:0"), **changes)
    doors = doors or [open_grpc_door("127.0.0.1:0")]
    server = GrpcServer(doors, table or table_of(), settings)
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            await nursery.start(server.run)
            yield server
            nursery.cancel_scope.cancel()


def address(server: GrpcServer, door: int = 0) -> str:
    """host:port of a door."""
    return server.urls[door].removeprefix("grpc://")


Stranger = Callable[[grpc.Channel], Any]


async def as_stranger(server: GrpcServer, play: Stranger, *, door: int = 0) -> Any:
    """Let a grpcio client play in a thread of its own; what it returns."""
    limits = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]

    def run() -> Any:
        # A pool of its own: grpcio would else share a connection with a channel of another test.
        with grpc.insecure_channel(address(server, door), [*limits, ("grpc.use_local_subchannel_pool", 1)]) as channel:
            return play(channel)

    return await trio.to_thread.run_sync(run, abandon_on_cancel=True)


def same(raw: bytes) -> bytes:
    """A serializer that does nothing."""
    return raw


def unary(channel: grpc.Channel, name: str) -> Any:
    """A unary method of bytes."""
    return channel.unary_unary(path(name), same, same)


def refused(ask: Callable[[], object]) -> tuple[grpc.StatusCode, str]:
    """Code and details that a call ends with."""
    try:
        ask()
    except grpc.RpcError as error:
        return error.code(), error.details()  # type: ignore[attr-defined]
    raise AssertionError("it was answered")


@dataclass
class Answered:
    """What came on one stream."""

    headers: dict[str, str] = field(default_factory=dict)
    trailers: dict[str, str] = field(default_factory=dict)
    data: bytes = b""
    reset: int | None = None
    ended: bool = False

    @property
    def status(self) -> int:
        """grpc-status, wherever it stands."""
        return int({**self.headers, **self.trailers}["grpc-status"])


class RawClient:
    """A client on h2 whose every frame the test decides. It gives no credit unless it is told to."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True, header_encoding="latin-1", validate_outbound_headers=False)
        )
        self.answers: dict[int, Answered] = {}
        self.gone: h2.events.ConnectionTerminated | None = None
        self.pings = 0
        self.undying = False  # keep h2 working after a GOAWAY
        self.closed = False
        self.mute = False  # another task sends
        self._next = 1
        self._rest = b""

    async def greet(self) -> None:
        """Preface and settings both ways."""
        self.h2.initiate_connection()
        await self.flush()
        while not self.h2.remote_settings.max_concurrent_streams < 2**31:
            await self.read()

    async def flush(self) -> None:
        """Send what h2 has to say."""
        await self.stream.send_all(self.h2.data_to_send())

    async def frame(self, kind: int, flags: int = 0, stream: int = 0, body: bytes = b"", *, times: int = 1) -> None:
        """Send a raw frame, past h2."""
        await self.stream.send_all((frame_head(kind, flags, stream, len(body)) + body) * times)

    def open(self, name: str, *more: tuple[str, str], end: bool = False, method: str = "POST") -> int:
        """Begin a call (not flushed); its stream."""
        stream, self._next = self._next, self._next + 2
        fields = [(":method", method), (":scheme", "http"), (":path", path(name)), (":authority", "node")]
        if not any(key == "content-type" for key, _ in more):
            fields += [("content-type", "application/grpc"), ("te", "trailers")]
        self.h2.send_headers(stream, [*fields, *more], end_stream=end)
        self.answers[stream] = Answered()
        return stream

    async def begin(self, name: str, *more: tuple[str, str], end: bool = False, method: str = "POST") -> int:
        """Begin a call; its stream."""
        stream = self.open(name, *more, end=end, method=method)
        await self.flush()
        return stream

    async def send(self, stream: int, data: bytes, *, end: bool = False) -> None:
        """DATA in frames of 16 KiB, as far as the windows go; the rest waits for them."""
        while data or end:
            room = min(self.h2.local_flow_control_window(stream), 16_384, len(data))
            if not room and data:
                await self.read()
                continue
            self.h2.send_data(stream, data[:room], end_stream=end and room == len(data))
            await self.flush()
            data = data[room:]
            if not data:
                return

    async def message(self, stream: int, message: bytes, *, end: bool = False) -> None:
        """One framed message."""
        await self.send(stream, message_prefix(len(message)) + message, end=end)

    async def ask(self, name: str, message: bytes) -> Answered:
        """A whole unary call."""
        stream = await self.begin(name)
        await self.message(stream, message, end=True)
        return await self.answer(stream)

    async def answer(self, stream: int) -> Answered:
        """Read until a stream has ended."""
        answered = self.answers[stream]
        while not answered.ended and answered.reset is None and not self.closed:
            await self.read()
        return answered

    async def until_closed(self) -> None:
        """Read until the server closes."""
        while not self.closed:
            await self.read()

    async def read(self, *, credit: bool = False) -> None:
        """One read and what it means."""
        try:
            data = await self.stream.receive_some(65_536)
        except trio.BrokenResourceError:
            data = b""
        if not data:
            self.closed = True
            return
        for event in self._frames(data):
            self._on(event, credit=credit)
        await self.flush_or_lose()

    def _frames(self, data: bytes) -> Iterator[h2.events.Event]:
        """What h2 makes of the bytes, a frame at a time: it ends with a GOAWAY, and we may not."""
        self._rest += data
        while len(self._rest) >= 9 and len(self._rest) >= (end := 9 + int.from_bytes(self._rest[:3], "big")):
            frame, self._rest = self._rest[:end], self._rest[end:]
            yield from self.h2.receive_data(frame)

    async def flush_or_lose(self) -> None:
        """Flush; a server that has closed is noticed by the next read."""
        if self.mute:
            return
        try:
            await self.flush()
        except trio.BrokenResourceError:
            self.closed = True

    def _on(self, event: h2.events.Event, *, credit: bool) -> None:
        if isinstance(event, h2.events.ResponseReceived):
            self.answers[event.stream_id].headers = dict(event.headers)  # type: ignore[arg-type]
        elif isinstance(event, h2.events.TrailersReceived):
            self.answers[event.stream_id].trailers = dict(event.headers)  # type: ignore[arg-type]
        elif isinstance(event, h2.events.DataReceived):
            self.answers[event.stream_id].data += event.data
            if credit:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.answers[event.stream_id].ended = True
        elif isinstance(event, h2.events.StreamReset):
            self.answers[event.stream_id].reset = int(event.error_code)
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.gone = event
            if self.undying:
                self.h2.state_machine.state = ConnectionState.CLIENT_OPEN
        elif isinstance(event, h2.events.PingAckReceived):
            self.pings += 1


@asynccontextmanager
async def raw_client(server: GrpcServer) -> AsyncIterator[RawClient]:
    """A greeted raw client, reset at the end of the block."""
    host, _, port = address(server).rpartition(":")
    stream = await trio.open_tcp_stream(host, int(port))
    try:
        client = RawClient(stream)
        await client.greet()
        yield client
    finally:
        await trio.aclose_forcefully(stream)


def messages(data: bytes) -> list[bytes]:
    """The messages in a stream's bytes."""
    found = []
    while data:
        (size,) = struct.unpack(">I", data[1:5])
        found.append(data[5 : 5 + size])
        data = data[5 + size :]
    return found


def resident() -> int:
    """Bytes of this process in memory."""
    return psutil.Process().memory_info().rss


HELLO = PREFACE + frame_head(FrameType.SETTINGS, 0, 0, 0)
