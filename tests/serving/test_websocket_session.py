"""Open WebSockets: a stranger's client, both ways of closing, silence, slow and vanished clients, many at once."""

import asyncio  # noqa: TID251 - within the foreign client only
import contextlib
import json
import socket
import ssl
import struct
import time
from pathlib import Path

import pytest
import trio
import trio.testing
import websockets

from edge_node.base.counters import refusals
from edge_node.base.errors import Refusal
from edge_node.serving.counters import CONNECTIONS_BROKEN, CONNECTIONS_EXPIRED, REQUESTS_BROKEN
from edge_node.serving.http_server import HttpServer
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.serving.tls import TlsIdentity
from edge_node.serving.upgrade import WebSocketUpgrade, check_websocket
from edge_node.serving.websocket_session import (
    CLOSE_S,
    INBOX_MAX,
    MISSED_MAX,
    PING_S,
    SENDS_PER_TURN,
    TURN_MAX,
    SessionEnded,
    WebSocketSession,
)
from edge_node.wire.websocket import MESSAGE_MAX_BYTES, Closed, Message, Ping, Pong
from edge_node.wire.websocket_frames import (
    LOST,
    NO_CODE,
    NOT_UTF8,
    PROTOCOL_BROKEN,
    TOO_LARGE,
    encode_binary,
    encode_close,
    encode_ping,
    encode_pong,
    encode_text,
)
from tests.serving.peer import Peer, as_stranger, echo, masked, opened, opening, text, upgrade, wait_for_ever
from tests.serving.rig import dial, loopback, parse_answers, read_to_end, running
from tests.serving.test_http_server import eventually
from tests.serving.test_tls import only_tls, secured, write_pair

HOSTILE = json.loads((Path(__file__).parents[1] / "vectors/websocket/hostile.json").read_text())["cases"]


class Busy(Refusal):
    """A refusal of a handler's."""

    slug = "busy"
    status = 503


class Seen:
    """A handler that notes how it ended."""

    def __init__(self, *, listens: bool = True) -> None:
        self.messages: list[str | bytes] = []
        self.end: tuple[int, str] | str = ""
        self.listens = listens

    async def talk(self, session: WebSocketSession) -> None:
        try:
            while self.listens:
                self.messages.append((await session.receive()).data)
            await trio.sleep_forever()
        except SessionEnded as ended:
            self.end = (ended.code, ended.reason)
            raise
        except trio.Cancelled:
            self.end = "cancelled"
            raise


def ws_url(server: HttpServer) -> str:
    return server.urls[0].replace("http", "ws", 1)


async def converse(url: str, context: ssl.SSLContext | None = None) -> None:
    """What a stranger's client tries."""
    async with websockets.connect(url, ssl=context, subprotocols=["edge-node.v1", "other"]) as client:  # type: ignore[list-item]
        assert client.subprotocol == "edge-node.v1"
        await client.send("hallo")
        assert await client.recv() == "hallo"
        await client.send(b"x" * MESSAGE_MAX_BYTES)
        assert await client.recv() == b"x" * MESSAGE_MAX_BYTES
        await client.send(["é", "", "日", "本"])
        assert await client.recv() == "é日本"
        await (await client.ping(b"there?"))
        for number in range(300):
            await client.send(str(number))
        assert [await client.recv() for _ in range(300)] == [str(number) for number in range(300)]
        await client.close(4321, "enough")
    assert client.close_code == 4321
    async with websockets.connect(url, ssl=context) as client:
        await client.send("x" * (MESSAGE_MAX_BYTES + 1))
        with pytest.raises(websockets.ConnectionClosedError) as caught:
            await client.recv()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == TOO_LARGE


async def test_a_stranger_converses() -> None:
    """Text, binary, fragments, pings, subprotocol, close handshake and a message too large, with `websockets`."""
    async with running(opening(echo)) as server:
        await as_stranger(lambda: converse(ws_url(server)))
        await eventually(server, 0)


async def test_a_stranger_converses_over_tls(tmp_path: Path) -> None:
    """The same under TLS."""
    pair = write_pair(tmp_path, "node")
    context = ssl.create_default_context(cafile=pair[0])
    async with running(opening(echo), only_tls(), TlsIdentity(*pair)) as server:
        await as_stranger(lambda: converse(ws_url(server), context))


