"""The derived index of files: which parts each bucket's file is made of, and which files a piece is a part of."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from edge_node.base.ids import Cid, strip_type
from edge_node.journal import Placed
from edge_node.store.records import MultipartRecord
from edge_node.store.reference_rows import add_reference
from edge_node.store.scope import Scope
from edge_node.store.usage import Added, add_usage

# A file belongs to its bucket: another one may have cut the same bytes elsewhere, and must not be read through this
# one's parts. The list is kept whole, for it is read whole; its parts once more, to be found by.
SCHEMA = """
CREATE TABLE IF NOT EXISTS multiparts(
    cid BLOB NOT NULL, owner BLOB NOT NULL, bucket INTEGER NOT NULL, size INTEGER NOT NULL, count INTEGER NOT NULL,
    parts BLOB NOT NULL, UNIQUE(cid, owner, bucket));
CREATE TABLE IF NOT EXISTS multipart_parts(
    part BLOB NOT NULL, owner BLOB NOT NULL, bucket INTEGER NOT NULL, cid BLOB NOT NULL,
    PRIMARY KEY(part, owner, bucket, cid)) WITHOUT ROWID;
"""
RUN_MAX = 256  # parts that a read knows ahead: 50 KB, where a whole list may have 3 MB
_ENCODER = msgspec.msgpack.Encoder(enc_hook=strip_type)
_PARTS = msgspec.msgpack.Decoder(tuple[tuple[bytes, int], ...])

Parts = tuple[tuple[Cid, int], ...]
"""(CID, size in bytes) of each part, in order."""


@dataclass(frozen=True, slots=True)
class MultipartRow:
    """A file in the index: its size in bytes and its parts."""

    size: int
    parts: Parts


def apply_multiparts(conn: sqlite3.Connection, batch: Sequence[tuple[Placed, MultipartRecord]]) -> None:
    """Buckets have files. One put again under its CID, in other parts, replaces the first.

    It counts as a piece and for no byte: its parts are counted.
    """
    added = []
    for placed, record in batch:
        place = (placed.cid, record.owner, record.bucket)
        forget_multipart(conn, *place)
        conn.execute(
            "INSERT INTO multiparts(cid, owner, bucket, size, count, parts) VALUES(?,?,?,?,?,?)",
            (*place, record.size, len(record.parts), _ENCODER.encode(record.parts)),
        )
        conn.executemany(
            "INSERT OR IGNORE INTO multipart_parts(part, owner, bucket, cid) VALUES(?,?,?,?)",
            [(part, record.owner, record.bucket, placed.cid) for part, _ in record.parts],
        )
        if add_reference(conn, *place, 0, record.received_ms):
            added.append(Added(record.owner, record.key, 0, record.received_ms, pieces=1, bucket=record.bucket))
    add_usage(conn, added)


def forget_multipart(conn: sqlite3.Connection, cid: bytes, owner: bytes, bucket: int) -> None:
    """Take a file out of the index, if there is one; its parts stay."""
    place = (cid, owner, bucket)
    row = conn.execute(
        "DELETE FROM multiparts WHERE cid = ? AND owner = ? AND bucket = ? RETURNING parts", place
    ).fetchone()
    if row is not None:
        conn.executemany(
            "DELETE FROM multipart_parts WHERE part = ? AND owner = ? AND bucket = ? AND cid = ?",
            [(part, owner, bucket, cid) for part, _ in _PARTS.decode(row[0])],
        )


def find_multipart(conn: sqlite3.Connection, scope: Scope, cid: Cid) -> MultipartRow | None:
    """The file of this CID in a bucket."""
    row = conn.execute(
        "SELECT size, parts FROM multiparts WHERE cid = ? AND owner = ? AND bucket = ?",
        (cid, scope.owner, scope.bucket),
    ).fetchone()
    return None if row is None else MultipartRow(row[0], decode_parts(row[1]))


def find_multipart_size(conn: sqlite3.Connection, scope: Scope, cid: Cid) -> int | None:
    """The bytes of the file of this CID in a bucket."""
    row = conn.execute(
        "SELECT size FROM multiparts WHERE cid = ? AND owner = ? AND bucket = ?", (cid, scope.owner, scope.bucket)
    ).fetchone()
    return None if row is None else int(row[0])


def find_parts_from(
    conn: sqlite3.Connection, scope: Scope, cid: Cid, start: int, stop: int
) -> list[tuple[Cid, int, int]]:
    """The parts that have bytes of `[start, stop)`: CID, first byte in the file, size; the first RUN_MAX of them."""
    row = conn.execute(
        "SELECT parts FROM multiparts WHERE cid = ? AND owner = ? AND bucket = ?", (cid, scope.owner, scope.bucket)
    ).fetchone()
    run: list[tuple[Cid, int, int]] = []
    base = 0
    for part, size in () if row is None else _PARTS.decode(row[0]):
        if base >= stop or len(run) == RUN_MAX:
            break
        if base + size > start:
            run.append((Cid(part), base, size))
        base += size
    return run


def decode_parts(parts: bytes) -> Parts:
    """The parts of a row."""
    return tuple((Cid(cid), size) for cid, size in _PARTS.decode(parts))


def find_file_of(conn: sqlite3.Connection, scope: Scope, part: Cid) -> Cid | None:
    """A file of this bucket that the piece is a part of, if any."""
    row = conn.execute(
        "SELECT cid FROM multipart_parts WHERE part = ? AND owner = ? AND bucket = ? LIMIT 1",
        (part, scope.owner, scope.bucket),
    ).fetchone()
    return None if row is None else Cid(row[0])


def is_part_of(conn: sqlite3.Connection, scope: Scope, cid: Cid, part: Cid) -> bool:
    """Whether the file `cid` of this bucket has the piece `part`."""
    row = conn.execute(
        "SELECT 1 FROM multipart_parts WHERE part = ? AND owner = ? AND bucket = ? AND cid = ?",
        (part, scope.owner, scope.bucket, cid),
    ).fetchone()
    return row is not None
