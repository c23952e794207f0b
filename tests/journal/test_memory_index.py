"""Databases on a disk that cannot be written."""

import errno
from pathlib import Path

import pytest

from edge_node.journal import Database, NewerFormat
from edge_node.journal.commit import Setback
from edge_node.journal.engine import Engine
from edge_node.paths import Paths
from tests.journal.faulty import FaultyFiles
from tests.journal.rig import FACT, NOTE, draft, open_rig, rig_kinds, rows


def filled(root: Path) -> list[tuple]:
    engine = open_rig(root)
    assert engine.stage is not None
    for number in range(5):
        assert not isinstance(engine.stage.write([[draft(NOTE, bytes([number])), draft(FACT, b"f")]]), Setback)
    engine.close(clean=True)
    return rows(root)


def open_unwritable(root: Path, **options) -> Engine:
    files = FaultyFiles()
    files.refuse("open_write", errno.EROFS)
    return open_rig(root, files, **options)


def seen(engine: Engine) -> list[tuple]:
    found = engine.databases[Database.INDEX].connection.execute("SELECT * FROM rows").fetchall()
    found += engine.databases[Database.META].connection.execute("SELECT * FROM facts").fetchall()
    return sorted(found)


def test_a_complete_database_is_read_where_it_lies(tmp_path: Path) -> None:
    """No copy in memory, whatever its size."""
    before = filled(tmp_path)
    engine = open_unwritable(tmp_path)
    assert all("immutable=1" in database.uri for database in engine.databases.values())
    assert (seen(engine), engine.recovery.records_replayed) == (before, 0)
    engine.close(clean=True)


@pytest.mark.parametrize("damage", ["lost", "scribbled", "older", "other tables"])
def test_an_incomplete_database_is_caught_up_in_memory(tmp_path: Path, damage: str) -> None:
    """Whatever the file lacks comes from the log, which does not change."""
    index = Paths(tmp_path).index_db
    if damage == "older":
        open_rig(tmp_path).close(clean=True)
        content = index.read_bytes()
    before = filled(tmp_path)
    if damage == "lost":
        index.unlink()
    elif damage == "scribbled":
        index.write_bytes(b"x" * 9999)
    elif damage == "older":
        index.write_bytes(content)
    kinds = rig_kinds()
    if damage == "other tables":
        from dataclasses import replace

        kinds = [replace(kind, schema=kind.schema + " ") for kind in kinds]
    before_opening = {path: path.read_bytes() for path in tmp_path.glob("seg/*/*")}
    engine = open_unwritable(tmp_path, kinds=kinds)
    if damage != "lost":
        assert "mode=memory" in engine.databases[Database.INDEX].uri
    assert seen(engine) == before
    assert {path: path.read_bytes() for path in tmp_path.glob("seg/*/*")} == before_opening
    engine.close(clean=True)


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    """Reading it wrongly would be worse than not reading it."""
    import sqlite3

    filled(tmp_path)
    connection = sqlite3.connect(Paths(tmp_path).meta_db)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(NewerFormat):
        open_unwritable(tmp_path)
