"""The event index follows the log: live, at replay, and when a crash revives what was taken back."""

import sqlite3

from edge_node.base.ids import StreamName, VaultId
from edge_node.journal import Placed, Position, SegmentClass
from edge_node.store import usage
from edge_node.store.streams import rows
from edge_node.store.streams.rows import EventsItem, apply_events, find_page, list_streams

VAULT, STREAM = VaultId(b"v" * 32), StreamName("site/a")


def opened() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:")
    conn.executescript(rows.SCHEMA + rows.EVIDENCE_SCHEMA + usage.SCHEMA)
    return conn


def entry(seq: int, first_offset: int, count: int, at: int) -> tuple[Placed, EventsItem]:
    placed = Placed(Position(SegmentClass.EV, 1, at), seq, 10, bytes([1, 2, 0x1E, 0x20]) + bytes([seq]) * 32)
    return placed, EventsItem(VAULT, STREAM, b"k" * 32, first_offset, count, seq, 0, 0, 10, 2)


def test_a_revived_round_gives_way_to_what_was_acknowledged_later() -> None:
    """Offsets given out twice belong to the later record, whether both come in one batch or in two."""
    log = [entry(1, 0, 2, 64), entry(2, 2, 5, 200), entry(3, 2, 1, 400), entry(4, 3, 1, 600)]
    for cut in range(len(log)):
        conn = opened()
        apply_events(conn, log[:cut])
        apply_events(conn, log[cut:])
        found = find_page(conn, VAULT, STREAM, 0, 100, 1_000)
        assert found is not None
        end, page = found
        assert end == 4
        assert [(row.first_offset, row.count, row.position.offset) for row in page] == [
            (0, 2, 64),
            (2, 1, 400),
            (3, 1, 600),
        ]
        (summary,) = list_streams(conn, VAULT)
        assert (summary.events, summary.bodies, summary.bytes) == (4, 3, 30)
        assert conn.execute("SELECT bytes, bodies, events FROM usage").fetchone() == (30, 3, 4)
