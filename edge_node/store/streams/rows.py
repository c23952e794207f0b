"""The derived index of the event log: one row per body, heads of streams, replay windows, usage."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from edge_node.base.ids import Cid, PublicKey, StreamName, VaultId
from edge_node.journal import Placed, Position, SegmentClass
from edge_node.store.lookups import find_each
from edge_node.store.streams.admission import HeadKey, WindowKey
from edge_node.store.streams.records import EventsRecord, EvidenceRecord
from edge_node.store.streams.replay import ReplayWindow, seq_from_row, seq_to_row
from edge_node.store.usage import Added, add_usage

SCHEMA = """
CREATE TABLE IF NOT EXISTS streams(
    id INTEGER PRIMARY KEY, vault BLOB NOT NULL, name TEXT NOT NULL, next_offset INTEGER NOT NULL,
    bodies INTEGER NOT NULL, bytes INTEGER NOT NULL, last_received_ms INTEGER NOT NULL, UNIQUE(vault, name));
CREATE TABLE IF NOT EXISTS windows(
    id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, key BLOB NOT NULL,
    highest INTEGER NOT NULL, bits BLOB NOT NULL, UNIQUE(stream, key));
CREATE TABLE IF NOT EXISTS bodies(
    id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, first_offset INTEGER NOT NULL, count INTEGER NOT NULL,
    cid BLOB NOT NULL, segment INTEGER NOT NULL, position INTEGER NOT NULL, bytes INTEGER NOT NULL,
    window INTEGER NOT NULL, seq INTEGER NOT NULL, t_ms INTEGER NOT NULL, -- both u64, shifted
    received_ms INTEGER NOT NULL, clock INTEGER NOT NULL); -- the node's, and what its clock was worth then
CREATE UNIQUE INDEX IF NOT EXISTS bodies_by_offset ON bodies(stream, first_offset);
CREATE INDEX IF NOT EXISTS bodies_by_cid ON bodies(cid);
CREATE INDEX IF NOT EXISTS bodies_by_seq ON bodies(window, seq);
CREATE TABLE IF NOT EXISTS event_segments(segment INTEGER PRIMARY KEY, bodies INTEGER NOT NULL);
"""

EVIDENCE_SCHEMA = """
CREATE TABLE IF NOT EXISTS evidence(
    key BLOB NOT NULL, audience BLOB NOT NULL, stream TEXT NOT NULL, seq INTEGER NOT NULL,
    segment INTEGER NOT NULL, position INTEGER NOT NULL, received_ms INTEGER NOT NULL,
    PRIMARY KEY(key, audience, stream, seq)) WITHOUT ROWID;
"""


@dataclass(slots=True)
class EventsItem:
    """What the index needs of one stored body; made at admission or from the record at replay."""

    vault: bytes
    stream: str
    key: bytes
    first_offset: int
    count: int
    seq: int
    t_ms: int
    received_ms: int
    bytes: int
    clock: int


def item_of(record: EventsRecord) -> EventsItem:
    """The index's view of a decoded record."""
    return EventsItem(
        vault=record.audience,
        stream=record.stream,
        key=record.key,
        first_offset=record.first_offset,
        count=record.count,
        seq=record.seq,
        t_ms=record.t_ms,
        received_ms=record.received_ms,
        bytes=len(record.body),
        clock=record.clock_quality,
    )


Batch = Sequence[tuple[Placed, EventsItem]]


def apply_events(conn: sqlite3.Connection, batch: Batch) -> None:
    """Follow the log inside its index transaction: heads, windows, one row per body, usage.

    Offsets of a round that was taken back are given out again. If the medium kept such a round after all, a crash
    revives it: nobody was told of it, so the later record of the same offsets takes its place.
    """
    heads = _read_heads(conn, batch)
    run: list[tuple[Placed, EventsItem]] = []
    for placed, item in batch:
        name = item.vault, item.stream
        if item.first_offset < heads[name]:
            _append(conn, run)
            run = []
            _take_back(conn, item)
        heads[name] = item.first_offset + item.count
        run.append((placed, item))
    _append(conn, run)


def _read_heads(conn: sqlite3.Connection, batch: Batch) -> dict[tuple[bytes, str], int]:
    heads = {}
    for name in {(item.vault, item.stream) for _, item in batch}:
        row = conn.execute("SELECT next_offset FROM streams WHERE vault = ? AND name = ?", name).fetchone()
        heads[name] = row[0] if row else 0
    return heads


def _take_back(conn: sqlite3.Connection, item: EventsItem) -> None:
    (stream,) = conn.execute(
        "SELECT id FROM streams WHERE vault = ? AND name = ?", (item.vault, item.stream)
    ).fetchone()
    gone = conn.execute(
        "DELETE FROM bodies WHERE stream = ? AND first_offset + count > ? RETURNING count, bytes, segment",
        (stream, item.first_offset),
    ).fetchall()
    size = sum(size for _, size, _ in gone)
    conn.execute(
        "UPDATE streams SET next_offset = ?, bodies = bodies - ?, bytes = bytes - ? WHERE id = ?",
        (item.first_offset, len(gone), size, stream),
    )
    events = sum(count for count, _, _ in gone)
    count_segments(conn, Counter(segment for _, _, segment in gone), -1)
    add_usage(conn, [Added(item.vault, None, -size, item.received_ms, bodies=-len(gone), events=-events)])


