"""serving.grpc_web: the same handlers over a WebSocket of their own, as the SDK's browser build speaks to them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import trio
import websockets.asyncio.client
import websockets.exceptions

from edge_node.serving.call import Call, CallTable, MethodUnknown
from edge_node.serving.grpc_web import open_grpc_web
from edge_node.serving.http_server import HttpServer
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.serving.web_room import WebRoom
from edge_node.wire.grpc import Status, message_prefix
from edge_node.wire.websocket_frames import encode_binary
from tests.serving.grpc_rig import GROWTH_MAX, MIB, path, resident, table_of
from tests.serving.peer import as_stranger, masked, upgrade
from tests.serving.rig import dial, running, talk

METADATA = b"token: abc\r\ncorrelation-id: 1\r\n"
HEADERS = b"\x80\x00\x00\x00\x2acontent-type: application/grpc-web+proto\r\n"
Play = Callable[[websockets.asyncio.client.ClientConnection], Awaitable[object]]


def framed(message: bytes) -> bytes:
    """A message as a client sends it."""
    return b"\x00" + message_prefix(len(message)) + message


@asynccontextmanager
async def web(
    table: CallTable | None = None, room: WebRoom | None = None, **options: float
) -> AsyncIterator[HttpServer]:
    """A server that takes every request for a call."""
    chosen, places = table or table_of(), room or WebRoom()

    async def handler(request: Request) -> Response:
        return open_grpc_web(request, chosen, places, mode="storage", **options)  # type: ignore[arg-type]

    with trio.fail_after(30):
        async with running(handler) as server:
            yield server


async def play(server: HttpServer, name: str, script: Play) -> list[bytes]:
    """What a stranger reads until the server closes, after its script."""
    heard: list[bytes] = []

    async def client() -> None:
        url = server.urls[0].replace("http", "ws") + path(name)
        async with websockets.asyncio.client.connect(
            url, subprotocols=["grpc-websockets"], max_size=None, compression=None, proxy=None
        ) as socket:
            assert socket.subprotocol == "grpc-websockets"
            await socket.send(METADATA)
            await script(socket)
            heard.extend([message async for message in socket])
            assert socket.close_code == 1000

    await as_stranger(client)
    return heard


def trailer(status: int, message: str = "") -> bytes:
    """The last block."""
    text = f"grpc-status: {status}\r\n" + (f"grpc-message: {message}\r\n" if message else "")
    return b"\x80" + len(text).to_bytes(4, "big") + text.encode()


async def test_a_unary_call():
    """Headers block, message, trailers block, close; a half-close ends the request."""

    async def script(socket) -> None:
        await socket.send(framed(b"hello"))
        await socket.send(b"\x01")

    async with web() as server:
        assert await play(server, "echo", script) == [HEADERS, message_prefix(5) + b"hello", trailer(0)]


async def test_headers_come_before_the_content():
    """The SDK's upload waits for them behind its first message; one of 4 MiB follows, and 12 MiB in all."""

    async def script(socket) -> None:
        await socket.send(framed(b"metadata"))
        assert await socket.recv() == HEADERS
        for _ in range(3):
            await socket.send(framed(bytes(4 * MIB)))
        await socket.send(b"\x01")

    async with web() as server:
        assert await play(server, "upload", script) == [message_prefix(8) + b"%d" % (12 * MIB), trailer(0)]


async def test_a_download_to_a_client_that_never_half_closes():
    """getFile half-closes only after the server has ended: trailers do not wait for it."""

    async def script(socket) -> None:
        await socket.send(framed(b"9000000"))

    async with web() as server:
        heard = await play(server, "download", script)
        assert (heard[0], heard[-1]) == (HEADERS, trailer(0))
        assert [len(message) for message in heard[1:-1]] == [4_000_005, 4_000_005, 1_000_005]


