"""The databases: opened, checked, set aside, applied to."""

import os
import sqlite3
from pathlib import Path

import pytest

from edge_node.journal import Database, NewerFormat, Placed, Position, SegmentClass
from edge_node.journal.index import Applied, JournalDatabase, open_database
from edge_node.journal.kinds import KindTable
from tests.journal.rig import rig_kinds

KINDS = KindTable(rig_kinds())
MARK = {SegmentClass.EV: Applied(1, 200, 5, bytes(16))}
ENTRY = (KINDS[1], Placed(Position(SegmentClass.EV, 1, 64), 5, 3, b""), b"item")
BOTH = pytest.mark.parametrize("database", list(Database))


def opened(path: Path, database: Database = Database.INDEX) -> tuple[JournalDatabase, bool]:
    return open_database(path, database, KINDS)


def alter(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.db"


@BOTH
def test_a_new_database_must_be_filled(path: Path, database: Database) -> None:
    """The second opening finds it filled, with its identity in the header."""
    first, fresh = opened(path, database)
    first.close()
    second, again = opened(path, database)
    assert (fresh, again) == (True, False)
    assert second.connection.execute("PRAGMA application_id").fetchone()[0].to_bytes(4) in {b"EDGI", b"EDGM"}
    assert second.connection.execute("PRAGMA user_version").fetchone() == (1,)
    second.close()


def test_a_database_is_its_owner_s_alone(path: Path) -> None:
    """Whatever umask the process has: file and write-ahead log."""
    former = os.umask(0o022)
    try:
        one, _ = opened(path)
        assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
        one.close()
    finally:
        os.umask(former)


def test_the_index_may_lose_its_newest_commits_and_meta_may_not(tmp_path: Path) -> None:
    """NORMAL (1) for what is derived, FULL (2) for what is truth; both with a write-ahead log."""
    for database, wanted in ((Database.INDEX, 1), (Database.META, 2)):
        one, _ = opened(tmp_path / f"{database}.db", database)
        assert one.connection.execute("PRAGMA synchronous").fetchone() == (wanted,)
        assert one.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        one.close()


def test_rows_and_position_are_committed_together(path: Path) -> None:
    """A reopened database knows how far it came."""
    one, _ = opened(path)
    one.stage([ENTRY], MARK)
    one.commit(MARK)
    one.close()
    again, _ = opened(path)
    assert again.applied == MARK
    assert again.connection.execute("SELECT sequence, item FROM rows").fetchall() == [(5, b"item")]
    again.close()


def test_a_staged_transaction_can_be_taken_back(path: Path) -> None:
    """Rows and position alike; taking back nothing is fine."""
    one, _ = opened(path)
    one.stage([ENTRY], MARK)
    one.rollback()
    one.rollback()
    assert one.applied == {}
    assert one.connection.execute("SELECT count(*) FROM rows").fetchone() == (0,)
    one.close()


@BOTH
@pytest.mark.parametrize("content", [b"not a database at all" * 500, b"SQLite format 3\0" + b"\xff" * 8000])
def test_an_unreadable_file_is_set_aside(path: Path, database: Database, content: bytes) -> None:
    """It is kept for whoever wants to look, and a new one takes its place."""
    path.write_bytes(content)
    one, fresh = opened(path, database)
    one.close()
    assert fresh
    assert path.with_name("some.db.corrupt-1").read_bytes() == content


@BOTH
def test_damage_within_the_file_is_found_after_a_crash(path: Path, database: Database) -> None:
    """A database that was not closed is checked page by page."""
    one, _ = opened(path, database)
    one.connection.execute("CREATE TABLE filler(x)")
    one.connection.executemany("INSERT INTO filler VALUES (?)", [(bytes(3000),)] * 50)
    one.close()
    content = bytearray(path.read_bytes())
    for page in range(3, len(content) // 4096):
        content[page * 4096 : page * 4096 + 8] = b"\xff" * 8
    path.write_bytes(content)
    again, fresh = opened(path, database)
    again.close()
    assert fresh


@BOTH
def test_a_newer_database_is_refused(path: Path, database: Database) -> None:
    """And left as it is."""
    opened(path, database)[0].close()
    alter(path, "PRAGMA user_version = 2")
    before = path.read_bytes()
    with pytest.raises(NewerFormat):
        opened(path, database)
    assert path.read_bytes() == before


def test_another_programs_database_is_set_aside(path: Path) -> None:
    """Our tables are not put beside its own."""
    alter(path, "CREATE TABLE theirs(x)")
    one, fresh = opened(path)
    one.close()
    assert fresh
    assert path.with_name("some.db.corrupt-1").exists()


def test_an_index_with_other_tables_is_made_anew(path: Path) -> None:
    """It is derived: a release that wants other tables rebuilds it."""
    opened(path)[0].close()
    one, fresh = open_database(path, Database.INDEX, KindTable(rig_kinds()[:1]))
    one.close()
    assert not fresh
    one, fresh = open_database(path, Database.INDEX, KindTable([]))
    one.close()
    assert fresh
    assert not path.with_name("some.db.corrupt-1").exists()


def test_meta_with_other_tables_is_kept(path: Path) -> None:
    """It is truth: kinds bring their own tables forward."""
    opened(path, Database.META)[0].close()
    one, fresh = open_database(path, Database.META, KindTable([]))
    one.close()
    assert not fresh


def test_a_write_ahead_log_without_its_database_is_dropped(path: Path) -> None:
    """It must never be replayed into a new file."""
    path.with_name("some.db-wal").write_bytes(b"old frames")
    one, fresh = opened(path)
    assert fresh
    one.close()


def test_a_directory_that_cannot_be_written_is_not_damage(tmp_path: Path) -> None:
    """The disk's refusal is passed on, and nothing is renamed."""
    with pytest.raises(sqlite3.OperationalError):
        opened(tmp_path / "absent" / "some.db")
