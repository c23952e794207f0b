"""Messages read by field number, open and exact: defaults, types, and what is refused for having two readings."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.wire.proto.file_pb2 import PutRawPieceRequest
from edge_node.wire.protobuf_fields import MalformedProtobuf, WireType, cut_field, field_head, scan_fields, write_varint
from edge_node.wire.protobuf_message import UINT32_MAX, Shape, read_exact_message, read_message


def test_absent_fields_have_their_defaults_and_are_known_to_be_absent():
    """A field that is not there is 0, False or empty; one that is there with its default is there."""
    empty, zero = read_message(b""), read_message(b"\x08\x00\x12\x00")
    for message in (empty, zero):
        assert (message.uint(1), message.flag(1), message.bytes(2), message.text(2)) == (0, False, b"", "")
    assert (empty.has(1), empty.has(2), zero.has(1), zero.has(2)) == (False, False, True, True)


@pytest.mark.parametrize("raw_hex", ["08010802", "12001200", "0a000801"])
def test_a_field_that_stands_twice_is_refused(raw_hex):
    """No value can be read in two ways."""
    with pytest.raises(MalformedProtobuf, match="twice"):
        read_message(bytes.fromhex(raw_hex))


@pytest.mark.parametrize(
    ("raw_hex", "read"),
    [
        ("0a00", lambda message: message.uint(1)),
        ("0d00000000", lambda message: message.uint(1)),
        ("0801", lambda message: message.bytes(1)),
        ("0802", lambda message: message.flag(1)),
        ("088080808010", lambda message: message.uint(1, largest=UINT32_MAX)),
        ("0a01ff", lambda message: message.text(1)),
        ("0a03eda080", lambda message: message.text(1)),  # a surrogate
        ("0a02c080", lambda message: message.text(1)),  # an overlong null
    ],
)
def test_a_value_of_another_type_or_range_is_refused(raw_hex, read):
    """An integer where bytes are wanted, a boolean of 2, text that is not UTF-8."""
    with pytest.raises(MalformedProtobuf):
        read(read_message(bytes.fromhex(raw_hex)))


def test_a_repeated_field_keeps_its_order():
    """Its values come as they stand, between other fields too; an integer among them is refused."""
    raw = b"\x2a\x01a" + b"\x08\x07" + b"\x2a\x01b" + b"\x2a\x00"
    message = read_message(raw, repeated=(5,))
    assert [bytes(view) for view in message.views(5)] == [b"a", b"b", b""]
    assert message.uint(1) == 7
    with pytest.raises(MalformedProtobuf):
        read_message(raw + b"\x28\x01", repeated=(5,)).views(5)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw):
    """Whatever the bytes and whatever is asked of them, only MalformedProtobuf leaves."""
    with contextlib.suppress(MalformedProtobuf):
        message = read_message(raw, repeated=(5,))
        for number in range(8):
            for read in (message.uint, message.flag, message.view, message.bytes, message.text):
                with contextlib.suppress(MalformedProtobuf):
                    read(number)


def test_content_is_not_copied_by_looking_at_it():
    """A view of four megabytes is a view of the message's own buffer."""
    raw = PutRawPieceRequest(content=PutRawPieceRequest.Content(data=bytes(4_000_000))).SerializeToString()
    assert read_message(read_message(raw).view(2)).view(1).obj is raw
    assert raw.startswith(field_head(2, len(read_message(raw).view(2))))


# --- exact messages


def number_field(number: int, value: int) -> bytes:
    """A varint field."""
    return write_varint(number << 3) + write_varint(value)


def bytes_field(number: int, value: bytes) -> bytes:
    """A field of bytes or a message."""
    return field_head(number, len(value)) + value


SHAPE = Shape({1: WireType.VARINT, 2: WireType.BYTES, 5: WireType.VARINT}, required=(2,), repeated=frozenset({5}))
GOOD = number_field(1, 7) + bytes_field(2, b"ab")


def test_fields_of_an_exact_message_are_read_by_number() -> None:
    """Present ones have their value; absent ones the default that is asked for."""
    fields = read_exact_message(GOOD, SHAPE)
    assert (fields.has(1), fields.has(5)) == (True, False)
    assert (fields.uint(1), bytes(fields.view(2)), fields.uint(9), fields.uints(5)) == (7, b"ab", 0, [])
    assert fields.exact(2, 2, "it") == b"ab"
    assert bytes(read_exact_message(GOOD, SHAPE).view(3)) == b""


def test_the_order_of_fields_does_not_matter() -> None:
    """As protobuf has it."""
    fields = read_exact_message(bytes_field(2, b"ab") + number_field(1, 7), SHAPE)
    assert (fields.uint(1), bytes(fields.view(2))) == (7, b"ab")


