"""HTTP itself, broken at the event door: every answer is a problem, and the next connection finds a whole server."""

import pytest
import trio

from edge_node.base import counters
from edge_node.trust.signed_event import format_event_header
from tests.gateway.rig import JSON, RunningNode, Site, read_answer, running

BODY = b'{"celsius":21}'


def head_of(node: RunningNode, *lines: str, body: bytes = BODY, path: str = "/events") -> bytes:
    """A signed post's request line and headers, with more lines; what follows is the caller's."""
    header = node.event(body)
    said = ["Host: 127.0.0.1", f"Content-Type: {JSON}", f"Edge-Signature: {format_event_header(header)}", *lines]
    return "\r\n".join([f"POST {path} HTTP/1.1", *said, "", ""]).encode()


@pytest.mark.parametrize(
    ("lines", "rest"),
    [
        (("Content-Length: 14", "Transfer-Encoding: chunked"), b"0\r\n\r\n"),
        (("Transfer-Encoding: chunked", "Content-Length: 14"), BODY),
        (("Content-Length: 14", "Content-Length: 15"), BODY),
        (("Content-Length: +14",), BODY),
        (("Content-Length: -1",), BODY),
        (("Transfer-Encoding: gzip, chunked",), b"0\r\n\r\n"),
        (("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), b"0\r\n\r\n"),
        (("Host: elsewhere", "Content-Length: 14"), BODY),
        (("Content-Length : 14",), BODY),
        ((" folded: line", "Content-Length: 14"), BODY),
    ],
)
async def test_ambiguous_framing_is_refused(site: Site, lines: tuple[str, ...], rest: bytes) -> None:
    """Where two readers could disagree on a body's end nothing is stored, and the connection is closed."""
    async with running(site) as node:
        await node.refuses(400, "malformed-request", lambda: node.raw(head_of(node, *lines) + rest))


async def test_a_smuggled_request_is_not_answered(site: Site) -> None:
    """What hides behind an ambiguous body is never taken for a request."""
    async with running(site) as node:
        inner = head_of(node, f"Content-Length: {len(BODY)}") + BODY
        rows = node.rows()
        async with await trio.open_tcp_stream("127.0.0.1", node.port) as stream:
            await stream.send_all(
                head_of(node, "Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n" + inner
            )
            assert (await read_answer(stream)).status_code == 400
            with trio.fail_after(10):
                assert await stream.receive_some() == b""
        assert node.rows() == rows
        await node.is_healthy()


@pytest.mark.parametrize("name", ["Edge-Signature", "Edge-Request", "Cookie"])
async def test_64_kib_of_token_shaped_junk_is_refused(site: Site, name: str) -> None:
    """More headers than the limit are not read to their end, whatever they are called."""
    async with running(site) as node:
        junk = "eyJhbGciOiJFZERTQSJ9." * 3_200
        head = f"GET /api/v1/streams HTTP/1.1\r\nHost: 127.0.0.1\r\n{name}: {junk}\r\n\r\n"
        problem = await node.refuses(431, "headers-too-large", lambda: node.raw(head.encode()))
        assert problem["limit"] == 32 * 1024


@pytest.mark.parametrize("name", ["Edge-Signature", "Edge-Request"])
async def test_junk_within_the_header_limit_is_refused_by_its_length(site: Site, name: str) -> None:
    """A signature header has at most 1 KiB; a longer one is not even split."""
    async with running(site) as node:
        junk, method = "key=0," * 5_000, "POST /events" if name == "Edge-Signature" else "GET /api/v1/streams"
        head = f"{method} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {JSON}\r\n{name}: {junk}\r\n\r\n"
        problem = await node.refuses(400, "malformed-signature-header", lambda: node.raw(head.encode()))
        assert problem["header"] == name


async def test_a_doubled_signature_is_refused(site: Site) -> None:
    """Two Edge-Signature lines are one malformed header, never a choice."""
    async with running(site) as node:
        more = f"Edge-Signature: {format_event_header(node.event(BODY))}"
        sent = head_of(node, more, f"Content-Length: {len(BODY)}") + BODY
        await node.refuses(400, "malformed-signature-header", lambda: node.raw(sent))


async def test_more_than_100_headers_are_refused(site: Site) -> None:
    """The count is limited as well as the bytes."""
    async with running(site) as node:
        lines = [f"X-{number}: 1" for number in range(101)]
        await node.refuses(431, "headers-too-large", lambda: node.raw(head_of(node, *lines, "Content-Length: 0")))


async def test_a_long_target_is_refused(site: Site) -> None:
    """414 tells a long path from long headers."""
    async with running(site) as node:
        path = "/events/" + "a" * 9_000
        await node.refuses(414, "target-too-long", lambda: node.raw(head_of(node, "Content-Length: 0", path=path)))


async def test_a_sender_of_headers_that_never_end_is_cut(site: Site) -> None:
    """Twenty slow-loris connections are answered 408 and ended, while others are served."""
    async with running(site, http={"header_timeout_s": 0.2}) as node:
        counted, statuses = counters.refusals("header-timeout"), []

        async def drip() -> None:
            async with await trio.open_tcp_stream("127.0.0.1", node.port) as stream:
                await stream.send_all(head_of(node)[:80])
                statuses.append((await read_answer(stream)).status_code)

        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(drip)
            await trio.sleep(0.05)
            await node.is_healthy()
        assert statuses == [408] * 20
        assert counters.refusals("header-timeout") == counted + 20
        await node.is_healthy()


async def test_a_body_that_stalls_is_cut(site: Site) -> None:
    """408 when the next bytes of a body do not come; nothing of it is stored."""
    async with running(site, http={"body_timeout_s": 0.2}) as node:
        sent = head_of(node, f"Content-Length: {len(BODY)}") + BODY[:5]
        await node.refuses(408, "body-timeout", lambda: node.raw(sent))


@pytest.mark.parametrize(
    ("lines", "rest"),
    [((f"Content-Length: {len(BODY)}",), BODY[:5]), (("Transfer-Encoding: chunked",), b"5\r\n" + BODY[:5])],
)
async def test_a_client_that_closes_inside_its_body(site: Site, lines: tuple[str, ...], rest: bytes) -> None:
    """Half a body is no body."""
    async with running(site) as node:
        await node.refuses(400, "body-truncated", lambda: node.raw(head_of(node, *lines) + rest, finish=True))


async def test_a_client_that_vanishes_inside_its_body(site: Site) -> None:
    """A reset connection leaves no trace in the store and none on other connections."""
    async with running(site) as node:
        counted, rows = counters.refusals("body-truncated"), node.rows()
        for _ in range(5):
            stream = await trio.open_tcp_stream("127.0.0.1", node.port)
            stream.setsockopt(1, 13, b"\x01\0\0\0\0\0\0\0")  # SO_LINGER 0: a reset instead of a close
            await stream.send_all(head_of(node, f"Content-Length: {len(BODY)}") + BODY[:5])
            await stream.aclose()
        with trio.fail_after(10):
            while counters.refusals("body-truncated") < counted + 5:
                await trio.sleep(0.01)
        assert node.rows() == rows
        await node.is_healthy()


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/events", 405, "method-not-allowed"),
        ("PATCH", "/api/v1/pieces", 405, "method-not-allowed"),
        ("DELETE", "/info", 405, "method-not-allowed"),
        ("GET", "/nothing", 404, "no-such-path"),
        ("GET", "/api/v1/pieces/a/b", 404, "no-such-path"),
    ],
)
async def test_paths_and_methods_that_are_not(site: Site, method: str, path: str, status: int, slug: str) -> None:
    """404 for an unknown path; 405 with Allow for another method on a known one."""
    async with running(site) as node:
        problem = await node.refuses(status, slug, lambda: node.client.request(method, path))
        if status == 405:
            answer = await node.client.request(method, path)
            assert answer.headers["allow"] == ", ".join(problem["allow"])
