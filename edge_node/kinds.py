"""Every record kind of the log in one table: numbers are given out here once and never change their meaning."""

import sqlite3

from edge_node.activity import ACTIVITY_KINDS
from edge_node.journal import Batch, Database, Kind, Record, SegmentClass
from edge_node.store.kinds import STORE_KINDS
from edge_node.trust.device_changes import VERSION, decode_change
from edge_node.trust.device_rows import DEVICES_SCHEMA, apply_changes
from edge_node.trust.devices import DeviceChange
from edge_node.trust.horizon_rows import (
    HORIZON_KIND,
    HORIZONS_SCHEMA,
    HorizonRecord,
    apply_horizons,
    decode_horizon,
)
from edge_node.trust.horizon_rows import VERSION as HORIZON_VERSION
from edge_node.trust.token_revocation_rows import (
    REVOCATION_KIND,
    REVOCATIONS_SCHEMA,
    apply_revocations,
    decode_revocation,
)
from edge_node.trust.token_revocation_rows import VERSION as REVOCATION_VERSION
from edge_node.trust.token_revocations import TokenRevocation

DEVICE_KIND = 4


def _apply_devices(conn: sqlite3.Connection, batch: Batch) -> None:
    apply_changes(conn, [change for _, change in batch])


def _replay_device(record: Record) -> DeviceChange:
    return decode_change(record.payload)


def _apply_horizons(conn: sqlite3.Connection, batch: Batch) -> None:
    apply_horizons(conn, [record for _, record in batch])


def _replay_horizon(record: Record) -> HorizonRecord:
    return decode_horizon(record.payload)


def _apply_revocations(conn: sqlite3.Connection, batch: Batch) -> None:
    apply_revocations(conn, [change for _, change in batch])


def _replay_revocation(record: Record) -> TokenRevocation:
    return decode_revocation(record.payload)


NODE_KINDS = (
    *STORE_KINDS,
    *ACTIVITY_KINDS,
    Kind(
        number=DEVICE_KIND,
        version=VERSION,
        segment_class=SegmentClass.RC,
        database=Database.META,
        schema=DEVICES_SCHEMA,
        apply=_apply_devices,
        replay=_replay_device,
        frees_space=True,  # revoking a device must work on a full disk
        family="devices",
    ),
    Kind(
        number=HORIZON_KIND,
        version=HORIZON_VERSION,
        segment_class=SegmentClass.RC,
        database=Database.META,
        schema=HORIZONS_SCHEMA,
        apply=_apply_horizons,
        replay=_replay_horizon,
        frees_space=True,  # a delete signed ahead of the clock must work on a full disk
        family="horizons",
    ),
    Kind(
        number=REVOCATION_KIND,
        version=REVOCATION_VERSION,
        segment_class=SegmentClass.RC,
        database=Database.META,
        schema=REVOCATIONS_SCHEMA,
        apply=_apply_revocations,
        replay=_replay_revocation,
        frees_space=True,  # taking rights away must work on a full disk
        family="revocations",
    ),
)
