"""What owners keep and keys add, counted in the commit that stores it."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

DAY_MS = 86_400_000

SCHEMA = """
CREATE TABLE IF NOT EXISTS usage(
    owner BLOB PRIMARY KEY, bytes INTEGER NOT NULL, pieces INTEGER NOT NULL,
    bodies INTEGER NOT NULL, events INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS key_days(
    key BLOB NOT NULL, day INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY(key, day)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bucket_usage(
    bucket INTEGER NOT NULL, owner BLOB NOT NULL, bytes INTEGER NOT NULL, pieces INTEGER NOT NULL,
    PRIMARY KEY(bucket, owner)) WITHOUT ROWID;
"""

_ADD_OWNER = """
INSERT INTO usage(owner, bytes, pieces, bodies, events) VALUES(?,?,?,?,?) ON CONFLICT(owner) DO UPDATE SET
bytes = bytes + excluded.bytes, pieces = pieces + excluded.pieces,
bodies = bodies + excluded.bodies, events = events + excluded.events
"""
_ADD_BUCKET = """
INSERT INTO bucket_usage(bucket, owner, bytes, pieces) VALUES(?,?,?,?) ON CONFLICT(bucket, owner) DO UPDATE SET
bytes = bytes + excluded.bytes, pieces = pieces + excluded.pieces
"""
_ADD_DAY = """
INSERT INTO key_days(key, day, bytes) VALUES(?,?,?) ON CONFLICT(key, day) DO UPDATE SET bytes = bytes + excluded.bytes
"""


@dataclass(frozen=True, slots=True)
class Added:
    """What one commit added for an owner, by a key, to one of its buckets or none; a removal has negative figures and
    no key.
    """

    owner: bytes
    key: bytes | None
    bytes: int
    at_ms: int
    pieces: int = 0
    bodies: int = 0
    events: int = 0
    bucket: int | None = None


def add_usage(conn: sqlite3.Connection, added: Iterable[Added]) -> None:
    """Add up per owner, per bucket, and per key and UTC day, inside the index transaction."""
    owners: dict[bytes, list[int]] = {}
    buckets: dict[tuple[int, bytes], list[int]] = {}
    days: Counter[tuple[bytes, int]] = Counter()
    for one in added:
        _sum_up(owners.setdefault(one.owner, [0, 0, 0, 0]), (one.bytes, one.pieces, one.bodies, one.events))
        if one.bucket is not None:
            _sum_up(buckets.setdefault((one.bucket, one.owner), [0, 0]), (one.bytes, one.pieces))
        if one.key is not None:
            days[one.key, one.at_ms // DAY_MS] += one.bytes
    conn.executemany(_ADD_OWNER, [(owner, *totals) for owner, totals in owners.items()])
    conn.executemany(_ADD_BUCKET, [(*place, *totals) for place, totals in buckets.items()])
    conn.executemany(_ADD_DAY, [(key, day, size) for (key, day), size in days.items()])


def _sum_up(totals: list[int], amounts: Sequence[int]) -> None:
    for at, amount in enumerate(amounts):
        totals[at] += amount


def list_bucket_usage(conn: sqlite3.Connection) -> list[tuple[int, bytes, int, int]]:
    """(bucket, owner, bytes, pieces) of every bucket that ever held anything, by number."""
    return conn.execute("SELECT bucket, owner, bytes, pieces FROM bucket_usage ORDER BY bucket, owner").fetchall()


def load_usage(conn: sqlite3.Connection, day: int) -> tuple[dict[bytes, int], dict[bytes, int]]:
    """(bytes per owner, bytes per key on `day`) as committed."""
    owners = dict(conn.execute("SELECT owner, bytes FROM usage"))
    keys = dict(conn.execute("SELECT key, bytes FROM key_days WHERE day = ?", (day,)))
    return owners, keys
