"""The device registry as plain values for people and scripts; it holds no secret, so everything is shown."""

import csv
import io
import sqlite3
from collections.abc import Sequence
from typing import TypedDict

import msgspec


class DeviceValues(TypedDict):
    """One row of a listing: keys and vaults as lower-case hex, times in ms since 1970 UTC, None = the node's limit."""

    key: str
    name: str
    roles: list[str]
    vault: str
    streams: list[str]
    status: str
    enrolled_ms: int
    changed_ms: int
    note: str
    late_max_s: int | None
    bytes_per_day_max: int | None
    revision: int


def list_devices(conn: sqlite3.Connection, *, status: str | None = None) -> list[DeviceValues]:
    """Every device of meta.db, by name, or only those of one status."""
    from sqlite_utils import Database  # a tenth of a second to import, and the running node never lists this way

    where, values = ("status = ?", [status]) if status else (None, [])
    # execute_plugins: what else is installed on the machine has no business on this connection.
    table = Database(conn, execute_plugins=False).table("devices")
    return [_values_of(row) for row in table.rows_where(where, values, order_by="name, key")]


def as_json(devices: Sequence[DeviceValues]) -> str:
    """The listing as a JSON array, ready to print."""
    return msgspec.json.format(msgspec.json.encode(devices), indent=2).decode()


def as_csv(devices: Sequence[DeviceValues]) -> str:
    """The listing as RFC 4180 CSV with a header line; lists are joined by a space, None is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(DeviceValues.__annotations__))
    writer.writeheader()
    for device in devices:
        writer.writerow({**device, "roles": " ".join(device["roles"]), "streams": " ".join(device["streams"])})
    return text.getvalue()


def _values_of(row: dict[str, object]) -> DeviceValues:
    shown = {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}
    for name in ("roles", "streams"):
        shown[name] = msgspec.json.decode(str(row[name]))
    return msgspec.convert(shown, DeviceValues)
