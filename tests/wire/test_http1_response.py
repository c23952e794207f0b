"""Responses as bytes, read back by h11 and the standard library."""

from email.utils import formatdate

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.wire.http1_errors import HttpMisuse
from edge_node.wire.http1_response import (
    CHUNKED,
    LAST_CHUNK,
    bodiless,
    encode_chunk,
    encode_head,
    encode_switch,
    header_lines,
    http_date,
    length_line,
)


def client_events(raw: bytes) -> list[object]:
    """What an h11 client reads after a GET."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    client.send(h11.EndOfMessage())
    client.receive_data(raw)
    events = []
    while not isinstance(event := client.next_event(), h11.EndOfMessage):
        events.append(event)
    return events


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=5))
def test_chunked_responses_are_read_back(chunks: list[bytes]) -> None:
    """A client reads the bytes that were sent in chunks."""
    raw = encode_head(200, CHUNKED) + b"".join(map(encode_chunk, chunks)) + LAST_CHUNK
    response, *data = client_events(raw)
    assert isinstance(response, h11.Response)
    assert b"".join(bytes(one.data) for one in data if isinstance(one, h11.Data)) == b"".join(chunks)


def test_a_sized_response_is_read_back() -> None:
    """Status, headers and body arrive as given."""
    raw = encode_head(202, header_lines([("content-type", "a/b"), ("x-a", "caf\xe9")]) + length_line(3)) + b"abc"
    response, data = client_events(raw)
    assert isinstance(response, h11.Response)
    assert response.status_code == 202
    assert response.reason == b"Accepted"
    assert list(response.headers) == [(b"content-type", b"a/b"), (b"x-a", b"caf\xe9"), (b"content-length", b"3")]
    assert isinstance(data, h11.Data)
    assert data.data == b"abc"


@pytest.mark.parametrize(
    "bad",
    [("x", "a\r\nset-cookie: b"), ("x", "a\n"), ("x\r\ny", "a"), ("x", "\x00"), ("", "a"), ("x y", "a"), ("x", "€")],
)
def test_headers_cannot_be_injected(bad: tuple[str, str]) -> None:
    """A value taken from a request can never end its line."""
    with pytest.raises(HttpMisuse):
        header_lines([("content-type", "a/b"), bad])


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "Connection", "date", "Server", "upgrade"])
def test_framing_headers_belong_to_the_connection(name: str) -> None:
    """A handler that sets them is mistaken."""
    with pytest.raises(HttpMisuse):
        header_lines([(name, "1")])


@pytest.mark.parametrize("status", [99, 100, 101, 199, 299, 600])
def test_only_final_known_statuses(status: int) -> None:
    """Interim and unheard-of statuses are a mistake."""
    with pytest.raises(HttpMisuse):
        encode_head(status, "")


def test_a_switch_names_the_other_protocol() -> None:
    """101 with both headers that RFC 9110 section 7.8 wants, after the lines given."""
    assert encode_switch("websocket", "a: b\r\n") == (
        b"HTTP/1.1 101 Switching Protocols\r\na: b\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n"
    )


def test_an_empty_chunk_is_a_mistake() -> None:
    """It would end the body."""
    with pytest.raises(HttpMisuse):
        encode_chunk(b"")


def test_statuses_without_body() -> None:
    """204, 304 and interim answers."""
    assert [status for status in (100, 200, 204, 206, 304, 404) if bodiless(status)] == [100, 204, 304]


@given(st.integers(0, 253_402_300_799))
def test_dates_are_those_of_the_standard_library(seconds: int) -> None:
    """IMF-fixdate, for every second of four-digit years."""
    assert http_date(seconds) == formatdate(seconds, usegmt=True)
