"""Usage is counted in the commit and can be taken back."""

import sqlite3

from edge_node.store.usage import DAY_MS, SCHEMA, Added, add_usage, list_bucket_usage, load_usage


def test_usage_adds_up_per_owner_and_per_key_and_day() -> None:
    """Figures of one batch and of several add up; a removal has no key and leaves the day's sum alone."""
    conn = sqlite3.connect(":memory:")
    conn.executescript(SCHEMA)
    add_usage(conn, [Added(b"o", b"k", 10, 0, pieces=1), Added(b"o", b"k", 5, DAY_MS, bodies=1, events=3)])
    add_usage(conn, [Added(b"o", None, -10, DAY_MS, pieces=-1), Added(b"p", b"k", 1, DAY_MS, bodies=1, events=1)])
    owners, today = load_usage(conn, 1)
    assert owners == {b"o": 5, b"p": 1}
    assert today == {b"k": 6}
    assert load_usage(conn, 0)[1] == {b"k": 10}
    assert conn.execute("SELECT pieces, bodies, events FROM usage WHERE owner = ?", (b"o",)).fetchone() == (0, 1, 3)


def test_usage_adds_up_per_bucket() -> None:
    """What is added to a bucket counts for it and its owner; what lies in none counts for none."""
    conn = sqlite3.connect(":memory:")
    conn.executescript(SCHEMA)
    add_usage(conn, [Added(b"o", b"k", 10, 0, pieces=1, bucket=7), Added(b"o", b"k", 5, 0, pieces=1, bucket=8)])
    add_usage(conn, [Added(b"o", None, -10, 0, pieces=-1, bucket=7), Added(b"o", b"k", 1, 0, pieces=1)])
    assert list_bucket_usage(conn) == [(7, b"o", 0, 0), (8, b"o", 5, 1)]
    assert load_usage(conn, 0)[0] == {b"o": 6}
