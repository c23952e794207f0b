"""The derived index of pieces: where each lies, which scopes refer to it, which segments still hold live bytes."""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from edge_node.base.ids import Cid
from edge_node.base.limits import EXTENT_BYTES
from edge_node.journal import Placed, Position, SegmentClass
from edge_node.store.errors import PieceRowUnreadable
from edge_node.store.file_rows import forget_multipart
from edge_node.store.lookups import find_each
from edge_node.store.records import PieceRecord, ReferenceRecord
from edge_node.store.reference_rows import add_reference, bucket_column, scope_of_row
from edge_node.store.scope import Scope
from edge_node.store.usage import Added, add_usage

SCHEMA = """
CREATE TABLE IF NOT EXISTS pieces(
    cid BLOB PRIMARY KEY, size INTEGER NOT NULL, segment INTEGER NOT NULL, position INTEGER NOT NULL,
    extents BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS live(segment INTEGER PRIMARY KEY, bytes INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class PieceRow:
    """A piece in the index: its record's position, its size, and [segment, offset] of its extents."""

    size: int
    position: Position
    extents: tuple[tuple[int, int], ...]

    def positions(self) -> list[Position]:
        """Where each extent lies, in order."""
        return [Position(SegmentClass.PX, segment, offset) for segment, offset in self.extents]


@dataclass(frozen=True, slots=True)
class Standing:
    """A piece in the index, or None, and the bytes that each scope which refers to it is charged."""

    piece: PieceRow | None
    references: Mapping[Scope, int]


def apply_extents(conn: sqlite3.Connection, batch: Sequence[tuple[Placed, None]]) -> None:
    """Extents mean nothing until a piece record lists them; their segments are known from here on, as holding nothing.

    So a segment that holds only broken-off uploads is found dead like any other.
    """
    segments = {placed.position.segment for placed, _ in batch}
    conn.executemany("INSERT OR IGNORE INTO live(segment, bytes) VALUES(?, 0)", [(number,) for number in segments])


def apply_pieces(conn: sqlite3.Connection, batch: Sequence[tuple[Placed, PieceRecord]]) -> None:
    """A piece now exists and its owner refers to it; a second copy of the same CID replaces the first (healing)."""
    live: Counter[int] = Counter()
    for placed, record in batch:
        former = _find(conn, placed.cid)
        if former is not None:
            live.subtract(_amounts(former))
        row = PieceRow(record.size, placed.position, tuple(record.extents))
        conn.execute(
            "INSERT OR REPLACE INTO pieces(cid, size, segment, position, extents) VALUES(?,?,?,?,?)",
            (placed.cid, row.size, *placed.position[1:], msgspec.msgpack.encode(row.extents)),
        )
        live.update(_amounts(row))
    _count_live(conn, live)
    apply_references(conn, batch)


def apply_references(conn: sqlite3.Connection, batch: Sequence[tuple[Placed, PieceRecord | ReferenceRecord]]) -> None:
    """Scopes refer to pieces; a reference that stands already changes nothing."""
    added = []
    for placed, record in batch:
        if add_reference(conn, placed.cid, record.owner, record.bucket, record.size, record.received_ms):
            added.append(_added(record, record.key, record.size, 1))
    add_usage(conn, added)


def apply_deletes(conn: sqlite3.Connection, batch: Sequence[tuple[Placed, ReferenceRecord]]) -> None:
    """Scopes let go; with its last reference a piece leaves the index and its bytes are dead. A file is only a list."""
    removed = []
    live: Counter[int] = Counter()
    for placed, record in batch:
        gone = conn.execute(
            "DELETE FROM holders WHERE cid = ? AND owner = ? AND bucket = ? RETURNING size",
            (placed.cid, record.owner, bucket_column(record.bucket)),
        ).fetchone()
        if gone is None:
            continue
        removed.append(_added(record, None, -gone[0], -1))
        if record.bucket is not None:
            forget_multipart(conn, placed.cid, record.owner, record.bucket)
        held = conn.execute("SELECT 1 FROM holders WHERE cid = ?", (placed.cid,)).fetchone()
        row = None if held else _find(conn, placed.cid)
        if row is not None:
            live.subtract(_amounts(row))
            conn.execute("DELETE FROM pieces WHERE cid = ?", (placed.cid,))
    _count_live(conn, live)
    add_usage(conn, removed)