def _append(conn: sqlite3.Connection, batch: Batch) -> None:
    streams = _grow_streams(conn, batch)
    windows = _grow_windows(conn, batch, streams)
    conn.executemany(
        "INSERT INTO bodies(stream, first_offset, count, cid, segment, position, bytes, window, seq, t_ms, received_ms,"
        " clock) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
        [
            (
                streams[item.vault, item.stream],
                item.first_offset,
                item.count,
                placed.cid,
                placed.position.segment,
                placed.position.offset,
                item.bytes,
                windows[item.vault, item.stream, item.key],
                seq_to_row(item.seq),
                seq_to_row(item.t_ms),
                item.received_ms,
                item.clock,
            )
            for placed, item in batch
        ],
    )
    count_segments(conn, Counter(placed.position.segment for placed, _ in batch), 1)
    add_usage(conn, [Added(i.vault, i.key, i.bytes, i.received_ms, bodies=1, events=i.count) for _, i in batch])


def count_segments(conn: sqlite3.Connection, bodies: Mapping[int, int], sign: int) -> None:
    """Add (1) or take off (-1) so many bodies per segment: one that has none left may be dropped once it is sealed."""
    conn.executemany(
        "INSERT INTO event_segments(segment, bodies) VALUES(?,?)"
        " ON CONFLICT(segment) DO UPDATE SET bodies = bodies + excluded.bodies",
        [(segment, sign * count) for segment, count in bodies.items()],
    )


def _grow_streams(conn: sqlite3.Connection, batch: Batch) -> dict[tuple[bytes, str], int]:
    grown: dict[tuple[bytes, str], list[int]] = {}
    for _, item in batch:
        totals = grown.setdefault((item.vault, item.stream), [0, 0, 0, 0])
        totals[0] = max(totals[0], item.first_offset + item.count)
        totals[1] += 1
        totals[2] += item.bytes
        totals[3] = max(totals[3], item.received_ms)
    ids = {}
    for (vault, name), totals in grown.items():
        (ids[vault, name],) = conn.execute(
            "INSERT INTO streams(vault, name, next_offset, bodies, bytes, last_received_ms) VALUES(?,?,?,?,?,?)"
            " ON CONFLICT(vault, name) DO UPDATE SET next_offset = max(next_offset, excluded.next_offset),"
            " bodies = bodies + excluded.bodies, bytes = bytes + excluded.bytes,"
            " last_received_ms = max(last_received_ms, excluded.last_received_ms) RETURNING id",
            (vault, name, *totals),
        ).fetchone()
    return ids


def _grow_windows(
    conn: sqlite3.Connection,
    batch: Batch,
    streams: dict[tuple[bytes, str], int],
) -> dict[tuple[bytes, str, bytes], int]:
    seqs: dict[tuple[bytes, str, bytes], list[int]] = {}
    for _, item in batch:
        seqs.setdefault((item.vault, item.stream, item.key), []).append(item.seq)
    ids = {}
    for (vault, name, key), added in seqs.items():
        where = (streams[vault, name], key)
        row = conn.execute("SELECT highest, bits FROM windows WHERE stream = ? AND key = ?", where).fetchone()
        window = ReplayWindow.from_row(*row) if row else ReplayWindow()
        for seq in added:
            window.add(seq)
        (ids[vault, name, key],) = conn.execute(
            "INSERT INTO windows(stream, key, highest, bits) VALUES(?,?,?,?)"
            " ON CONFLICT(stream, key) DO UPDATE SET highest = excluded.highest, bits = excluded.bits RETURNING id",
            (*where, *window.to_row()),
        ).fetchone()
    return ids


def apply_evidence(conn: sqlite3.Connection, batch: Sequence[tuple[Placed, EvidenceRecord]]) -> None:
    """Keep where each piece of evidence stands; the first per sequence number."""
    conn.executemany(
        "INSERT OR IGNORE INTO evidence(key, audience, stream, seq, segment, position, received_ms)"
        " VALUES(?,?,?,?,?,?,?)",
        [
            (r.key, r.audience, r.stream, seq_to_row(r.seq), p.position.segment, p.position.offset, r.received_ms)
            for p, r in batch
        ],
    )


@dataclass(slots=True)
class Loaded:
    """What admission asked the index for: heads and windows, absent ones left out."""

    heads: dict[HeadKey, int]
    windows: dict[WindowKey, ReplayWindow]

    def head(self, key: HeadKey) -> int:
        """The stream's next offset; 0 for one that does not exist yet."""
        return self.heads.get(key, 0)

    def window(self, key: WindowKey) -> ReplayWindow:
        """The signer's window; an empty one if it never wrote here."""
        return self.windows.get(key) or ReplayWindow()


