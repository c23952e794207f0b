"""What comes in: bodies wanted, unwanted and cut, and clients that are slow with either part."""

import pytest
import trio
import trio.testing

from edge_node.serving.counters import CONNECTIONS_EXPIRED
from edge_node.serving.intake import DRAIN_MAX_BYTES
from edge_node.serving.limits import TICK_S
from edge_node.serving.refusals import BodyTimeout, BodyTooLarge
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from edge_node.wire.http1_errors import BodyTruncated
from tests.serving.rig import (
    GET,
    answer_of,
    connected,
    dial,
    loopback,
    parse_answers,
    post,
    read_answer,
    read_to_end,
    running,
)


async def ignore(request: Request) -> Response:
    """A handler that never looks at the body."""
    return Response(204)


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


async def test_a_refused_uploader_reads_its_answer() -> None:
    """A client that is still sending when it is refused sees the refusal, not a reset."""

    async def refuse(request: Request) -> Response:
        raise BodyTooLarge(1)

    async with running(refuse, loopback()) as server, await dial(server) as stream:
        await stream.send_all(post(b"x" * 300_000))
        assert (await read_answer(stream)).status == 413
