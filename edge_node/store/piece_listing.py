"""Pieces and files as an operator sees them: page by page by CID, and all that is known of one."""

import sqlite3
from dataclasses import dataclass
from typing import Any

import msgspec

from edge_node.base.ids import Cid, VaultId
from edge_node.journal import Position, SegmentClass
from edge_node.store.file_rows import Parts, decode_parts
from edge_node.store.reference_rows import scope_of_row
from edge_node.store.scope import Scope
from edge_node.wire.cid import CidKind, cid_kind

REFERENCES_SHOWN = 8  # of each piece of a page
PARTS_SHOWN = 32  # of a file


@dataclass(frozen=True, slots=True)
class PieceSummary:
    """One piece or file of a page: how many scopes refer to it, and the first of them by owner and bucket.

    A file (multipart) has no extents of its own and lies in no segment of pieces (0).
    """

    cid: Cid
    size: int
    owners: int
    extents: int
    segment: int
    references: tuple[Scope, ...] = ()

    @property
    def kind(self) -> CidKind:
        """What the CID names."""
        return cid_kind(self.cid)


@dataclass(frozen=True, slots=True)
class Holder:
    """A scope that refers to a piece or file, and the bytes it is charged; `since_ms` is the node's time."""

    vault: VaultId
    size: int
    since_ms: int
    bucket: int | None = None


@dataclass(frozen=True, slots=True)
class PieceDetail:
    """Where a piece lies and who refers to it. Extents are [segment, offset]."""

    size: int
    position: Position
    extents: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class FileDetail:
    """A file (multipart) as one bucket has it: its size, how many parts, and the first of them."""

    scope: Scope
    size: int
    parts_count: int
    parts: Parts


# A page costs what it shows: each source is walked by a key that begins with the CID. A file is listed once, however
# many buckets have it and however they cut it: the same CID is the same bytes.
_SPAN = "cid > :after AND cid >= :first AND cid <= :last AND size >= :least"
_HELD = "EXISTS (SELECT 1 FROM holders h WHERE h.cid = one.cid AND h.owner = :owner)"
_PIECES = (
    f"SELECT cid, size, segment, extents FROM pieces one WHERE {_SPAN}"  # noqa: S608
    f" AND (:owner IS NULL OR {_HELD}) ORDER BY cid LIMIT :limit"
)
_FILES = (
    f"SELECT cid, size, 0, NULL FROM multiparts one WHERE {_SPAN}"  # noqa: S608
    f" AND (:owner IS NULL OR {_HELD}) GROUP BY cid ORDER BY cid LIMIT :limit"
)
_OF_BUCKET = (
    "SELECT h.cid AS cid, coalesce(p.size, m.size) AS size, coalesce(p.segment, 0), p.extents FROM holders h"
    " LEFT JOIN pieces p ON p.cid = h.cid"
    " LEFT JOIN multiparts m ON m.cid = h.cid AND m.owner = h.owner AND m.bucket = h.bucket"
    " WHERE h.bucket = :bucket AND h.bucket >= 0 AND h.cid > :after AND h.cid >= :first AND h.cid <= :last"
    " AND coalesce(p.size, m.size) >= :least AND (:owner IS NULL OR h.owner = :owner)"
    " GROUP BY h.cid ORDER BY h.cid LIMIT :limit"
)


def page_pieces(
    conn: sqlite3.Connection,
    after: bytes,
    span: tuple[bytes, bytes],
    owner: VaultId | None,
    bytes_min: int,
    limit: int,
    bucket: int | None = None,
    kind: CidKind | None = None,
) -> list[PieceSummary]:
    """Pieces and files by CID, beyond `after` and within `span` (inclusive); of one owner, bucket, kind, or all."""
    first, last = span
    if kind is not None:
        head = bytes((1, kind))
        first, last = max(first, head), min(last, head + b"\xff" * Cid.size)
    asked = {
        "after": after, "first": first, "last": last, "least": bytes_min, "owner": owner, "bucket": bucket,
        "limit": limit,
    }  # fmt: skip
    sources = (_PIECES, _FILES) if bucket is None else (_OF_BUCKET,)
    rows = sorted(row for source in sources for row in conn.execute(source, asked))
    return [_summary(conn, *row) for row in rows[:limit]]


def _summary(conn: sqlite3.Connection, cid: bytes, size: int, segment: int, extents: bytes | None) -> PieceSummary:
    (owners,) = conn.execute("SELECT count(*) FROM holders WHERE cid = ?", (cid,)).fetchone()
    places = conn.execute(
        "SELECT owner, bucket FROM holders WHERE cid = ? ORDER BY owner, bucket LIMIT ?", (cid, REFERENCES_SHOWN)
    )
    references = tuple(scope_of_row(*place) for place in places)
    count = 0 if extents is None else len(msgspec.msgpack.decode(extents))
    return PieceSummary(Cid(cid), size, owners, count, segment, references)


def find_piece(conn: sqlite3.Connection, cid: Cid) -> PieceDetail | None:
    """Where the piece of this CID lies."""
    row = conn.execute("SELECT size, segment, position, extents FROM pieces WHERE cid = ?", (cid,)).fetchone()
    if row is None:
        return None
    extents = msgspec.msgpack.decode(row[3], type=tuple[tuple[int, int], ...])
    return PieceDetail(row[0], Position(SegmentClass.PX, row[1], row[2]), extents)


def find_holders(conn: sqlite3.Connection, cid: Cid) -> tuple[Holder, ...]:
    """Every scope that refers to this CID, by owner and bucket."""
    rows = conn.execute(
        "SELECT owner, bucket, size, since_ms FROM holders WHERE cid = ? ORDER BY owner, bucket", (cid,)
    )
    return tuple(_holder(*row) for row in rows)


def _holder(owner: bytes, bucket: int, size: int, since_ms: int) -> Holder:
    scope = scope_of_row(owner, bucket)
    return Holder(scope.owner, size, since_ms, scope.bucket)


def find_files(conn: sqlite3.Connection, cid: Cid) -> tuple[FileDetail, ...]:
    """The file of this CID in every bucket that has it, by owner and bucket."""
    rows = conn.execute(
        "SELECT owner, bucket, size, count, parts FROM multiparts WHERE cid = ? ORDER BY owner, bucket", (cid,)
    )
    return tuple(_file(*row) for row in rows)


def _file(owner: Any, bucket: int, size: int, count: int, parts: bytes) -> FileDetail:
    return FileDetail(scope_of_row(owner, bucket), size, count, decode_parts(parts)[:PARTS_SHOWN])
