"""wire.grpc: messages out of any split of their bytes, texts and timeouts as the protocol writes them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.wire.grpc import (
    PREFIX_BYTES,
    SMALL_BYTES,
    TEXT_MAX_CHARS,
    FlagUnknown,
    GrpcMisuse,
    MessageCompressed,
    MessageReader,
    MessageTooLarge,
    Status,
    TimeoutMalformed,
    encode_text,
    message_prefix,
    parse_timeout,
)


def framed(messages: list[bytes]) -> bytes:
    """Messages with their prefixes."""
    return b"".join(message_prefix(len(message)) + message for message in messages)


def read_all(reader: MessageReader) -> list[bytes]:
    """Every whole message that is there."""
    found = []
    while (message := reader.next_message()) is not None:
        found.append(message)
    return found


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=2 * SMALL_BYTES), max_size=8), st.data())
def test_any_split_gives_the_same_messages(messages, data):
    """However the bytes are cut, and whatever holds them, the same messages come out, as bytes."""
    raw, reader, found = framed(messages), MessageReader(1 << 20), []
    while raw:
        size = data.draw(st.integers(1, min(len(raw), 3 * SMALL_BYTES)))
        piece, raw = raw[:size], raw[size:]
        reader.receive(memoryview(piece) if data.draw(st.booleans()) else piece)
        if data.draw(st.booleans()):
            found += read_all(reader)
    found += read_all(reader)
    assert found == messages
    assert all(type(message) is bytes for message in found)
    assert (reader.held, reader.missing) == (0, 0)


def test_single_bytes_are_kept_together():
    """A message that comes byte by byte is held as a few parts, not as thousands."""
    reader = MessageReader(1 << 20)
    raw = framed([bytes(50_000)])
    for position in range(len(raw)):
        reader.receive(raw[position : position + 1])
    assert len(reader._parts) <= 3
    assert reader.next_message() == bytes(50_000)


def test_what_is_missing_is_known():
    """In a prefix, in a message, and between messages."""
    reader = MessageReader(100)
    reader.receive(b"\x00\x00")
    assert (reader.next_message(), reader.missing) == (None, 3)
    reader.receive(b"\x00\x00\x07abc")
    assert (reader.next_message(), reader.missing, reader.expected) == (None, 4, 7)
    reader.receive(b"defg")
    assert (reader.next_message(), reader.missing, reader.expected) == (b"abcdefg", 0, 0)


@pytest.mark.parametrize("over", [0, 1])
def test_the_limit_of_a_message(over):
    """At the limit it passes; one byte above, it is refused before it came."""
    reader = MessageReader(1_000)
    reader.receive(message_prefix(1_000 + over))
    if over:
        with pytest.raises(MessageTooLarge) as refused:
            reader.next_message()
        assert (refused.value.size, refused.value.limit) == (1_001, 1_000)
    else:
        assert reader.next_message() is None


def test_flags():
    """1 is a compressed message, which nobody agreed on; others are nothing."""
    for flag, error in ((1, MessageCompressed), (2, FlagUnknown), (0x80, FlagUnknown)):
        reader = MessageReader(10)
        reader.receive(bytes((flag, 0, 0, 0, 0)))
        with pytest.raises(error):
            reader.next_message()


def test_a_prefix_is_a_flag_and_a_length():
    """Five bytes, big-endian; more than four bytes of length cannot be framed."""
    assert message_prefix(0x01020304) == b"\x00\x01\x02\x03\x04"
    assert len(message_prefix(0)) == PREFIX_BYTES
    with pytest.raises(GrpcMisuse):
        message_prefix(1 << 32)


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("no bucket 99", "no bucket 99"),
        ("a:b/c?d=e&f~", "a:b/c?d=e&f~"),
        ("100 %", "100 %25"),
        ("two\r\nlines\x7f", "two%0D%0Alines%7F"),
        ("größer", "gr%C3%B6%C3%9Fer"),
        ("\ud800", "?"),
    ],
)
def test_texts_are_percent_encoded_where_they_must(text, encoded):
    """Only %, control and non-ASCII characters; a blank and a colon stay as they are."""
    assert encode_text(text) == encoded


def test_long_texts_are_cut():
    """A grpc-message fits any client's header list."""
    assert encode_text("x" * TEXT_MAX_CHARS) == "x" * TEXT_MAX_CHARS
    assert encode_text("x" * (TEXT_MAX_CHARS + 1)).endswith("%E2%80%A6")
    assert len(encode_text("€" * 10_000)) <= 9 * TEXT_MAX_CHARS


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(b"1S", 1), (b"30000m", 30), (b"2M", 120), (b"1H", 3_600), (b"5u", 5e-6), (b"99999999n", 0.1)],
)
def test_timeouts(value, seconds):
    """All six units."""
    assert parse_timeout(value) == pytest.approx(seconds)


@pytest.mark.parametrize("value", [b"", b"S", b"1", b"1s", b"123456789S", b"-1S", b"1.5S", b" 1S", b"\xd9\xa1S"])
def test_malformed_timeouts(value):
    """Anything but 1 to 8 ASCII digits and a unit."""
    with pytest.raises(TimeoutMalformed):
        parse_timeout(value)


def test_the_status_codes_are_grpcs():
    """All seventeen."""
    assert [int(status) for status in Status] == list(range(17))
    assert (Status.NOT_FOUND, Status.UNIMPLEMENTED, Status.UNAUTHENTICATED) == (5, 12, 16)
