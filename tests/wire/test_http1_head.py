"""One head: what it says, and why a broken one is refused, in words."""

import pytest

from edge_node.wire.http1_errors import HttpBroken, MalformedRequest, VersionNotSupported
from edge_node.wire.http1_head import HeadLimits, RequestHead, explain_head, line_is_too_long, parse_head


def head(*lines: str, first: str = "GET /a%20b?c=%64 HTTP/1.1", host: str = "Host: node\r\n") -> RequestHead:
    """A parsed head with the given lines."""
    text = f"{first}\r\n{host}" + "".join(f"{line}\r\n" for line in lines) + "\r\n"
    return parse_head(text.encode("latin-1"), HeadLimits())


def test_a_head_says_what_was_asked() -> None:
    """Method, target, decoded path, raw query, fields and host."""
    read = head("X-A:  b ")
    assert (read.method, read.target, read.path, read.raw_path) == ("GET", "/a%20b?c=%64", "/a b", "/a%20b")
    assert (read.query, read.host, read.minor) == ("c=%64", "node", 1)
    assert read.fields.get("x-a") == "b"
    assert (read.content_length, read.has_body, read.chunked, read.upgrade) == (None, False, False, None)


@pytest.mark.parametrize(
    ("lines", "first", "keep"),
    [
        ((), "GET / HTTP/1.1", True),
        (("Connection: close",), "GET / HTTP/1.1", False),
        (("Connection: x, Close",), "GET / HTTP/1.1", False),
        (("Connection: x", "Connection: close"), "GET / HTTP/1.1", False),
        (("Connection: closed",), "GET / HTTP/1.1", True),
        ((), "GET / HTTP/1.0", False),
        (("Connection: Keep-Alive",), "GET / HTTP/1.0", True),
        (("Connection: keep-alive, close",), "GET / HTTP/1.0", False),
    ],
)
def test_keep_alive_follows_version_and_connection(lines: tuple[str, ...], first: str, keep: bool) -> None:
    """1.1 keeps unless told to close, 1.0 closes unless told to keep."""
    assert head(*lines, first=first).keep_alive is keep


def test_body_framing() -> None:
    """A length, a chunked body, or none."""
    sized = head("Content-Length: 12", first="POST / HTTP/1.1")
    assert (sized.content_length, sized.has_body, sized.chunked) == (12, True, False)
    chunked = head("Transfer-Encoding: CHUNKED", first="POST / HTTP/1.1")
    assert (chunked.content_length, chunked.has_body, chunked.chunked) == (None, True, True)
    assert not head("Content-Length: 0", first="POST / HTTP/1.1").has_body


def test_upgrade_is_a_hint() -> None:
    """It counts only with `Connection: upgrade` on HTTP/1.1."""
    assert head("Connection: Upgrade", "Upgrade: websocket").upgrade == "websocket"
    assert head("Upgrade: websocket").upgrade is None
    assert head("Connection: Upgrade", "Upgrade: websocket", first="GET / HTTP/1.0").upgrade is None


def test_expectations() -> None:
    """100-continue in any case on 1.1; ignored on 1.0."""
    assert head("Expect: 100-Continue").expects_continue
    assert not head("Expect: 100-continue", first="GET / HTTP/1.0").expects_continue
    assert not head().expects_continue


def test_an_absolute_target_without_host_names_the_host_on_1_0() -> None:
    """HTTP/1.0 needs no Host; the target's authority stands in."""
    assert head(first="GET http://other:8/ HTTP/1.0", host="").host == "other:8"
    assert head(first="GET / HTTP/1.0", host="").host == ""


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"GET / HTTP/1.1\nHost: a\n\n", "bare CR or LF"),
        (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "request line"),
        (b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", "request line"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "folded"),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "before a header's colon"),
        (b"GET / HTTP/1.1\r\nHost\r\n\r\n", "a name and a colon"),
        (b"GET / HTTP/1.1\r\nH(st: a\r\n\r\n", "token"),
        (b"GET / HTTP/1.1\r\nHost: a\x00\r\n\r\n", "control character"),
    ],
)
def test_a_refusal_says_where(raw: bytes, words: str) -> None:
    """Whoever wrote the client reads what is wrong with it."""
    with pytest.raises(MalformedRequest, match=words):
        parse_head(raw, HeadLimits())


def test_versions_are_told_from_junk() -> None:
    """A well-formed other version is 505, junk is 400."""
    assert isinstance(explain_head(b"GET / HTTP/2.0\r\n\r\n"), VersionNotSupported)
    assert not isinstance(explain_head(b"GET / HTTX/1.1\r\n\r\n"), VersionNotSupported)


def test_the_length_of_a_request_line_is_judged_from_its_beginning() -> None:
    """An endless first line is known before it ends; a short one followed by much else is not one."""
    limits = HeadLimits(target_bytes=100)
    assert not line_is_too_long(b"G" * 140, limits)
    assert line_is_too_long(b"G" * 141, limits)
    assert not line_is_too_long(b"GET / HTTP/1.1\r\n" + b"x" * 1_000, limits)


def test_refusals_carry_no_value() -> None:
    """A header's value, which may be a secret, never stands in an error's text."""
    with pytest.raises(HttpBroken) as caught:
        head("Authorization: hunter2\x01")
    assert "hunter2" not in str(caught.value)
