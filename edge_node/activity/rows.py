"""What the index makes of activity: where records lie, which minutes are unfinished, what each request moved, once."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from edge_node.activity.note import NoteRecord
from edge_node.activity.record import Action, ActivityRecord, Part, identity_of_raw
from edge_node.journal import Placed, Position, SegmentClass
from edge_node.wire.protobuf_fields import MalformedProtobuf

# A signed request is taken for five minutes before and after its time: what it moved is known for at least ten.
SLOT_MS = 10 * 60 * 1_000
BOOT_BYTES = 8  # the first bytes of a window's id are those of the process that opened it

SCHEMA = """
CREATE TABLE IF NOT EXISTS activity(
    sequence INTEGER PRIMARY KEY, segment INTEGER NOT NULL, position INTEGER NOT NULL,
    action INTEGER NOT NULL, bucket INTEGER NOT NULL, last_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS activity_open(
    window BLOB NOT NULL, sequence INTEGER NOT NULL, segment INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY(window, sequence)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS activity_counted(
    identity BLOB PRIMARY KEY, sent INTEGER NOT NULL, acked INTEGER NOT NULL, slot INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS activity_counted_slots ON activity_counted(slot);
CREATE TABLE IF NOT EXISTS activity_slots(only INTEGER PRIMARY KEY, present INTEGER NOT NULL, former INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS activity_totals(
    bucket INTEGER PRIMARY KEY, stores INTEGER NOT NULL, stored_bytes INTEGER NOT NULL, reads INTEGER NOT NULL,
    sent_bytes INTEGER NOT NULL, acked_bytes INTEGER NOT NULL);
"""


class Totals(NamedTuple):
    """What was stored in a bucket and read from it, as recorded; every signed request counts once."""

    stores: int = 0
    stored_bytes: int = 0
    reads: int = 0
    sent_bytes: int = 0
    acked_bytes: int = 0


class _Counted(NamedTuple):
    reads: int
    sent: int
    acked: int


def apply_records(conn: sqlite3.Connection, batch: Sequence[tuple[Placed, ActivityRecord]]) -> None:
    """Records lie where they lie, their windows are finished, and what is new in them is counted."""
    for placed, record in batch:
        conn.execute("DELETE FROM activity_open WHERE window = ?", (record.window,))
        bucket = _as_signed(record.bucket)
        conn.execute(
            "INSERT OR REPLACE INTO activity VALUES(?,?,?,?,?,?)",
            (placed.sequence, *placed.position[1:], record.action, bucket, record.last_ms),
        )
        _add(conn, bucket, record.action, _count(conn, record))


def apply_notes(conn: sqlite3.Connection, batch: Sequence[tuple[Placed, NoteRecord]]) -> None:
    """Windows that are noted and not finished: a record of the same window, later in the log, takes them out."""
    conn.executemany(
        "INSERT OR REPLACE INTO activity_open VALUES(?,?,?,?)",
        [(delta.window, placed.sequence, *placed.position[1:]) for placed, note in batch for delta in note.deltas],
    )


def find_unfinished(conn: sqlite3.Connection, boot: bytes) -> tuple[list[Position], frozenset[bytes]]:
    """Windows of other processes that have notes and no record, and where those notes lie, in log order."""
    rows = conn.execute(
        "SELECT window, segment, position FROM activity_open WHERE substr(window, 1, ?) != ? ORDER BY sequence",
        (BOOT_BYTES, boot),
    ).fetchall()
    positions = dict.fromkeys(Position(SegmentClass.RC, segment, position) for _, segment, position in rows)
    return list(positions), frozenset(window for window, _, _ in rows)


def list_totals(conn: sqlite3.Connection) -> dict[int, Totals]:
    """What each bucket's records add up to, by its number; a bucket without a record is not among them."""
    rows = conn.execute("SELECT bucket, stores, stored_bytes, reads, sent_bytes, acked_bytes FROM activity_totals")
    return {_as_unsigned(bucket): Totals(*totals) for bucket, *totals in rows}


def _count(conn: sqlite3.Connection, record: ActivityRecord) -> _Counted:
    """What of a record was not counted before: reads or stores begun, bytes sent or stored, bytes acknowledged."""
    slot = _turn_slot(conn, record.last_ms)
    listed = list(_listed(record))
    # What is not listed, or came without a request, has no name to be known by: it counts as it is told.
    reads = record.count - len(listed)
    sent = record.bytes - sum(sent_to - sent_from for _, sent_from, sent_to, _ in listed)
    acked = 0
    for identity, sent_from, sent_to, acked_to in listed:
        if identity:
            new = _count_identity(conn, identity, sent_to, acked_to, slot)
            reads, sent, acked = reads + new.reads, sent + new.sent, acked + new.acked
        else:
            reads, sent = reads + (sent_from == 0), sent + sent_to - sent_from
    return _Counted(reads, sent, acked)


def _listed(record: ActivityRecord) -> Iterator[tuple[bytes, int, int, int]]:
    for part in record.parts:
        yield _name_of(part), part.sent_from, part.sent_to, part.acked_to
    for digest in record.digests:
        yield digest.identity, digest.sent_from, digest.sent_to, digest.acked_to


def _name_of(part: Part) -> bytes:
    """What a part is counted by. A request of ours can always be read; a log that says otherwise must still apply."""
    try:
        return identity_of_raw(part.request) if part.request else b""
    except MalformedProtobuf:
        return b""


def _count_identity(conn: sqlite3.Connection, identity: bytes, sent: int, acked: int, slot: int) -> _Counted:
    row = conn.execute("SELECT sent, acked FROM activity_counted WHERE identity = ?", (identity,)).fetchone()
    known_sent, known_acked = row or (0, 0)
    conn.execute(
        "INSERT OR REPLACE INTO activity_counted VALUES(?,?,?,?)",
        (identity, max(sent, known_sent), max(acked, known_acked), slot),
    )
    return _Counted(int(row is None), max(0, sent - known_sent), max(0, acked - known_acked))


def _turn_slot(conn: sqlite3.Connection, now_ms: int) -> int:
    """The slot of `now_ms`; where it is another than the last, what is in neither of the two is forgotten.

    By the order of the log alone, so that a replay forgets the same, and whichever way a clock steps.
    """
    slot = now_ms // SLOT_MS
    row = conn.execute("SELECT present FROM activity_slots").fetchone()
    if row is None or row[0] != slot:
        former = slot if row is None else row[0]
        conn.execute("INSERT OR REPLACE INTO activity_slots VALUES(0, ?, ?)", (slot, former))
        conn.execute("DELETE FROM activity_counted WHERE slot NOT IN (?, ?)", (slot, former))
    return slot


def _add(conn: sqlite3.Connection, bucket: int, action: int, new: _Counted) -> None:
    stored = action == Action.STORE
    added = Totals(new.reads, new.sent) if stored else Totals(0, 0, *new)
    conn.execute(
        "INSERT INTO activity_totals VALUES(?,?,?,?,?,?) ON CONFLICT(bucket) DO UPDATE SET"
        " stores = stores + excluded.stores, stored_bytes = stored_bytes + excluded.stored_bytes,"
        " reads = reads + excluded.reads, sent_bytes = sent_bytes + excluded.sent_bytes,"
        " acked_bytes = acked_bytes + excluded.acked_bytes",
        (bucket, *added),
    )


def _as_signed(number: int) -> int:
    """A bucket's number has 64 bits without a sign, SQLite's integers have one."""
    return number - (1 << 64) if number >= 1 << 63 else number


def _as_unsigned(number: int) -> int:
    return number + (1 << 64) if number < 0 else number
