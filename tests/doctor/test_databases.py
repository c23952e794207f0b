"""Databases that are damaged, foreign, newer, missing, or were set aside."""

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from edge_node.base.clock import SystemClock
from edge_node.doctor.databases import WAL_MAX_BYTES, check_databases, judge_audit, judge_database
from edge_node.journal import UNFINISHED, DatabaseState
from tests.doctor.rig import made, only, verdicts


def execute(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def test_those_of_a_new_node_are_well(tmp_path: Path) -> None:
    """Nothing was set aside."""
    found = check_databases(made(tmp_path / "n"))
    assert verdicts(found) == {"databases.index": "ok", "databases.meta": "ok", "databases.aside": "ok"}


@pytest.mark.parametrize(
    ("statement", "word"),
    [("PRAGMA application_id = 7", "another program"), ("PRAGMA user_version = 9", "later release")],
)
def test_a_file_of_somebody_else(tmp_path: Path, statement: str, word: str) -> None:
    """Another program's, or a later release's."""
    site = made(tmp_path / "n")
    execute(site.paths.meta_db, statement)
    found = only(check_databases(site), "databases.meta")
    assert found.verdict == "bad"
    assert word in found.evidence


def test_scribbled_pages_and_a_missing_file(tmp_path: Path) -> None:
    """The one is bad, the other is filled again by the next start."""
    site = made(tmp_path / "n")
    raw = bytearray(site.paths.index_db.read_bytes())
    raw[4096 : 5 * 4096] = os.urandom(4 * 4096)
    site.paths.index_db.write_bytes(raw)
    site.paths.meta_db.unlink()
    assert verdicts(check_databases(site)) == {
        "databases.index": "bad", "databases.meta": "warn", "databases.aside": "ok",
    }  # fmt: skip


def test_what_was_set_aside_is_named(tmp_path: Path) -> None:
    """It tells that the disk once gave back other bytes."""
    site = made(tmp_path / "n")
    (site.paths.root / "index.db.corrupt-1").write_bytes(b"x")
    found = only(check_databases(site), "databases.aside")
    assert (found.verdict, found.facts["names"]) == ("warn", ["index.db.corrupt-1"])


def test_the_audit_trail_is_history(tmp_path: Path) -> None:
    """Its damage is a warning, never more."""
    site = made(tmp_path / "n")
    site.paths.audit_db.write_bytes(b"no database" * 1_000)
    assert only(check_databases(site), "databases.audit").verdict == "warn"
    assert judge_audit(site.paths.audit_db, UNFINISHED).verdict == "unknown"
    assert judge_audit(site.paths.audit_db, "ok").verdict == "ok"


def test_a_swollen_log_and_an_unfinished_check() -> None:
    """A reader that never lets go; a database too large for the time there was."""
    state = DatabaseState(path=Path("index.db"), present=True, wal_bytes=WAL_MAX_BYTES + 1)
    assert judge_database("index", state, segments=True).verdict == "warn"
    state = DatabaseState(path=Path("index.db"), present=True, verdict=UNFINISHED)
    assert judge_database("index", state, segments=True).verdict == "unknown"
    assert judge_database("index", DatabaseState(path=Path("index.db")), segments=False).verdict == "ok"


class LateClock(SystemClock):
    """Every look at it is an hour later."""

    now = 0.0

    def monotonic_s(self) -> float:
        self.now += 3_600
        return self.now


def test_deep_takes_its_time(tmp_path: Path) -> None:
    """Without it a check ends after some seconds."""
    deep = made(tmp_path / "n", deep=True, clock=LateClock())
    assert verdicts(check_databases(deep))["databases.index"] == "ok"
