"""audit.db: a private ring of rows, set aside when it cannot be used."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from edge_node.trust.audit_file import APPLICATION_ID, TRIM_ROWS_MAX, USER_VERSION, AuditFile
from edge_node.trust.audit_read import read_audit
from edge_node.trust.audit_row import AuditRow


def rows(first: int, count: int) -> list[AuditRow]:
    """Verdicts numbered by their time."""
    return [AuditRow(n, b"\x11" * 32, "vault/x", "append", "") for n in range(first, first + count)]


def times(path: Path) -> list[int]:
    """The times of all rows, oldest first."""
    with closing(sqlite3.connect(path)) as conn:
        return [t_ms for (t_ms,) in conn.execute("SELECT t_ms FROM audit ORDER BY seq")]


def pragma(path: Path, name: str) -> object:
    """One PRAGMA of the closed file."""
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_new_file_is_marked_and_private(tmp_path: Path) -> None:
    """application_id and user_version are set, the log is a WAL, only the owner may read."""
    path = tmp_path / "audit.db"
    AuditFile.open(path, 10).close()
    assert pragma(path, "application_id") == APPLICATION_ID
    assert pragma(path, "user_version") == USER_VERSION
    assert pragma(path, "journal_mode") == "wal"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_rows_survive_reopening(tmp_path: Path) -> None:
    """A restart appends to what is there."""
    path = tmp_path / "audit.db"
    for first in (0, 3):
        file = AuditFile.open(path, 10)
        file.write(rows(first, 3))
        file.close()
    assert times(path) == list(range(6))


@pytest.mark.parametrize("count", [9, 10, 11, 25])
def test_only_the_newest_rows_are_kept(tmp_path: Path, count: int) -> None:
    """The ring holds rows_max rows, never more after a write."""
    path = tmp_path / "audit.db"
    file = AuditFile.open(path, 10)
    for n in range(count):
        file.write(rows(n, 1))
    file.close()
    assert times(path) == list(range(max(0, count - 10), count))


def test_a_smaller_ring_shrinks_in_steps(tmp_path: Path) -> None:
    """One write never removes more than TRIM_ROWS_MAX rows."""
    path = tmp_path / "audit.db"
    file = AuditFile.open(path, 1_000_000)
    file.write(rows(0, TRIM_ROWS_MAX + 500))
    file.close()
    file = AuditFile.open(path, 100)
    file.write(rows(TRIM_ROWS_MAX + 500, 1))
    assert len(times(path)) == 501
    file.write(rows(TRIM_ROWS_MAX + 501, 1))
    assert len(times(path)) == 100
    file.close()


def unproved(first: int, count: int) -> list[AuditRow]:
    """Refusals of keys that were only claimed."""
    return [AuditRow(n, b"\x22" * 32, "vault/x", "append", "unknown-key", proved=False) for n in range(first, count)]


@pytest.mark.parametrize("batch", [1, 7, 500])
def test_unproved_refusals_push_out_only_their_like(tmp_path: Path, batch: int) -> None:
    """Ten times the ring of claims leaves every proved row, and of the claims the newest tenth of it; in one order."""
    path, refusals = tmp_path / "audit.db", unproved(50, 550)
    file = AuditFile.open(path, 50)
    file.write(rows(0, 50))
    for at in range(0, 500, batch):
        file.write(refusals[at : at + batch])
    file.close()
    assert times(path) == [*range(50), *range(545, 550)]
    file = AuditFile.open(path, 50)  # counted anew
    file.write([*rows(550, 1), *unproved(551, 552)])
    file.close()
    assert times(path) == [*range(1, 50), *range(546, 550), 550, 551]
    assert [entry.row.t_ms for entry in read_audit(path, limit=3)] == [551, 550, 549]


def test_a_write_taken_back_counts_nothing(tmp_path: Path) -> None:
    """The ring's size is that of what was committed."""
    path = tmp_path / "audit.db"
    file = AuditFile.open(path, 10)
    file.write(rows(0, 10))
    with pytest.raises(sqlite3.IntegrityError):
        file.write([*rows(10, 5), msgspec.structs.replace(rows(15, 1)[0], source=None)])
    file.write(rows(20, 1))
    file.close()
    assert times(path) == [*range(1, 10), 20]


def test_a_file_of_one_ring_gets_the_second(tmp_path: Path) -> None:
    """A file from before is read and written as it is; its claims shrink to their share at the next write."""
    path = tmp_path / "audit.db"
    file = AuditFile.open(path, 100)
    file.write([row for n in range(10) for row in (*rows(2 * n, 1), *unproved(2 * n + 1, 2 * n + 2))])
    file.close()
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("DROP INDEX audit_rings")
    assert len(read_audit(path)) == 20
    file = AuditFile.open(path, 30)
    file.write(rows(20, 1))
    file.close()
    assert times(path) == [0, 2, 4, 6, 8, 10, 12, 14, 15, 16, 17, 18, 19, 20]


def make_garbage(path: Path) -> None:
    """No database at all."""
    path.write_bytes(b"this is not a database, and it is long enough to be looked at" * 100)


def make_foreign(path: Path) -> None:
    """Somebody else's database."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE theirs (x)")


def make_newer(path: Path) -> None:
    """Our file, of a later release."""
    AuditFile.open(path, 10).close()
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(f"PRAGMA user_version = {USER_VERSION + 1}")


def make_torn(path: Path) -> None:
    """Our file with its pages overwritten."""
    file = AuditFile.open(path, 100_000)
    file.write(rows(0, 5_000))
    file.close()
    raw = bytearray(path.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    path.write_bytes(raw)


@pytest.mark.parametrize("spoil", [make_garbage, make_foreign, make_newer, make_torn])
def test_an_unusable_file_is_set_aside(tmp_path: Path, spoil: object) -> None:
    """The node goes on with a fresh file; the old bytes stay beside it."""
    path = tmp_path / "audit.db"
    spoil(path)  # type: ignore[operator]
    before = path.read_bytes()
    file = AuditFile.open(path, 10)
    file.write(rows(0, 2))
    file.close()
    assert times(path) == [0, 1]
    assert (tmp_path / "audit.db.aside").read_bytes() == before
    assert [entry.row.t_ms for entry in read_audit(path)] == [1, 0]


def test_damage_found_while_writing_is_set_aside_too(tmp_path: Path) -> None:
    """A file torn under a running node is replaced and the rows at hand are kept."""
    path = tmp_path / "audit.db"
    make_torn(path)
    raw = path.read_bytes()
    path.unlink()
    file = AuditFile.open(path, 100_000)
    file.write(rows(0, 5_000))
    file.close()
    file = AuditFile.open(path, 100_000)
    with path.open("r+b") as handle:
        handle.write(raw)
    file.write(rows(7, 1))
    file.close()
    assert times(path) == [7]


def test_only_one_file_is_kept_aside(tmp_path: Path) -> None:
    """Repeated damage cannot fill the disk."""
    path = tmp_path / "audit.db"
    for _ in range(3):
        make_garbage(path)
        AuditFile.open(path, 10).close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["audit.db", "audit.db.aside"]


def test_what_cannot_be_opened_is_an_error_of_the_disk(tmp_path: Path) -> None:
    """A missing or blocked directory is not damage: nothing is renamed, the caller counts its rows."""
    with pytest.raises(OSError, match="No such file"):
        AuditFile.open(tmp_path / "missing" / "audit.db", 10)
    (tmp_path / "audit.db").mkdir()
    with pytest.raises(IsADirectoryError):
        AuditFile.open(tmp_path / "audit.db", 10)
    assert (tmp_path / "audit.db").is_dir()
