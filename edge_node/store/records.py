"""Records of the piece log: extents, the piece record that makes a piece exist, references, deletes."""

import msgspec

from edge_node.base.ids import strip_type

PIECE_KIND = 1
DELETE_KIND = 3
EXTENT_KIND = 6
REFERENCE_KIND = 7
VERSION = 1


class PieceRecord(msgspec.Struct, array_like=True, frozen=True):
    """A piece exists: `[1, 1, …]`, its CID in the record's header, in class px.

    `extents` lists [segment, offset] of the extent records in order, each 1 MiB but the last, all durable
    before this record was written. A small piece has none and carries its bytes in `inline`.
    """

    kind: int
    version: int
    owner: bytes
    key: bytes
    received_ms: int
    clock_quality: int
    size: int
    extents: list[tuple[int, int]]
    inline: bytes


class ReferenceRecord(msgspec.Struct, array_like=True, frozen=True):
    """An owner refers to a piece that exists (`[7, 1, …]`) or no longer does (`[3, 1, …]`); class rc."""

    kind: int
    version: int
    owner: bytes
    key: bytes
    received_ms: int
    clock_quality: int
    size: int


_ENCODER = msgspec.msgpack.Encoder(enc_hook=strip_type)
_PIECE = msgspec.msgpack.Decoder(PieceRecord)
_REFERENCE = msgspec.msgpack.Decoder(ReferenceRecord)


def encode_record(record: PieceRecord | ReferenceRecord) -> bytes:
    """The record's payload."""
    return _ENCODER.encode(record)


def decode_piece(payload: bytes) -> PieceRecord:
    """Read a piece record; trailing fields of a later release are passed over."""
    return _PIECE.decode(payload)


def decode_reference(payload: bytes) -> ReferenceRecord:
    """Read a reference or a delete."""
    return _REFERENCE.decode(payload)