async def test_many_strangers_at_once() -> None:
    """Every client gets its own echo."""

    async def one(url: str, number: int) -> None:
        async with websockets.connect(url) as client:
            for turn in range(10):
                await client.send(f"{number}.{turn}")
                assert await client.recv() == f"{number}.{turn}"

    async with running(opening(echo)) as server:
        url = ws_url(server)

        async def play() -> None:
            await asyncio.gather(*(one(url, number) for number in range(50)))

        await as_stranger(play)


async def test_a_large_message_waits_for_room() -> None:
    """It is asked for when the handler waits and the message has begun, once for each; small ones need none."""
    asked: list[bool] = []
    room = trio.Event()

    async def take_room() -> None:
        asked.append(True)
        await room.wait()

    async def talk(session: WebSocketSession) -> None:
        session.hold_large(1_000, take_room)
        await echo(session)

    async with running(opening(talk)) as server, opened(server) as peer:
        small, large = (masked(encode_binary(bytes(size))) for size in (1_000, 300_000))
        await peer.send(small, large[:5_000])
        assert await peer.next() == Message(bytes(1_000))
        while not asked:
            await trio.sleep(0.001)
        with trio.move_on_after(0.1):
            await peer.next()
            raise AssertionError("it was read without room")
        room.set()
        await peer.send(large[5_000:])
        assert await peer.next() == Message(bytes(300_000))
        await peer.send(masked(encode_binary(bytes(200_000))))
        assert await peer.next() == Message(bytes(200_000))
        assert len(asked) == 2


async def test_the_answer_to_an_upgrade() -> None:
    """101 with the accept value and the standing headers, and no extension."""
    async with running(opening(echo)) as server, await dial(server) as stream:
        head = await Peer(stream).open()
        assert head.startswith("HTTP/1.1 101 Switching Protocols\r\n")
        lines = head.split("\r\n")
        assert "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in lines
        assert "upgrade: websocket" in lines
        assert "server: edge-node" in lines
        assert not any(line.startswith(("sec-websocket-extensions", "sec-websocket-protocol")) for line in lines)


async def test_frames_sent_along_with_the_upgrade_are_heard() -> None:
    """A client that does not wait for 101 loses nothing."""
    async with running(opening(echo)) as server, opened(server, behind=text("early") + text("bird")) as peer:
        assert await peer.next() == Message("early")
        assert await peer.next() == Message("bird")


async def test_frames_in_the_same_tls_record_are_heard(tmp_path: Path) -> None:
    """What TLS has unsealed already makes no socket ready, and is read all the same; so is a second record."""
    pair = write_pair(tmp_path, "node")
    async with running(opening(echo), only_tls(), TlsIdentity(*pair)) as server, secured(server, pair[0]) as stream:
        peer = Peer(stream)
        await peer.open(behind=text("early"))
        assert await peer.next() == Message("early")
        await peer.send(text("a" * 40_000), text("b"))
        assert await peer.next() == Message("a" * 40_000)
        assert await peer.next() == Message("b")


async def test_several_frames_in_one_send() -> None:
    """Frames that were joined arrive as the messages they are."""

    async def burst(session: WebSocketSession) -> None:
        await session.send_frames(b"".join(encode_text(b"%d" % number) for number in range(3)))

    async with running(opening(burst)) as server, opened(server) as peer:
        assert [await peer.next() for _ in range(3)] == [Message("0"), Message("1"), Message("2")]
        assert await peer.next() == Closed(1000, "", clean=True)


async def test_a_clients_close_is_answered_and_told() -> None:
    """The handler has the messages before it and then the code; the client gets its own code back."""
    seen = Seen()
    async with running(opening(seen.talk)) as server, opened(server) as peer:
        await peer.send(text("a"), text("b"), masked(encode_close(4000, "bye")))
        assert await peer.next() == Closed(4000, "", clean=True)
        assert await peer.rest() == b""
        await eventually(server, 0)
    assert seen.messages == ["a", "b"]
    assert seen.end == (4000, "bye")


