"""References in the index: one per scope and CID, whichever bucket or none."""

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import VaultId
from edge_node.store.reference_rows import SCHEMA, add_reference, bucket_column, refers, scope_of_row
from edge_node.store.scope import Scope
from edge_node.wire.cid import raw_piece_cid

OWNER, CID = VaultId(b"o" * 32), raw_piece_cid(b"x")


@given(st.none() | st.integers(0, 2**63 - 1))
def test_a_scope_comes_back(bucket: int | None) -> None:
    """Every number a bucket can have, and none at all."""
    assert scope_of_row(bytes(OWNER), bucket_column(bucket)) == Scope(OWNER, bucket)


def test_each_scope_refers_once() -> None:
    """The second time nothing is added; another bucket is another scope."""
    conn = sqlite3.connect(":memory:")
    conn.executescript(SCHEMA)
    for bucket in (None, 0, 7):
        assert not refers(conn, Scope(OWNER, bucket), CID)
        assert add_reference(conn, CID, OWNER, bucket, 5, 1)
        assert not add_reference(conn, CID, OWNER, bucket, 5, 2)
        assert refers(conn, Scope(OWNER, bucket), CID)
    assert not refers(conn, Scope(VaultId(b"p" * 32), 7), CID)


def test_what_lies_in_buckets_is_listed_by_a_key() -> None:
    """A page of a bucket looks at what it shows, not at everything."""
    conn = sqlite3.connect(":memory:")
    conn.executescript(SCHEMA)
    plan = conn.execute(
        "EXPLAIN QUERY PLAN SELECT cid FROM holders WHERE bucket = ? AND bucket >= 0 AND cid > ? ORDER BY cid", (7, b"")
    ).fetchall()
    assert [row[3].split(" (")[0] for row in plan] == ["SEARCH holders USING COVERING INDEX holders_of_bucket"]
