"""What owners keep and keys add, counted in the commit that stores it."""

import sqlite3
from collections.abc import Iterable
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
    days: dict[tuple[bytes, int], int] = {}
    for one in added:
        totals = owners.setdefault(one.owner, [0, 0, 0, 0])
        for at, amount in enumerate((one.bytes, one.pieces, one.bodies, one.events)):
            totals[at] += amount
        if one.bucket is not None:
            sums = buckets.setdefault((one.bucket, one.owner), [0, 0])
            sums[0] += one.bytes
            sums[1] += one.pieces
        if one.key is not None:
            day = one.key, one.at_ms // DAY_MS
            days[day] = days.get(day, 0) + one.bytes
    conn.executemany(
        "INSERT INTO usage(owner, bytes, pieces, bodies, events) VALUES(?,?,?,?,?) ON CONFLICT(owner) DO UPDATE SET"
        " bytes = bytes + excluded.bytes, pieces = pieces + excluded.pieces,"
        " bodies = bodies + excluded.bodies, events = events + excluded.events",
        [(owner, *totals) for owner, totals in owners.items()],
    )
    conn.executemany(
        "INSERT INTO bucket_usage(bucket, owner, bytes, pieces) VALUES(?,?,?,?) ON CONFLICT(bucket, owner)"
        " DO UPDATE SET bytes = bytes + excluded.bytes, pieces = pieces + excluded.pieces",
        [(*place, *sums) for place, sums in buckets.items()],
    )
    conn.executemany(
        "INSERT INTO key_days(key, day, bytes) VALUES(?,?,?)"
        " ON CONFLICT(key, day) DO UPDATE SET bytes = bytes + excluded.bytes",
        [(key, day, size) for (key, day), size in days.items()],
    )


def list_bucket_usage(conn: sqlite3.Connection) -> list[tuple[int, bytes, int, int]]:
    """(bucket, owner, bytes, pieces) of every bucket that ever held anything, by number."""
    return conn.execute("SELECT bucket, owner, bytes, pieces FROM bucket_usage ORDER BY bucket, owner").fetchall()


def load_usage(conn: sqlite3.Connection, day: int) -> tuple[dict[bytes, int], dict[bytes, int]]:
    """(bytes per owner, bytes per key on `day`) as committed."""
    owners = dict(conn.execute("SELECT owner, bytes FROM usage"))
    keys = dict(conn.execute("SELECT key, bytes FROM key_days WHERE day = ?", (day,)))
    return owners, keys
