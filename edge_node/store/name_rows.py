"""Names at rest: one row per bucket and name in meta.db, the newest record verbatim, and how many a bucket has."""

import sqlite3
from collections.abc import Sequence

from edge_node.journal import Placed
from edge_node.store.records import NameChange

SCHEMA = """
CREATE TABLE IF NOT EXISTS names(
    bucket INTEGER NOT NULL, name TEXT NOT NULL, record BLOB NOT NULL, received_ms INTEGER NOT NULL,
    PRIMARY KEY(bucket, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS name_counts(bucket INTEGER PRIMARY KEY, names INTEGER NOT NULL);
"""


def apply_names(conn: sqlite3.Connection, batch: Sequence[tuple[Placed, NameChange]]) -> None:
    """Names mean what their last record says, in log order."""
    for _, record in batch:
        place = (record.bucket, record.name)
        known = conn.execute("SELECT 1 FROM names WHERE bucket = ? AND name = ?", place).fetchone()
        conn.execute(
            "INSERT OR REPLACE INTO names(bucket, name, record, received_ms) VALUES(?,?,?,?)",
            (*place, record.record, record.received_ms),
        )
        if known is None:
            conn.execute(
                "INSERT INTO name_counts(bucket, names) VALUES(?, 1) ON CONFLICT(bucket) DO UPDATE SET names = names+1",
                (record.bucket,),
            )


def find_name(conn: sqlite3.Connection, bucket: int, name: str) -> bytes | None:
    """The record of a name, verbatim."""
    if not _has_names(conn):
        return None
    row = conn.execute("SELECT record FROM names WHERE bucket = ? AND name = ?", (bucket, name)).fetchone()
    return None if row is None else bytes(row[0])


def page_names(conn: sqlite3.Connection, bucket: int, after: str, part: str, limit: int) -> list[bytes]:
    """Records of a bucket's names in the order of their UTF-8 bytes, beyond `after`, with `part` in the name."""
    if not _has_names(conn):
        return []
    rows = conn.execute(
        "SELECT record FROM names WHERE bucket = ? AND name > ? AND instr(name, ?) ORDER BY name LIMIT ?",
        (bucket, after, part, limit),
    )
    return [bytes(record) for (record,) in rows]


def count_names(conn: sqlite3.Connection) -> dict[int, int]:
    """How many names each bucket has that has any."""
    return dict(conn.execute("SELECT bucket, names FROM name_counts")) if _has_names(conn) else {}


def count_names_of(conn: sqlite3.Connection, bucket: int) -> int:
    """How many names a bucket has."""
    return count_names(conn).get(bucket, 0)


def _has_names(conn: sqlite3.Connection) -> bool:
    # A directory of an earlier release on a disk that cannot be written has no such table, and is read all the same.
    return conn.execute("SELECT 1 FROM sqlite_schema WHERE name = 'name_counts'").fetchone() is not None
