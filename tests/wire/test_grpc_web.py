"""wire.grpc_web: metadata lines, the half-close byte, and blocks of text."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.wire.grpc_web import (
    METADATA_LINES_MAX,
    METADATA_MAX_BYTES,
    MetadataMalformed,
    WebFrameUnknown,
    encode_block,
    parse_metadata,
    read_client_message,
)


def test_metadata_is_lines():
    """As the SDK sends it: no prefix, CR LF behind each line, names in any case."""
    raw = b"token: abc\r\nCorrelation-Id: 1:2\r\nrequest:  x y \r\n"
    assert parse_metadata(raw) == [(b"token", b"abc"), (b"correlation-id", b"1:2"), (b"request", b"x y")]
    assert parse_metadata(b"") == []


@pytest.mark.parametrize("raw", [b"no colon\r\n", b": x\r\n", b"a b: x\r\n", b"a: x\ny: z\r\n", b"a: \x00\r\n"])
def test_malformed_metadata(raw):
    """A line that is none is refused, and so is anything a header could not carry."""
    with pytest.raises(MetadataMalformed):
        parse_metadata(raw)


def test_the_limits_of_metadata():
    """Bytes and lines, at the limit and beyond."""
    assert len(parse_metadata(b"a: b\r\n" * METADATA_LINES_MAX)) == METADATA_LINES_MAX
    with pytest.raises(MetadataMalformed):
        parse_metadata(b"a: b\r\n" * (METADATA_LINES_MAX + 1))
    assert parse_metadata(b"a: ".ljust(METADATA_MAX_BYTES, b"x"))
    with pytest.raises(MetadataMalformed):
        parse_metadata(b"a: ".ljust(METADATA_MAX_BYTES + 1, b"x"))


def test_client_messages():
    """A 00 byte precedes the call's bytes; a single 01 ends them."""
    assert (
        bytes(read_client_message(b"\x00\x00\x00\x00\x00\x04\x08\x01\x12\x00") or b"")
        == b"\x00\x00\x00\x00\x04\x08\x01\x12\x00"
    )
    assert read_client_message(b"\x01") is None
    for raw in (b"", b"\x01\x00", b"\x02", b"x"):
        with pytest.raises(WebFrameUnknown):
            read_client_message(raw)


def test_a_block():
    """Flag 80, four bytes of length, lines."""
    assert encode_block([("grpc-status", "5"), ("grpc-message", "no bucket 99")]) == (
        b"\x80\x00\x00\x00\x2cgrpc-status: 5\r\ngrpc-message: no bucket 99\r\n"
    )


TOKEN = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def read_naively(line: bytes) -> tuple[bytes, bytes] | None:
    """One line, byte by byte."""
    colon = line.find(b":")
    name, value = line[: max(colon, 0)], line[colon + 1 :]
    if not 1 <= len(name) <= 256 or any(byte not in TOKEN for byte in name):
        return None
    if any(byte == 127 or (byte < 32 and byte != 9) for byte in value):
        return None
    while value[:1] in (b" ", b"\t") and value:
        value = value[1:]
    while value[-1:] in (b" ", b"\t") and value:
        value = value[:-1]
    return name.lower(), value


LINES = st.one_of(
    st.binary(max_size=40),
    st.builds(
        lambda name, rest: name + b":" + rest,
        st.one_of(st.sampled_from([b"", b"Token", b"a-b_", b"a b", b"x" * 256, b"x" * 257])),
        st.lists(st.sampled_from([b" ", b"\t", b":", b"x", b"\x00", b"\x7f", b"\xff", b"\n", b"\r"])).map(b"".join),
    ),
).filter(lambda line: line and b"\r\n" not in line)


@settings(max_examples=300)
@given(LINES)
def test_a_line_is_what_a_naive_reading_says(line):
    """Name to the first colon, value without its margins, nothing that a header could not carry."""
    expected = read_naively(line)
    if expected is None:
        with pytest.raises(MetadataMalformed):
            parse_metadata(line)
    else:
        assert parse_metadata(line) == [expected]


@pytest.mark.parametrize("margin", [b" ", b"\t", b" \t", b"x ", b":"])
def test_the_longest_line_is_answered(margin):
    """64 KiB of blanks and what no header carries behind them: read once, not once for every way to divide them."""
    room = METADATA_MAX_BYTES - 3
    blanks = (margin * room)[:room]
    with pytest.raises(MetadataMalformed):
        parse_metadata(b"a:" + blanks + b"\x00")
    assert parse_metadata(b"a:" + blanks + b"x") == [(b"a", (blanks + b"x").lstrip(b" \t"))]


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw):
    """Nothing else happens."""
    for read in (parse_metadata, read_client_message):
        with suppress(MetadataMalformed, WebFrameUnknown):
            read(raw)
