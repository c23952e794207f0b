"""What leaves: framing, large and streamed bodies, bodies that break, readers that take nothing."""

from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing

from edge_node.serving.outlet import JOIN_MAX_BYTES
from edge_node.serving.request import Request
from edge_node.serving.response import Response
from tests.serving.rig import (
    CLOSING_GET,
    GET,
    answer_of,
    connected,
    parse_answers,
    pieces,
    read_to_end,
    running,
    statuses,
    talk,
)


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
