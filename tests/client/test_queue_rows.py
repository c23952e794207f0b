"""The rows of a queue database."""

import sqlite3
from collections.abc import Iterator

import pytest

from edge_node.base.ids import StreamName, VaultId
from edge_node.client.queue_rows import (
    SCHEMA,
    QueuedBody,
    RefusedBody,
    delete_waiting,
    droppable,
    insert_refused,
    insert_waiting,
    list_refused,
    mark_acknowledged,
    marks_of,
    oldest,
    restore_refused,
    transaction,
)  # fmt: skip
from edge_node.client.sequence import Marks, make_seq

VAULT, STREAM = VaultId(b"v" * 32), StreamName("s")


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    """An empty queue database in memory."""
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.executescript(SCHEMA)
    yield conn
    conn.close()


def body(life: int, counter: int, identity: int = 0, stream: str = "s") -> QueuedBody:
    return QueuedBody(identity, VAULT, StreamName(stream), make_seq(life, counter), "h", "t", b"body", 10)


def test_rows_come_back_as_they_went_in(conn: sqlite3.Connection) -> None:
    """Oldest first, with every field."""
    insert_waiting(conn, body(1, 5))
    insert_waiting(conn, body(1, 6))
    assert oldest(conn) == body(1, 5, identity=1)


def test_the_newest_of_each_life_is_never_dropped(conn: sqlite3.Connection) -> None:
    """It is the step without which the node would refuse the next life as a jump."""
    for life, counter in ((1, 0), (1, 1), (2, 0), (3, 0)):
        insert_waiting(conn, body(life, counter))
    insert_waiting(conn, body(1, 0, stream="other"))
    assert droppable(conn, sending=0) == (1, 10)
    assert droppable(conn, sending=1) is None  # the one in flight may be stored already


def test_marks_follow_what_happened(conn: sqlite3.Connection) -> None:
    """The highest acknowledged, the highest waiting, the highest refused of each later life."""
    assert marks_of(conn, VAULT, STREAM) == Marks(None, None, {})
    mark_acknowledged(conn, VAULT, STREAM, make_seq(4, 7))
    mark_acknowledged(conn, VAULT, STREAM, make_seq(4, 6))
    insert_waiting(conn, body(5, 1))
    for life, counter in ((3, 9), (5, 0), (5, 3), (5, 2)):
        insert_refused(conn, RefusedBody(body(life, counter, identity=100 * life + counter), 1, 403, "s", "d", "r"))
    assert marks_of(conn, VAULT, STREAM) == Marks(
        make_seq(4, 7), make_seq(5, 1), {3: make_seq(3, 9), 5: make_seq(5, 3)}
    )
    mark_acknowledged(conn, VAULT, STREAM, make_seq(5, 1))
    assert marks_of(conn, VAULT, STREAM).refused == {5: make_seq(5, 3)}


def test_refused_bodies_go_back_to_their_places(conn: sqlite3.Connection) -> None:
    """Under the same id, hence before what was recorded later."""
    refused = RefusedBody(body(1, 0, identity=3), 99, 403, "device-suspended", "detail", "remedy")
    insert_refused(conn, refused)
    insert_waiting(conn, body(1, 1, identity=8))
    assert list_refused(conn, 10) == [refused]
    assert restore_refused(conn) == 1
    assert oldest(conn) == refused.queued
    assert list_refused(conn, 10) == []


def test_a_transaction_is_all_or_nothing(conn: sqlite3.Connection) -> None:
    """An error in the block takes back what was done before it."""
    insert_waiting(conn, body(1, 0, identity=1))
    with pytest.raises(sqlite3.IntegrityError), transaction(conn):  # noqa: PT012 - the block is what is tested
        delete_waiting(conn, 1)
        conn.execute("INSERT INTO owner VALUES(NULL)")
    assert oldest(conn) == body(1, 0, identity=1)
