"""The rooms behind the doors: what a node keeps and decides by, each built on those it stands on."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from edge_node.activity import Capture
from edge_node.base.clock import ClockQuality, ForwardClock, SystemClock
from edge_node.base.ids import PublicKey, VaultId
from edge_node.base.offload import FILE, offload
from edge_node.gateway.horizon_log import HorizonLog
from edge_node.identity import load_receipt_identity
from edge_node.journal import Database, Journal
from edge_node.node.own_secrets import require_own
from edge_node.paths import Paths
from edge_node.settings import ClockSettings, Settings
from edge_node.store.buckets import StaticBuckets
from edge_node.store.dag import Dag
from edge_node.store.files import Files
from edge_node.store.losses import Losses
from edge_node.store.names import Names
from edge_node.store.pieces import Pieces
from edge_node.store.quota import QuotaLedger
from edge_node.store.streams.ingest import Ingest
from edge_node.store.streams.retainer import Retainer
from edge_node.store.streams.subscriptions import Subscriptions
from edge_node.store.streams.topics import Topics
from edge_node.store.usage import DAY_MS, load_usage
from edge_node.trust.access_control import AccessControl
from edge_node.trust.audit import AuditLog
from edge_node.trust.device_rows import load_devices
from edge_node.trust.devices import DeviceTable
from edge_node.trust.horizon_rows import load_horizons
from edge_node.trust.token_book import TokenBook
from edge_node.trust.token_revocation_rows import load_revocations
from edge_node.trust.token_revocations import TokenRevocations

if TYPE_CHECKING:  # a node that follows no chain loads nothing of it
    from edge_node.node.chain import Chain

BUSY_BODIES, BUSY_RECORDS = 64, 256  # waiting: more than one batch of ingest; retention gives way then

_QUALITIES = {
    "unsynced": ClockQuality.UNSYNCED,
    "manual": ClockQuality.MANUAL,
    "network": ClockQuality.NETWORK,
    "precise": ClockQuality.PRECISE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What one node keeps and decides by."""

    paths: Paths
    clock: SystemClock
    forward: ForwardClock
    node_key: PublicKey
    vault: VaultId
    journal: Journal
    horizons: HorizonLog
    devices: DeviceTable
    access: AccessControl
    revocations: TokenRevocations
    tokens: TokenBook
    audit: AuditLog
    quota: QuotaLedger
    ingest: Ingest
    topics: Topics
    subscriptions: Subscriptions
    retainer: Retainer
    pieces: Pieces
    buckets: StaticBuckets
    dag: Dag
    files: Files
    names: Names
    activity: Capture
    losses: Losses
    chain: "Chain | None" = None

    def followers(self) -> list[Callable[[Settings], None]]:
        """Whoever is to hear of settings that change while the node runs."""
        return [
            lambda new: self.clock.assume(clock_quality(new.clock)),
            lambda new: self.journal.apply(new.journal),
            lambda new: self.quota.apply(new.store),
            lambda new: self.ingest.apply(new.ingest, new.clock),
            lambda new: self.topics.apply(new.ingest),
            lambda new: self.pieces.apply(new.store),
            lambda new: self.buckets.apply(new.ddc),
            lambda new: self.subscriptions.apply(new.subscriptions),
            lambda new: self.retainer.apply(new.retention),
        ]


def make_clock(settings: ClockSettings) -> SystemClock:
    """The machine's clock, believed as far as the kernel or the operator says."""
    return SystemClock(clock_quality(settings))


def clock_quality(settings: ClockSettings) -> ClockQuality | None:
    """The operator's word on the clock; None: the kernel is asked."""
    return _QUALITIES.get(settings.quality)


async def build_rooms(
    settings: Settings, paths: Paths, clock: SystemClock, node_key: PublicKey, journal: Journal
) -> Rooms:
    """The rooms over an open journal, with what it holds of devices, horizons and usage; nothing runs yet."""
    stored = await journal.query(load_horizons, database=Database.META)
    devices = await journal.query(load_devices, database=Database.META)
    quota = await _load_quota(settings, clock, devices, journal)
    audit = AuditLog(paths.audit_db, settings.trust.audit_rows_max)
    access, forward = AccessControl(devices, node_key, audit), ForwardClock(clock)
    ingest = Ingest(journal, access, devices, quota, clock, settings.ingest, settings.clock)
    subscriptions = Subscriptions(journal, access, forward, settings.subscriptions)
    ingest.tail = subscriptions.tail
    pieces = Pieces(journal, quota, clock, settings.store)
    retainer = Retainer(
        journal,
        access,
        quota,
        clock,
        settings.retention,
        obtain_receipt=partial(load_receipt_identity, settings.node, paths, clock, os.environ, os.urandom),
        busy=lambda: ingest.waiting >= BUSY_BODIES or journal.stats().queued_records >= BUSY_RECORDS,
        on_removed=subscriptions.raise_first,
    )
    await retainer.prepare()
    revocations = TokenRevocations(await journal.query(load_revocations, database=Database.META))
    chain = await offload(_open_chain, settings, paths, clock, limiter=FILE)
    buckets = StaticBuckets(settings.ddc, VaultId(node_key))
    spec = None if chain is None else chain.spec
    await offload(require_own, settings, paths, node_key, devices.list(), buckets.list(), spec, limiter=FILE)
    return Rooms(
        paths=paths,
        clock=clock,
        forward=forward,
        node_key=node_key,
        vault=VaultId(node_key),
        journal=journal,
        horizons=HorizonLog(journal, clock, settings.trust.request_window_s * 1_000, stored),
        devices=devices,
        access=access,
        revocations=revocations,
        tokens=TokenBook(revocations),
        audit=audit,
        quota=quota,
        ingest=ingest,
        topics=Topics(journal, settings.ingest),
        subscriptions=subscriptions,
        retainer=retainer,
        pieces=pieces,
        buckets=buckets,
        dag=Dag(pieces),
        files=Files(pieces),
        names=Names(journal, quota, clock),
        activity=Capture(journal, node_key, clock, random=os.urandom),
        losses=Losses(journal, pieces.note_damage),
        chain=chain,
    )


def _open_chain(settings: Settings, paths: Paths, clock: SystemClock) -> "Chain | None":
    """The chain that the settings name, if they name one: only then is its code loaded."""
    if not (settings.chain.network or settings.chain.spec_file):
        return None
    from edge_node.node.chain import open_chain

    return open_chain(settings.chain, paths.chain_db, clock)


async def _load_quota(settings: Settings, clock: SystemClock, devices: DeviceTable, journal: Journal) -> QuotaLedger:
    day = clock.now_ms() // DAY_MS
    owners, keys = await journal.query(load_usage, day)
    return QuotaLedger(settings.store, owners, keys, day, partial(_own_day_max, devices))


def _own_day_max(devices: DeviceTable, key: bytes) -> int | None:
    device = devices.get(PublicKey(key))
    return device.bytes_per_day_max if device is not None else None