@pytest.mark.parametrize(
    "written",
    [
        bytes_field(5, b"\x01\x02\x03"),
        number_field(5, 1) + number_field(5, 2) + number_field(5, 3),
        bytes_field(5, b"\x01") + number_field(5, 2) + bytes_field(5, b"") + bytes_field(5, b"\x03"),
    ],
)
def test_repeated_numbers_come_packed_or_not(written: bytes) -> None:
    """Protobuf obliges a reader to take both."""
    assert read_exact_message(GOOD + written, SHAPE).uints(5) == [1, 2, 3]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (GOOD + number_field(1, 7), "stands twice"),
        (GOOD + bytes_field(2, b"ab"), "stands twice"),
        (GOOD + number_field(9, 1), "field 9 is unknown"),
        (number_field(1, 1), "field 2 is missing"),
        (b"", "field 2 is missing"),
        (number_field(2, 1), "another type"),
        (GOOD + bytes_field(1, b"\x01"), "another type"),
        (b"\x0d\x01\x00\x00\x00" + bytes_field(2, b""), "another type"),
        (GOOD + b"\x2d\x01\x00\x00\x00", "another type"),
        (b"\x08\x87\x00" + bytes_field(2, b""), "varint"),
        (GOOD + b"\x0b", "wire type 3"),
        (bytes_field(2, b"ab")[:-1], "past the end"),
        (GOOD + number_field(5, 1) * 64, "more than 64"),
    ],
)
def test_what_is_no_exact_message_is_refused(raw: bytes, why: str) -> None:
    """Doubled, unknown, missing, of another type, badly written, too many."""
    with pytest.raises(MalformedProtobuf, match=why):
        read_exact_message(raw, SHAPE)


def test_values_are_judged_where_they_are_read() -> None:
    """A flag is 0 or 1, a length is exact, packed varints have their shortest form."""
    fields = read_exact_message(GOOD + bytes_field(5, b"\x81\x00"), SHAPE)
    with pytest.raises(MalformedProtobuf, match="bool"):
        fields.flag(1)
    with pytest.raises(MalformedProtobuf, match="a thing of 2 bytes, wants 3"):
        fields.exact(2, 3, "a thing")
    with pytest.raises(MalformedProtobuf, match="varint"):
        fields.uints(5)
    assert [read_exact_message(number_field(1, bit) + GOOD[2:], SHAPE).flag(1) for bit in (0, 1)] == [False, True]


def test_a_field_is_cut_out_of_what_was_received() -> None:
    """Wherever it stands; every other byte stays as it was."""
    for before, after in ((b"", GOOD[2:]), (GOOD[2:], b""), (GOOD[2:], bytes_field(5, b"\x01"))):
        assert read_exact_message(before + number_field(1, 300) + after, SHAPE).without(1) == before + after
    assert read_exact_message(GOOD, SHAPE).without(9) == GOOD


ANY_FIELD = st.one_of(
    st.builds(number_field, st.sampled_from([1, 3, 5, 200]), st.integers(0, 2**64 - 1) | st.integers(0, 300)),
    st.builds(bytes_field, st.sampled_from([2, 4, 5, 6_000]), st.binary(max_size=300)),
)
EVERY = Shape(
    dict.fromkeys((1, 3, 5, 200), WireType.VARINT) | dict.fromkeys((2, 4, 6000), WireType.BYTES),
    repeated=frozenset({5}),
)


@given(st.lists(ANY_FIELD, max_size=8), st.integers(0, 3))
def test_it_reads_what_the_scanner_reads(written: list[bytes], cut: int) -> None:
    """Short and long tags, numbers and lengths: the same values, the same cuts, the same ends."""
    raw = b"".join(written)
    raw = raw[: max(0, len(raw) - cut)]
    try:
        scanned = scan_fields(raw)
    except MalformedProtobuf:
        with pytest.raises(MalformedProtobuf):
            read_exact_message(raw, EVERY)
        return
    single = [field.number for field in scanned if field.number != 5]
    if len(set(single)) < len(single):
        with pytest.raises(MalformedProtobuf, match="twice"):
            read_exact_message(raw, EVERY)
        return
    read = read_exact_message(raw, EVERY)
    for field in scanned:
        if field.number != 5:
            assert field.value == (read.uint(field.number) if isinstance(field.value, int) else read.view(field.number))
            assert read.without(field.number) == cut_field(raw, field.number)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_exact_message_or_refused(raw: bytes) -> None:
    """Any input is a message of the shape, or malformed."""
    try:
        read_exact_message(raw, SHAPE).uints(5)
    except MalformedProtobuf:
        return
