"""Databases looked at from outside, without a byte changing."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from edge_node.journal import Database
from edge_node.journal.inspect_database import UNFINISHED, inspect_database, open_unchanged, quick_check
from edge_node.paths import Paths
from tests.journal.rig import open_rig
from tests.journal.test_inspect_segments import fill, snapshot

NEVER = bool


def look(path: Path, expired=NEVER):
    return inspect_database(path, Database.INDEX, expired)


def test_a_database_of_a_stopped_node_is_sound(tmp_path: Path) -> None:
    """Its positions are told, and nothing is left beside it."""
    fill(tmp_path, rounds=3)
    before = snapshot(tmp_path)
    state = look(Paths(tmp_path).index_db)
    assert (state.present, state.verdict, state.foreign, state.newer) == (True, "ok", False, None)
    assert len(state.applied) == 3
    assert snapshot(tmp_path) == before


def test_what_a_killed_process_left_is_seen_whole(tmp_path: Path) -> None:
    """The write-ahead log counts, and neither it nor its index is changed by looking."""
    script = (
        "import os, sys; from pathlib import Path; from tests.journal.test_inspect_segments import fill;"
        "import edge_node.journal.engine as e; e.Engine.close = lambda self, *, clean: os._exit(9);"
        "fill(Path(sys.argv[1]), rounds=5)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, cwd=Path(__file__).parents[2])
    index = Paths(tmp_path).index_db
    assert index.with_name("index.db-wal").stat().st_size
    before = snapshot(tmp_path)
    state = look(index)
    assert (state.verdict, len(state.applied)) == ("ok", 3)
    with contextlib.closing(open_unchanged(index)) as connection:
        assert connection.execute("SELECT count(*) FROM rows").fetchone()[0] == 10
    assert snapshot(tmp_path) == before


def test_a_database_in_use_is_read_beside_its_writer(tmp_path: Path) -> None:
    """The writer goes on undisturbed."""
    engine = open_rig(tmp_path)
    assert look(Paths(tmp_path).index_db).verdict == "ok"
    engine.close(clean=True)


def test_a_missing_database_is_no_error(tmp_path: Path) -> None:
    """The log fills a new one."""
    assert not look(tmp_path / "index.db").present


@pytest.mark.parametrize("content", [b"not a database" * 500, b""])
def test_what_is_no_database_of_ours_is_said(tmp_path: Path, content: bytes) -> None:
    """Scribbled over, or empty."""
    path = tmp_path / "index.db"
    path.write_bytes(content)
    state = look(path)
    assert state.verdict != "ok" or state.foreign


def test_a_foreign_and_a_newer_database_are_told_apart(tmp_path: Path) -> None:
    """Neither is called damaged."""
    fill(tmp_path, rounds=1)
    path = Paths(tmp_path).index_db
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert look(path).newer == 99
    shutil.copy(path, tmp_path / "other.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("PRAGMA application_id = 7")
    assert look(tmp_path / "other.db").foreign


def test_damaged_pages_are_found(tmp_path: Path) -> None:
    """SQLite's own complaint is the verdict."""
    fill(tmp_path, rounds=200)
    path = Paths(tmp_path).index_db
    raw = bytearray(path.read_bytes())
    raw[3 * 4096 : 6 * 4096] = os.urandom(3 * 4096)
    path.write_bytes(raw)
    assert look(path).verdict not in {"ok", UNFINISHED}


def test_a_check_that_takes_too_long_is_left_unfinished(tmp_path: Path) -> None:
    """That is said, instead of a verdict nobody reached."""
    path = tmp_path / "large.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t(x)")
        connection.executemany("INSERT INTO t VALUES (?)", ((str(number) * 9,) for number in range(100_000)))
        connection.execute("CREATE INDEX i ON t(x)")
        connection.commit()
    with contextlib.closing(open_unchanged(path)) as connection:
        assert quick_check(connection, lambda: True) == UNFINISHED
        assert quick_check(connection, lambda: False) == "ok"
