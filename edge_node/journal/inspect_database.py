"""Look into index.db or meta.db without changing a byte: of a node that runs, that stopped, or that was killed."""

import contextlib
import errno
import os
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge_node.journal.index import APPLICATION_IDS, DATABASE_FORMAT, Applied
from edge_node.journal.kinds import Database
from edge_node.journal.segment import SegmentClass

UNFINISHED = "unfinished"
_STEPS = 200_000  # of SQLite's machine between two questions for the time: some milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseState:
    """What one database file says of itself; sizes in bytes.

    `verdict` is `ok`, UNFINISHED when `expired` ended the check, or SQLite's complaint. `newer` is the format of a
    later release, `foreign` says that another program wrote it.
    """

    path: Path
    present: bool = False
    size: int = 0
    wal_bytes: int = 0
    foreign: bool = False
    newer: int | None = None
    verdict: str = "ok"
    applied: Mapping[SegmentClass, Applied] = field(default_factory=dict)


def open_unchanged(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing, not even side files; sqlite3.Error when that is impossible.

    With both side files the write-ahead log is read through a private index (`readonly_shm`): a running node is not
    disturbed, and what a killed one left is seen whole. Without them the file alone is all there is.
    """
    wal, shm = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
    how = "mode=ro&readonly_shm=1" if wal.exists() and shm.exists() else "immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, check_same_thread=False)


def inspect_database(path: Path, database: Database, expired: Callable[[], bool]) -> DatabaseState:
    """Format and integrity of one database; a long check stops when `expired` says so. OSError as the disk gives it."""
    if not path.exists():
        return DatabaseState(path=path)
    if not os.access(path, os.R_OK):  # SQLite would only say that it cannot open it
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    wal = path.with_name(path.name + "-wal")
    known = DatabaseState(
        path=path, present=True, size=path.stat().st_size, wal_bytes=wal.stat().st_size if wal.exists() else 0
    )
    try:
        with contextlib.closing(open_unchanged(path)) as connection:
            return _look(known, connection, database, expired)
    except sqlite3.DatabaseError as error:
        return replace(known, verdict=str(error))


def _look(
    known: DatabaseState, connection: sqlite3.Connection, database: Database, expired: Callable[[], bool]
) -> DatabaseState:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_IDS[database]:
        return replace(known, foreign=True)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > DATABASE_FORMAT:
        return replace(known, newer=version)
    rows = connection.execute('SELECT class, segment, "offset", sequence, salt FROM journal_applied').fetchall()
    applied = {SegmentClass(row[0]): Applied(*row[1:]) for row in rows}
    return replace(known, verdict=quick_check(connection, expired), applied=applied)


def quick_check(connection: sqlite3.Connection, expired: Callable[[], bool]) -> str:
    """`ok`, UNFINISHED, or the first thing SQLite finds wrong."""
    connection.set_progress_handler(expired, _STEPS)
    try:
        return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return UNFINISHED
    finally:
        connection.set_progress_handler(None, 0)
