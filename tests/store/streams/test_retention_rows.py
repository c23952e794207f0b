"""Anchors in the index: the same rows whether the bodies were seen, were dropped before, or come twice."""

import json
import sqlite3
from pathlib import Path

import pytest

from edge_node.base.ids import StreamName, VaultId
from edge_node.journal import Placed, Position, SegmentClass
from edge_node.store import usage
from edge_node.store.streams import rows
from edge_node.store.streams.records import RETENTION_KIND, VERSION, RetentionRecord
from edge_node.store.streams.retention_rows import (
    ANCHORS_SCHEMA,
    Anchored,
    apply_retention,
    find_anchored_first,
    find_anchors,
    find_dead_segments,
    mark_signers,
    read_candidates,
    read_oldest,
)
from edge_node.store.streams.rows import EventsItem, apply_events, find_page, load_state
from edge_node.store.usage import DAY_MS
from edge_node.trust.retention_anchor import anchor_digest

VAULT, STREAM, KEY = VaultId(b"v" * 32), StreamName("site/a"), b"k" * 32
VECTORS = Path(__file__).parents[2] / "vectors/trust/retention_anchor.json"
DOCUMENT = json.loads(VECTORS.read_text())["vectors"][0]["envelope"].encode()
DAY = 20_000


def opened() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:")
    conn.executescript(rows.SCHEMA + rows.EVIDENCE_SCHEMA + usage.SCHEMA + ANCHORS_SCHEMA)
    return conn


def entry(
    seq: int, first_offset: int, count: int = 1, *, segment: int = 1, clock: int = 2
) -> tuple[Placed, EventsItem]:
    cid = bytes([1, 2, 0x1E, 0x20]) + bytes([seq]) * 32
    placed = Placed(Position(SegmentClass.EV, segment, 64 * seq), seq, 10, cid)
    return placed, EventsItem(VAULT, STREAM, KEY, first_offset, count, seq, 7, DAY * DAY_MS + seq, 10, clock)


def removal(conn: sqlite3.Connection, bodies: int, number: int = 1) -> tuple[Placed, RetentionRecord]:
    """The record that removes the oldest bodies."""
    oldest = read_oldest(conn, VAULT, STREAM, bodies)
    assert oldest is not None
    last = oldest.bodies[-1].body
    record = RetentionRecord(
        RETENTION_KIND, VERSION, VAULT, STREAM, number, last.first_offset + last.count,
        max(kept.body.received_ms for kept in oldest.bodies),
        mark_signers(oldest.bodies), DOCUMENT, b"c",
    )  # fmt: skip
    return Placed(Position(SegmentClass.RC, 1, 64 * number), 100 + number, 10, b""), record


def state(conn: sqlite3.Connection) -> dict[str, list[tuple]]:
    tables = ("streams", "bodies", "windows", "usage", "key_days", "anchors")
    kept = {name: conn.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in tables}
    kept["bodies"] = [row[1:] for row in kept["bodies"]]
    return kept


LOG = [entry(1, 0, 2), entry(2, 2), entry(9, 3, segment=2), entry(4, 4, segment=2)]


@pytest.mark.parametrize("gone", [1, 2, 3, 4])
def test_with_or_without_the_removed_bodies_the_rows_are_the_same(gone: int) -> None:
    """An index made from what is left of the log knows streams, windows, ends and usage as the one that saw it all."""
    seen = opened()
    apply_events(seen, LOG)
    anchor = removal(seen, gone)
    apply_retention(seen, [anchor])
    unseen = opened()
    apply_events(unseen, LOG[gone:])
    apply_retention(unseen, [anchor])
    assert state(unseen) == state(seen)
    for conn in (seen, unseen):
        heads = load_state(conn, [(VAULT, STREAM)], [(KEY, VAULT, STREAM)])
        assert heads.head((VAULT, STREAM)) == 5
        found = find_anchors(conn, VAULT, STREAM, 1, 9)
        assert found is not None
        assert [(row.number, row.position) for row in found[1]] == [(1, anchor[0].position)]
        assert find_anchored_first(conn, VAULT, STREAM) == anchor[1].first_offset
    assert seen.execute("SELECT bytes, bodies, events FROM usage").fetchone() == (
        10 * (4 - gone), 4 - gone, sum(item.count for _, item in LOG[gone:]),
    )  # fmt: skip
    assert seen.execute("SELECT day, bytes FROM key_days").fetchall() == [(DAY, 40)]


def test_segments_without_a_body_are_found() -> None:
    """Sealed ones only: below the number that is still open."""
    conn = opened()
    apply_events(conn, LOG)
    assert find_dead_segments(conn, 5) == []
    apply_retention(conn, [removal(conn, 2)])
    assert (find_dead_segments(conn, 5), find_dead_segments(conn, 1)) == ([1], [])


def test_a_revived_body_that_was_replaced_does_not_outlive_the_anchor() -> None:
    """Its successor may have been dropped with its segment: the end is where the anchor says."""
    conn = opened()
    apply_events(conn, [entry(1, 0), entry(2, 1, 7)])  # the second was taken back; what took its place is gone
    other = opened()
    apply_events(other, [entry(1, 0), entry(2, 1, 7), entry(3, 1)])
    anchor = removal(other, 2)
    for one in (conn, other):
        apply_retention(one, [anchor])
        assert one.execute("SELECT next_offset, bodies, bytes FROM streams").fetchone() == (2, 0, 0)
        assert find_page(one, VAULT, STREAM, 0, 10, 1_000) == (2, [])


def test_what_is_read_for_a_plan() -> None:
    """The oldest bodies with their signed facts, the stream's size and end, its newest anchor, a bad clock's heir."""
    conn = opened()
    assert read_oldest(conn, VAULT, STREAM, 5) is None
    apply_events(conn, [entry(1, 0, 2, clock=0), entry(2, 2, clock=0), entry(3, 3)])
    oldest = read_oldest(conn, VAULT, STREAM, 2)
    assert oldest is not None
    assert (oldest.facts.bytes, oldest.facts.end, oldest.anchored) == (30, 4, Anchored())
    assert [(kept.body.first_offset, kept.body.trusted, kept.seq, kept.t_ms) for kept in oldest.bodies] == [
        (0, False, 1, 7), (2, False, 2, 7),
    ]  # fmt: skip
    assert oldest.heir_ms == DAY * DAY_MS + 3
    later = read_oldest(conn, VAULT, STREAM, 2, 2)
    assert later is not None
    assert [kept.body.first_offset for kept in later.bodies] == [2, 3]
    assert later.heir_ms is None
    apply_retention(conn, [removal(conn, 1)])
    after = read_oldest(conn, VAULT, STREAM, 2)
    assert after is not None
    assert after.anchored == Anchored(1, 2, anchor_digest(DOCUMENT))


def test_streams_are_looked_at_in_portions() -> None:
    """Each once; those without a body are passed over."""
    conn = opened()
    for number, name in enumerate("abc"):
        placed, item = entry(1, 0)
        item.stream, item.seq = f"site/{name}", number
        apply_events(conn, [(placed, item)])
    conn.execute("DELETE FROM bodies WHERE stream = 2")
    seen, after = [], 0
    while after is not None:
        after, found = read_candidates(conn, after, 2)
        seen += [one.stream for one in found]
    assert seen == ["site/a", "site/c"]
    assert found[0].oldest.bytes == found[0].facts.bytes == 10
