"""Names at rest: a row per bucket, owner and name in meta.db, the newest record verbatim, and how many there are."""

import sqlite3
from collections.abc import Sequence

from edge_node.journal import Placed
from edge_node.store.lookups import find_each
from edge_node.store.records import NameChange

# With the owner, as pieces are kept: a bucket that changes hands is another one under the same number.
SCHEMA = """
CREATE TABLE IF NOT EXISTS bucket_names(
    bucket INTEGER NOT NULL, name TEXT NOT NULL, owner BLOB NOT NULL, record BLOB NOT NULL,
    received_ms INTEGER NOT NULL, PRIMARY KEY(bucket, name, owner)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bucket_name_counts(
    bucket INTEGER NOT NULL, owner BLOB NOT NULL, names INTEGER NOT NULL, PRIMARY KEY(bucket, owner)) WITHOUT ROWID;
"""


def apply_names(conn: sqlite3.Connection, batch: Sequence[tuple[Placed, NameChange]]) -> None:
    """Names mean what their last record says, in log order."""
    for _, record in batch:
        place = (record.bucket, record.name, record.owner)
        known = conn.execute("SELECT 1 FROM bucket_names WHERE bucket = ? AND name = ? AND owner = ?", place).fetchone()
        conn.execute(
            "INSERT OR REPLACE INTO bucket_names(bucket, name, owner, record, received_ms) VALUES(?,?,?,?,?)",
            (*place, record.record, record.received_ms),
        )
        if known is None:
            conn.execute(
                "INSERT INTO bucket_name_counts(bucket, owner, names) VALUES(?, ?, 1)"
                " ON CONFLICT(bucket, owner) DO UPDATE SET names = names+1",
                (record.bucket, record.owner),
            )


NameKey = tuple[int, bytes, str]  # bucket, its owner, the name


_FIND = (
    "SELECT json_quote(hex(record)) FROM bucket_names AS b"
    " WHERE (b.bucket, b.owner, b.name) = (asked.bucket, asked.owner, asked.name)"
)


def find_names(conn: sqlite3.Connection, keys: Sequence[NameKey]) -> list[bytes | None]:
    """The record of each name, verbatim."""
    try:
        found = find_each(conn, ("bucket", "owner", "name"), _FIND, keys)
    except sqlite3.OperationalError:
        if _has_names(conn):
            raise
        return [None] * len(keys)
    return [None if record is None else bytes.fromhex(record) for record in found]


def page_names(conn: sqlite3.Connection, bucket: int, after: str, part: str, limit: int) -> list[bytes]:
    """Records of a bucket's names in the order of their UTF-8 bytes, beyond `after`, with `part` in the name.

    Of all the owners it had: for the operator.
    """
    if not _has_names(conn):
        return []
    rows = conn.execute(
        "SELECT record FROM bucket_names WHERE bucket = ? AND name > ? AND instr(name, ?) ORDER BY name LIMIT ?",
        (bucket, after, part, limit),
    )
    return [bytes(record) for (record,) in rows]


def count_names(conn: sqlite3.Connection) -> dict[int, int]:
    """How many names each bucket has that has any."""
    if not _has_names(conn):
        return {}
    return dict(conn.execute("SELECT bucket, SUM(names) FROM bucket_name_counts GROUP BY bucket"))


def count_names_of(conn: sqlite3.Connection, bucket: int, owner: bytes) -> int:
    """How many names a bucket of this owner has."""
    if not _has_names(conn):
        return 0
    row = conn.execute(
        "SELECT names FROM bucket_name_counts WHERE bucket = ? AND owner = ?", (bucket, owner)
    ).fetchone()
    return 0 if row is None else int(row[0])


def _has_names(conn: sqlite3.Connection) -> bool:
    # A directory of an earlier release on a disk that cannot be written has no such table, and is read all the same.
    return conn.execute("SELECT 1 FROM sqlite_schema WHERE name = 'bucket_name_counts'").fetchone() is not None