async def test_a_close_without_a_code_is_answered_alike() -> None:
    """Empty for empty."""
    async with running(opening(echo)) as server, opened(server) as peer:
        await peer.send(masked(encode_close(NO_CODE)))
        assert await peer.next() == Closed(NO_CODE, "", clean=True)


async def test_a_handler_elsewhere_is_cancelled_when_the_client_closes() -> None:
    """It waits for events, not for the client, and still hears of the end."""
    seen = Seen(listens=False)
    async with running(opening(seen.talk)) as server, opened(server) as peer:
        await peer.send(masked(encode_close(1000)))
        assert await peer.next() == Closed(1000, "", clean=True)
        await eventually(server, 0)
    assert seen.end == "cancelled"


async def test_a_handler_closes_and_goes_on() -> None:
    """`close` says goodbye, waits for the client's, and leaves the handler running; nothing can be sent then."""
    after: list[object] = []

    async def talk(session: WebSocketSession) -> None:
        await session.close(4001, "done")
        after.append(session.closed)
        with pytest.raises(SessionEnded):
            await session.send_frames(encode_text(b"late"))
        with pytest.raises(SessionEnded):
            await session.receive()
        after.append("end")

    async with running(opening(talk)) as server, opened(server) as peer:
        assert await peer.next() == Closed(4001, "done", clean=True)
        await peer.send(text("crossing"), masked(encode_close(4001)))
        assert await peer.rest() == b""
    assert after == [Closed(4001, "", clean=True), "end"]


async def test_a_session_is_ended_from_outside() -> None:
    """The handler is cancelled wherever it waits; the last frames and the close frame follow; only the first counts."""
    sessions: list[WebSocketSession] = []
    seen = Seen()

    async def talk(session: WebSocketSession) -> None:
        sessions.append(session)
        await seen.talk(session)

    async with running(opening(talk)) as server, opened(server) as peer:
        sessions[0].end(4403, "device-revoked", encode_text(b'{"end": 1}'))
        sessions[0].end(4400, "other")
        assert await peer.next() == Message('{"end": 1}')
        assert await peer.next() == Closed(4403, "device-revoked", clean=True)
    assert seen.end == "cancelled"


async def test_a_handler_that_returns_closes_normally() -> None:
    """1000, and the response's `done` is called once the client said goodbye too."""
    done: list[int] = []

    async def handler(request: Request) -> Response:
        async def talk(session: WebSocketSession) -> None:
            await session.send_frames(encode_text(b"one"))

        response = WebSocketUpgrade(check_websocket(request), talk)
        response.done = lambda: done.append(1)
        return response

    async with running(handler) as server, opened(server) as peer:
        assert await peer.next() == Message("one")
        assert await peer.next() == Closed(1000, "", clean=True)
        assert done == []
        await peer.send(masked(encode_close(1000)))
        assert await peer.rest() == b""
        assert done == [1]


async def test_a_refusal_is_a_close_code() -> None:
    """4000 and its status, its slug as the reason, counted like every refusal."""

    async def talk(session: WebSocketSession) -> None:
        raise Busy

    before = refusals("busy")
    async with running(opening(talk)) as server, opened(server) as peer:
        assert await peer.next() == Closed(4503, "busy", clean=True)
    assert refusals("busy") == before + 1


async def test_a_handler_with_tasks_of_its_own() -> None:
    """One receives and one sends; the end of the session ends both, and what they raise is seen through their group."""

    async def both(session: WebSocketSession) -> None:
        news = trio.Event()

        async def send() -> None:
            await news.wait()
            await session.send_frames(encode_text(b"news"))
            raise Busy

        async with trio.open_nursery() as nursery:
            nursery.start_soon(send)
            assert (await session.receive()).data == "go"
            news.set()
            await session.receive()

    before = REQUESTS_BROKEN._value.get()
    async with running(opening(both)) as server:
        async with opened(server) as peer:
            await peer.send(text("go"))
            assert await peer.next() == Message("news")
            assert await peer.next() == Closed(4503, "busy", clean=True)
        async with opened(server) as peer:
            await peer.send(text("go"), masked(encode_close(1000)))
            assert isinstance(await peer.next(), Message | Closed)
        await eventually(server, 0)
    assert REQUESTS_BROKEN._value.get() == before


