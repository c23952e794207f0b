"""Open event streams: what is sent when, silence, clients that leave or do not read, drains."""

import threading
from collections.abc import AsyncIterator, Callable

import pytest
import trio
import trio.testing

from edge_node.base.errors import Refusal
from edge_node.serving.http_server import HttpServer
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.serving.router import Handler
from edge_node.serving.sse_stream import PING_S, EventStream
from edge_node.wire.sse import COMMENT_PING, NEED_DATA, ServerEvent, SseParser, encode_event
from tests.serving.rig import GET, dial, loopback, parse_answers, read_to_end, running
from tests.serving.test_http_server import eventually
from tests.serving.test_websocket_session import fill

Events = Callable[[], AsyncIterator[bytes]]


class Gone(Refusal):
    """A refusal in the middle of a stream."""

    slug = "gone-meanwhile"
    status = 410


def streaming(events: Events, stopping: bytes = b"") -> Handler:
    """A handler that answers with a stream of events."""

    async def handler(request: Request) -> Response:
        return EventStream(events(), stopping=stopping)

    return handler


async def silence() -> AsyncIterator[bytes]:
    """One event and then nothing."""
    yield encode_event(b"first", id="0")
    await trio.sleep_forever()


async def read_until(stream: trio.SocketStream, end: bytes) -> bytes:
    """Everything up to and including `end`."""
    raw = b""
    while not raw.endswith(end):
        data = await stream.receive_some(65_536)
        assert data, f"closed after {raw!r}"
        raw += data
    return raw


async def test_a_stream_is_said_to_be_one() -> None:
    """Its type, no caching, no buffering, and the end of the connection with the end of the stream."""

    async def two() -> AsyncIterator[bytes]:
        yield encode_event(b"a", id="1")
        yield b""
        yield encode_event(b"b", id="2")

    async with running(streaming(two)) as server, await dial(server) as stream:
        await stream.send_all(GET)
        [answer] = parse_answers(await read_to_end(stream))
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["connection"] == "close"
    assert answer.body == encode_event(b"a", id="1") + encode_event(b"b", id="2")


async def test_each_piece_leaves_at_once() -> None:
    """An event is with the client before the next one exists."""
    go = trio.Event()

    async def two() -> AsyncIterator[bytes]:
        yield encode_event(b"a")
        await go.wait()
        yield encode_event(b"b")

    async with running(streaming(two)) as server, await dial(server) as stream:
        await stream.send_all(GET)
        await read_until(stream, b"data: a\n\n\r\n")
        go.set()
        assert (await read_until(stream, b"0\r\n\r\n")).startswith(b"9\r\ndata: b\n\n\r\n")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_old_clients_and_heads(method: str) -> None:
    """HTTP/1.0 gets the bytes as they are; HEAD gets no stream and holds nothing open."""

    async def one() -> AsyncIterator[bytes]:
        yield encode_event(b"a")

    async with running(streaming(one)) as server, await dial(server) as stream:
        version = "1.0" if method == "GET" else "1.1"
        await stream.send_all(f"{method} / HTTP/{version}\r\nHost: 127.0.0.1\r\n\r\n".encode())
        raw = await read_to_end(stream)
    assert raw.partition(b"\r\n\r\n")[2] == (encode_event(b"a") if method == "GET" else b"")


async def test_silence_is_filled_with_comments(autojump_clock: trio.testing.MockClock) -> None:
    """Every PING_S, as chunks that a parser passes over."""
    async with running(streaming(silence)) as server, await dial(server) as stream:
        await stream.send_all(GET)
        await read_until(stream, b"data: first\n\n\r\n")
        began = trio.current_time()
        for turn in range(1, 4):
            assert await read_until(stream, b"\n\n\r\n") == b"8\r\n" + COMMENT_PING + b"\r\n"
            assert PING_S * turn <= trio.current_time() - began <= (PING_S + 1.5) * turn


async def test_a_busy_stream_needs_no_comments(autojump_clock: trio.testing.MockClock) -> None:
    """Each event puts the comment off."""

    async def steady() -> AsyncIterator[bytes]:
        for _ in range(10):
            await trio.sleep(PING_S * 0.8)
            yield encode_event(b"x")

    async with running(streaming(steady)) as server, await dial(server) as stream:
        await stream.send_all(GET)
        [answer] = parse_answers(await read_to_end(stream))
    assert answer.body == encode_event(b"x") * 10


@pytest.mark.parametrize("way", ["close", "half"])
async def test_a_client_that_leaves_ends_its_stream(way: str) -> None:
    """At once, without anything being sent to it; the generator is cancelled and `done` is called."""
    ended: list[str] = []

    async def watched() -> AsyncIterator[bytes]:
        try:
            async for data in silence():
                yield data
        finally:
            ended.append("generator")

    async def handler(request: Request) -> Response:
        response = EventStream(watched())
        response.done = lambda: ended.append("done")
        return response

    async with running(handler) as server:
        stream = await dial(server)
        await stream.send_all(GET)
        await read_until(stream, b"data: first\n\n\r\n")
        if way == "half":
            await stream.send_eof()
        else:
            await stream.aclose()
        await eventually(server, 0)
        assert len(server._service.watch) == 0
        await trio.aclose_forcefully(stream)
    assert ended == ["generator", "done"]


