"""The index of activity: where records lie, which minutes are unfinished, and every signed request once."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.activity.note import NOTE_KIND, NOTE_VERSION, Delta, NoteRecord
from edge_node.activity.record import (
    ACTIVITY_KIND,
    VERSION,
    Action,
    ActivityRecord,
    Part,
    PartDigest,
    digest_part,
    identity_of_raw,
)
from edge_node.activity.rows import SCHEMA, SLOT_MS, Totals, apply_notes, apply_records, find_unfinished, list_totals
from edge_node.journal import Placed, Position, SegmentClass
from edge_node.trust.activity_request import RequestType
from tests.activity.rig import CID, HOLDER, NODE, NOW_MS, request

TABLES = ("activity", "activity_open", "activity_counted", "activity_slots", "activity_totals")


def placed(sequence: int) -> Placed:
    return Placed(Position(SegmentClass.RC, 1, sequence * 8), sequence, 100, b"")


def part(number: int, sent: tuple[int, int], acked: tuple[int, int] = (0, 0), kind: RequestType = RequestType.GET):
    return Part(CID, *sent, *acked, request(number, kind).raw if number else b"", b"")


def record(window: int, *parts: Part, action: Action = Action.READ, bucket: int = 7, at_ms: int = NOW_MS, **more):
    fields = {"count": len(parts), "digests": []} | more
    total = sum(one.sent_to - one.sent_from for one in parts) + more.pop("unlisted", 0)
    fields.pop("unlisted", None)
    fields["count"] += len(fields["digests"]) if "count" not in more else 0
    total += sum(one.sent_to - one.sent_from for one in fields["digests"])
    acked = sum(one.acked_to - one.acked_from for one in parts)
    return ActivityRecord(
        ACTIVITY_KIND, VERSION, action, NODE, HOLDER, bucket, window.to_bytes(16, "big"), bytes(16), at_ms, at_ms, 2,
        fields["count"], total, acked, list(parts), fields["digests"],
    )  # fmt: skip


def note(*windows: bytes) -> NoteRecord:
    deltas = [Delta(window, HOLDER, 7, bytes(16), NOW_MS, 1, 0, 0, [], []) for window in windows]
    return NoteRecord(NOTE_KIND, NOTE_VERSION, NODE, NOW_MS, 2, deltas)


@pytest.fixture
def conn():
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA)
    yield connection
    connection.close()


def apply(conn, *records: ActivityRecord, start: int = 1) -> None:
    apply_records(conn, [(placed(start + at), one) for at, one in enumerate(records)])


def test_stores_and_reads_add_up_per_bucket(conn):
    """What is stored and what is read are told apart, and so are buckets."""
    apply(
        conn,
        record(1, part(1, (0, 17), kind=RequestType.STORE), action=Action.STORE),
        record(2, part(2, (0, 50), (0, 30)), part(0, (0, 5))),
        record(3, part(3, (0, 9)), bucket=8),
    )
    assert list_totals(conn)[7] == Totals(stores=1, stored_bytes=17, reads=2, sent_bytes=55, acked_bytes=30)
    assert list_totals(conn)[8] == Totals(reads=1, sent_bytes=9)
    assert set(list_totals(conn)) == {7, 8}


def test_a_request_counts_once(conn):
    """The same (signer, request id, type) again adds only what lies above what it added before."""
    apply(conn, record(1, part(1, (0, 100), (0, 100))))
    apply(conn, record(2, part(1, (0, 100), (0, 100))), start=2)
    assert list_totals(conn)[7] == Totals(reads=1, sent_bytes=100, acked_bytes=100)
    apply(conn, record(3, part(1, (0, 120), (0, 110))), start=3)
    assert list_totals(conn)[7] == Totals(reads=1, sent_bytes=120, acked_bytes=110)


def test_a_request_counts_once_also_as_a_digest(conn):
    """Listed in full in one record and as a digest in another, it is the same request."""
    whole = part(1, (0, 100), (0, 100))
    digest = digest_part(whole, identity_of_raw(whole.request))
    apply(conn, record(1, whole), record(2, digests=[digest]))
    assert list_totals(conn)[7] == Totals(reads=1, sent_bytes=100, acked_bytes=100)


def test_a_store_and_a_read_of_one_id_are_two(conn):
    """The type is part of what counts once."""
    apply(
        conn,
        record(1, part(1, (0, 10), kind=RequestType.STORE), action=Action.STORE),
        record(2, part(1, (0, 10))),
    )
    assert list_totals(conn)[7] == Totals(1, 10, 1, 10, 0)


def test_a_long_read_counts_as_one(conn):
    """Its parts in several records add up to what was sent."""
    apply(conn, record(1, part(1, (0, 40))), record(2, part(1, (40, 70), (0, 70))), record(3, part(0, (30, 60))))
    assert list_totals(conn)[7] == Totals(reads=1, sent_bytes=100, acked_bytes=70)


def test_reads_that_are_not_listed_count_as_they_are_told(conn):
    """Beyond the twelfth a read without a request stands in the counters alone."""
    apply(conn, record(1, *[part(0, (0, 10))] * 12, count=40, unlisted=280))
    assert list_totals(conn)[7] == Totals(reads=40, sent_bytes=400)


def test_a_part_whose_request_cannot_be_read_does_not_stop_the_log(conn):
    """A log that holds what this release cannot read still applies, as told."""
    apply(conn, record(1, Part(CID, 0, 10, 0, 0, b"\xff\xff", b"")))
    assert list_totals(conn)[7] == Totals(reads=1, sent_bytes=10)


def test_the_largest_bucket_number_has_its_row(conn):
    """64 bits without a sign are more than SQLite's integers; they are kept all the same."""
    for bucket in (2**63 - 1, 2**63, 2**64 - 1):
        apply(conn, record(1, part(0, (0, 1)), bucket=bucket), start=bucket % 1_000)
        assert list_totals(conn)[bucket] == Totals(reads=1, sent_bytes=1)


