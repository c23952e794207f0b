"""Names in meta.db: the last record of each counts, in log order, and a bucket's names are counted."""

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from edge_node.journal import Placed, Position, SegmentClass
from edge_node.store.name_rows import SCHEMA, apply_names, count_names, count_names_of, find_names, page_names
from edge_node.store.records import NAME_KIND, VERSION, NameChange

PLACED = Placed(Position(SegmentClass.RC, 1, 64), 1, 1, b"")


ANN, BOB = b"a" * 32, b"b" * 32


def change(bucket: int, name: str, record: bytes, owner: bytes = ANN) -> NameChange:
    return NameChange(NAME_KIND, VERSION, owner, b"k" * 32, 0, 0, bucket, name, record)


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abc"), st.binary(max_size=3))), st.integers(1, 5))
def test_the_last_record_counts(plan: list[tuple[int, str, bytes]], together: int) -> None:
    """However the log was batched."""
    conn = sqlite3.connect(":memory:")
    conn.executescript(SCHEMA)
    for at in range(0, len(plan), together):
        apply_names(conn, [(PLACED, change(*one)) for one in plan[at : at + together]])
    names = {(bucket, name): record for bucket, name, record in plan}
    for bucket in range(3):
        mine = sorted(name for number, name in names if number == bucket)
        assert count_names_of(conn, bucket, ANN) == count_names(conn).get(bucket, 0) == len(mine)
        assert page_names(conn, bucket, "", "", 9) == [names[bucket, name] for name in mine]
        for name in "abc":
            assert find_names(conn, [(bucket, ANN, name)])[0] == names.get((bucket, name))


def test_a_bucket_that_changes_hands_takes_no_names_along() -> None:
    """Under the same number each owner has its own, and room for as many; the operator sees them all."""
    conn = sqlite3.connect(":memory:")
    conn.executescript(SCHEMA)
    apply_names(conn, [(PLACED, change(7, "a", b"ann's")), (PLACED, change(7, "b", b"ann's too"))])
    assert find_names(conn, [(7, BOB, "a")])[0] is None
    assert count_names_of(conn, 7, BOB) == 0
    apply_names(conn, [(PLACED, change(7, "a", b"bob's", BOB))])
    assert (find_names(conn, [(7, ANN, "a")])[0], find_names(conn, [(7, BOB, "a")])[0]) == (b"ann's", b"bob's")
    assert (count_names_of(conn, 7, ANN), count_names_of(conn, 7, BOB), count_names(conn)) == (2, 1, {7: 3})
    assert page_names(conn, 7, "", "", 9) == [b"ann's", b"bob's", b"ann's too"]


def test_pages() -> None:
    """In the order of their UTF-8 bytes, beyond a name, with a part in it, at most so many."""
    conn = sqlite3.connect(":memory:")
    conn.executescript(SCHEMA)
    order = ["B/x", "a", "a/x", "é", "\U0001f600"]
    apply_names(conn, [(PLACED, change(7, name, name.encode())) for name in reversed(order)])
    assert [record.decode() for record in page_names(conn, 7, "", "", 9)] == order
    assert [record.decode() for record in page_names(conn, 7, "a", "", 2)] == ["a/x", "é"]
    assert [record.decode() for record in page_names(conn, 7, "", "/x", 9)] == ["B/x", "a/x"]
    assert page_names(conn, 8, "", "", 9) == []


def test_a_database_of_an_earlier_release() -> None:
    """On a disk that cannot be written it has no such tables, and is read all the same."""
    conn = sqlite3.connect(":memory:")
    assert find_names(conn, [(7, ANN, "a")])[0] is None
    assert page_names(conn, 7, "", "", 9) == []
    assert count_names(conn) == {}
