"""Whole, a range, known, or nothing there: the answers to a conditional request."""

from collections.abc import AsyncIterator

import pytest

from edge_node.gateway.ranged import ranged_answer
from edge_node.serving import Request, Response
from edge_node.wire.http1_head import HeadLimits, parse_head

CONTENT = b"0123456789"
TAG = '"tag"'
STANDING, OF_CONTENT = (("etag", TAG),), (("content-type", "text/plain"),)


class NoBody:
    """The source of a request without a body."""

    def take_whole_body(self) -> bytes | None:
        return b""

    async def next_chunk(self) -> bytes:
        return b""


async def read(start: int, stop: int) -> AsyncIterator[bytes]:
    yield CONTENT[start:stop]


async def ask(**headers: str) -> tuple[Response, bytes]:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = parse_head(f"GET /x HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode(), HeadLimits())
    answer = ranged_answer(Request(head, NoBody()), TAG, len(CONTENT), STANDING, OF_CONTENT, read)
    if isinstance(answer.body, bytes):
        return answer, answer.body
    return answer, b"".join([part async for part in answer.body])


@pytest.mark.parametrize(
    ("headers", "status", "content", "place"),
    [
        ({}, 200, CONTENT, None),
        ({"range": "bytes=2-4"}, 206, b"234", "bytes 2-4/10"),
        ({"range": "bytes=8-99"}, 206, b"89", "bytes 8-9/10"),
        ({"range": "bytes=-1"}, 206, b"9", "bytes 9-9/10"),
        ({"range": "bytes=0-1,3-4"}, 200, CONTENT, None),
        ({"range": "lines=0-1"}, 200, CONTENT, None),
        ({"range": "bytes=2-4", "if_range": TAG}, 206, b"234", "bytes 2-4/10"),
        ({"range": "bytes=2-4", "if_range": '"other"'}, 200, CONTENT, None),
        ({"if_none_match": '"other"'}, 200, CONTENT, None),
    ],
)
async def test_content(headers: dict[str, str], status: int, content: bytes, place: str | None) -> None:
    """The whole, or the one range that may be honoured with its place."""
    answer, body = await ask(**headers)
    assert (answer.status, body, answer.length) == (status, content, len(content))
    assert dict(answer.headers) == dict((*STANDING, *OF_CONTENT)) | ({"content-range": place} if place else {})


@pytest.mark.parametrize("tags", [TAG, f'"other", W/{TAG}', "*"])
async def test_what_the_asker_has_is_not_sent(tags: str) -> None:
    """304 with what stands for it and nothing about content, even where a range is asked for."""
    answer, body = await ask(if_none_match=tags, range="bytes=0-1")
    assert (answer.status, body, tuple(answer.headers)) == (304, b"", STANDING)


async def test_a_range_beyond_the_end() -> None:
    """416 says how much there is."""
    answer, _ = await ask(range="bytes=10-")
    assert (answer.status, dict(answer.headers)["content-range"]) == (416, "bytes */10")