async def test_a_broken_handler_ends_one_session() -> None:
    """1011 for its client, a log and a count for us, and the server goes on."""

    async def talk(session: WebSocketSession) -> None:
        if (await session.receive()).data == "break":
            raise ValueError
        await session.send_frames(encode_text(b"fine"))

    before = REQUESTS_BROKEN._value.get()
    async with running(opening(talk)) as server:
        async with opened(server) as peer:
            await peer.send(text("break"))
            assert await peer.next() == Closed(1011, "internal", clean=True)
        async with opened(server) as peer:
            await peer.send(text("work"))
            assert await peer.next() == Message("fine")
    assert REQUESTS_BROKEN._value.get() == before + 1


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (encode_text(b"unmasked"), PROTOCOL_BROKEN),
        (masked(encode_text(b"\xff")), NOT_UTF8),
        (masked(encode_binary(bytes(MESSAGE_MAX_BYTES + 1))), TOO_LARGE),
    ],
)
async def test_a_client_that_breaks_the_protocol_is_told(raw: bytes, code: int) -> None:
    """With the right code, even while it is still sending; the handler hears the same."""
    seen = Seen()
    async with running(opening(seen.talk)) as server, opened(server) as peer:
        await peer.send(raw)
        event = await peer.next()
        assert isinstance(event, Closed)
        assert event.code == code
        assert await peer.rest() == b""
    assert isinstance(seen.end, tuple)
    assert seen.end[0] == code


async def test_a_ping_flood_is_ended() -> None:
    """1008, not a thousand pongs."""
    async with running(opening(wait_for_ever)) as server, opened(server) as peer:
        await peer.send(*[masked(encode_ping(b"x"))] * 1_000)
        events = []
        while not isinstance(event := await peer.next(), Closed):
            events.append(event)
        assert event.code == 1008
        assert len(events) <= 100


@pytest.mark.parametrize("listens", [True, False])
@pytest.mark.parametrize("way", ["reset", "close", "half"])
async def test_a_client_that_vanishes_ends_the_session(listens: bool, way: str) -> None:
    """By reset, by closing, or by closing its sending side, with what it had sent before."""
    seen = Seen(listens=listens)
    async with running(opening(seen.talk)) as server:
        async with opened(server) as peer:
            assert isinstance(peer.stream, trio.SocketStream)
            if way == "reset":
                peer.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif way == "half":
                if listens:
                    await peer.send(text("last words"))
                await peer.stream.send_eof()
                await eventually(server, 0)
        await eventually(server, 0)
    assert seen.end == ((LOST, "") if listens else "cancelled")
    assert seen.messages == (["last words"] if listens and way == "half" else [])


async def test_pings_are_answered_while_the_handler_waits() -> None:
    """The handler knows nothing of it; of several the last is answered for all that came together."""
    async with running(opening(wait_for_ever)) as server, opened(server) as peer:
        await peer.send(masked(encode_ping(b"one")))
        assert await peer.next() == Pong(b"one")
        await peer.send(masked(encode_ping(b"two")), masked(encode_ping(b"three")))
        assert await peer.next() == Pong(b"three")


async def test_silence_is_pinged_and_then_ended(autojump_clock: trio.testing.MockClock) -> None:
    """A client that answers nothing gets MISSED_MAX pings and is let go, a dead link's session with it."""
    seen = Seen(listens=False)
    before = CONNECTIONS_EXPIRED._value.get()
    async with running(opening(seen.talk)) as server, opened(server) as peer:
        began = trio.current_time()
        for _ in range(MISSED_MAX):
            assert await peer.next() == Ping(b"")
        assert await peer.next() == Closed(LOST, "", clean=False)
        assert PING_S * MISSED_MAX <= trio.current_time() - began <= PING_S * (MISSED_MAX + 1) + 3
        await eventually(server, 0)
    assert seen.end == "cancelled"
    assert CONNECTIONS_EXPIRED._value.get() == before + 1


