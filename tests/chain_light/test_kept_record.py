"""The frame of chain.db's records: what was written is read, and nothing else."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.digests import blake2b_256
from edge_node.chain_light.kept_record import (
    CHECK_BYTES,
    RECORD_BYTES_MAX,
    VERSION,
    Kept,
    KeptKind,
    RecordDamaged,
    RecordNewer,
    open_record,
    seal_record,
)


class Note(Kept, frozen=True, array_like=True, kw_only=True):
    """A form of these tests."""

    text: str
    data: bytes


def sealed(*values):
    """An array with a good checksum, whoever wrote it."""
    return checked(msgspec.msgpack.encode(values))


def checked(array):
    return array + blake2b_256(array)


def note(text="a", data=b"b"):
    return Note(kind=KeptKind.MARKS, version=VERSION, text=text, data=data)


def test_the_bytes():
    """`[kind, version, …]` in MessagePack, then BLAKE2b-256 of it."""
    assert seal_record(note()) == sealed(4, 1, "a", b"b")


@given(st.text(), st.binary())
@settings(max_examples=50)
def test_what_is_written_is_read(text, data):
    """Whatever the values."""
    assert open_record(seal_record(note(text, data)), KeptKind.MARKS, Note) == note(text, data)


def test_fields_that_a_later_release_appends_are_passed_over():
    """The version stays, so that this release still reads what it knows of."""
    assert open_record(sealed(4, 1, "a", b"b", [1, {"c": 2}]), KeptKind.MARKS, Note) == note()


def test_every_changed_byte_and_every_cut_is_refused():
    """The checksum is over all of it, and stands at its end."""
    raw = seal_record(note("some text", bytes(20)))
    for place in range(len(raw)):
        for bit in (1, 0x80):
            changed = raw[:place] + bytes((raw[place] ^ bit,)) + raw[place + 1 :]
            with pytest.raises(RecordDamaged):
                open_record(changed, KeptKind.MARKS, Note)
        with pytest.raises(RecordDamaged):
            open_record(raw[:place], KeptKind.MARKS, Note)
    with pytest.raises(RecordDamaged):
        open_record(raw + b"\0", KeptKind.MARKS, Note)


@pytest.mark.parametrize(
    "raw",
    [b"", bytes(CHECK_BYTES), sealed(), sealed(4), sealed("4", 1, "a", b"b"), sealed(4, 1, "a"),
     sealed(4, 1, b"a", b"b"), blake2b_256(b""), checked(b"\xc1"), checked(b"\x94\x04\x01\xa1\xff\xa0"),
     checked(b"\x95\x04\x01\xa0\xa0" + b"\x91" * 100_000)],
    ids=["nothing", "zeros", "an empty array", "a kind alone", "a kind of text", "a field too few",
         "a field of another type", "a checksum alone", "no MessagePack", "no UTF-8", "nested without end"],
)  # fmt: skip
def test_what_has_no_form_is_damaged(raw):
    """Also with a good checksum."""
    with pytest.raises(RecordDamaged):
        open_record(raw, KeptKind.MARKS, Note)


def test_a_record_of_another_kind_is_not_read():
    """A row of one table in another is damage, though its bytes are whole."""
    with pytest.raises(RecordDamaged, match="kind 4, not 1"):
        open_record(seal_record(note()), KeptKind.ANCHOR, Note)


def test_a_newer_version_is_refused_with_a_message():
    """It is not damage: the release that wrote it reads it."""
    with pytest.raises(RecordNewer, match="version 2, this release reads 1") as newer:
        open_record(sealed(4, 2), KeptKind.MARKS, Note)
    assert newer.value.remedy


def test_a_record_above_the_bound_is_not_looked_at():
    """At the bound it is looked at, and has another checksum."""
    for size, words in ((RECORD_BYTES_MAX, "checksum"), (RECORD_BYTES_MAX + 1, "bytes")):
        with pytest.raises(RecordDamaged, match=words):
            open_record(bytes(size), KeptKind.MARKS, Note)