async def test_an_error_before_any_answer_is_one_block():
    """Blanks stay blanks: the SDK does not decode the text in that place."""

    async def script(socket) -> None:
        await socket.send(framed(b""))

    async with web() as server:
        [block] = await play(server, "nothing", script)
        assert block == trailer(Status.UNIMPLEMENTED, f"there is no method {path('nothing')}")


async def test_a_handler_knows_that_it_is_asked_over_the_web():
    """Metadata, method, mode and transport."""
    seen: list[object] = []

    async def look(call: Call) -> None:
        seen.extend((call.method, call.metadata.get("token"), call.over_web, call.mode, call.peer))

    async def script(socket) -> None:
        """Nothing more."""

    table = table_of(look=look)
    async with web(table) as server:
        assert await play(server, "look", script) == [trailer(0)]
        assert seen == [path("look"), "abc", True, "storage", "127.0.0.1"]
        assert table.answers == {(path("look"), Status.OK): 1}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x00\x01\x00\x00\x00\x01x", Status.UNIMPLEMENTED),
        (b"\x00\x00\xff\xff\xff\xff", Status.INVALID_ARGUMENT),
        (b"\x02", Status.INVALID_ARGUMENT),
        ("text", Status.INVALID_ARGUMENT),
    ],
)
async def test_broken_messages_are_refused(sent, status):
    """Compressed, too long, without its byte, text."""

    async def script(socket) -> None:
        await socket.send(sent)

    async with web() as server:
        heard = await play(server, "echo", script)
        assert heard[-1].startswith(trailer(status)[:1])
        assert b"grpc-status: %d\r\n" % status in heard[-1]


async def test_a_message_cut_short_is_refused():
    """A half-close inside a message."""

    async def script(socket) -> None:
        await socket.send(framed(b"hello")[:-1])
        await socket.send(b"\x01")

    async with web() as server:
        assert b"grpc-status: 3\r\n" in (await play(server, "echo", script))[-1]


async def test_a_deadline_in_the_metadata_holds():
    """grpc-timeout ends the handler, as over HTTP/2."""

    async def client(server: HttpServer) -> bytes:
        heard = b""

        async def ask() -> None:
            nonlocal heard
            url = server.urls[0].replace("http", "ws") + path("stuck")
            async with websockets.asyncio.client.connect(url, subprotocols=["grpc-websockets"], proxy=None) as socket:
                await socket.send(b"grpc-timeout: 100m\r\n")
                heard = b"".join([message async for message in socket])

        await as_stranger(ask)
        return heard

    async with web() as server:
        assert b"grpc-status: 4\r\n" in await client(server)


async def test_a_client_that_leaves_cancels_its_handler():
    """Whatever the handler waits for."""
    ended = trio.Event()

    async def waits(call: Call) -> None:
        await call.accept()
        try:
            await trio.sleep_forever()
        finally:
            ended.set()

    async def client(server: HttpServer) -> None:
        async def ask() -> None:
            url = server.urls[0].replace("http", "ws") + path("waits")
            async with websockets.asyncio.client.connect(url, subprotocols=["grpc-websockets"], proxy=None) as socket:
                await socket.send(METADATA)
                await socket.recv()

        await as_stranger(ask)

    table = table_of(waits=waits)
    async with web(table) as server:
        await client(server)
        with trio.fail_after(10):
            await ended.wait()
            while not table.answers:
                await trio.sleep(0.01)
        assert table.answers == {(path("waits"), Status.CANCELLED): 1}


async def test_a_silent_client_is_ended():
    """A handler that waits for a message that does not come; one that is busy sending is not hurt."""

    async def script(socket) -> None:
        """Nothing more."""

    async def both(call: Call) -> None:
        async def listen() -> None:
            while await call.receive() is not None:
                pass

        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen)
            for _ in range(10):
                await call.send(b"x")
                await trio.sleep(0.1)
            nursery.cancel_scope.cancel()

    async with web(table_of(both=both), idle_s=0.3) as server:
        assert b"grpc-status: 1\r\n" in (await play(server, "pong", script))[-1]
        assert (await play(server, "both", script))[-1] == trailer(0)


