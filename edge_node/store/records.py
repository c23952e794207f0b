"""Records of the piece log: extents, what makes a piece or a file exist, references, deletes, names."""

from typing import Annotated

import msgspec

from edge_node.base.ids import strip_type

PIECE_KIND = 1
DELETE_KIND = 3
EXTENT_KIND = 6
REFERENCE_KIND = 7
MULTIPART_KIND = 12
NAME_KIND = 13
VERSION = 1

BucketNumber = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""What a row of SQLite holds; chains count their buckets from 1."""


class PieceRecord(msgspec.Struct, array_like=True, frozen=True):
    """A piece exists: `[1, 1, …]`, its CID in the record's header, in class px.

    `extents` lists [segment, offset] of the extent records in order, each 1 MiB but the last, all durable
    before this record was written. A small piece has none and carries its bytes in `inline`. `bucket` is None for a
    piece of the vault itself, and absent in records of releases that knew no buckets.
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
    bucket: BucketNumber | None = None


class ReferenceRecord(msgspec.Struct, array_like=True, frozen=True):
    """An owner refers to a piece that exists (`[7, 1, …]`) or no longer does (`[3, 1, …]`); class rc."""

    kind: int
    version: int
    owner: bytes
    key: bytes
    received_ms: int
    clock_quality: int
    size: int
    bucket: BucketNumber | None = None


class MultipartRecord(msgspec.Struct, array_like=True, frozen=True):
    """A file exists in a bucket: `[12, 1, …]`, its CID in the record's header, in class rc.

    `parts` lists [CID, size] of the raw pieces it is made of, in order, each held by the same bucket when this was
    written; `size` is their sum. Their bytes joined hash to the CID.
    """

    kind: int
    version: int
    owner: bytes
    key: bytes
    received_ms: int
    clock_quality: int
    bucket: BucketNumber
    size: int
    parts: list[tuple[bytes, int]]


class NameChange(msgspec.Struct, array_like=True, frozen=True):
    """A name of a bucket has a new meaning: `[13, 1, …]`, class rc; the last record of a name counts.

    `record` is the CNS record as it came (docs/specs/store-records.md); `name` stands in it too.
    """

    kind: int
    version: int
    owner: bytes
    key: bytes
    received_ms: int
    clock_quality: int
    bucket: BucketNumber
    name: str
    record: bytes


_ENCODER = msgspec.msgpack.Encoder(enc_hook=strip_type)
_PIECE = msgspec.msgpack.Decoder(PieceRecord)
_REFERENCE = msgspec.msgpack.Decoder(ReferenceRecord)
_MULTIPART = msgspec.msgpack.Decoder(MultipartRecord)
_NAME = msgspec.msgpack.Decoder(NameChange)


def encode_record(record: PieceRecord | ReferenceRecord | MultipartRecord | NameChange) -> bytes:
    """The record's payload."""
    return _ENCODER.encode(record)


def decode_piece(payload: bytes) -> PieceRecord:
    """Read a piece record; trailing fields of a later release are passed over."""
    return _PIECE.decode(payload)


def decode_reference(payload: bytes) -> ReferenceRecord:
    """Read a reference or a delete."""
    return _REFERENCE.decode(payload)


def decode_multipart(payload: bytes) -> MultipartRecord:
    """Read a file's record."""
    return _MULTIPART.decode(payload)


def decode_name(payload: bytes) -> NameChange:
    """Read a name's record."""
    return _NAME.decode(payload)
