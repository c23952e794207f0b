"""The bytes of a segment file: its 64-byte header and its records (docs/specs/journal.md)."""

import struct
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from blake3 import blake3

SEGMENT_MAGIC = b"EDGESEG1"
SEGMENT_VERSION = 1
SEGMENT_HEADER_BYTES = 64
SALT_BYTES = 16
RECORD_MAGIC = b"EDR1"
RECORD_HEADER_BYTES = 100
ALIGNMENT = 8  # every record begins on a multiple, so a search for one looks at an eighth of the offsets
PAYLOAD_MAX_BYTES = 2**32 - 1 - RECORD_HEADER_BYTES
FIRST_OF_ROUND = 0x01  # flags bit 0: everything before this record in its segment was synced

Buffer = bytes | bytearray | memoryview

_SEGMENT = struct.Struct("<8sIQ16s20x")
_RECORD = struct.Struct("<4sBBHIQ38sH32s")
_CHECK_BYTES = 8
_DDC_MULTIHASH = 0x1E  # third byte of a 36-byte CID; the 38-byte legacy form has a0 there
_NO_CID = bytes(38)


class SegmentClass(StrEnum):
    """Which log a record lies in: each class is sealed, retained and compacted apart."""

    EV = "ev"
    PX = "px"
    RC = "rc"


# Extents become durable before what refers to them, so a final record that survives a power cut finds its extents.
SYNC_ORDER = (SegmentClass.PX, SegmentClass.EV, SegmentClass.RC)


class Position(NamedTuple):
    """Where a record lies: `offset` is that of its 100-byte header in the segment file."""

    segment_class: SegmentClass
    segment: int
    offset: int


class RecordHeader(NamedTuple):
    """The fields of a record header whose check was right; `length` is the payload's, in bytes."""

    kind: int
    flags: int
    length: int
    sequence: int
    cid: bytes
    version: int
    digest: bytes

    @property
    def span(self) -> int:
        """Bytes from this header to the next record."""
        return record_span(self.length)


class SegmentHeader(NamedTuple):
    """What a segment file says of itself; the key of its digests is made from `salt`."""

    version: int
    number: int
    salt: bytes


def segment_key(salt: bytes) -> bytes:
    """The BLAKE3 key of a segment's digests and checks."""
    return blake3(salt).digest()


def record_span(payload_bytes: int) -> int:
    """Bytes a record takes on disk: header, payload and zeros up to a multiple of 8."""
    return (RECORD_HEADER_BYTES + payload_bytes + 7) & ~7


def encode_segment_header(number: int, salt: bytes) -> bytes:
    """64 bytes: magic, version, number, salt, zeros, and BLAKE3 of all that, truncated."""
    body = _SEGMENT.pack(SEGMENT_MAGIC, SEGMENT_VERSION, number, salt)
    return body + blake3(body).digest(_CHECK_BYTES)


def decode_segment_header(raw: bytes) -> SegmentHeader | None:
    """The header in the first 64 bytes, or None when it is not sound. The version is the caller's to judge."""
    body = raw[: _SEGMENT.size]
    if (
        len(raw) < SEGMENT_HEADER_BYTES
        or blake3(body).digest(_CHECK_BYTES) != raw[_SEGMENT.size : SEGMENT_HEADER_BYTES]
    ):
        return None
    magic, version, number, salt = _SEGMENT.unpack(body)
    return SegmentHeader(version, number, salt) if magic == SEGMENT_MAGIC else None


def encode_record_header(
    key: bytes, kind: int, version: int, flags: int, sequence: int, cid: bytes, length: int, digest: bytes
) -> bytes:
    """100 bytes; `digest` is `payload_digest` of the payload, `length` its bytes."""
    body = _RECORD.pack(RECORD_MAGIC, kind, flags, RECORD_HEADER_BYTES, length, sequence, cid, version, digest)
    return body + blake3(body, key=key).digest(_CHECK_BYTES)


def decode_record_header(raw: bytes, key: bytes) -> RecordHeader | None:
    """The header in the first 100 bytes, or None unless magic, length and keyed check are right."""
    body = raw[: _RECORD.size]
    if len(raw) < RECORD_HEADER_BYTES or not raw.startswith(RECORD_MAGIC):
        return None
    if blake3(body, key=key).digest(_CHECK_BYTES) != raw[_RECORD.size : RECORD_HEADER_BYTES]:
        return None
    _, kind, flags, size, length, sequence, cid, version, digest = _RECORD.unpack(body)
    if size != RECORD_HEADER_BYTES:
        return None
    return RecordHeader(kind, flags, length, sequence, trim_cid(cid), version, digest)


def trim_cid(field: bytes) -> bytes:
    """The CID in the 38-byte field: 36 bytes in the DDC form, 38 in the legacy form, none when all zero."""
    if field == _NO_CID:
        return b""
    return field[:36] if field[2] == _DDC_MULTIHASH else field


def payload_digest(
    key: bytes, payload: bytes | bytearray | memoryview | Sequence[bytes | bytearray | memoryview]
) -> bytes:
    """Keyed BLAKE3 of the payload, given whole or in parts."""
    if isinstance(payload, bytes | bytearray | memoryview):
        return blake3(payload, key=key).digest()
    hasher = blake3(key=key)
    for part in payload:
        hasher.update(part)
    return hasher.digest()
