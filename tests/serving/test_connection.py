"""One connection: order, deadlines, bodies, refusals and boundaries."""

from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing

from edge_node.base.counters import refusals
from edge_node.base.errors import Refusal
from edge_node.serving.connection import DRAIN_MAX_BYTES, JOIN_MAX_BYTES, sole_refusal
from edge_node.serving.counters import CONNECTIONS_EXPIRED, REQUESTS_BROKEN
from edge_node.serving.limits import FORGED_MAX, TICK_S
from edge_node.serving.refusals import BodyTimeout, BodyTooLarge
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.wire.http1_errors import BodyTruncated, HttpMisuse
from tests.serving.rig import (
    CLOSING_GET,
    GET,
    Answer,
    connected,
    dial,
    echo,
    loopback,
    parse_answers,
    post,
    read_answer,
    read_to_end,
    running,
    statuses,
    talk,
)


class Forged(Refusal):
    """What claims to come from somebody else."""

    slug = "bad-signature"
    status = 401
    forged = True


class Busy(Refusal):
    """A refusal of a handler's."""

    slug = "busy"
    status = 503
    retry_after_s = 7
    remedy = "Come back."


async def ignore(request: Request) -> Response:
    """A handler that never looks at the body."""
    return Response(204)


async def answer_of(raw: bytes, handler: object = echo) -> list[Answer]:
    """What a connection in memory answers to `raw` followed by the client's end."""
    async with connected(handler) as (client, _):  # type: ignore[arg-type]
        await client.send_all(raw)
        await client.send_eof()  # type: ignore[attr-defined]
        return parse_answers(await read_to_end(client))


async def test_requests_are_answered_in_order_on_one_connection() -> None:
    """Three pipelined posts come back in order, with the standing headers; the last one closes."""
    raw = post(b"one") + post(b"two") + post(b"three", "Connection: close")
    answers = await answer_of(raw)
    assert [answer.body for answer in answers] == [b"one", b"two", b"three"]
    assert "connection" not in answers[0].headers
    assert answers[2].headers["connection"] == "close"


async def test_every_answer_carries_the_standing_headers() -> None:
    """Server, date and nosniff stand in every response of a server, problems included."""
    async with running() as server:
        for answer in await talk(server, post(b"x"), b"GET /a/../b HTTP/1.1\r\n\r\n"):
            assert answer.headers["server"] == "edge-node"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["date"] == "Mon, 21 Sep 2026 14:13:20 GMT"


async def test_head_has_the_length_and_no_body() -> None:
    """HEAD is answered like GET without the bytes."""

    async def page(request: Request) -> Response:
        return Response(200, (), b"12345")

    async with connected(page) as (client, _):
        await client.send_all(b"HEAD / HTTP/1.1\r\nHost: a.localhost\r\nConnection: close\r\n\r\n")
        raw = await read_to_end(client)
    [answer] = parse_answers(raw, to_head=True)
    assert answer.headers["content-length"] == "5"
    assert raw.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("status", [204, 304])
async def test_statuses_without_body_have_no_length(status: int) -> None:
    """204 and 304 say nothing of a body."""

    async def nothing(request: Request) -> Response:
        return Response(status)

    [answer] = await answer_of(CLOSING_GET, nothing)
    assert answer.status == status
    assert "content-length" not in answer.headers


async def test_http_1_0_is_kept_only_on_request() -> None:
    """A 1.0 client is closed on, unless it asks to be kept, which is then confirmed."""
    old = b"GET / HTTP/1.0\r\n\r\n"
    assert len(await answer_of(old + old)) == 1
    kept = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    first, _ = await answer_of(kept + old)
    assert first.headers["connection"] == "keep-alive"


async def test_a_broken_request_is_a_problem_and_the_end() -> None:
    """The refusal of the parser is answered as a problem, counted, and nothing after it is read."""
    before = refusals("malformed-request")
    [answer] = await answer_of(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + GET)
    assert answer.status == 400
    assert answer.problem["type"] == "urn:edge-node:problem:malformed-request"
    assert answer.headers["connection"] == "close"
    assert refusals("malformed-request") == before + 1


async def test_a_strangers_host_is_misdirected_and_the_connection_goes_on() -> None:
    """A name that is not ours is answered 421; it is no defect of the connection."""
    raw = b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n" + GET
    assert statuses(await answer_of(raw)) == [421, 200]


