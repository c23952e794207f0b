"""Strict reading of small messages: one meaning per message, nothing unknown, nothing twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.trust.message_fields import Shape, read_message
from edge_node.wire.protobuf_fields import MalformedProtobuf, WireType, cut_field, scan_fields
from tests.trust.wallets import bytes_field, number_field

SHAPE = Shape({1: WireType.VARINT, 2: WireType.BYTES, 5: WireType.VARINT}, required=(2,), repeated=frozenset({5}))
GOOD = number_field(1, 7) + bytes_field(2, b"ab")


def test_fields_are_read_by_number() -> None:
    """Present ones have their value; absent ones the default that is asked for."""
    fields = read_message(GOOD, SHAPE)
    assert 1 in fields
    assert 5 not in fields
    assert (fields.number(1, 0), bytes(fields.view(2)), fields.number(5, 3), fields.numbers(5)) == (7, b"ab", 3, [])
    assert fields.exact(2, 2, "it") == b"ab"
    assert bytes(read_message(GOOD, SHAPE).view(3)) == b""


def test_the_order_of_fields_does_not_matter() -> None:
    """As protobuf has it."""
    fields = read_message(bytes_field(2, b"ab") + number_field(1, 7), SHAPE)
    assert (fields.number(1, 0), bytes(fields.view(2))) == (7, b"ab")


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
    assert read_message(GOOD + written, SHAPE).numbers(5) == [1, 2, 3]


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
def test_anything_else_is_malformed(raw: bytes, why: str) -> None:
    """Doubled, unknown, missing, of another type, badly written, too many."""
    with pytest.raises(MalformedProtobuf, match=why):
        read_message(raw, SHAPE)


def test_values_are_judged_where_they_are_read() -> None:
    """A flag is 0 or 1, a length is exact, packed varints have their shortest form."""
    fields = read_message(GOOD + bytes_field(5, b"\x81\x00"), SHAPE)
    with pytest.raises(MalformedProtobuf, match="bool"):
        fields.flag(1)
    with pytest.raises(MalformedProtobuf, match="a thing of 2 bytes, wants 3"):
        fields.exact(2, 3, "a thing")
    with pytest.raises(MalformedProtobuf, match="varint"):
        fields.numbers(5)
    assert [read_message(number_field(1, bit) + GOOD[2:], SHAPE).flag(1) for bit in (0, 1)] == [False, True]


def test_a_field_is_cut_out_of_what_was_received() -> None:
    """Wherever it stands; every other byte stays as it was."""
    for before, after in ((b"", GOOD[2:]), (GOOD[2:], b""), (GOOD[2:], bytes_field(5, b"\x01"))):
        assert read_message(before + number_field(1, 300) + after, SHAPE).without(1) == before + after
    assert read_message(GOOD, SHAPE).without(9) == GOOD


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
            read_message(raw, EVERY)
        return
    single = [field.number for field in scanned if field.number != 5]
    if len(set(single)) < len(single):
        with pytest.raises(MalformedProtobuf, match="twice"):
            read_message(raw, EVERY)
        return
    read = read_message(raw, EVERY)
    for field in scanned:
        if field.number != 5:
            assert field.value == (
                read.number(field.number, 0) if isinstance(field.value, int) else read.view(field.number)
            )
            assert read.without(field.number) == cut_field(raw, field.number)


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_else(raw: bytes) -> None:
    """Any input is a message of the shape, or malformed."""
    try:
        read_message(raw, SHAPE).numbers(5)
    except MalformedProtobuf:
        return
