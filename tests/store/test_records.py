"""Piece records survive their bytes, and what a later release appends is passed over."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import VaultId
from edge_node.store.records import (
    DELETE_KIND,
    PIECE_KIND,
    REFERENCE_KIND,
    VERSION,
    PieceRecord,
    ReferenceRecord,
    decode_piece,
    decode_reference,
    encode_record,
)

KEYS, U63 = st.binary(min_size=32, max_size=32), st.integers(0, 2**63 - 1)
PIECES = st.builds(
    PieceRecord,
    st.just(PIECE_KIND),
    st.just(VERSION),
    KEYS,
    KEYS,
    U63,
    st.integers(0, 3),
    U63,
    st.lists(st.tuples(U63, U63), max_size=5),
    st.binary(max_size=100),
)
REFERENCES = st.builds(
    ReferenceRecord,
    st.sampled_from([REFERENCE_KIND, DELETE_KIND]),
    st.just(VERSION),
    KEYS,
    KEYS,
    U63,
    st.integers(0, 3),
    U63,
)


@given(PIECES)
def test_a_piece_record_comes_back(record: PieceRecord) -> None:
    """Encoding and decoding lose nothing."""
    assert decode_piece(encode_record(record)) == record


@given(REFERENCES)
def test_a_reference_comes_back(record: ReferenceRecord) -> None:
    """Encoding and decoding lose nothing."""
    assert decode_reference(encode_record(record)) == record


@given(PIECES, REFERENCES, st.lists(st.one_of(st.integers(-5, 5), st.binary(max_size=5), st.none()), max_size=3))
def test_fields_of_a_later_release_are_passed_over(piece: PieceRecord, reference: ReferenceRecord, more: list) -> None:
    """Appended fields change nothing of those known."""
    longer = [
        msgspec.msgpack.encode([*msgspec.msgpack.decode(encode_record(one)), *more]) for one in (piece, reference)
    ]
    assert decode_piece(longer[0]) == piece
    assert decode_reference(longer[1]) == reference


def test_the_layout_is_fixed() -> None:
    """The arrays of docs/specs/journal.md: kind and version first, identifiers as plain bytes."""
    vault = VaultId(b"v" * 32)
    piece = PieceRecord(1, 1, vault, b"k" * 32, 2, 3, 4, [(5, 6)], b"i")
    assert msgspec.msgpack.decode(encode_record(piece)) == [
        1,
        1,
        bytes(vault),
        b"k" * 32,
        2,
        3,
        4,
        [[5, 6]],
        b"i",
        None,
    ]
    reference = ReferenceRecord(3, 1, vault, b"k" * 32, 2, 3, 4)
    assert msgspec.msgpack.decode(encode_record(reference)) == [3, 1, bytes(vault), b"k" * 32, 2, 3, 4, None]