async def test_a_handlers_refusal_is_its_problem() -> None:
    """Status, slug and Retry-After come from the refusal; the connection is kept."""

    async def busy(request: Request) -> Response:
        raise Busy("too much to do")

    first, second = await answer_of(GET + GET, busy)
    assert first.problem["detail"] == "too much to do"
    assert first.headers["retry-after"] == "7"
    assert second.status == 503


async def test_a_refusal_from_a_handlers_nursery_is_found() -> None:
    """A group of exactly one refusal is that refusal; a mixed group is an error of ours."""

    async def inside(request: Request) -> Response:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fall, Busy("inside"))
        return Response(204)

    async def fall(error: Exception) -> None:
        raise error

    [answer] = await answer_of(CLOSING_GET, inside)
    assert answer.problem["detail"] == "inside"
    assert sole_refusal(ExceptionGroup("", [Busy("a"), ValueError()])) is None
    assert sole_refusal(ValueError()) is None


@pytest.mark.parametrize(
    ("raw", "parts", "length"),
    [
        (GET, b"all", None),
        (GET.replace(b"GET", b"HEAD"), b"all", None),
        (GET, b"x" * JOIN_MAX_BYTES * 2, None),
        (GET, [b"a", b"b"], 2),
        (GET, [b"a"], 2),
        (GET, [b"a"], None),
    ],
)
async def test_what_an_answer_holds_is_given_back_once(
    raw: bytes, parts: bytes | list[bytes], length: int | None
) -> None:
    """Sent, not wanted or cut: the response hears once that it is over, and the connection takes the next request."""
    over: list[str] = []

    async def holding(request: Request) -> Response:
        body = parts if isinstance(parts, bytes) else pieces(*parts)
        return Response(200, (), body, length, done=lambda: over.append(request.method))

    async with connected(holding) as (client, _):
        await client.send_all(raw)
        await client.send_eof()  # type: ignore[attr-defined]
        await read_to_end(client)
    assert len(over) == 1


async def test_what_an_answer_holds_is_held_while_it_is_unread(autojump_clock: trio.testing.MockClock) -> None:
    """A reader that takes nothing keeps it until it is cut."""
    over: list[float] = []

    async def holding(request: Request) -> Response:
        return Response(200, (), b"x" * JOIN_MAX_BYTES * 2, done=lambda: over.append(trio.current_time()))

    async with connected(holding, streams=trio.testing.lockstep_stream_pair()) as (client, _):
        await client.send_all(GET)
        await trio.sleep(29)
        assert not over
        await trio.sleep(3)
        assert len(over) == 1


async def test_a_connection_of_forgeries_is_closed() -> None:
    """At the limit the answer says so and the connection ends; one fewer, and it goes on."""

    async def check(request: Request) -> Response:
        if request.method == "POST":
            raise Forged("not signed by whom it names")
        return Response(204)

    answers = await answer_of(post(b"") * (FORGED_MAX - 1) + GET, check)
    assert statuses(answers) == [401] * (FORGED_MAX - 1) + [204]
    answers = await answer_of(post(b"") * (FORGED_MAX + 1), check)
    assert statuses(answers) == [401] * FORGED_MAX
    assert answers[-1].headers["connection"] == "close"


async def test_an_error_of_a_handler_is_500_and_tells_nothing() -> None:
    """The client learns that something broke, not what; the connection ends."""
    before = REQUESTS_BROKEN._value.get()

    async def broken(request: Request) -> Response:
        raise RuntimeError("the secret is 42")

    [answer] = await answer_of(GET + GET, broken)
    assert answer.problem["type"] == "urn:edge-node:problem:internal"
    assert b"42" not in answer.body
    assert REQUESTS_BROKEN._value.get() == before + 1


@pytest.mark.parametrize(
    "response",
    [
        Response(204, (), b"x"),
        Response(99),
        Response(200, [("x", "a\r\nb: c")]),
        Response(200, [("content-length", "1")]),
    ],
)
async def test_a_response_http_cannot_carry_is_500(response: Response) -> None:
    """A mistaken response is our error, and nothing of it is sent."""

    async def mistaken(request: Request) -> Response:
        return response

    [answer] = await answer_of(GET, mistaken)
    assert answer.status == 500


