"""The device registry at rest: tables of meta.db, changed only by log records and harmlessly replayed after a crash."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.trust.device import (
    TRANSITIONS,
    Device,
    DeviceAction,
    DeviceChange,
    DeviceStatus,
    Enrolment,
    Role,
    StatusChange,
    changed,
    enrolled,
)
from edge_node.trust.devices import DeviceTable

# Names carry no UNIQUE index although the registry keeps them unique: rows are rebuilt from a log that may have
# lost a record to bit rot, and a name clash must never keep a node from starting.
DEVICES_SCHEMA = """
CREATE TABLE IF NOT EXISTS devices (
    key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    name TEXT NOT NULL,
    roles TEXT NOT NULL,             -- JSON array
    vault BLOB NOT NULL CHECK (length(vault) = 32),
    streams TEXT NOT NULL,           -- JSON array of prefixes; [] = every stream
    status TEXT NOT NULL,
    enrolled_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    note TEXT NOT NULL,
    late_max_s INTEGER,
    bytes_per_day_max INTEGER,
    revision INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS revoked_keys (
    key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    since_ms INTEGER NOT NULL
) WITHOUT ROWID;
"""

_COLUMNS = (
    "key, name, roles, vault, streams, status, enrolled_ms, changed_ms, note, late_max_s, bytes_per_day_max, revision"
)
_SELECT = f"SELECT {_COLUMNS} FROM devices"  # noqa: S608 - a constant
_WRITE = f"INSERT OR REPLACE INTO devices ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608


def apply_changes(conn: sqlite3.Connection, changes: Sequence[DeviceChange]) -> int:
    """Write `changes` inside the caller's transaction, in order; answer how many changed a row.

    Idempotent: a change whose revision a row has reached is skipped, so any earlier stretch of the log may be
    played again. The rules were checked by DeviceTable before the change was logged; here only those that fail
    safe are kept: revoked stays revoked, and a revocation is remembered even if the enrolment is lost.
    """
    return sum(_apply(conn, change) for change in changes)


def load_devices(conn: sqlite3.Connection) -> DeviceTable:
    """The whole registry as a table in memory."""
    devices = [_device_of(row) for row in conn.execute(_SELECT)]
    revoked = {PublicKey(key): since_ms for key, since_ms in conn.execute("SELECT key, since_ms FROM revoked_keys")}
    return DeviceTable(devices, revoked)


def _apply(conn: sqlite3.Connection, change: DeviceChange) -> bool:
    row = conn.execute(_SELECT + " WHERE key = ?", (bytes(change.key),)).fetchone()
    device = None if row is None else _device_of(row)
    after = _enrol(conn, device, change) if isinstance(change, Enrolment) else _act(conn, device, change)
    if after is None:
        return False
    conn.execute(_WRITE, _row_of(after))
    return True


def _enrol(conn: sqlite3.Connection, device: Device | None, change: Enrolment) -> Device | None:
    if device is not None:
        return None
    tombstone = conn.execute("SELECT since_ms FROM revoked_keys WHERE key = ?", (bytes(change.key),)).fetchone()
    fresh = enrolled(change)
    if tombstone is None:
        return fresh
    revoke = StatusChange(action=DeviceAction.REVOKE, key=change.key, revision=2, t_ms=tombstone[0])
    return changed(fresh, revoke, DeviceStatus.REVOKED)


def _act(conn: sqlite3.Connection, device: Device | None, change: StatusChange) -> Device | None:
    if change.action is DeviceAction.REVOKE:
        conn.execute(
            "INSERT OR IGNORE INTO revoked_keys (key, since_ms) VALUES (?, ?)", (bytes(change.key), change.t_ms)
        )
    if device is None or change.revision <= device.revision:
        return None
    # A pair outside the table means a record between was lost: the status stays, the revision moves on.
    return changed(device, change, TRANSITIONS.get((device.status, change.action), device.status))


def _row_of(device: Device) -> tuple[object, ...]:
    return (
        bytes(device.key),
        device.name,
        msgspec.json.encode(sorted(device.roles)).decode(),
        bytes(device.vault),
        msgspec.json.encode([str(prefix) for prefix in device.streams]).decode(),
        str(device.status),
        device.enrolled_ms,
        device.changed_ms,
        device.note,
        device.late_max_s,
        device.bytes_per_day_max,
        device.revision,
    )


def _device_of(row: tuple[Any, ...]) -> Device:
    key, name, roles, vault, streams, status, enrolled_ms, changed_ms, note, late_max_s, bytes_per_day_max, revision = (
        row
    )
    return Device(
        key=PublicKey(key),
        name=name,
        roles=frozenset(Role(role) for role in _texts(roles)),
        vault=VaultId(vault),
        streams=tuple(StreamName(prefix) for prefix in _texts(streams)),
        status=DeviceStatus(status),
        enrolled_ms=enrolled_ms,
        changed_ms=changed_ms,
        note=note,
        late_max_s=late_max_s,
        bytes_per_day_max=bytes_per_day_max,
        revision=revision,
    )


def _texts(value: str) -> list[str]:
    return msgspec.json.decode(value, type=list[str])