@pytest.mark.parametrize("sign", [encode_pong(b""), encode_text(b"busy")])
async def test_any_sign_of_life_keeps_a_session(autojump_clock: trio.testing.MockClock, sign: bytes) -> None:
    """A pong, or anything else, after each ping: it lives on."""
    async with running(opening(Seen().talk)) as server, opened(server) as peer:
        for _ in range(MISSED_MAX * 3):
            assert await peer.next() == Ping(b"")
            await peer.send(masked(sign))


async def flood(session: WebSocketSession) -> None:
    """A handler that sends without end."""
    while True:
        await session.send_frames(encode_binary(bytes(1 << 20)))


async def test_a_reader_that_takes_nothing_is_cut(autojump_clock: trio.testing.MockClock) -> None:
    """After the write timeout, without a word, for there is no room for one."""
    async with running(opening(flood), loopback(write_timeout_s=5.0)) as server, opened(server):
        await eventually(server, 0)
        assert 5 <= trio.current_time() <= 8


async def test_a_slow_reader_that_takes_something_is_kept(autojump_clock: trio.testing.MockClock) -> None:
    """Progress, however small, renews the write's deadline; no ping comes between its frames."""
    async with running(opening(flood), loopback(write_timeout_s=5.0)) as server, opened(server) as peer:
        for _ in range(40):
            await trio.sleep(3)
            await take(peer, 8 << 20)  # what the kernel holds moves in large steps
        assert len(server.connections) == 1


async def take(peer: Peer, least: int) -> None:
    """Read at least so many bytes."""
    while least > 0:
        data = await peer.stream.receive_some(1 << 20)
        assert data
        least -= len(data)


async def test_a_pong_never_stands_inside_a_message() -> None:
    """Asked for while a large message is half sent, it comes behind it."""

    async def one_large(session: WebSocketSession) -> None:
        await session.send_frames(encode_binary(bytes(16 << 20)))
        await session.receive()

    async with running(opening(one_large)) as server, opened(server) as peer:
        await peer.send(masked(encode_ping(b"now")))
        await trio.testing.wait_all_tasks_blocked()
        first = await peer.next()
        assert isinstance(first, Message)
        assert len(first.data) == 16 << 20
        assert await peer.next() == Pong(b"now")


async def test_a_send_that_was_given_up_is_finished_by_the_watch() -> None:
    """A handler that stops waiting and sends nothing more leaves no half message, and pings are answered behind it."""

    async def impatient(session: WebSocketSession) -> None:
        with trio.move_on_after(0.01):
            await session.send_frames(encode_binary(bytes(16 << 20)))
        await trio.sleep_forever()

    async with running(opening(impatient)) as server, opened(server) as peer:
        await trio.sleep(0.05)
        await peer.send(masked(encode_ping(b"behind")))
        first = await peer.next()
        assert isinstance(first, Message)
        assert len(first.data) == 16 << 20
        assert await peer.next() == Pong(b"behind")


def fill(server: HttpServer) -> int:
    """Put empty pongs into the only connection's socket until it takes no more; how many whole ones."""
    [connection] = server.connections
    socket_ = connection._transport._socket  # type: ignore[attr-defined]
    sent, before = 0, -1
    while sent > before:
        before = sent
        with contextlib.suppress(BlockingIOError):
            while True:
                sent += socket_.send(encode_pong(b"") * 10_000)
        time.sleep(0.1)  # the kernel's own time: it makes room again until both its buffers are full
    return sent


async def test_a_pong_that_does_not_fit_waits_for_room() -> None:
    """The socket is full while the handler sleeps: the watch sends the pong when the client reads again."""
    async with running(opening(wait_for_ever)) as server, opened(server) as peer:
        sent = fill(server)
        await peer.send(masked(encode_ping(b"late")))
        await trio.sleep(0.02)
        raw = b""
        while len(raw) < sent:
            raw += await peer.stream.receive_some(1 << 20)
        while not raw.endswith(b"late"):
            raw += await peer.stream.receive_some(1 << 20)
        assert raw[sent:] == encode_pong(b"late")
        await peer.send(masked(encode_ping(b"again")))
        assert (await peer.stream.receive_some(100)) == encode_pong(b"again")


