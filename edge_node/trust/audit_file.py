"""The audit trail on disk: `audit.db`, two rings of verdicts. It is history, never truth, and never stops the node."""

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from edge_node.base.errors import EdgeNodeError
from edge_node.base.log import get_log
from edge_node.trust.audit_row import AuditRow

APPLICATION_ID = 0x454E4155  # "ENAU"
USER_VERSION = 1
# Refusals of keys that were only claimed have a ring of their own, a tenth as large: anybody can cause them at any
# rate, and they must not push out what was decided about real ones.
UNPROVED_PART = 10
TRIM_ROWS_MAX = 20_000  # most rows one write removes from a ring: one made smaller shrinks in steps of under 50 ms
BUSY_TIMEOUT_S = 1.0  # a reader with a long SELECT does not block a WAL writer; only another writer could

_SCHEMA = """
CREATE TABLE IF NOT EXISTS audit (
    seq INTEGER PRIMARY KEY,
    t_ms INTEGER NOT NULL,
    holder BLOB NOT NULL,       -- 32-byte key; empty in a gap row
    resource TEXT NOT NULL,
    verb TEXT NOT NULL,
    allowed INTEGER NOT NULL,
    reason TEXT NOT NULL,       -- slug of the refusal, '' if allowed
    source TEXT NOT NULL,       -- door and address
    proved INTEGER NOT NULL,    -- 0: refused before the signature was verified
    lost INTEGER NOT NULL       -- > 0: a gap, so many rows are missing here
)
"""
_INSERT = (
    "INSERT INTO audit (t_ms, holder, resource, verb, allowed, reason, source, proved, lost)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
# Both rings in one table, so that one reading has them in order; the index also holds seq, and so finds the oldest.
_RINGS_INDEX = "CREATE INDEX IF NOT EXISTS audit_rings ON audit (proved)"
_COUNT = "SELECT count(*) FROM audit WHERE proved = ?"
_TRIM = "DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE proved = ? ORDER BY seq LIMIT ?)"
_UNREADABLE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

log = get_log("trust")


class ForeignAuditFile(EdgeNodeError):
    """The file is a database, but not one of this release."""


class AuditFile:
    """The open file. Blocking, one caller at a time; the caller moves it between threads."""

    def __init__(self, path: Path, conn: sqlite3.Connection, rows: dict[bool, int], rows_max: int) -> None:
        self._path, self._conn, self._rows = path, conn, rows
        self._rows_max = {True: rows_max, False: max(1, rows_max // UNPROVED_PART)}

    @classmethod
    def open(cls, path: Path, rows_max: int) -> Self:
        """Open or make `path`; one that cannot be used is renamed aside. OSError or sqlite3.Error if none can be made.

        `rows_max` newest proved rows are kept, and beside them a tenth as many unproved ones.
        """
        try:
            return cls(path, *_connect(path), rows_max)
        except (sqlite3.DatabaseError, ForeignAuditFile) as error:
            if not _beyond_use(error):
                raise
            _set_aside(path, str(error))
            return cls(path, *_connect(path), rows_max)

    def write(self, rows: Sequence[AuditRow]) -> None:
        """Append `rows` and trim the rings in one transaction; a file found damaged is replaced by a fresh one."""
        try:
            self._write(rows)
        except sqlite3.DatabaseError as error:
            if not _beyond_use(error):
                raise
            self._conn.close()
            _set_aside(self._path, str(error))
            self._conn, self._rows = _connect(self._path)
            self._write(rows)

    def close(self) -> None:
        """Close the file; the last close folds the WAL into it."""
        self._conn.close()

    def _write(self, rows: Sequence[AuditRow]) -> None:
        with self._conn:  # commits, or rolls back and raises
            self._conn.execute("BEGIN IMMEDIATE")
            self._conn.executemany(_INSERT, map(_values, rows))
            left = {ring: self._trim(ring, sum(row.proved is ring for row in rows)) for ring in self._rows}
        self._rows = left

    def _trim(self, ring: bool, added: int) -> int:  # noqa: FBT001 - the name of a ring is the column's value
        rows = self._rows[ring] + added
        excess = min(max(rows - self._rows_max[ring], 0), TRIM_ROWS_MAX)
        if excess:
            self._conn.execute(_TRIM, (ring, excess))
        return rows - excess


def _set_aside(path: Path, why: str) -> None:
    """Rename `path` and its WAL to `….aside`, in place of an older one, so that damage cannot fill the disk."""
    aside = path.with_name(path.name + ".aside")
    for suffix in ("", "-wal", "-shm"):
        old, new = path.with_name(path.name + suffix), aside.with_name(aside.name + suffix)
        new.unlink(missing_ok=True)
        if old.exists():
            old.replace(new)
    log.warning("audit.set_aside", file=aside.name, why=why)


def _connect(path: Path) -> tuple[sqlite3.Connection, dict[bool, int]]:
    """A connection, and how many rows each ring has."""
    # Who asked for what is nobody's business but the operator's: the file is made private before SQLite sees it.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    conn = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        _prepare(conn)
        return conn, {ring: conn.execute(_COUNT, (ring,)).fetchone()[0] for ring in (True, False)}
    except BaseException:
        conn.close()
        raise


def _prepare(conn: sqlite3.Connection) -> None:
    fresh = is_empty(conn)
    if not fresh:
        refuse_foreign(conn)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = NORMAL")  # a power cut may take the last second of history, never the file
    if fresh:
        with conn:  # one transaction: a reader never meets a half-made file
            conn.execute("BEGIN IMMEDIATE")
            conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            conn.execute(f"PRAGMA user_version = {USER_VERSION}")
            conn.execute(_SCHEMA)
    conn.execute(_RINGS_INDEX)  # a file from before there were two rings gets it here, and both rings from then on


def is_empty(conn: sqlite3.Connection) -> bool:
    """Whether nothing was ever written: no mark and no table."""
    marked: int = conn.execute("PRAGMA application_id").fetchone()[0]
    return not marked and not conn.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def refuse_foreign(conn: sqlite3.Connection) -> None:
    """Raise ForeignAuditFile unless this release made the file."""
    if conn.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise ForeignAuditFile("a database of another program")
    version: int = conn.execute("PRAGMA user_version").fetchone()[0]
    if version != USER_VERSION:
        raise ForeignAuditFile(f"format {version}, this release knows {USER_VERSION}")


def _beyond_use(error: Exception) -> bool:
    if isinstance(error, ForeignAuditFile):
        return True
    return isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _UNREADABLE


def _values(row: AuditRow) -> tuple[object, ...]:
    return (
        row.t_ms,
        bytes(row.holder),
        row.resource,
        str(row.verb),
        row.allowed,
        row.reason,
        row.source,
        row.proved,
        row.lost,
    )