def load_state(conn: sqlite3.Connection, heads: Iterable[HeadKey], windows: Iterable[WindowKey]) -> Loaded:
    """Read heads and windows for admission, in one hop."""
    loaded = Loaded({}, {})
    for vault, name in heads:
        row = conn.execute("SELECT next_offset FROM streams WHERE vault = ? AND name = ?", (vault, name)).fetchone()
        if row:
            loaded.heads[vault, name] = row[0]
    for key, vault, name in windows:
        row = conn.execute(
            "SELECT highest, bits FROM windows JOIN streams ON streams.id = windows.stream"
            " WHERE vault = ? AND name = ? AND key = ?",
            (vault, name, key),
        ).fetchone()
        if row:
            loaded.windows[key, vault, name] = ReplayWindow.from_row(*row)
    return loaded


@dataclass(frozen=True, slots=True)
class BodyRow:
    """One stored body in the index."""

    first_offset: int
    count: int
    cid: Cid
    position: Position
    bytes: int
    t_ms: int


_SELECT_BODY = "SELECT first_offset, count, cid, segment, position, bodies.bytes, t_ms FROM bodies"


_SELECT_PAGE = (
    _SELECT_BODY  # noqa: S608 - constants
    + " WHERE stream = ? AND first_offset >= coalesce("
    " (SELECT max(first_offset) FROM bodies WHERE stream = ? AND first_offset <= ?), 0) ORDER BY first_offset"
)


def _body_row(row: tuple[int, int, bytes, int, int, int, int]) -> BodyRow:
    first, count, cid, segment, offset, size, t_ms = row
    return BodyRow(first, count, Cid(cid), Position(SegmentClass.EV, segment, offset), size, seq_from_row(t_ms))


def find_by_seq(
    conn: sqlite3.Connection, key: PublicKey, vault: VaultId, stream: StreamName, seq: int
) -> BodyRow | None:
    """The body stored under a signer's sequence number."""
    row = conn.execute(
        _SELECT_BODY + " JOIN windows ON windows.id = bodies.window"
        " JOIN streams ON streams.id = windows.stream"
        " WHERE vault = ? AND name = ? AND windows.key = ? AND seq = ?",
        (vault, stream, key, seq_to_row(seq)),
    ).fetchone()
    return _body_row(row) if row else None


def find_by_cid(conn: sqlite3.Connection, vault: VaultId, cid: Cid) -> BodyRow | None:
    """A body of this vault under its CID, the first one stored."""
    row = conn.execute(
        _SELECT_BODY + " JOIN streams ON streams.id = bodies.stream"
        " WHERE cid = ? AND vault = ? ORDER BY bodies.id LIMIT 1",
        (cid, vault),
    ).fetchone()
    return _body_row(row) if row else None


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A stream's summary: counts, bytes, the offsets kept and when it last grew."""

    stream: str
    events: int
    bodies: int
    bytes: int
    first_offset: int
    next_offset: int
    last_received: int


def list_streams(conn: sqlite3.Connection, vault: VaultId) -> list[StreamRow]:
    """Every stream of a vault by name."""
    rows = conn.execute(
        "SELECT name, bodies, bytes, next_offset, last_received_ms, coalesce("
        " (SELECT first_offset FROM bodies WHERE stream = streams.id ORDER BY first_offset LIMIT 1), next_offset)"
        " FROM streams WHERE vault = ? ORDER BY name",
        (vault,),
    )
    return [
        StreamRow(name, end - first, bodies, size, first, end, last) for name, bodies, size, end, last, first in rows
    ]


class Head(NamedTuple):
    """Where a stream begins and ends: the first offset kept (`end` when nothing is) and the next to be given out."""

    first: int
    end: int


_HEAD = (
    "SELECT json_array((SELECT first_offset FROM bodies WHERE stream = streams.id ORDER BY first_offset LIMIT 1),"
    " next_offset) FROM streams WHERE vault = asked.vault AND name = asked.name"
)


def find_heads(conn: sqlite3.Connection, streams: Sequence[HeadKey]) -> list[Head]:
    """The head of each stream; zeros for one that holds nothing yet."""
    found = [head or (None, 0) for head in find_each(conn, ("vault", "name"), _HEAD, streams)]
    return [Head(end if first is None else first, end) for first, end in found]


def find_page(
    conn: sqlite3.Connection, vault: VaultId, stream: StreamName, start: int, limit: int, bytes_max: int
) -> tuple[int, list[BodyRow]] | None:
    """(the stream's end, the bodies that cover offsets from `start`), cut at `limit` events or `bytes_max`.

    Where nothing is kept at `start`, the page begins with the first body after it.
    """
    head = conn.execute("SELECT id, next_offset FROM streams WHERE vault = ? AND name = ?", (vault, stream)).fetchone()
    if head is None:
        return None
    stream_id, end = head
    cursor = conn.execute(
        _SELECT_PAGE,
        (stream_id, stream_id, start),
    )
    page: list[BodyRow] = []
    size = 0
    for row in map(_body_row, cursor):
        if row.first_offset + row.count <= start:
            continue
        start = start if page else max(start, row.first_offset)
        if row.first_offset >= start + limit or (page and size + row.bytes > bytes_max):
            break
        page.append(row)
        size += row.bytes
    return end, page
