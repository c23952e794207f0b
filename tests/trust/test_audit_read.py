"""Reading the audit trail: newest first, filtered, also beside a writer."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge_node.base.ids import PublicKey
from edge_node.trust.audit_file import AuditFile
from edge_node.trust.audit_read import AuditFilter, AuditUnreadable, read_audit
from edge_node.trust.audit_row import AuditRow

KEY, OTHER = PublicKey(b"\x11" * 32), PublicKey(b"\x12" * 32)
TRAIL = [
    AuditRow(10, KEY, "vault/x/streams/a", "append", "", "http 192.0.2.7"),
    AuditRow(20, OTHER, "vault/x/streams/a_b", "append", "unknown-key", proved=False),
    AuditRow.gap(30, 5),
    AuditRow(40, KEY, "vault/x/streams/a/b", "read", "access-denied"),
    AuditRow(50, KEY, "vault/x/streams/axb/c", "read", ""),
]


@pytest.fixture
def trail(tmp_path: Path) -> Path:
    """A closed file that holds TRAIL."""
    path = tmp_path / "audit #1?.db"
    file = AuditFile.open(path, 100)
    file.write(TRAIL)
    file.close()
    return path


@pytest.mark.parametrize(
    ("filters", "want"),
    [
        (AuditFilter(), [50, 40, 30, 20, 10]),
        (AuditFilter(holder=KEY), [50, 40, 30, 10]),
        (AuditFilter(verb="append"), [30, 20, 10]),
        (AuditFilter(allowed=True), [50, 30, 10]),
        (AuditFilter(allowed=False), [40, 30, 20]),
        (AuditFilter(reason="unknown-key"), [30, 20]),
        (AuditFilter(resource="vault/x/streams/a"), [40, 30, 10]),
        (AuditFilter(resource="vault/x/streams/a_b"), [30, 20]),
        (AuditFilter(resource="vault/x"), [50, 40, 30, 20, 10]),
        (AuditFilter(proved=True), [50, 40, 30, 10]),
        (AuditFilter(proved=False), [20]),
        (AuditFilter(since_ms=20, until_ms=40), [40, 30, 20]),
        (AuditFilter(before_seq=3), [20, 10]),
        (AuditFilter(holder=KEY, verb="read", allowed=False), [40, 30]),
    ],
)
def test_filters_narrow_what_is_read(trail: Path, filters: AuditFilter, want: list[int]) -> None:
    """Newest first; gaps are always shown, for what is missing might have matched."""
    assert [entry.row.t_ms for entry in read_audit(trail, filters)] == want


def test_rows_come_back_as_they_were_recorded(trail: Path) -> None:
    """Every field survives, with a growing number."""
    entries = read_audit(trail)
    assert [entry.row for entry in reversed(entries)] == TRAIL
    assert [entry.seq for entry in entries] == [5, 4, 3, 2, 1]


def test_the_limit_holds_and_pages_follow(trail: Path) -> None:
    """The next page begins before the last number of this one."""
    page = read_audit(trail, limit=2)
    assert [entry.row.t_ms for entry in page] == [50, 40]
    following = read_audit(trail, AuditFilter(before_seq=page[-1].seq), limit=2)
    assert [entry.row.t_ms for entry in following] == [30, 20]


def test_a_trail_is_read_while_it_is_written(tmp_path: Path) -> None:
    """A reader in another connection sees what is committed and blocks nobody."""
    path = tmp_path / "audit.db"
    file = AuditFile.open(path, 100)
    file.write(TRAIL[:1])
    assert len(read_audit(path)) == 1
    file.write(TRAIL[1:2])
    assert len(read_audit(path)) == 2
    file.close()


def test_no_file_is_an_empty_trail(tmp_path: Path) -> None:
    """A node that never ran has no history, and asking does not make one."""
    assert read_audit(tmp_path / "audit.db") == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_not_yet_begun_is_an_empty_trail(tmp_path: Path) -> None:
    """A reader that comes while the node makes the file finds nothing, not an error."""
    (tmp_path / "audit.db").touch()
    assert read_audit(tmp_path / "audit.db") == []


def test_reading_changes_nothing(trail: Path) -> None:
    """The file's bytes are the same afterwards, and nothing lies beside it."""
    before = trail.read_bytes()
    read_audit(trail)
    assert trail.read_bytes() == before
    assert [path.name for path in trail.parent.iterdir()] == [trail.name]


def make_foreign(path: Path) -> None:
    """Somebody else's database."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE theirs (x)")


def make_newer(path: Path) -> None:
    """Our file, of a later release."""
    AuditFile.open(path, 10).close()
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA user_version = 2")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: path.write_bytes(b"no database" * 1_000), "not a database"),
        (make_foreign, "another program"),
        (make_newer, "format 2"),
    ],
)
def test_an_unusable_file_is_named(tmp_path: Path, spoil: Callable[[Path], object], why: str) -> None:
    """Reading never renames; it says what is wrong and what to do."""
    path = tmp_path / "audit.db"
    spoil(path)
    with pytest.raises(AuditUnreadable, match=why) as caught:
        read_audit(path)
    assert caught.value.remedy
    assert path.exists()


HOSTILE = ["'", "a' OR '1'='1", "%", "_", "a\x00b", "vault/x/streams/a%", "-- ", "\U0001f600" * 100]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_filters_are_values(trail: Path, text: str) -> None:
    """Quotes, wildcards and zero bytes in a filter match nothing and break nothing."""
    for filters in (AuditFilter(resource=text), AuditFilter(verb=text), AuditFilter(reason=text)):
        assert [entry.row.t_ms for entry in read_audit(trail, filters)] == [30]