async def test_a_client_that_talks_and_never_reads_is_ended(autojump_clock: trio.testing.MockClock) -> None:
    """Signs of life do not help who takes nothing of what is sent."""
    async with running(opening(wait_for_ever)) as server, opened(server) as peer:
        fill(server)
        for _ in range(2 * (MISSED_MAX + 2)):
            with contextlib.suppress(trio.BrokenResourceError):
                await peer.send(masked(encode_pong(b"")))
            await trio.sleep(PING_S / 2)
        assert len(server.connections) == 0


async def test_a_message_cut_by_an_end_is_finished_first() -> None:
    """A handler that is cancelled while it sends leaves no half frame before the close frame."""
    sessions: list[WebSocketSession] = []

    async def one_large(session: WebSocketSession) -> None:
        sessions.append(session)
        await session.send_frames(encode_binary(bytes(16 << 20)))
        raise AssertionError("it was cancelled")

    async with running(opening(one_large)) as server, opened(server) as peer:
        sessions[0].end(4000, "now")
        first = await peer.next()
        assert isinstance(first, Message)
        assert len(first.data) == 16 << 20
        assert await peer.next() == Closed(4000, "now", clean=True)


async def test_a_handler_that_does_not_listen_slows_its_client() -> None:
    """What it has not taken is not read: the client is held back, and later nothing is missing or out of order."""
    go = trio.Event()
    got: list[str | bytes] = []

    async def late(session: WebSocketSession) -> None:
        await go.wait()
        while True:
            got.append((await session.receive()).data)

    count, filler = 3_000, "x" * 10_000
    async with running(opening(late)) as server, opened(server) as peer:
        sent = 0

        async def send_all() -> None:
            nonlocal sent
            for number in range(count):
                await peer.send(text(f"{number:05}{filler}"))
                sent += 1
            await peer.send(masked(encode_close(1000)))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(send_all)
            await trio.sleep(0.3)
            assert sent < count
            go.set()
        assert await peer.next() == Closed(1000, "", clean=True)
    assert [int(str(data)[:5]) for data in got] == list(range(count))


async def test_many_small_messages_are_held_back_too() -> None:
    """The list of what was not taken is short, whatever the messages' size."""
    sessions: list[WebSocketSession] = []
    seen: list[str | bytes] = []

    async def late(session: WebSocketSession) -> None:
        sessions.append(session)
        await trio.sleep(0.05)
        while True:
            seen.append((await session.receive()).data)

    async with running(opening(late)) as server, opened(server) as peer:
        await peer.send(*(text(str(number)) for number in range(5_000)))
        await trio.sleep(0.02)
        assert len(sessions[0]._inbox) <= INBOX_MAX
        await peer.send(masked(encode_close(1000)))
        assert await peer.next() == Closed(1000, "", clean=True)
    assert seen == [str(number) for number in range(5_000)]


async def test_a_session_that_is_not_read_is_not_taken_for_dead(autojump_clock: trio.testing.MockClock) -> None:
    """Its client's pongs lie unread behind what the handler has not taken; that is no silence of the client's."""

    async def late(session: WebSocketSession) -> None:
        await trio.sleep(PING_S * 10)
        for _ in range(INBOX_MAX * 2):
            await session.receive()
        await session.close(4000)

    async with running(opening(late)) as server, opened(server) as peer:
        await peer.send(*[text("x")] * INBOX_MAX * 2)
        while isinstance(event := await peer.next(), Ping):
            pass
        assert event == Closed(4000, "", clean=True)


async def test_a_handler_that_takes_nothing_is_not_kept_for_ever(autojump_clock: trio.testing.MockClock) -> None:
    """A client sent something and left; who does not ask for it within CLOSE_S is cancelled."""
    seen = Seen(listens=False)
    async with running(opening(seen.talk)) as server, opened(server) as peer:
        await peer.send(text("unheard"), masked(encode_close(1000)))
        await eventually(server, 0)
        assert CLOSE_S <= trio.current_time() <= CLOSE_S + 2
    assert seen.end == "cancelled"


