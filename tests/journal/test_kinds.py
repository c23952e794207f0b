"""Kinds, their table, and how records are cut into batches."""

import sqlite3
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.journal import Database, Placed, Position, Record, SegmentClass
from edge_node.journal.kinds import KindClash, KindTable, runs
from tests.journal.rig import ERASE, FACT, NOTE, rig_kinds

NOTES, BLOBS, FACTS, ERASES = rig_kinds()


def placed(sequence: int) -> Placed:
    return Placed(Position(SegmentClass.EV, 1, 64), sequence, 0, b"")


@pytest.mark.parametrize("number", [0, 256, NOTE])
def test_a_number_must_be_free_and_fit_a_byte(number: int) -> None:
    """Two rooms that take one number are told at start."""
    with pytest.raises(KindClash):
        KindTable([NOTES, replace(BLOBS, number=number)])


def test_kinds_are_found_by_database() -> None:
    """Each database gets the schema of its own kinds, and a shared text once."""
    table = KindTable(rig_kinds())
    assert [kind.number for kind in table.of(Database.META)] == [FACT]
    assert [kind.number for kind in table.of(Database.INDEX)] == [NOTE, 2, ERASE]
    assert table.schema(Database.INDEX).count("CREATE TABLE") == 1


def test_runs_keep_the_order_within_a_family() -> None:
    """Erase, note, erase in one family stay three batches."""
    entries = [(ERASES, placed(1), "a"), (NOTES, placed(2), "b"), (ERASES, placed(3), "c"), (ERASES, placed(4), "d")]
    batches = [(kind.number, [item for _, item in batch]) for kind, batch in runs(entries)]
    assert batches == [(ERASE, ["a"]), (NOTE, ["b"]), (ERASE, ["c", "d"])]


def test_families_make_longer_batches() -> None:
    """Kinds that touch different tables do not cut each other's batches."""
    other = replace(BLOBS, family="other")
    entries = [(NOTES, placed(1), 1), (other, placed(2), 2), (NOTES, placed(3), 3), (other, placed(4), 4)]
    assert [(kind.number, [item for _, item in batch]) for kind, batch in runs(entries)] == [(1, [1, 3]), (2, [2, 4])]


@given(numbers=st.lists(st.integers(0, 3), max_size=30))
def test_no_record_is_lost_or_moved_within_its_family(numbers: list[int]) -> None:
    """For any mix of kinds in two families."""
    kinds = [NOTES, BLOBS, replace(FACTS, family="x"), replace(ERASES, family="x")]
    entries = [(kinds[number], placed(at), at) for at, number in enumerate(numbers)]
    batches = [(kind.family, item) for kind, batch in runs(entries) for _, item in batch]
    for family in ("", "x"):
        wanted = [at for at, number in enumerate(numbers) if kinds[number].family == family]
        assert [item for name, item in batches if name == family] == wanted


def test_a_record_gives_the_place_that_apply_was_given() -> None:
    """Live writes and replay hand the same to `apply`."""
    record = Record(Position(SegmentClass.EV, 1, 64), 9, NOTE, 1, b"", b"four")
    assert record.placed == Placed(record.position, 9, 4, b"")


def test_apply_writes_rows() -> None:
    """A kind's apply runs on any connection with its schema."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(NOTES.schema)
    NOTES.apply(connection, [(placed(1), b"item")])
    assert connection.execute("SELECT sequence, item FROM rows").fetchall() == [(1, b"item")]
    connection.close()
