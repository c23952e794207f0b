"""Retention in the index: what there is to plan with, and what an anchor's record removes."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import Cid, Digest, PublicKey, StreamName, VaultId
from edge_node.journal import Placed, Position, SegmentClass
from edge_node.store.streams.records import RetentionRecord, SignerMark
from edge_node.store.streams.replay import WINDOW_BITS, ReplayWindow, seq_from_row
from edge_node.store.streams.retention import StoredBody, StreamFacts
from edge_node.store.streams.rows import count_segments
from edge_node.store.usage import DAY_MS, Added, add_usage
from edge_node.trust.retention_anchor import RemovedBody, anchor_digest

ANCHORS_SCHEMA = """
CREATE TABLE IF NOT EXISTS anchors(
    stream INTEGER NOT NULL, number INTEGER NOT NULL, first_offset INTEGER NOT NULL, digest BLOB NOT NULL,
    segment INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY(stream, number)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class KeptBody:
    """A stored body with all that planning, digest and replay marks want of it."""

    body: StoredBody
    cid: Cid
    key: PublicKey
    seq: int
    t_ms: int

    def removed(self) -> RemovedBody:
        """As the digest over removed bodies takes it."""
        return RemovedBody(self.body.first_offset, self.body.count, self.cid, self.key, self.seq, self.t_ms)


@dataclass(frozen=True, slots=True)
class Anchored:
    """A stream's newest anchor: its number (0 for none), the first offset it keeps, its digest."""

    number: int = 0
    first: int = 0
    digest: Digest | None = None


@dataclass(frozen=True, slots=True)
class Oldest:
    """A stream and its oldest bodies; `heir_ms`: when the first body after them came whose time is known."""

    facts: StreamFacts
    anchored: Anchored
    bodies: tuple[KeptBody, ...]
    heir_ms: int | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stream at a glance: its size and its oldest body."""

    vault: VaultId
    stream: StreamName
    facts: StreamFacts
    oldest: StoredBody


_BODY = "first_offset, count, bodies.bytes, received_ms, clock"
_UNSYNCED = int(ClockQuality.UNSYNCED)


def read_candidates(conn: sqlite3.Connection, after: int, limit: int) -> tuple[int | None, list[Candidate]]:
    """(where to go on, streams that hold bodies) among `limit` streams beyond `after`."""
    rows = conn.execute(
        f"SELECT streams.id, vault, name, streams.bytes, next_offset, {_BODY} FROM"  # noqa: S608 - constants
        " (SELECT * FROM streams WHERE id > ? ORDER BY id LIMIT ?) AS streams"
        " LEFT JOIN bodies ON bodies.stream = streams.id AND first_offset ="
        " (SELECT first_offset FROM bodies WHERE stream = streams.id ORDER BY first_offset LIMIT 1)"
        " ORDER BY streams.id",
        (after, limit),
    ).fetchall()
    found = [
        Candidate(VaultId(vault), StreamName(name), StreamFacts(size, end), _body(row))
        for _, vault, name, size, end, *row in rows
        if row[0] is not None
    ]
    return rows[-1][0] if len(rows) == limit else None, found


def read_oldest(
    conn: sqlite3.Connection, vault: VaultId, stream: StreamName, limit: int, start: int = 0
) -> Oldest | None:
    """The oldest `limit` bodies of a stream from offset `start` on, with its facts; None for an unknown stream."""
    head = conn.execute(
        "SELECT id, bytes, next_offset FROM streams WHERE vault = ? AND name = ?", (vault, stream)
    ).fetchone()
    if head is None:
        return None
    stream_id, size, end = head
    rows = conn.execute(
        f"SELECT {_BODY}, cid, key, seq, t_ms FROM bodies JOIN windows ON windows.id = bodies.window"  # noqa: S608 - constants
        " WHERE bodies.stream = ? AND first_offset >= ? ORDER BY first_offset LIMIT ?",
        (stream_id, start, limit),
    )
    bodies = tuple(
        KeptBody(_body(row[:5]), Cid(row[5]), PublicKey(row[6]), seq_from_row(row[7]), seq_from_row(row[8]))
        for row in rows
    )
    heir_ms = _find_heir(conn, stream_id, bodies[-1].body) if bodies else None
    return Oldest(StreamFacts(size, end), find_anchored(conn, stream_id), bodies, heir_ms)


def find_anchored(conn: sqlite3.Connection, stream_id: int) -> Anchored:
    """The stream's newest anchor."""
    row = conn.execute(
        "SELECT number, first_offset, digest FROM anchors WHERE stream = ? ORDER BY number DESC LIMIT 1", (stream_id,)
    ).fetchone()
    return Anchored(row[0], row[1], Digest(row[2])) if row else Anchored()


def find_anchored_first(conn: sqlite3.Connection, vault: VaultId, stream: StreamName) -> int:
    """The first offset that the stream's newest anchor left; 0 without one."""
    row = conn.execute("SELECT id FROM streams WHERE vault = ? AND name = ?", (vault, stream)).fetchone()
    return find_anchored(conn, row[0]).first if row else 0


def _find_heir(conn: sqlite3.Connection, stream_id: int, last: StoredBody) -> int | None:
    if last.trusted:
        return None
    row = conn.execute(
        "SELECT received_ms FROM bodies WHERE stream = ? AND first_offset > ? AND clock > ?"
        " ORDER BY first_offset LIMIT 1",
        (stream_id, last.first_offset, _UNSYNCED),
    ).fetchone()
    return row[0] if row else None


def _body(row: Sequence[int]) -> StoredBody:
    first, count, size, received_ms, clock = row
    return StoredBody(first, count, size, received_ms, clock > _UNSYNCED)


def mark_signers(bodies: Sequence[KeptBody]) -> list[SignerMark]:
    """What must outlive these bodies of each of their signers."""
    windows: dict[PublicKey, ReplayWindow] = {}
    days: dict[PublicKey, Counter[int]] = {}
    for kept in bodies:
        windows.setdefault(kept.key, ReplayWindow()).add(kept.seq)
        days.setdefault(kept.key, Counter())[kept.body.received_ms // DAY_MS] += kept.body.bytes
    return [_mark(key, window, days[key]) for key, window in windows.items()]


def _mark(key: PublicKey, window: ReplayWindow, days: Counter[int]) -> SignerMark:
    assert window.highest is not None
    bits = window.bits.to_bytes(WINDOW_BITS // 8, "little").rstrip(b"\x00")
    return SignerMark(bytes(key), window.highest, bits, sorted(days.items()))


def apply_retention(conn: sqlite3.Connection, batch: Sequence[tuple[Placed, RetentionRecord]]) -> None:
    """Follow anchors: rows of removed bodies go, and what they left behind stays without them.

    An index made from a log whose segments were dropped never saw the bodies; the record alone gives it the stream,
    its signers' windows and their day's bytes. One that saw them has all this already, and finds it unchanged.
    """
    for placed, record in batch:
        stream = _hold_stream(conn, record)
        gone = conn.execute(
            "DELETE FROM bodies WHERE stream = ? AND first_offset < ?"
            " RETURNING count, bytes, segment, window, received_ms",
            (stream, record.first_offset),
        ).fetchall()
        _shrink(conn, record, stream, gone)
        seen = Counter[tuple[int, int]]()
        for _, size, _, window, received_ms in gone:
            seen[window, received_ms // DAY_MS] += size
        for signer in record.signers:
            _hold_signer(conn, stream, signer, seen)
        conn.execute(
            "INSERT OR REPLACE INTO anchors(stream, number, first_offset, digest, segment, position)"
            " VALUES(?,?,?,?,?,?)",
            (stream, record.number, record.first_offset, anchor_digest(record.document), *placed.position[1:]),
        )


def _hold_stream(conn: sqlite3.Connection, record: RetentionRecord) -> int:
    (stream,) = conn.execute(
        "INSERT INTO streams(vault, name, next_offset, bodies, bytes, last_received_ms) VALUES(?,?,?,0,0,?)"
        " ON CONFLICT(vault, name) DO UPDATE SET next_offset = max(next_offset, excluded.next_offset),"
        " last_received_ms = max(last_received_ms, excluded.last_received_ms) RETURNING id",
        (record.vault, record.stream, record.first_offset, record.last_received_ms),
    ).fetchone()
    return int(stream)


def _shrink(
    conn: sqlite3.Connection, record: RetentionRecord, stream: int, gone: Sequence[tuple[int, int, int, int, int]]
) -> None:
    size = sum(row[1] for row in gone)
    # The end is said anew: of a round that was taken back and revived by a crash, the record that took its place may
    # have been dropped with its segment before.
    conn.execute(
        "UPDATE streams SET bodies = bodies - ?, bytes = bytes - ?, next_offset = coalesce((SELECT first_offset + count"
        " FROM bodies WHERE stream = ? ORDER BY first_offset DESC LIMIT 1), ?) WHERE id = ?",
        (len(gone), size, stream, record.first_offset, stream),
    )
    events = sum(row[0] for row in gone)
    count_segments(conn, Counter(row[2] for row in gone), -1)
    add_usage(conn, [Added(record.vault, None, -size, 0, bodies=-len(gone), events=-events)])


def _hold_signer(conn: sqlite3.Connection, stream: int, signer: SignerMark, seen: Counter[tuple[int, int]]) -> None:
    where = stream, signer.key
    row = conn.execute("SELECT id, highest, bits FROM windows WHERE stream = ? AND key = ?", where).fetchone()
    window = ReplayWindow.from_row(*row[1:]) if row else ReplayWindow()
    window.merge(ReplayWindow(signer.highest, int.from_bytes(signer.bits, "little")))
    if row is None or window.to_row() != row[1:]:
        (number,) = conn.execute(
            "INSERT INTO windows(stream, key, highest, bits) VALUES(?,?,?,?)"
            " ON CONFLICT(stream, key) DO UPDATE SET highest = excluded.highest, bits = excluded.bits RETURNING id",
            (*where, *window.to_row()),
        ).fetchone()
    else:
        number = row[0]
    unseen = [(signer.key, day, size - seen[number, day]) for day, size in signer.days if size > seen[number, day]]
    conn.executemany(
        "INSERT INTO key_days(key, day, bytes) VALUES(?,?,?)"
        " ON CONFLICT(key, day) DO UPDATE SET bytes = bytes + excluded.bytes",
        unseen,
    )


def find_dead_segments(conn: sqlite3.Connection, below: int) -> list[int]:
    """Event segments under `below` that held bodies and hold none any more."""
    return [
        n for (n,) in conn.execute("SELECT segment FROM event_segments WHERE bodies <= 0 AND segment < ?", (below,))
    ]


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """Where an anchor's record lies."""

    number: int
    first_offset: int
    position: Position


def find_anchors(
    conn: sqlite3.Connection, vault: VaultId, stream: StreamName, start: int, limit: int
) -> tuple[Anchored, list[AnchorRow]] | None:
    """(the newest anchor, `limit` of them from number `start` on); None for an unknown stream."""
    head = conn.execute("SELECT id FROM streams WHERE vault = ? AND name = ?", (vault, stream)).fetchone()
    if head is None:
        return None
    rows = conn.execute(
        "SELECT number, first_offset, segment, position FROM anchors WHERE stream = ? AND number >= ?"
        " ORDER BY number LIMIT ?",
        (head[0], start, limit),
    )
    anchors = [AnchorRow(n, first, Position(SegmentClass.RC, segment, at)) for n, first, segment, at in rows]
    return find_anchored(conn, head[0]), anchors