def _added(record: PieceRecord | ReferenceRecord, key: bytes | None, size: int, pieces: int) -> Added:
    return Added(record.owner, key, size, record.received_ms, pieces=pieces, bucket=record.bucket)


def _find(conn: sqlite3.Connection, cid: bytes) -> PieceRow | None:
    row = conn.execute("SELECT size, segment, position, extents FROM pieces WHERE cid = ?", (cid,)).fetchone()
    return None if row is None else _row_of(cid, *row)


def _row_of(cid: bytes, size: int, segment: int, position: int, extents: bytes) -> PieceRow:
    try:
        listed = msgspec.msgpack.decode(extents, type=tuple[tuple[int, int], ...])
    except msgspec.DecodeError as error:
        raise PieceRowUnreadable(Cid(cid), str(error)) from error
    return PieceRow(size, Position(SegmentClass.PX, segment, position), listed)


def _amounts(row: PieceRow) -> dict[int, int]:
    """The live bytes of a piece in each segment."""
    # The record itself counts as a byte, so that a segment that holds only a piece's record stays live.
    amounts: dict[int, int] = {row.position.segment: 1 + (0 if row.extents else row.size)}
    for at, (segment, _) in enumerate(row.extents):
        amounts[segment] = amounts.get(segment, 0) + min(EXTENT_BYTES, row.size - at * EXTENT_BYTES)
    return amounts


def _count_live(conn: sqlite3.Connection, live: Counter[int]) -> None:
    conn.executemany(
        "INSERT INTO live(segment, bytes) VALUES(?,?)"
        " ON CONFLICT(segment) DO UPDATE SET bytes = bytes + excluded.bytes",
        live.items(),
    )


_PIECE = "SELECT json_array(size, segment, position, hex(extents)) FROM pieces WHERE cid = asked.cid"
_REFERENCES = "SELECT json_group_array(json_array(hex(owner), bucket, size)) FROM holders WHERE cid = asked.cid"
_REFERRED = (
    " AND EXISTS (SELECT 1 FROM holders AS h WHERE (h.cid, h.owner, h.bucket) = (asked.cid, asked.owner, asked.bucket))"
)


def find_standings(conn: sqlite3.Connection, cids: Sequence[Cid]) -> list[Standing]:
    """Where each piece lies, if anywhere, and which scopes refer to it; PieceRowUnreadable."""
    keys = [(cid,) for cid in cids]
    found = find_each(conn, ("cid",), f"SELECT json_array(json(({_PIECE})), json(({_REFERENCES})))", keys)
    return [
        Standing(
            _piece_of(cid, piece),
            {scope_of_row(bytes.fromhex(owner), bucket): size for owner, bucket, size in references},
        )
        for cid, (piece, references) in zip(cids, found, strict=True)
    ]


def find_held(conn: sqlite3.Connection, asked: Sequence[tuple[Scope, Cid]]) -> list[PieceRow | None]:
    """Where each piece lies that is asked for in a scope which refers to it; None for any other; PieceRowUnreadable."""
    found = _find_referred(conn, _PIECE, asked)
    return [_piece_of(cid, piece) for (_, cid), piece in zip(asked, found, strict=True)]


def find_held_sizes(conn: sqlite3.Connection, asked: Sequence[tuple[Scope, Cid]]) -> list[int | None]:
    """The size of each piece that `find_held` finds."""
    return _find_referred(conn, "SELECT size FROM pieces WHERE cid = asked.cid", asked)


def _piece_of(cid: Cid, piece: tuple[int, int, int, str] | None) -> PieceRow | None:
    if piece is None:
        return None
    size, segment, position, extents = piece
    return _row_of(cid, size, segment, position, bytes.fromhex(extents))


def _find_referred(conn: sqlite3.Connection, query: str, asked: Sequence[tuple[Scope, Cid]]) -> list[Any]:
    keys = [(cid, scope.owner, bucket_column(scope.bucket)) for scope, cid in asked]
    return find_each(conn, ("cid", "owner", "bucket"), query + _REFERRED, keys)


def find_dead_segments(conn: sqlite3.Connection, below: int) -> list[int]:
    """Segments under `below` that held pieces and hold no live byte any more."""
    return [n for (n,) in conn.execute("SELECT segment FROM live WHERE bytes <= 0 AND segment < ?", (below,))]