async def test_metadata_that_never_comes_is_not_waited_for(monkeypatch):
    """A socket without a first message is closed."""
    monkeypatch.setattr("edge_node.serving.grpc_web.METADATA_S", 0.2)

    async def client(server: HttpServer) -> bytes:
        heard = b""

        async def ask() -> None:
            nonlocal heard
            url = server.urls[0].replace("http", "ws") + path("echo")
            async with websockets.asyncio.client.connect(url, subprotocols=["grpc-websockets"], proxy=None) as socket:
                heard = b"".join([message async for message in socket])

        await as_stranger(ask)
        return heard

    async with web() as server:
        assert b"grpc-status: 3\r\n" in await client(server)


async def test_a_reader_that_does_not_take_slows_its_handler():
    """What a handler sends waits for the client: nothing piles up in between."""
    sent = 0

    async def pour(call: Call) -> None:
        nonlocal sent
        while True:
            await call.send(bytes(MIB))
            sent += 1

    async def client(server: HttpServer) -> None:
        async def ask() -> None:
            import asyncio  # noqa: TID251

            url = server.urls[0].replace("http", "ws") + path("pour")
            async with websockets.asyncio.client.connect(
                url, subprotocols=["grpc-websockets"], max_queue=1, proxy=None, close_timeout=0.1
            ) as socket:
                await socket.send(METADATA)
                await asyncio.sleep(0.5)
                socket.transport.abort()

        await as_stranger(ask)

    async with web(table_of(pour=pour)) as server:
        before = resident()
        await client(server)
        assert sent < 40
        assert resident() - before <= GROWTH_MAX


async def test_another_subprotocol_is_refused():
    """With 426, before anything is opened."""
    table = table_of()

    async def handler(request: Request) -> Response:
        return open_grpc_web(request, table, WebRoom())

    async with running(handler) as server:
        [answer] = await talk(server, upgrade(path("echo"), "Sec-WebSocket-Protocol: chat", "Connection: close"))
        assert answer.status == 426


@asynccontextmanager
async def sockets_of(server: HttpServer, name: str, count: int) -> AsyncIterator[list[trio.SocketStream]]:
    """So many calls of strangers, open and silent."""
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(await dial(server)) for _ in range(count)]
        for stream in streams:
            await stream.send_all(upgrade(path(name), "Sec-WebSocket-Protocol: grpc-websockets"))
            assert (await stream.receive_some(4_096)).startswith(b"HTTP/1.1 101 ")
        yield streams


def announced(size: int, *first: bytes) -> bytes:
    """Messages, and the head of one of `size` bytes with none of them."""
    whole = b"".join(masked(encode_binary(message)) for message in first)
    return whole + b"\x82\xff" + size.to_bytes(8, "big") + bytes(4)


async def upload(socket) -> None:
    """As the SDK does it: 4 MiB when the headers have come."""
    await socket.send(framed(b"metadata"))
    assert await socket.recv() == HEADERS
    await socket.send(framed(bytes(4 * MIB)))
    await socket.send(b"\x01")


UPLOADED = [message_prefix(7) + b"%d" % (4 * MIB), trailer(0)]


async def test_silent_sockets_take_no_place():
    """Nor do those that sent their metadata, or a small message; an upload does not notice them."""
    room = WebRoom(2, 2)
    async with web(room=room) as server, sockets_of(server, "upload", 16) as streams:
        for stream in streams[8:]:
            await stream.send_all(masked(encode_binary(METADATA)))
        for stream in streams[12:]:
            await stream.send_all(masked(encode_binary(framed(b"metadata"))))
        assert await play(server, "upload", upload) == UPLOADED
        assert room.taken == 0


