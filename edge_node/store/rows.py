"""The derived index of pieces: where each lies, who refers to it, which segments still hold live bytes."""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from edge_node.base.ids import Cid, VaultId
from edge_node.base.limits import EXTENT_BYTES
from edge_node.journal import Placed, Position, SegmentClass
from edge_node.store.records import PieceRecord, ReferenceRecord
from edge_node.store.usage import Added, add_usage

SCHEMA = """
CREATE TABLE IF NOT EXISTS pieces(
    cid BLOB PRIMARY KEY, size INTEGER NOT NULL, segment INTEGER NOT NULL, position INTEGER NOT NULL,
    extents BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holders(
    owner BLOB NOT NULL, cid BLOB NOT NULL, size INTEGER NOT NULL, since_ms INTEGER NOT NULL,
    PRIMARY KEY(cid, owner)) WITHOUT ROWID;
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
    """A piece in the index, or None, and the size each of its owners refers to."""

    piece: PieceRow | None
    owners: Mapping[bytes, int]


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
    """Owners refer to pieces; a reference that stands already changes nothing."""
    added = []
    for placed, record in batch:
        new = conn.execute(
            "INSERT OR IGNORE INTO holders(owner, cid, size, since_ms) VALUES(?,?,?,?)",
            (record.owner, placed.cid, record.size, record.received_ms),
        ).rowcount
        if new:
            added.append(Added(record.owner, record.key, record.size, record.received_ms, pieces=1))
    add_usage(conn, added)


def apply_deletes(conn: sqlite3.Connection, batch: Sequence[tuple[Placed, ReferenceRecord]]) -> None:
    """Owners let go; with its last reference a piece leaves the index and its bytes are dead."""
    removed = []
    live: Counter[int] = Counter()
    for placed, record in batch:
        gone = conn.execute(
            "DELETE FROM holders WHERE owner = ? AND cid = ? RETURNING size", (record.owner, placed.cid)
        ).fetchone()
        if gone is None:
            continue
        removed.append(Added(record.owner, None, -gone[0], record.received_ms, pieces=-1))
        held = conn.execute("SELECT 1 FROM holders WHERE cid = ?", (placed.cid,)).fetchone()
        row = None if held else _find(conn, placed.cid)
        if row is not None:
            live.subtract(_amounts(row))
            conn.execute("DELETE FROM pieces WHERE cid = ?", (placed.cid,))
    _count_live(conn, live)
    add_usage(conn, removed)


def _find(conn: sqlite3.Connection, cid: bytes) -> PieceRow | None:
    row = conn.execute("SELECT size, segment, position, extents FROM pieces WHERE cid = ?", (cid,)).fetchone()
    if row is None:
        return None
    extents = msgspec.msgpack.decode(row[3], type=tuple[tuple[int, int], ...])
    return PieceRow(row[0], Position(SegmentClass.PX, row[1], row[2]), extents)


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


def find_standing(conn: sqlite3.Connection, cid: Cid) -> Standing:
    """Where a piece lies, if anywhere, and who refers to it."""
    owners = conn.execute("SELECT owner, size FROM holders WHERE cid = ?", (cid,)).fetchall()
    return Standing(_find(conn, cid), dict(owners))


def find_standings(conn: sqlite3.Connection, cids: Sequence[Cid]) -> list[Standing]:
    """`find_standing` for each."""
    return [find_standing(conn, cid) for cid in cids]


def find_held(conn: sqlite3.Connection, owner: VaultId, cid: Cid) -> PieceRow | None:
    """Where a piece lies that this owner refers to."""
    held = conn.execute("SELECT 1 FROM holders WHERE owner = ? AND cid = ?", (owner, cid)).fetchone()
    return _find(conn, cid) if held else None


def find_dead_segments(conn: sqlite3.Connection, below: int) -> list[int]:
    """Segments under `below` that held pieces and hold no live byte any more."""
    return [n for (n,) in conn.execute("SELECT segment FROM live WHERE bytes <= 0 AND segment < ?", (below,))]
