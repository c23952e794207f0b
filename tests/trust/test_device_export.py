"""The registry as values: listing, JSON, CSV."""

import csv
import io
import json
import sqlite3
from collections.abc import Iterator

import pytest

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.trust.device import DeviceAction, Enrolment, Role, StatusChange
from edge_node.trust.device_export import as_csv, as_json, list_devices
from edge_node.trust.device_rows import DEVICES_SCHEMA, apply_changes

KEY, OTHER, VAULT = PublicKey(b"\x11" * 32), PublicKey(b"\x12" * 32), VaultId(b"\x22" * 32)


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    """Two devices, the second suspended."""
    conn = sqlite3.connect(":memory:")
    conn.executescript(DEVICES_SCHEMA)
    roles = frozenset({Role.READER, Role.DEVICE})
    streams = (StreamName("site/a"), StreamName("b"))
    apply_changes(
        conn,
        [
            Enrolment(key=KEY, name="pump, north", roles=roles, vault=VAULT, t_ms=5, streams=streams, late_max_s=60),
            Enrolment(key=OTHER, name="camera", roles=frozenset({Role.DEVICE}), vault=VAULT, t_ms=6),
            StatusChange(action=DeviceAction.SUSPEND, key=OTHER, revision=2, t_ms=7, note="in repair"),
        ],
    )
    conn.commit()
    yield conn
    conn.close()


def test_a_listing_shows_every_field_by_name(conn: sqlite3.Connection) -> None:
    """Keys are hex, lists are lists, None means the node's own limit."""
    camera, pump = list_devices(conn)
    assert (camera["name"], camera["status"], camera["note"]) == ("camera", "suspended", "in repair")
    assert pump == {
        "key": "11" * 32,
        "name": "pump, north",
        "roles": ["device", "reader"],
        "vault": "22" * 32,
        "streams": ["site/a", "b"],
        "status": "active",
        "enrolled_ms": 5,
        "changed_ms": 5,
        "note": "",
        "late_max_s": 60,
        "bytes_per_day_max": None,
        "revision": 1,
    }


def test_a_listing_can_be_limited_to_a_status(conn: sqlite3.Connection) -> None:
    """Only devices of that status are shown."""
    assert [device["name"] for device in list_devices(conn, status="active")] == ["pump, north"]
    assert list_devices(conn, status="revoked") == []


def test_listing_leaves_the_connection_as_it_was(conn: sqlite3.Connection) -> None:
    """No transaction is opened and no row is changed."""
    before = conn.total_changes
    list_devices(conn)
    assert not conn.in_transaction
    assert conn.total_changes == before


def test_json_says_the_same_as_the_listing(conn: sqlite3.Connection) -> None:
    """Whatever reads JSON gets the listing back."""
    assert json.loads(as_json(list_devices(conn))) == list_devices(conn)


def test_csv_has_a_header_and_one_line_a_device(conn: sqlite3.Connection) -> None:
    """Commas in names are quoted; lists are joined by spaces."""
    rows = list(csv.DictReader(io.StringIO(as_csv(list_devices(conn)), newline="")))
    assert [row["name"] for row in rows] == ["camera", "pump, north"]
    assert rows[1]["roles"] == "device reader"
    assert rows[1]["streams"] == "site/a b"
    assert rows[1]["bytes_per_day_max"] == ""


def test_an_empty_registry_exports_its_header() -> None:
    """A script can rely on the columns."""
    assert as_csv([]).startswith("key,name,roles,vault,streams,status,")
    assert json.loads(as_json([])) == []
