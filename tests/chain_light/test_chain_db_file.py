"""chain.db as a file: private, ours, of a format that is known, and never deleted."""

import os
import sqlite3
import tempfile
from pathlib import Path

import pytest

from edge_node.chain_light.chain_db_errors import ChainDbDamaged, ChainDbNewer, ChainDbUnwritable
from edge_node.chain_light.chain_db_file import APPLICATION_ID, FORMAT, open_file, refusal_of

NOBODY = 65_534  # root may write what is read-only


def opened(path):
    conn, aside = open_file(path)
    conn.close()
    return aside


def pragma(path, name):
    with sqlite3.connect(path) as conn:
        found = conn.execute(f"PRAGMA {name}").fetchone()[0]
    conn.close()
    return found


def test_a_new_file_is_ours_and_private(tmp_path):
    """Marked, in WAL, with mode 0600."""
    path = tmp_path / "chain.db"
    conn, aside = open_file(path)
    assert aside is None
    assert conn.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert conn.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert {one.stat().st_mode & 0o777 for one in tmp_path.iterdir()} == {0o600}
    conn.close()
    assert (pragma(path, "application_id"), pragma(path, "user_version")) == (APPLICATION_ID, FORMAT)
    assert opened(path) is None


def test_a_newer_format_is_refused_and_left_alone(tmp_path):
    """With both numbers; the file is as it was."""
    path = tmp_path / "chain.db"
    opened(path)
    with sqlite3.connect(path) as conn:
        conn.execute(f"PRAGMA user_version = {FORMAT + 1}")
    conn.close()
    before = path.read_bytes()
    with pytest.raises(ChainDbNewer, match="format 2, this release knows 1"):
        open_file(path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["chain.db"]


@pytest.mark.parametrize("what", ["no database", "another program's", "torn in the middle"])
def test_what_cannot_be_read_is_set_aside(tmp_path, what):
    """It keeps its bytes under another name, and a fresh file takes its place; a second one gets a second name."""
    path = tmp_path / "chain.db"
    for number in (1, 2):
        if what == "no database":
            path.write_bytes(b"not a database at all " * 300)
        elif what == "another program's":
            path.unlink(missing_ok=True)
            with sqlite3.connect(path) as conn:
                conn.execute("CREATE TABLE other(a)")
            conn.close()
        else:
            opened(path)
            whole = path.read_bytes()
            path.write_bytes(whole[:4_096] + bytes(len(whole) - 8_192) + whole[-4_096:])
        before = path.read_bytes()
        aside = opened(path)
        assert aside == tmp_path / f"chain.db.corrupt-{number}"
        assert aside.read_bytes() == before
        assert pragma(path, "application_id") == APPLICATION_ID


def test_side_files_go_with_it(tmp_path):
    """A write-ahead log left behind must not meet the fresh file."""
    path = tmp_path / "chain.db"
    opened(path)
    reader, _ = open_file(path)
    reader.execute("INSERT INTO pins(digest, raw) VALUES (x'00', x'01')")
    path.write_bytes(b"x" * path.stat().st_size)
    log = path.with_name("chain.db-wal").read_bytes()
    assert log
    aside = opened(path)
    reader.close()
    assert aside == tmp_path / "chain.db.corrupt-1"
    assert aside.with_name(aside.name + "-wal").read_bytes() == log


def test_a_directory_that_takes_no_file_is_named():
    """The reason is the machine's own."""
    place, user = Path(tempfile.mkdtemp(prefix="en")), os.geteuid()
    try:
        if user == 0:
            os.chown(place, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        place.chmod(0o500)
        with pytest.raises(ChainDbUnwritable, match="denied"):
            open_file(place / "chain.db")
    finally:
        os.seteuid(user)
        place.rmdir()


def test_a_path_that_is_a_directory_is_refused(tmp_path):
    """Nothing is renamed that is no file."""
    (tmp_path / "chain.db").mkdir()
    with pytest.raises(ChainDbUnwritable):
        open_file(tmp_path / "chain.db")
    assert (tmp_path / "chain.db").is_dir()


def test_errors_are_told_apart():
    """Damage is not a full disk."""
    for code, kind in ((sqlite3.SQLITE_CORRUPT, ChainDbDamaged), (sqlite3.SQLITE_NOTADB, ChainDbDamaged),
                       (sqlite3.SQLITE_FULL, ChainDbUnwritable), (None, ChainDbUnwritable)):  # fmt: skip
        error = sqlite3.OperationalError("why")
        error.sqlite_errorcode = code
        assert type(refusal_of("chain.db", error)) is kind