async def test_what_was_not_taken_does_not_hold_up_the_goodbye(autojump_clock: trio.testing.MockClock) -> None:
    """A handler leaves with a full list behind it: the client's close is still read, and nobody waits."""

    async def leave(session: WebSocketSession) -> None:
        await session.receive()
        await trio.sleep(1)

    async with running(opening(leave)) as server, opened(server) as peer:
        await peer.send(text("go"), text("x" * 200_000), *[text("y")] * INBOX_MAX)
        assert await peer.next() == Closed(1000, "", clean=True)
        before = trio.current_time()
        await peer.send(masked(encode_close(1000)))
        assert await peer.rest() == b""
        assert trio.current_time() - before < CLOSE_S


async def test_a_close_wakes_who_receives() -> None:
    """One task of a handler closes while another waits for a message."""
    ended: list[int] = []

    async def both(session: WebSocketSession) -> None:
        async def listen() -> None:
            try:
                await session.receive()
            except SessionEnded as end:
                ended.append(end.code)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen)
            await trio.testing.wait_all_tasks_blocked()
            await session.close(4001, "done")

    async with running(opening(both)) as server, opened(server) as peer:
        assert await peer.next() == Closed(4001, "done", clean=True)
        await peer.send(masked(encode_close(4001)))
        assert await peer.rest() == b""
    assert ended == [4001]


async def test_a_flood_of_tiny_messages_leaves_others_their_turn() -> None:
    """What one read brought is given out in turns, in order, and none is lost between them."""
    got: list[str | bytes] = []
    most = 0
    turn = 0

    async def talk(session: WebSocketSession) -> None:
        def hear(message: Message) -> None:
            nonlocal turn
            got.append(message.data)
            turn += 1

        session.on_message = hear
        await trio.sleep_forever()

    async def watch() -> None:
        nonlocal most, turn
        while True:
            most, turn = max(most, turn), 0
            await trio.lowlevel.checkpoint()

    async with running(opening(talk)) as server, opened(server) as peer, trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        await peer.send(*(text(str(number)) for number in range(20_000)), masked(encode_close(1000)))
        assert await peer.next() == Closed(1000, "", clean=True)
        nursery.cancel_scope.cancel()
    assert got == [str(number) for number in range(20_000)]
    assert most <= 3 * TURN_MAX


async def test_hostile_bytes_at_a_real_door() -> None:
    """The whole corpus, each on a connection of its own: the stated code, and nothing broken on our side."""
    before = REQUESTS_BROKEN._value.get(), CONNECTIONS_BROKEN._value.get()
    async with running(opening(echo)) as server:
        for case in HOSTILE:
            async with opened(server) as peer:
                await peer.send(bytes.fromhex(case["hex"] + case.get("tail", "")))
                assert isinstance(peer.stream, trio.SocketStream)
                await peer.stream.send_eof()
                while not isinstance(event := await peer.next(), Closed):
                    pass
                assert event.code == case["code"], case["name"]
        await eventually(server, 0)
    assert (REQUESTS_BROKEN._value.get(), CONNECTIONS_BROKEN._value.get()) == before


async def test_messages_can_be_called_back() -> None:
    """`on_message` gets what waits and what comes while the handler waits for something else, and may end it."""
    got: list[str | bytes] = []

    async def talk(session: WebSocketSession) -> None:
        def hear(message: Message) -> None:
            got.append(message.data)
            if message.data == "stop":
                session.end(4400, "bad-subscription")

        await session.receive()
        await trio.sleep(0.02)
        session.on_message = hear
        await trio.sleep_forever()

    async with running(opening(talk)) as server, opened(server) as peer:
        await peer.send(*(text(str(number)) for number in range(INBOX_MAX * 3)))
        await trio.sleep(0.05)
        await peer.send(text("more"), text("stop"), text("after"))
        assert await peer.next() == Closed(4400, "bad-subscription", clean=True)
    assert got == [*(str(number) for number in range(1, INBOX_MAX * 3)), "more", "stop"]