async def test_a_client_that_leaves_while_a_thread_reads_is_watched_no_longer() -> None:
    """A thread is waited for; a socket at its end, still watched, would call back without pause until it is done."""
    begun, release = trio.Event(), threading.Event()

    async def reading() -> AsyncIterator[bytes]:
        begun.set()
        await trio.to_thread.run_sync(release.wait)
        yield b""

    async with running(streaming(reading)) as server:
        stream = await dial(server)
        await stream.send_all(GET)
        await begun.wait()
        assert len(server._service.watch) == 1
        await stream.aclose()
        try:
            with trio.fail_after(5):
                while len(server._service.watch):
                    await trio.sleep(0.01)
        finally:
            release.set()
        await eventually(server, 0)


async def test_what_a_client_sends_meanwhile_is_dropped() -> None:
    """A pipelined request is not answered: the connection ends with the stream."""

    async def one() -> AsyncIterator[bytes]:
        yield encode_event(b"a")
        await trio.sleep(0.02)

    async with running(streaming(one)) as server, await dial(server) as stream:
        await stream.send_all(GET)
        await stream.send_all(GET * 3)
        assert len(parse_answers(await read_to_end(stream))) == 1


async def test_a_drain_ends_a_stream_with_its_last_piece() -> None:
    """The stopping piece and the end of the body: nothing is cut."""
    async with running(streaming(silence, encode_event(b"stopping", event="end"))) as server:
        async with await dial(server) as stream, trio.open_nursery() as nursery:
            await stream.send_all(GET)
            head = await read_until(stream, b"data: first\n\n\r\n")
            nursery.start_soon(server.drain)
            [answer] = parse_answers(head + await read_to_end(stream))
        assert answer.body.endswith(encode_event(b"stopping", event="end"))


async def flood() -> AsyncIterator[bytes]:
    """Events without end."""
    while True:
        yield encode_event(b"x" * (1 << 20))


async def test_a_reader_that_takes_nothing_is_cut(autojump_clock: trio.testing.MockClock) -> None:
    """After the write timeout."""
    async with running(streaming(flood), loopback(write_timeout_s=5.0)) as server, await dial(server) as stream:
        await stream.send_all(GET)
        await trio.sleep(1)
        await eventually(server, 0)
        assert 5 <= trio.current_time() <= 9


@pytest.mark.parametrize("reads", [True, False])
async def test_a_comment_that_does_not_fit(autojump_clock: trio.testing.MockClock, reads: bool) -> None:
    """The socket is full in a silent stream: who reads on is kept and gets it whole, who does not is cut."""
    async with running(streaming(silence), loopback(write_timeout_s=5.0)) as server, await dial(server) as stream:
        await stream.send_all(GET)
        await read_until(stream, b"data: first\n\n\r\n")
        sent = fill(server)
        await trio.sleep(PING_S + 2)
        if not reads:
            await trio.sleep(10)
            assert len(server.connections) == 0
            return
        raw = b""
        while len(raw) < sent + len(COMMENT_PING):
            raw += await stream.receive_some(1 << 20)
        assert raw[sent:].startswith(b"8\r\n" + COMMENT_PING)
        await trio.sleep(PING_S * 5)
        assert len(server.connections) == 1


async def test_a_stream_that_breaks_is_cut() -> None:
    """Without the last chunk the client knows that it is not the end; the server goes on."""

    async def breaking() -> AsyncIterator[bytes]:
        yield encode_event(b"a")
        raise Gone

    async with running(streaming(breaking)) as server:
        for _ in range(2):
            async with await dial(server) as stream:
                await stream.send_all(GET)
                assert not (await read_to_end(stream)).endswith(b"0\r\n\r\n")


async def read_events(server: HttpServer, count: int) -> list[ServerEvent]:
    """So many events, as a client reads them."""
    parser, events = SseParser(), []
    async with await dial(server) as stream:
        await stream.send_all(b"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        raw = b""
        while b"\r\n\r\n" not in raw:
            raw += await stream.receive_some(65_536)
        parser.receive(raw.partition(b"\r\n\r\n")[2])
        while len(events) < count:
            event = parser.next_event()
            if event is NEED_DATA:
                parser.receive(await stream.receive_some(65_536))
            else:
                assert isinstance(event, ServerEvent)
                events.append(event)
    return events


async def test_many_streams_at_once() -> None:
    """Each client reads every event, in order."""

    async def counting() -> AsyncIterator[bytes]:
        await trio.sleep(0.01)
        for number in range(200):
            yield encode_event(b"%d" % number, id=str(number))

    async with running(streaming(counting)) as server, trio.open_nursery() as nursery:

        async def client() -> None:
            events = await read_events(server, 200)
            assert [event.id for event in events] == [str(number) for number in range(200)]

        for _ in range(30):
            nursery.start_soon(client)