def test_who_was_counted_is_forgotten_after_two_slots_of_time(conn):
    """Not sooner than the slot after the next, whichever way the clock goes; the table does not grow for ever."""

    def counted() -> int:
        return conn.execute("SELECT count(*) FROM activity_counted").fetchone()[0]

    apply(conn, record(1, part(1, (0, 10)), at_ms=NOW_MS))
    apply(conn, record(2, part(2, (0, 10)), at_ms=NOW_MS + SLOT_MS), start=2)
    assert counted() == 2
    apply(conn, record(3, part(3, (0, 10)), at_ms=NOW_MS + 2 * SLOT_MS), start=3)
    assert counted() == 2
    apply(conn, record(4, part(4, (0, 10)), at_ms=NOW_MS - 10**12), start=4)
    assert counted() == 2
    for number in range(5, 60):
        apply(conn, record(number, part(number, (0, 10)), at_ms=NOW_MS + number * SLOT_MS), start=number)
    assert counted() == 2


def test_unfinished_windows_are_those_with_notes_and_no_record(conn):
    """Their notes are found in log order, those of this process are left alone, and a record takes them out."""
    mine, one, two = b"mine----" + bytes(8), b"former--" + bytes(8), b"former--" + b"\x01" * 8
    apply_notes(conn, [(placed(1), note(one, mine)), (placed(2), note(two)), (placed(3), note(one))])
    positions, windows = find_unfinished(conn, b"mine----")
    assert positions == [placed(sequence).position for sequence in (1, 2, 3)]
    assert windows == {one, two}
    apply(conn, record(int.from_bytes(one, "big"), part(0, (0, 1))), start=4)
    assert find_unfinished(conn, b"mine----") == ([placed(2).position], frozenset({two}))


def dump(connection):
    return {table: sorted(connection.execute(f"SELECT * FROM {table}").fetchall()) for table in TABLES}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 4)), max_size=12), st.integers(1, 4))
def test_the_same_log_gives_the_same_rows(steps, cut):
    """Applied one by one or in batches of any length, twice or once more from the start: the rows are the same."""
    log = [
        (placed(at + 1), record(at, part(number, (0, sent)), at_ms=NOW_MS + slot * SLOT_MS))
        for at, (number, sent, slot) in enumerate(steps)
    ]
    dumps = []
    for size in (1, cut, len(log) or 1):
        connection = sqlite3.connect(":memory:")
        connection.executescript(SCHEMA)
        for start in range(0, len(log), size):
            apply_records(connection, log[start : start + size])
        dumps.append(dump(connection))
        connection.close()
    assert dumps[0] == dumps[1] == dumps[2]


def test_a_digest_without_acknowledgement_counts_its_bytes(conn):
    """Digests carry their own numbers."""
    apply(conn, record(1, digests=[PartDigest(b"i" * 16, b"e" * 32, 0, 30, 0, 20)]))
    assert list_totals(conn)[7] == Totals(reads=1, sent_bytes=30, acked_bytes=20)
