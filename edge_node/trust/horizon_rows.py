"""Horizons at rest: a log record each time one is raised, and one row per key in meta.db (docs/specs/journal.md)."""

import sqlite3
from collections.abc import Iterable
from typing import Annotated

import msgspec

from edge_node.base.ids import PublicKey

HORIZON_KIND = 10
VERSION = 1

HORIZONS_SCHEMA = """
CREATE TABLE IF NOT EXISTS request_horizons (
    key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    t_ms INTEGER NOT NULL
) WITHOUT ROWID;
"""
# The last record counts, not the highest: a horizon of a moment when the clock was a year ahead must end some day. A
# life writes a lower one than its predecessor only when nothing the predecessor took could still be repeated.
_WRITE = "INSERT OR REPLACE INTO request_horizons (key, t_ms) VALUES (?, ?)"


class HorizonRecord(msgspec.Struct, array_like=True, frozen=True):
    """Requests of `key` signed for `t_ms` (ms UTC) or before may have been used: `[10, 1, …]`, class rc."""

    kind: int
    version: int
    key: Annotated[bytes, msgspec.Meta(min_length=PublicKey.size, max_length=PublicKey.size)]
    t_ms: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


_DECODER = msgspec.msgpack.Decoder(HorizonRecord)


def horizon_record(key: PublicKey, t_ms: int) -> HorizonRecord:
    """The record that raises `key`'s horizon to `t_ms`."""
    return HorizonRecord(HORIZON_KIND, VERSION, bytes(key), t_ms)


def encode_horizon(record: HorizonRecord) -> bytes:
    """The record's payload."""
    return msgspec.msgpack.encode(record)


def decode_horizon(payload: bytes) -> HorizonRecord:
    """Read a horizon; trailing fields of a later release are passed over. msgspec.ValidationError otherwise."""
    return _DECODER.decode(payload)


def apply_horizons(conn: sqlite3.Connection, records: Iterable[HorizonRecord]) -> None:
    """Write horizons inside the caller's transaction, in log order."""
    conn.executemany(_WRITE, [(record.key, record.t_ms) for record in records])


def load_horizons(conn: sqlite3.Connection) -> dict[PublicKey, int]:
    """The horizon of every key that ever signed ahead; old ones too, since the clock may be wrong at a start."""
    # A directory of an earlier release on a disk that cannot be written has no such table, and is read all the same.
    if not conn.execute("SELECT 1 FROM sqlite_schema WHERE name = 'request_horizons'").fetchone():
        return {}
    return {PublicKey(key): t_ms for key, t_ms in conn.execute("SELECT key, t_ms FROM request_horizons")}
