"""Requests by themselves: query, body under a limit, spent requests."""

import pytest

from edge_node.serving.refusals import BodyTooLarge
from edge_node.serving.request import Query, Request
from edge_node.wire.http1_errors import HttpMisuse, MalformedTarget
from edge_node.wire.http1_head import HeadLimits, parse_head


class Pieces:
    """A body that comes in the given pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.left = list(pieces)

    def take_whole_body(self) -> bytes | None:
        return None

    async def next_chunk(self) -> bytes:
        return self.left.pop(0) if self.left else b""


def request(*pieces: bytes, target: str = "/a%20b?x=1&y=&x=%C3%A4+b", line: str = "X: y") -> Request:
    """A request with a body in pieces."""
    raw = f"POST {target} HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n".encode()
    return Request(parse_head(raw, HeadLimits()), Pieces(*pieces), "192.0.2.1")


def test_a_request_shows_its_head() -> None:
    """Method, target, path, headers and peer."""
    one = request()
    assert (one.method, one.target, one.path) == ("POST", "/a%20b?x=1&y=&x=%C3%A4+b", "/a b")
    assert (one.headers.get("X"), one.peer, one.secure, one.content_length) == ("y", "192.0.2.1", False, None)


def test_a_query_gives_the_first_or_all() -> None:
    """Decoded once; what is absent is None or empty."""
    query = request().query
    assert (query.get("x"), query.all("x"), query.get("y"), query.get("z")) == ("1", ["1", "ä b"], "", None)
    assert "y" in query
    assert "z" not in query
    assert len(query) == 3
    assert list(Query("a=b")) == [("a", "b")]


def test_a_bad_query_is_refused_when_it_is_read() -> None:
    """A handler that ignores the query does not care; one that reads it refuses."""
    one = request(target="/?x=%zz")
    with pytest.raises(MalformedTarget):
        _ = one.query


@pytest.mark.parametrize(("limit", "fits"), [(5, True), (4, False)])
async def test_a_body_in_pieces_is_bounded(limit: int, fits: bool) -> None:
    """The sum of the pieces counts, for `body` and for `chunks`."""
    if fits:
        assert await request(b"ab", b"cde").body(limit) == b"abcde"
        assert [piece async for piece in request(b"ab", b"cde").chunks(limit)] == [b"ab", b"cde"]
        return
    with pytest.raises(BodyTooLarge):
        await request(b"ab", b"cde").body(limit)
    with pytest.raises(BodyTooLarge):
        _ = [piece async for piece in request(b"ab", b"cde").chunks(limit)]


async def test_a_named_length_is_judged_before_reading() -> None:
    """Nothing is read of a body that says it is too large."""
    one = request(b"abcde", line="Content-Length: 5")
    with pytest.raises(BodyTooLarge):
        await one.body(4)
    with pytest.raises(BodyTooLarge):
        one.chunks(4)
    assert await one.body(5) == b"abcde"


async def test_a_closed_request_reads_nothing() -> None:
    """After the exchange its body belongs to nobody."""
    one = request(b"abc")
    one.close()
    with pytest.raises(HttpMisuse):
        await one.body(10)
