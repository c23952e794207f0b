"""One connection: order, deadlines, bodies, refusals and boundaries."""

from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing

from edge_node.base.counters import refusals
from edge_node.base.errors import Refusal
from edge_node.serving.connection import sole_refusal
from edge_node.serving.counters import REQUESTS_BROKEN
from edge_node.serving.limits import FORGED_MAX
from edge_node.serving.outlet import JOIN_MAX_BYTES
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.wire.http1_errors import HttpMisuse
from tests.serving.rig import (
    CLOSING_GET,
    GET,
    answer_of,
    connected,
    dial,
    parse_answers,
    pieces,
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


async def test_requests_are_answered_in_order_on_one_connection() -> None:
    """Three pipelined posts come back in order, with the standing headers; the last one closes."""
    raw = post(b"one") + post(b"two") + post(b"three", "Connection: close")
    answers = await answer_of(raw)
    assert [answer.body for answer in answers] == [b"one", b"two", b"three"]
    assert "connection" not in answers[0].headers
    assert answers[2].headers["connection"] == "close"


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


async def test_a_vanished_client_disturbs_nobody() -> None:
    """A reset in the middle of anything ends that connection; its neighbour is served."""
    async with running() as server:
        for raw in (post(b"hello")[:-2], b"GET / HT", GET):
            stream = await dial(server)
            await stream.send_all(raw)
            stream.socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            await stream.aclose()
        assert statuses(await talk(server, CLOSING_GET)) == [200]


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
