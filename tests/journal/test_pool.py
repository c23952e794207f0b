"""Read-only connections, lent and taken back."""

import sqlite3
import threading
from pathlib import Path

import pytest

from edge_node.journal.pool import IDLE_MAX, ReadPool


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "some.db"
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (7);")
    connection.close()
    return path


def seven(connection: sqlite3.Connection, more: int = 0) -> int:
    return connection.execute("SELECT x FROM t").fetchone()[0] + more


def test_a_query_runs_with_its_arguments(database: Path) -> None:
    """In the calling thread."""
    pool = ReadPool(database.as_uri())
    assert pool.run(seven, 1) == 8
    pool.close()


def test_nothing_can_be_written(database: Path) -> None:
    """A query that writes is a mistake, and is told so."""
    pool = ReadPool(database.as_uri())
    with pytest.raises(sqlite3.OperationalError):
        pool.run(lambda connection: connection.execute("INSERT INTO t VALUES (8)"))
    assert pool.run(seven) == 7
    pool.close()


def test_a_snapshot_left_open_is_closed(database: Path) -> None:
    """Else the write-ahead log would grow for ever."""
    pool = ReadPool(database.as_uri())
    pool.run(lambda connection: connection.execute("BEGIN").execute("SELECT * FROM t").fetchall())
    assert pool.run(lambda connection: connection.in_transaction) is False
    pool.close()


def test_a_connection_is_reused_and_only_some_are_kept(database: Path) -> None:
    """Threads that read at once each get their own."""
    pool, gate = ReadPool(database.as_uri()), threading.Barrier(IDLE_MAX + 2)
    used: list[sqlite3.Connection] = []

    def hold(connection: sqlite3.Connection) -> None:
        used.append(connection)
        gate.wait(30)

    threads = [threading.Thread(target=pool.run, args=(hold,)) for _ in range(IDLE_MAX + 1)]
    for thread in threads:
        thread.start()
    gate.wait(30)
    for thread in threads:
        thread.join()
    assert len(set(map(id, used))) == IDLE_MAX + 1
    assert pool.run(lambda connection: connection in used)
    pool.close()


def test_a_connection_lent_while_closing_is_closed_on_return(database: Path) -> None:
    """Closing does not pull a connection from under a query."""
    pool = ReadPool(database.as_uri())
    lent: list[sqlite3.Connection] = []

    def close_meanwhile(connection: sqlite3.Connection) -> int:
        lent.append(connection)
        pool.close()
        return seven(connection)

    assert pool.run(close_meanwhile) == 7
    with pytest.raises(sqlite3.ProgrammingError):
        lent[0].execute("SELECT 1")
