"""SCALE against the forms its specification states, against its own writers, and against hostile bytes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.errors import LocalError
from edge_node.wire.scale import COMPACT_END, U32_MAX, MalformedScale, NoScaleForm, Scale, blob, compact, sint, uint

# "Compact/general integers" of the SCALE specification, and each mode's two edges.
COMPACTS = {
    0: "00",
    1: "04",
    42: "a8",
    63: "fc",
    64: "0101",
    69: "1501",
    16_383: "fdff",
    16_384: "02000100",
    65_535: "feff0300",
    2**30 - 1: "feffffff",
    2**30: "0300000040",
    2**32 - 1: "03ffffffff",
    2**32: "070000000001",
    100_000_000_000_000: "0b00407a10f35a",
    2**64 - 1: "13ffffffffffffffff",
    2**536 - 1: "ff" * 68,
}
NOT_SHORTEST = [
    "0100",
    "fd00",
    "02000000",
    "fe000000",
    "03ffffff3f",
    "0700000000" + "00",
    "070000ffff00",
    "1300" + "00" * 7,
]


@pytest.mark.parametrize(("number", "raw_hex"), COMPACTS.items(), ids=map(str, range(len(COMPACTS))))
def test_compact_known_answers(number, raw_hex):
    """The specification's examples and the edges of the four modes, read and written."""
    assert compact(number).hex() == raw_hex
    cursor = Scale(bytes.fromhex(raw_hex))
    assert cursor.compact(COMPACT_END) == number
    cursor.end()


@pytest.mark.parametrize("raw_hex", NOT_SHORTEST)
def test_a_compact_has_one_form(raw_hex):
    """What could have been written shorter is refused."""
    with pytest.raises(MalformedScale, match="longer than it needs"):
        Scale(bytes.fromhex(raw_hex)).compact(COMPACT_END)


@pytest.mark.parametrize("largest", [0, 63, 64, 16_384, U32_MAX, 2**64 - 1])
def test_a_compact_has_its_largest(largest):
    """At the limit it is read, one above refused."""
    assert Scale(compact(largest)).compact(largest) == largest
    with pytest.raises(MalformedScale, match=f"above {largest}"):
        Scale(compact(largest + 1)).compact(largest)


@settings(max_examples=100)
@given(st.integers(0, COMPACT_END - 1))
def test_compact_round_trip(number):
    """Every number is read back, and any byte less is refused."""
    raw = compact(number)
    assert Scale(raw).compact(COMPACT_END) == number
    with pytest.raises(MalformedScale):
        Scale(raw[:-1]).compact(COMPACT_END)


@settings(max_examples=100)
@given(st.binary(max_size=70))
def test_a_compact_that_is_read_is_the_only_form(raw):
    """Bytes are refused or are what the number would be written as."""
    cursor = Scale(raw)
    try:
        number = cursor.compact(COMPACT_END)
    except MalformedScale:
        return
    assert compact(number) == raw[: cursor.at] == cursor.since(0)


SIZES = {1: "8", 2: "16", 4: "32", 8: "64", 16: "128", 32: "256"}


@pytest.mark.parametrize("size", SIZES)
@settings(max_examples=20)
@given(data=st.data())
def test_fixed_integers(size, data):
    """Little-endian, two's complement where signed, of exactly their width."""
    bits = 8 * size
    unsigned = data.draw(st.integers(0, 2**bits - 1))
    signed = data.draw(st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1))
    cursor = Scale(uint(unsigned, size) + sint(signed, size))
    assert getattr(cursor, "u" + SIZES[size])() == unsigned
    assert getattr(cursor, "i" + SIZES[size])() == signed
    cursor.end()
    for name in ("u", "i"):
        with pytest.raises(MalformedScale, match=f"wants {size} bytes where {size - 1} are left"):
            getattr(Scale(bytes(size - 1)), name + SIZES[size])()


def test_what_has_no_form_is_our_mistake():
    """A number too large, or below zero, is never written as another."""
    for write in (
        lambda: compact(-1),
        lambda: compact(COMPACT_END),
        lambda: uint(256, 1),
        lambda: uint(-1, 4),
        lambda: sint(128, 1),
        lambda: sint(-129, 1),
    ):
        with pytest.raises(NoScaleForm):
            write()
    with pytest.raises(LocalError):
        Scale(b"\x04").length(0)


def test_a_length_is_held_by_what_is_left():
    """A number of items that the input cannot hold is refused before anything is made of it."""
    assert Scale(compact(3) + bytes(3)).length() == 3
    assert Scale(compact(3) + bytes(12)).length(4) == 3
    for raw, item in ((compact(4) + bytes(3), 1), (compact(3) + bytes(11), 4), (compact(U32_MAX), 1)):
        with pytest.raises(MalformedScale, match="are left"):
            Scale(raw).length(item)
    with pytest.raises(MalformedScale, match="above"):
        Scale(compact(2**32) + bytes(9)).length()


def test_blobs_and_texts():
    """Bytes behind their length, up to the limit; text is UTF-8."""
    assert Scale(blob(b"")).blob(0) == b""
    assert Scale(blob(b"abc")).blob(3) == b"abc"
    assert Scale(blob("Größe".encode())).text(7) == "Größe"
    with pytest.raises(MalformedScale, match="3 bytes, where 2 are the most"):
        Scale(blob(b"abc")).blob(2)
    for raw in (b"\xff", b"\xed\xa0\x80", b"\xc0\x80"):
        with pytest.raises(MalformedScale, match="UTF-8"):
            Scale(blob(raw)).text(9)
    with pytest.raises(MalformedScale):
        Scale(compact(4) + b"abc").blob(9)


def test_flags():
    """0 and 1, nothing else."""
    assert [Scale(bytes((byte,))).flag() for byte in (0, 1)] == [False, True]
    with pytest.raises(MalformedScale, match="2 where 0 or 1"):
        Scale(b"\x02").flag()


def test_what_follows_is_refused():
    """`end` says how many bytes too many there are, and where; a view is read like bytes."""
    cursor = Scale(memoryview(b"\x01\x02\x03"))
    assert (cursor.u8(), cursor.left) == (1, 2)
    with pytest.raises(MalformedScale, match=r"2 bytes follow the value \(at byte 1\)"):
        cursor.end()
