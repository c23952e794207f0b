"""The derived index of references: which scope refers to which CID, since when, and what it is charged for it."""

import sqlite3

from edge_node.base.ids import Cid, VaultId
from edge_node.store.scope import Scope

# The bucket stands in the key, where NULL would be unlike itself. Only what lies in buckets is ever listed by bucket.
SCHEMA = """
CREATE TABLE IF NOT EXISTS holders(
    cid BLOB NOT NULL, owner BLOB NOT NULL, bucket INTEGER NOT NULL, size INTEGER NOT NULL, since_ms INTEGER NOT NULL,
    PRIMARY KEY(cid, owner, bucket)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS holders_of_bucket ON holders(bucket, cid) WHERE bucket >= 0;
"""
NO_BUCKET = -1


def bucket_column(bucket: int | None) -> int:
    """How a scope's bucket stands in a row."""
    return NO_BUCKET if bucket is None else bucket


def scope_of_row(owner: bytes, bucket: int) -> Scope:
    """The scope of a row."""
    return Scope(VaultId(owner), None if bucket == NO_BUCKET else bucket)


def add_reference(
    conn: sqlite3.Connection, cid: bytes, owner: bytes, bucket: int | None, size: int, since_ms: int
) -> bool:
    """Note that a scope refers to `cid`, charged with `size` bytes; False when it did before."""
    inserted = conn.execute(
        "INSERT OR IGNORE INTO holders(cid, owner, bucket, size, since_ms) VALUES(?,?,?,?,?)",
        (cid, owner, bucket_column(bucket), size, since_ms),
    )
    return bool(inserted.rowcount)


def refers(conn: sqlite3.Connection, scope: Scope, cid: Cid) -> bool:
    """Whether this scope refers to `cid`."""
    row = conn.execute(
        "SELECT 1 FROM holders WHERE cid = ? AND owner = ? AND bucket = ?",
        (cid, scope.owner, bucket_column(scope.bucket)),
    ).fetchone()
    return row is not None
