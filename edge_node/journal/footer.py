"""The footer file of a sealed segment: what a start must know of it without reading it (docs/specs/journal.md)."""

import struct
from enum import IntEnum
from typing import NamedTuple

from blake3 import blake3

FOOTER_MAGIC = b"EDGESUM1"
FOOTER_VERSION = 1
HOLES_MAX = 16_384  # a footer is read whole at start; a segment with more holes is lost anyway

_HEAD = struct.Struct("<8sIQ16sQQQI")
_HOLE = struct.Struct("<QQQ")
_DIGEST_BYTES = 32
FOOTER_MAX_BYTES = _HEAD.size + HOLES_MAX * _HOLE.size + _DIGEST_BYTES


class Cause(IntEnum):
    """Why bytes are no sound record: ROT was synced once, TORN may never have been (a write cut short by a crash)."""

    ROT = 0
    TORN = 1


class Hole(NamedTuple):
    """Bytes between records that are no sound record."""

    offset: int
    length: int
    cause: Cause


class Footer(NamedTuple):
    """A sealed segment in short.

    `salt` is a second copy of the segment header's; `end` is where the last record ends; `holes` are those known
    when the segment was sealed. Sequences are 0 when it has no record.
    """

    version: int
    number: int
    salt: bytes
    end: int
    first_sequence: int
    last_sequence: int
    holes: tuple[Hole, ...] = ()


def encode_footer(footer: Footer) -> bytes:
    """The whole content of a `.sum` file; holes beyond HOLES_MAX are left out."""
    holes = footer.holes[:HOLES_MAX]
    head = _HEAD.pack(
        FOOTER_MAGIC,
        footer.version,
        footer.number,
        footer.salt,
        footer.end,
        footer.first_sequence,
        footer.last_sequence,
        len(holes),
    )
    body = head + b"".join(_HOLE.pack(*hole) for hole in holes)
    return body + blake3(body).digest()


def decode_footer(raw: bytes) -> Footer | None:
    """The footer, or None when its digest, magic or length is wrong. The version is the caller's to judge."""
    body = raw[:-_DIGEST_BYTES]
    if len(body) < _HEAD.size or blake3(body).digest() != raw[-_DIGEST_BYTES:]:
        return None
    magic, version, number, salt, end, first, last, count = _HEAD.unpack_from(body)
    if magic != FOOTER_MAGIC or len(body) != _HEAD.size + count * _HOLE.size:
        return None
    holes = tuple(
        Hole(offset, length, Cause(cause & 1)) for offset, length, cause in _HOLE.iter_unpack(body[_HEAD.size :])
    )
    return Footer(version, number, salt, end, first, last, holes)
