"""index.db and meta.db: opened, checked, applied to in one transaction with the position they have come to."""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from edge_node.base.database_file import remove_database, set_aside
from edge_node.base.log import get_log
from edge_node.journal.errors import NewerFormat
from edge_node.journal.kinds import Database, Entry, KindTable, runs
from edge_node.journal.segment import SegmentClass

DATABASE_FORMAT = 1
APPLICATION_IDS = {Database.INDEX: 0x45444749, Database.META: 0x4544474D}  # "EDGI", "EDGM"
_SYNCHRONOUS = {Database.INDEX: "NORMAL", Database.META: "FULL"}
_OWN_SCHEMA = """
CREATE TABLE IF NOT EXISTS journal_applied(
  class TEXT PRIMARY KEY, segment INTEGER NOT NULL, "offset" INTEGER NOT NULL,
  sequence INTEGER NOT NULL, salt BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal_facts(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_UNREADABLE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
WAL_PAGES = 2_000  # 8 MiB between checkpoints: one stall of a few milliseconds per some ten thousand rows

log = get_log("journal")


class Applied(NamedTuple):
    """How far a database follows one class: the end of the last applied record, and its segment's salt."""

    segment: int
    offset: int
    sequence: int
    salt: bytes


class Unreadable(Exception):
    """A database file is damaged or not ours; it is set aside and rebuilt."""


class Outdated(Exception):
    """An index whose tables are no longer those of this release; it is deleted and rebuilt."""


class JournalDatabase:
    """A database open for the writer's thread, with its applied positions."""

    def __init__(self, connection: sqlite3.Connection, database: Database, uri: str) -> None:
        self.connection, self.database, self.uri = connection, database, uri
        rows = connection.execute('SELECT class, segment, "offset", sequence, salt FROM journal_applied')
        self.applied = {SegmentClass(row[0]): Applied(*row[1:]) for row in rows}

    def stage(self, entries: Iterable[Entry], marks: Mapping[SegmentClass, Applied]) -> None:
        """Begin a transaction with the entries and their positions in it; `commit` or `rollback` follows."""
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        for kind, batch in runs(entries):
            kind.apply(connection, batch)
        connection.executemany(
            "INSERT OR REPLACE INTO journal_applied VALUES (?, ?, ?, ?, ?)",
            [(name.value, *mark) for name, mark in marks.items()],
        )

    def commit(self, marks: Mapping[SegmentClass, Applied]) -> None:
        """Make the staged transaction stand."""
        self.connection.execute("COMMIT")
        self.applied.update(marks)

    def rollback(self) -> None:
        """Take the staged transaction back, if there is one."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def set_clean(self, *, clean: bool) -> None:
        """Note whether the next start may skip the check of the whole file."""
        self.connection.execute("INSERT OR REPLACE INTO journal_facts VALUES ('clean', ?)", (str(int(clean)),))

    def close(self) -> None:
        """Fold the write-ahead log in, as far as readers allow, and close."""
        with contextlib.suppress(sqlite3.OperationalError):
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.connection.close()


def error_code(error: sqlite3.Error) -> int:
    """The primary SQLite result code; 0 when the error has none."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def open_database(path: Path, database: Database, kinds: KindTable) -> tuple[JournalDatabase, bool]:
    """Open for writing, and say whether the file is new and must be filled from the log.

    A damaged or foreign file is renamed to `<name>.corrupt-<n>`. NewerFormat for a newer one, sqlite3.OperationalError
    when the disk does not allow it.
    """
    fresh = not path.exists()
    if fresh:
        remove_database(path)
    try:
        return _open(path, database, kinds, fresh=fresh)
    except Outdated:
        log.info("database.outdated", database=database.value)
        remove_database(path)
        return _open(path, database, kinds, fresh=True)
    except Unreadable as error:
        aside = set_aside(path)
        log.warning("database.set_aside", database=database.value, renamed_to=aside.name, reason=str(error))
        return _open(path, database, kinds, fresh=True)


def _open(path: Path, database: Database, kinds: KindTable, *, fresh: bool) -> tuple[JournalDatabase, bool]:
    if not path.exists():
        # Who sent what is nobody's business: private before SQLite sees it, and its side files follow its mode.
        with contextlib.suppress(OSError):  # SQLite says in its own way what it cannot make
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        fresh = _check(connection, path, database) or fresh
        _prepare(connection, database)
        if not fresh:
            require_schema(connection, kinds, database)
        create_tables(connection, kinds, database)
        opened = JournalDatabase(connection, database, path.as_uri())
        opened.set_clean(clean=False)
    except sqlite3.DatabaseError as error:
        connection.close()
        if error_code(error) in _UNREADABLE:
            raise Unreadable(str(error)) from None
        raise
    except BaseException:
        connection.close()
        raise
    return opened, fresh


def _check(connection: sqlite3.Connection, path: Path, database: Database) -> bool:
    """Whether the file is empty; Unreadable when it is damaged or not ours."""
    if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        return True
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_IDS[database]:
        raise Unreadable("it is another program's database")
    require_known_format(connection, path)
    if database is Database.META or _fact(connection, "clean") != "1":
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise Unreadable(verdict)
    return False


def require_known_format(connection: sqlite3.Connection, path: Path) -> None:
    """NewerFormat when a later release wrote the file."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > DATABASE_FORMAT:
        raise NewerFormat(str(path), version, DATABASE_FORMAT)


def require_schema(connection: sqlite3.Connection, kinds: KindTable, database: Database) -> None:
    """Outdated when the index has other tables than its kinds now want; meta.db's kinds migrate their own."""
    if database is Database.INDEX and _fact(connection, "schema") != _schema_digest(kinds, database):
        raise Outdated


def _prepare(connection: sqlite3.Connection, database: Database) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {_SYNCHRONOUS[database]}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
    connection.execute("PRAGMA temp_store = MEMORY")


def create_tables(connection: sqlite3.Connection, kinds: KindTable, database: Database) -> None:
    """All tables of a database and what marks the file as ours; idempotent."""
    connection.executescript(f"BEGIN;\n{_OWN_SCHEMA}\n{kinds.schema(database)}\n;COMMIT;")
    connection.execute(f"PRAGMA application_id = {APPLICATION_IDS[database]}")
    connection.execute(f"PRAGMA user_version = {DATABASE_FORMAT}")
    connection.execute("INSERT OR REPLACE INTO journal_facts VALUES ('schema', ?)", (_schema_digest(kinds, database),))


def _schema_digest(kinds: KindTable, database: Database) -> str:
    return blake2b(kinds.schema(database).encode(), digest_size=16).hexdigest()


def _fact(connection: sqlite3.Connection, name: str) -> str | None:
    try:
        row = connection.execute("SELECT value FROM journal_facts WHERE name = ?", (name,)).fetchone()
    except sqlite3.OperationalError:
        return None
    return row[0] if row else None