async def test_a_callback_that_breaks_ends_its_session_only() -> None:
    """The watch of all sessions goes on."""

    async def talk(session: WebSocketSession) -> None:
        def hear(message: Message) -> None:
            raise ValueError

        session.on_message = hear
        await trio.sleep_forever()

    async with running(opening(talk)) as server, opened(server) as other, opened(server) as peer:
        await peer.send(text("x"))
        assert await peer.next() == Closed(1011, "internal", clean=True)
        await other.send(masked(encode_ping(b"alive")))
        assert await other.next() == Pong(b"alive")


async def test_a_busy_handler_lets_others_have_their_turn() -> None:
    """One that sends without ever waiting cannot keep the loop."""

    async def many(session: WebSocketSession) -> None:
        for _ in range(SENDS_PER_TURN * 20):
            await session.send_frames(encode_text(b"x"))

    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with running(opening(many)) as server, opened(server) as peer, trio.open_nursery() as nursery:
        nursery.start_soon(other)
        while not isinstance(await peer.next(), Closed):
            pass
        nursery.cancel_scope.cancel()
    assert turns >= 10


async def test_a_drain_says_goodbye() -> None:
    """The stopping frames and 1001 at once; when the clients answered, the drain is over."""
    seen = Seen(listens=False)
    async with running(opening(seen.talk, stopping=encode_text(b"stopping"))) as server, opened(server) as peer:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.drain)
            assert await peer.next() == Message("stopping")
            assert await peer.next() == Closed(1001, "stopping", clean=True)
            await peer.send(masked(encode_close(1001)))
        assert len(server.connections) == 0
    assert seen.end == "cancelled"


async def test_a_drain_does_not_wait_for_the_silent(autojump_clock: trio.testing.MockClock) -> None:
    """A client that never answers the close frame costs CLOSE_S."""
    async with running(opening(wait_for_ever)) as server, opened(server):
        began = trio.current_time()
        await server.drain()
        assert trio.current_time() - began <= CLOSE_S + 2


async def test_sessions_count_as_connections() -> None:
    """An open session takes a place; the next client is turned away."""
    settings = loopback(connections_max=1, connections_per_address_max=1)
    async with running(opening(wait_for_ever), settings) as server, opened(server):
        async with await dial(server) as stream:
            [answer] = parse_answers(await read_to_end(stream))
        assert answer.status == 503


async def test_a_thousand_idle_sessions() -> None:
    """They are all watched by one task, answer, and are all told when the server stops."""
    async with running(opening(wait_for_ever), loopback(connections_per_address_max=1_100)) as server:
        peers: list[Peer] = []

        async def open_some(count: int) -> None:
            for _ in range(count):
                peer = Peer(await dial(server))
                await peer.open()
                peers.append(peer)

        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(open_some, 100)
        assert len(server.connections) == len(server._service.watch) == 1_000
        for peer in peers[::100]:
            await peer.send(masked(encode_ping(b"x")))
            assert await peer.next() == Pong(b"x")

        async def leave(peer: Peer) -> None:
            assert await peer.next() == Closed(1001, "stopping", clean=True)
            await peer.send(masked(encode_close(1001)))
            await peer.stream.aclose()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.drain)
            for peer in peers:
                nursery.start_soon(leave, peer)
        assert len(server.connections) == len(server._service.watch) == 0


async def test_a_storm_of_reconnects_leaves_nothing() -> None:
    """Clients that come and go at every stage of a session's life; nothing of them stays."""
    async with running(opening(echo)) as server:

        async def come_and_go(number: int) -> None:
            stream = await dial(server)
            if number % 3:
                await stream.send_all(upgrade() + (text("x") if number % 2 else b""))
            if number % 5:
                await stream.receive_some(10)
            if number % 7 == 0:
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await trio.aclose_forcefully(stream)

        async with trio.open_nursery() as nursery:
            for lane in range(10):

                async def storm(lane: int = lane) -> None:
                    for number in range(1, 40):
                        if (number + lane) % 3 or not (number + lane) % 5:
                            await come_and_go(number + lane)

                nursery.start_soon(storm)
        await eventually(server, 0)
        assert len(server._service.watch) == 0
        async with opened(server) as peer:
            await peer.send(text("still here"))
            assert await peer.next() == Message("still here")