async def test_a_large_body_is_sent_whole() -> None:
    """Above the joining size a body goes out by itself, unchanged."""
    content = bytes(range(256)) * (JOIN_MAX_BYTES // 256 * 40)

    async def large(request: Request) -> Response:
        return Response(200, (), content)

    async with running(large) as server:
        [answer] = await talk(server, CLOSING_GET)
    assert answer.body == content


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """An asynchronous body."""
    for part in parts:
        yield part


async def test_a_streamed_body_is_chunked_or_sized() -> None:
    """Without a length chunked, with one as it is; empty pieces are nothing; HTTP/1.0 reads to the end."""

    async def unsized(request: Request) -> Response:
        return Response(200, (), pieces(b"ab", b"", b"c"))

    async def sized(request: Request) -> Response:
        return Response(200, (), pieces(b"ab", b"c"), length=3)

    [answer] = await answer_of(CLOSING_GET, unsized)
    assert (answer.body, answer.headers["transfer-encoding"]) == (b"abc", "chunked")
    [answer] = await answer_of(CLOSING_GET, sized)
    assert (answer.body, answer.headers["content-length"]) == (b"abc", "3")
    [answer] = await answer_of(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", unsized)
    assert (answer.body, answer.headers["connection"]) == (b"abc", "close")


@pytest.mark.parametrize(("parts", "length"), [([b"abcd"], 3), ([b"ab"], 3), ([b"ab", b""], 3)])
async def test_a_body_unlike_its_length_is_cut(parts: list[bytes], length: int) -> None:
    """Neither more nor less than the promised bytes: the connection ends so that the client knows."""

    async def wrong(request: Request) -> Response:
        return Response(200, (), pieces(*parts), length=length)

    async with connected(wrong) as (client, _):
        await client.send_all(GET + GET)
        raw = await read_to_end(client)
    assert len(raw.partition(b"\r\n\r\n")[2]) < length


async def test_a_body_that_breaks_has_no_last_chunk() -> None:
    """A client can tell a broken stream from a finished one."""

    async def breaking() -> AsyncIterator[bytes]:
        yield b"ab"
        raise RuntimeError

    async def handler(request: Request) -> Response:
        return Response(200, (), breaking())

    async with connected(handler) as (client, _):
        await client.send_all(GET)
        raw = await read_to_end(client)
    assert raw.endswith(b"2\r\nab\r\n")


async def test_a_head_request_never_starts_a_streamed_body() -> None:
    """The pieces are not even asked for, and their generator is closed."""
    asked = []

    async def watching() -> AsyncIterator[bytes]:
        asked.append(True)
        yield b"x"

    async def handler(request: Request) -> Response:
        return Response(200, (), watching(), length=1)

    async with connected(handler) as (client, _):
        await client.send_all(GET.replace(b"GET", b"HEAD") + CLOSING_GET.replace(b"GET", b"HEAD"))
        raw = await read_to_end(client)
    assert statuses(parse_answers(raw, to_head=True)) == [200, 200]
    assert not asked


async def test_continue_is_said_when_the_body_is_first_read() -> None:
    """An expecting client gets 100 only from a handler that wants the body."""
    async with connected() as (client, _):
        await client.send_all(post(b"", "Expect: 100-continue").replace(b"Length: 0", b"Length: 5"))
        interim = await client.receive_some(1000)
        assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
        await client.send_all(b"hello")
        assert (await read_answer(client)).body == b"hello"


async def test_a_refusal_before_continue_costs_no_upload(autojump_clock: trio.testing.MockClock) -> None:
    """A body announced as too large is refused by its announcement; no 100 is said and the connection ends."""
    async with connected() as (client, _):
        await client.send_all(post(b"", "Expect: 100-continue").replace(b"Length: 0", b"Length: 5000000"))
        [answer] = parse_answers(await read_to_end(client))
    assert answer.status == 413
    assert answer.problem["limit"] == 1 << 20
    assert answer.headers["connection"] == "close"


async def test_a_body_here_already_needs_no_continue() -> None:
    """A client that did not wait is not told to go on."""
    [answer] = await answer_of(post(b"hello", "Expect: 100-continue", "Connection: close"))
    assert answer.status == 200


@pytest.mark.parametrize(("size", "kept"), [(DRAIN_MAX_BYTES, True), (DRAIN_MAX_BYTES + 1, False)])
async def test_an_unread_body_is_drained_up_to_a_bound(size: int, kept: bool) -> None:
    """A handler may ignore a small body; a large one costs the client its connection."""
    async with running(ignore) as server, await dial(server) as stream:
        await stream.send_all(post(b"x" * size))
        first = await read_answer(stream)
        assert ("connection" not in first.headers) is kept
        if kept:
            await stream.send_all(GET)
            assert (await read_answer(stream)).status == 204


async def test_an_unread_chunked_body_ends_the_connection(autojump_clock: trio.testing.MockClock) -> None:
    """Its size is unknown, so it is not drained."""
    raw = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
    async with connected(ignore) as (client, _):
        await client.send_all(raw + GET)
        [answer] = parse_answers(await read_to_end(client))
    assert answer.headers["connection"] == "close"


async def test_a_client_that_closes_inside_its_body_stores_nothing() -> None:
    """The handler gets BodyTruncated instead of the rest, with the count of what came."""
    stored: list[bytes] = []
    caught: list[BodyTruncated] = []

    async def store(request: Request) -> Response:
        try:
            stored.append(await request.body(100))
        except BodyTruncated as error:
            caught.append(error)
            raise
        return Response(204)

    [answer] = await answer_of(post(b"hello")[:-2], store)
    assert answer.problem["type"] == "urn:edge-node:problem:body-truncated"
    assert not stored
    assert [error.received for error in caught] == [3]


async def test_a_vanished_client_disturbs_nobody() -> None:
    """A reset in the middle of anything ends that connection; its neighbour is served."""
    async with running() as server:
        for raw in (post(b"hello")[:-2], b"GET / HT", GET):
            stream = await dial(server)
            await stream.send_all(raw)
            stream.socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            await stream.aclose()
        assert statuses(await talk(server, CLOSING_GET)) == [200]


async def test_a_broken_chunk_is_the_handlers_refusal() -> None:
    """Bad framing inside a body surfaces where it is read, is answered 400 and ends the connection."""
    raw = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n"
    [answer] = await answer_of(raw + GET)
    assert answer.problem["why"] == "a chunk's data is not followed by CRLF"


async def test_a_body_over_its_limit_is_refused_named_or_chunked() -> None:
    """At the limit it is read; one byte more is 413, whichever way it is framed."""

    async def ten(request: Request) -> Response:
        return Response(200, (), await request.body(10))

    chunked = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
    for size, status in ((10, 200), (11, 413)):
        assert (await answer_of(post(b"x" * size), ten))[0].status == status
        assert (await answer_of(chunked % (size, b"x" * size), ten))[0].status == status


async def test_a_finished_request_cannot_read_the_next_ones_body() -> None:
    """A request kept beyond its exchange refuses to read."""
    kept: list[Request] = []

    async def keep(request: Request) -> Response:
        kept.append(request)
        return Response(204)

    await answer_of(GET, keep)
    with pytest.raises(HttpMisuse):
        await kept[0].body(10)
    with pytest.raises(HttpMisuse):
        await anext(kept[0].chunks(10))


async def test_a_slow_head_is_timed_out(autojump_clock: trio.testing.MockClock) -> None:
    """Slow-loris: dripping bytes does not help, after 10 s (and at most 1 s more) there is a 408 and an end."""
    expired = CONNECTIONS_EXPIRED._value.get()
    async with connected() as (client, _):
        began = trio.current_time()
        async with trio.open_nursery() as nursery:

            async def drip() -> None:
                for byte in GET[:-2] * 10:
                    await client.send_all(bytes([byte]))
                    await trio.sleep(0.9)

            nursery.start_soon(drip)
            answer = await read_answer(client)
            nursery.cancel_scope.cancel()
        assert 10 <= trio.current_time() - began <= 10 + 2 * TICK_S
    assert answer.problem["type"] == "urn:edge-node:problem:header-timeout"
    assert CONNECTIONS_EXPIRED._value.get() > expired


@pytest.mark.parametrize(("first", "allowed_s"), [(b"", 10.0), (GET, 75.0)])
async def test_silence_is_closed_without_a_word(
    first: bytes, allowed_s: float, autojump_clock: trio.testing.MockClock
) -> None:
    """A connection that says nothing has the header time at first and the idle time between requests."""
    async with connected() as (client, _):
        if first:
            await client.send_all(first)
            await read_answer(client)
        began = trio.current_time()
        assert await read_to_end(client) == b""
        assert allowed_s <= trio.current_time() - began <= allowed_s + 2 * TICK_S


async def test_a_paused_body_is_timed_out_where_it_is_read(autojump_clock: trio.testing.MockClock) -> None:
    """The handler gets BodyTimeout after 20 s without bytes, however long the body takes in all."""
    caught: list[BodyTimeout] = []

    async def handler(request: Request) -> Response:
        try:
            return Response(200, (), await request.body(1_000))
        except BodyTimeout as error:
            caught.append(error)
            raise

    async with connected(handler) as (client, _):
        await client.send_all(post(b"x" * 100)[:-90])
        for _ in range(5):
            await trio.sleep(15)
            await client.send_all(b"y")
        began = trio.current_time()
        answer = await read_answer(client)
        assert 20 <= trio.current_time() - began <= 20 + 2 * TICK_S
    assert answer.status == 408
    assert answer.headers["connection"] == "close"
    assert [error.timeout_s for error in caught] == [20.0]


async def test_a_reader_that_takes_nothing_is_cut(autojump_clock: trio.testing.MockClock) -> None:
    """After 30 s without a byte taken the connection ends; one that reads slowly is waited for."""

    async def two_steps(request: Request) -> Response:
        return Response(200, (), pieces(b"a" * 10, b"b" * 10, b"c" * 10), length=30)

    async with connected(two_steps, streams=trio.testing.lockstep_stream_pair()) as (client, connection):
        await client.send_all(GET)
        for _ in range(2):
            await trio.sleep(25)
            assert await client.receive_some(1_000)
        await trio.sleep(25)
        assert not connection.scope.cancelled_caught
        await trio.sleep(8)
        assert connection.scope.cancelled_caught


async def test_a_drain_that_begins_inside_an_answer_ends_the_connection_after_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The client was told that the connection stays; it is closed all the same once the answer is out."""
    begun, go_on = trio.Event(), trio.Event()

    async def two_parts() -> AsyncIterator[bytes]:
        yield b"a"
        begun.set()
        await go_on.wait()
        yield b"b"

    async def handler(request: Request) -> Response:
        return Response(200, (), two_parts(), length=2)

    async with connected(handler) as (client, connection):
        await client.send_all(GET)
        await begun.wait()
        connection._service.draining = True
        go_on.set()
        began = trio.current_time()
        [answer] = parse_answers(await read_to_end(client))
        assert trio.current_time() - began < 1
    assert answer.body == b"ab"


async def test_an_ended_connection_says_nothing(autojump_clock: trio.testing.MockClock) -> None:
    """Ending an idle connection closes it; no answer, no wait."""
    async with connected() as (client, connection):
        await client.send_all(GET)
        await read_answer(client)
        connection.end()
        assert await read_to_end(client) == b""


async def test_a_working_handler_has_no_deadline(autojump_clock: trio.testing.MockClock) -> None:
    """The server ends waits for clients, never work of its own."""

    async def slow(request: Request) -> Response:
        await trio.sleep(3_600)
        return Response(204)

    async with connected(slow) as (client, _):
        await client.send_all(GET)
        assert (await read_answer(client)).status == 204


async def test_a_request_knows_its_peer() -> None:
    """Address and TLS come from the transport."""
    seen: list[Request] = []

    async def note(request: Request) -> Response:
        seen.append(request)
        return Response(204)

    await answer_of(GET, note)
    assert (seen[0].peer, seen[0].secure) == ("192.0.2.1", True)


async def test_a_refused_uploader_reads_its_answer() -> None:
    """A client that is still sending when it is refused sees the refusal, not a reset."""

    async def refuse(request: Request) -> Response:
        raise BodyTooLarge(1)

    async with running(refuse, loopback()) as server, await dial(server) as stream:
        await stream.send_all(post(b"x" * 300_000))
        assert (await read_answer(stream)).status == 413
