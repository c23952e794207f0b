"""The file chain.db: made, opened, set aside when it cannot be read, and never deleted (docs/specs/chain-db.md)."""

import os
import sqlite3
from pathlib import Path
from typing import Final

from edge_node.base.database_file import set_aside
from edge_node.base.log import get_log
from edge_node.chain_light.chain_db_errors import ChainDbDamaged, ChainDbNewer, ChainDbUnwritable

APPLICATION_ID: Final = 0x454E4348  # "ENCH"
FORMAT: Final = 1
BUSY_TIMEOUT_S: Final = 5.0  # a second process only reads, and no row takes a second
_UNREADABLE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SCHEMA: Final = """
CREATE TABLE anchors(id INTEGER PRIMARY KEY AUTOINCREMENT, genesis BLOB NOT NULL, record BLOB NOT NULL);
CREATE TABLE hand_offs(id INTEGER PRIMARY KEY AUTOINCREMENT, genesis BLOB NOT NULL, number INTEGER NOT NULL,
  at_ms INTEGER NOT NULL, record BLOB NOT NULL, UNIQUE(genesis, number));
CREATE TABLE evidence(id INTEGER PRIMARY KEY AUTOINCREMENT, genesis BLOB NOT NULL, digest BLOB NOT NULL UNIQUE,
  settled_ms INTEGER, record BLOB NOT NULL);
CREATE TABLE documents(id INTEGER PRIMARY KEY AUTOINCREMENT, genesis BLOB NOT NULL, record BLOB NOT NULL);
CREATE TABLE networks(genesis BLOB PRIMARY KEY, marks BLOB, hand_offs INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE forced(genesis BLOB PRIMARY KEY, number INTEGER NOT NULL, delay INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE pins(id INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL UNIQUE, raw BLOB NOT NULL);
"""

log = get_log("chain_light")


class _Unreadable(Exception):
    """The file is damaged, or not ours."""


def open_file(path: Path) -> tuple[sqlite3.Connection, Path | None]:
    """A connection with all tables; and where a file that could not be read was set aside, if one was.

    ChainDbNewer, ChainDbUnwritable.
    """
    try:
        try:
            return _connect(path), None
        except _Unreadable as unreadable:
            aside = set_aside(path)
            log.warning("chain.set_aside", file=path.name, renamed_to=aside.name, reason=str(unreadable))
            return _connect(path), aside
    except _Unreadable as unreadable:
        raise ChainDbDamaged(path.name, str(unreadable)) from None
    except (OSError, sqlite3.Error) as error:
        raise ChainDbUnwritable(path.name, str(error)) from None


def refusal_of(name: str, error: sqlite3.Error) -> ChainDbUnwritable | ChainDbDamaged:
    """What an error of SQLite says of the file."""
    kind = ChainDbDamaged if _code(error) in _UNREADABLE else ChainDbUnwritable
    return kind(name, str(error))


def _connect(path: Path) -> sqlite3.Connection:
    # Which chains and blocks a node follows is nobody's business: private before SQLite sees it, and so its side files.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    conn = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        _prepare(conn, path)
    except sqlite3.DatabaseError as error:
        conn.close()
        if _code(error) in _UNREADABLE:
            raise _Unreadable(str(error)) from None
        raise
    except BaseException:
        conn.close()
        raise
    return conn


def _prepare(conn: sqlite3.Connection, path: Path) -> None:
    fresh = _is_fresh(conn)
    if not fresh:
        _require_ours(conn, path)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")  # what a node said it verified must not be forgotten by a power cut
    if fresh:
        conn.executescript(
            f"BEGIN IMMEDIATE;\nPRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {FORMAT};\n"
            f"{_SCHEMA}\nCOMMIT;"
        )


def _is_fresh(conn: sqlite3.Connection) -> bool:
    marked: int = conn.execute("PRAGMA application_id").fetchone()[0]
    return not marked and not conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]


def _require_ours(conn: sqlite3.Connection, path: Path) -> None:
    if conn.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise _Unreadable("it is another program's database")
    version: int = conn.execute("PRAGMA user_version").fetchone()[0]
    if version > FORMAT:
        raise ChainDbNewer(path.name, version, FORMAT)
    verdict = conn.execute("PRAGMA quick_check(1)").fetchone()[0]  # some hundred pages: milliseconds
    if verdict != "ok":
        raise _Unreadable(verdict)


def _code(error: sqlite3.Error) -> int:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