async def test_strangers_who_announce_large_messages_leave_room_for_who_is_admitted():
    """Half of the places at most: all of them have begun a message that never goes on."""
    room = WebRoom(2, 2)
    async with web(room=room) as server, sockets_of(server, "echo", 6) as streams:
        for stream in streams:
            await stream.send_all(announced(4 * MIB, METADATA))
        while not room.taken:
            await trio.sleep(0.01)
        assert await play(server, "upload", upload) == UPLOADED
        assert room.taken == 1


async def test_who_nobody_vouches_for_gets_no_place():
    """A large first message is refused when it begins; a small one is read, and what follows it is admitted."""
    table, room, asked = table_of(), WebRoom(2, 2), []

    async def refuse(call: Call) -> None:
        asked.append(call.metadata.get("token"))
        raise MethodUnknown("for this one")

    for name in ("echo", "upload"):
        known = table.find(path(name))
        table.add(path(name), known.handler, message_max=known.message_max, first_max=100, vouch=refuse)
    async with web(table, room) as server:
        assert await play(server, "echo", lambda socket: socket.send(framed(bytes(MIB)))) == [
            trailer(12, "there is no method for this one")
        ]
        assert (asked, room.taken) == (["abc"], 0)
        assert await play(server, "upload", upload) == UPLOADED
        assert len(asked) == 1


async def test_who_stalls_while_others_wait_is_cut(monkeypatch):
    """And the others come to their turn; alone, it may take its time."""
    monkeypatch.setattr("edge_node.serving.grpc_web.STALL_S", 0.2)
    room = WebRoom(1, 1)

    async def script(socket) -> None:
        await socket.send(framed(bytes(MIB)))
        await socket.send(b"\x01")

    async with web(room=room) as server, sockets_of(server, "echo", 1) as [stuck]:
        await stuck.send_all(announced(4 * MIB, METADATA))
        while not room.taken:
            await trio.sleep(0.01)
        await trio.sleep(0.6)
        assert room.taken == 1
        assert (await play(server, "echo", script))[-1] == trailer(0)
        assert b"too slowly" in await stuck.receive_some(4_096)
        assert room.taken == 0


async def test_who_waits_too_long_for_a_place_is_told_in_its_status(monkeypatch):
    """A browser sees no status of an upgrade; and of what it goes on sending nothing is held."""
    monkeypatch.setattr("edge_node.serving.web_room.ENTER_S", 0.2)
    room = WebRoom(1, 1)
    await room.enter("another", admitted=True)

    async def script(socket) -> None:
        await socket.send(framed(bytes(4 * MIB)))

    async with web(room=room) as server:
        before = resident()
        heard = await play(server, "echo", script)
        assert b"grpc-status: %d\r\n" % Status.UNAVAILABLE in heard[-1]
        assert resident() - before <= GROWTH_MAX


async def test_a_large_message_in_small_ones_takes_a_place_too():
    """Memory is bounded whatever the frames; the place is given back when the message was taken."""
    room, most = WebRoom(1, 1), 0

    async def look(call: Call) -> None:
        nonlocal most
        while await call.receive() is not None:
            most = max(most, room.taken)

    async def script(socket) -> None:
        whole = message_prefix(MIB) + bytes(MIB)
        for start in range(0, len(whole), 50_000):
            await socket.send(b"\x00" + whole[start : start + 50_000])
        await socket.send(b"\x01")

    async with web(table_of(look=look), room) as server:
        assert await play(server, "look", script) == [trailer(0)]
        assert (most, room.taken) == (1, 0)


async def test_large_metadata_is_refused_before_it_is_held():
    """Without a place, and without waiting for the rest of it."""
    room = WebRoom(1, 1)
    async with web(room=room) as server, sockets_of(server, "upload", 1) as [stream]:
        await stream.send_all(announced(4 * MIB))
        assert b"cannot be read" in await stream.receive_some(4_096)
        assert room.taken == 0
