"""Responses to bytes: status line, framing headers, chunks (RFC 9112 sections 4, 6, 7; RFC 9110 section 15)."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus

from edge_node.wire.http1_errors import HttpMisuse

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
CLOSE = "connection: close\r\n"
KEEP_ALIVE = "connection: keep-alive\r\n"  # said only to HTTP/1.0 clients, who would assume the contrary
UPGRADE = "upgrade: websocket\r\nconnection: upgrade\r\n"  # belongs to every 426 (RFC 9110 section 15.5.22)
CHUNKED = "transfer-encoding: chunked\r\n"

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus if status >= 200}
_RESERVED = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", "upgrade"})
_SAFE_HEAD = re.compile(r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]++: [\t -~\x80-\xff]*+\r\n)*+")


def bodiless(status: int) -> bool:
    """Whether a response of that status never has a body, nor a length (RFC 9110 section 6.4.1)."""
    return status in {204, 304} or status < 200


def header_lines(headers: Sequence[tuple[str, str]]) -> str:
    """Header lines in the order given; HttpMisuse for what the connection decides itself or HTTP cannot carry."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    # The count matters too: a value with a whole line inside would pass the grammar.
    if not _SAFE_HEAD.fullmatch(lines) or lines.count("\n") != len(headers):
        raise HttpMisuse("a response header's name or value has forbidden characters")
    for name, _ in headers:
        if name.lower() in _RESERVED:
            raise HttpMisuse(f"the connection sets the header {name} itself")
    return lines


def encode_head(status: int, lines: str) -> bytes:
    """A response head; `lines` come from `header_lines`, `length_line` and this module's constants."""
    first = _STATUS_LINES.get(status)
    if first is None:
        raise HttpMisuse(f"{status} is not the status of a final response")
    return f"{first}{lines}\r\n".encode("latin-1")


def encode_switch(protocol: str, lines: str) -> bytes:
    """The head after which the connection speaks another protocol (RFC 9110 section 15.2.2)."""
    return f"HTTP/1.1 101 Switching Protocols\r\n{lines}upgrade: {protocol}\r\nconnection: Upgrade\r\n\r\n".encode(
        "latin-1"
    )


def length_line(length: int) -> str:
    """The Content-Length line."""
    return f"content-length: {length}\r\n"


def encode_chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; `data` is not empty, because an empty chunk would end the body."""
    if not data:
        raise HttpMisuse("an empty chunk ends the body")
    return b"%x\r\n%b\r\n" % (len(data), data)


def http_date(seconds: int) -> str:
    """Seconds since 1970 UTC as an IMF-fixdate (RFC 9110 section 5.6.7), whatever the locale."""
    moment = datetime.fromtimestamp(seconds, UTC)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[moment.month - 1]
    return f"{day}, {moment.day:02} {month} {moment.year:04} {moment:%H:%M:%S} GMT"
