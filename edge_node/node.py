"""The composition root: builds every room from Settings, wires their ports, starts and stops them in order."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import trio

from edge_node import __version__
from edge_node.base.clock import Clock, ClockQuality, SystemClock
from edge_node.base.ids import PublicKey, VaultId
from edge_node.base.log import get_log
from edge_node.base.offload import FILE, offload
from edge_node.gateway.answer_room import AnswerRoom
from edge_node.gateway.bearer import BearerRoutes
from edge_node.gateway.events import EventRoutes
from edge_node.gateway.horizon_log import HorizonLog
from edge_node.gateway.live import LiveRoutes
from edge_node.gateway.metric_families import Sources
from edge_node.gateway.metrics import Metrics
from edge_node.gateway.openapi import OpenApiRoutes
from edge_node.gateway.pieces import PieceRoutes
from edge_node.gateway.requests import RequestDoor
from edge_node.gateway.room import Room
from edge_node.gateway.status import Identity, Readiness, StatusRoutes
from edge_node.gateway.streams import StreamRoutes
from edge_node.identity import load_public_key, load_tls_identity
from edge_node.journal import CLOSE_S, Database, FileLayer, Journal, Mode, open_journal
from edge_node.kinds import NODE_KINDS
from edge_node.paths import Paths
from edge_node.serving import HttpServer, Router, open_listeners
from edge_node.settings import ClockSettings, Settings
from edge_node.store.losses import Losses
from edge_node.store.pieces import Pieces
from edge_node.store.quota import QuotaLedger
from edge_node.store.streams.ingest import Ingest
from edge_node.store.streams.subscriptions import Subscriptions
from edge_node.store.streams.topics import Topics
from edge_node.store.usage import DAY_MS, load_usage
from edge_node.supervise import Beat, Health, Notifier, Progress, RoomState, Service, Supervisor
from edge_node.trust.access_control import AccessControl
from edge_node.trust.audit import AuditLog
from edge_node.trust.bearer import BOOT_KEY_BYTES, BearerMint
from edge_node.trust.device_rows import load_devices
from edge_node.trust.devices import DeviceTable
from edge_node.trust.horizon_rows import load_horizons

BEAT_S = 15.0  # a disk that is merely slow syncs within seconds; one that does not in this time is worth a word

log = get_log("node")

_QUALITIES = {
    "unsynced": ClockQuality.UNSYNCED,
    "manual": ClockQuality.MANUAL,
    "network": ClockQuality.NETWORK,
    "precise": ClockQuality.PRECISE,
}


def make_clock(settings: ClockSettings) -> Clock:
    """The machine's clock, believed as far as the kernel or the operator says."""
    return SystemClock(_QUALITIES.get(settings.quality))


@dataclass(frozen=True, slots=True)
class Rooms:
    """What one running node is made of."""

    node_key: PublicKey
    journal: Journal
    audit: AuditLog
    ingest: Ingest
    subscriptions: Subscriptions
    losses: Losses
    server: HttpServer
    metrics: Metrics


async def run_node(
    settings: Settings,
    *,
    announce: Callable[[list[str]], None],
    files: FileLayer | None = None,
    notifier: Notifier | None = None,
    task_status: trio.TaskStatus[Supervisor] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run a node until SIGTERM, SIGINT or cancellation; `announce` gets the doors' URLs once they are open.

    That is also so when the journal cannot be written: reading works, and `/readyz` names the reason. `files` is
    the file system of the log, the machine's own by default; `notifier` speaks to the service manager, by default to
    none. Raises what kept the node from starting (DirectoryInUse, AddressUnavailable, a key that cannot be read, …) or
    an exception group with what ended a required room.
    """
    clock, paths = make_clock(settings.clock), Paths(Path(settings.node.data_dir))
    notifier = notifier or Notifier(clock=clock)
    notifier.say("opening the log")
    node_key = await offload(load_public_key, settings.node, paths, os.environ, limiter=FILE)
    journal = await offload(_open_journal, settings, paths, clock, files, limiter=FILE)
    status = _Status()
    try:
        rooms = await _build(settings, paths, clock, node_key, journal, status)
    except BaseException:
        with trio.move_on_after(CLOSE_S, shield=True):
            await journal.flush_and_close()
        raise
    supervisor = status.supervisor = Supervisor(_services(settings, rooms))

    async def run_and_end(task_status: trio.TaskStatus[None]) -> None:
        await supervisor.run(task_status=task_status)
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.stop_on_signals)
        nursery.start_soon(_tell_manager, notifier, supervisor)
        await nursery.start(run_and_end)
        nursery.start_soon(_beat_forever, supervisor, rooms)
        if supervisor.health().rooms["http"].state is RoomState.RUNNING:
            announce(rooms.server.urls)
            notifier.say_ready("ready")
            log.info("node.started", node=str(node_key), doors=rooms.server.urls)
        task_status.started(supervisor)


def _open_journal(settings: Settings, paths: Paths, clock: Clock, files: FileLayer | None) -> Journal:
    return open_journal(
        paths, settings.journal, NODE_KINDS, random=os.urandom, clock=clock, files=files, holder="edge-node run"
    )


async def _build(
    settings: Settings,
    paths: Paths,
    clock: Clock,
    node_key: PublicKey,
    journal: Journal,
    status: "_Status",
) -> Rooms:
    stored = await journal.query(load_horizons, database=Database.META)
    horizons = HorizonLog(journal, clock, settings.trust.request_window_s * 1_000, stored)
    devices = await journal.query(load_devices, database=Database.META)
    day = clock.now_ms() // DAY_MS
    owners, keys = await journal.query(load_usage, day)
    quota = QuotaLedger(settings.store, owners, keys, day, partial(_own_day_max, devices))
    audit = AuditLog(paths.audit_db, settings.trust.audit_rows_max)
    access = AccessControl(devices, node_key, audit)
    ingest = Ingest(journal, access, devices, quota, clock, settings.ingest, settings.clock)
    pieces = Pieces(journal, quota, clock, settings.store)
    mint = BearerMint(os.urandom(BOOT_KEY_BYTES))
    vault, door = VaultId(node_key), RequestDoor(access, node_key, clock, settings.trust, horizons, mint)
    router = Router()
    identity = Identity(settings.node.name, __version__, node_key, vault)
    StatusRoutes(identity, clock, status.readiness).add_to(router)
    OpenApiRoutes(__version__).add_to(router)
    bodies, answers = Room(settings.http.bodies_bytes_max), AnswerRoom(settings.http.answers_bytes_max)
    BearerRoutes(door, mint, clock, vault, settings.trust).add_to(router)
    EventRoutes(ingest, settings.ingest, bodies).add_to(router)
    subscriptions = Subscriptions(journal, access, clock, settings.subscriptions)
    ingest.tail = subscriptions.tail
    live = LiveRoutes(subscriptions, door, vault, answers)
    StreamRoutes(Topics(journal, settings.ingest), door, vault, settings.ingest, answers, live).add_to(router)
    PieceRoutes(pieces, door, vault, settings.store, bodies, answers).add_to(router)
    tls = await offload(load_tls_identity, settings, paths, clock, os.environ, limiter=FILE)
    await horizons.begin()
    doors = open_listeners(settings.http, tls)
    server = HttpServer(doors, router.dispatch, settings.http, clock=clock)
    started_s = clock.monotonic_s()
    metrics = Metrics(
        Sources(
            version=__version__,
            paths=paths,
            journal=journal,
            ingest=ingest,
            pieces=pieces,
            devices=devices,
            audit=audit,
            server=server,
            bodies=bodies,
            answers=answers,
            health=status.health,
            beats=status.beats,
            clock_quality=clock.quality,
            uptime_s=lambda: clock.monotonic_s() - started_s,
        )
    )
    if settings.http.metrics:
        metrics.add_to(router)
    losses = Losses(journal, pieces.note_damage)
    return Rooms(node_key, journal, audit, ingest, subscriptions, losses, server, metrics)


def _own_day_max(devices: DeviceTable, key: bytes) -> int | None:
    device = devices.get(PublicKey(key))
    return device.bytes_per_day_max if device is not None else None


def _services(settings: Settings, rooms: Rooms) -> list[Service]:
    journal = rooms.journal
    return [
        Service(
            name="journal",
            run=journal.run,
            close=journal.flush_and_close,
            close_s=CLOSE_S,
            condition=lambda: "" if journal.state.mode is Mode.WRITABLE else str(journal.state),
            beat_s=BEAT_S,
        ),
        Service(name="audit", run=rooms.audit.run, required=False),
        Service(name="store", run=rooms.ingest.run, beat_s=BEAT_S),
        Service(name="subscriptions", run=rooms.subscriptions.run),
        Service(name="content", run=rooms.losses.run, required=False, condition=rooms.losses.condition),
        Service(name="http", run=rooms.server.run, drain=rooms.server.drain, drain_s=settings.http.drain_s + 1.0),
    ]


async def _beat_forever(supervisor: Supervisor, rooms: Rooms) -> None:
    """Heartbeats of the rooms that have queues: a room is alive while its queue is empty or moves."""
    journal, store = Progress(), Progress()
    while True:
        stats = rooms.journal.stats()
        if journal.alive(waiting=stats.queued_records, done=stats.rounds):
            supervisor.beat("journal")
        if store.alive(waiting=rooms.ingest.waiting, done=rooms.ingest.answered):
            supervisor.beat("store")
        await trio.sleep(BEAT_S / 3)


async def _tell_manager(notifier: Notifier, supervisor: Supervisor) -> None:
    """How the node is, again and again, to whoever keeps it running; and that it stops, as soon as it does."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(notifier.run, supervisor.beats, supervisor.health)
        await supervisor.wait_stopping()
        notifier.say_stopping()


class _Status:
    """The open paths ask for health before there is a supervisor to give it."""

    supervisor: Supervisor | None = None

    def health(self) -> Health | None:
        return None if self.supervisor is None else self.supervisor.health()

    def beats(self) -> dict[str, Beat]:
        return {} if self.supervisor is None else self.supervisor.beats()

    def readiness(self) -> Readiness:
        health = self.health()
        if health is None:
            return Readiness(ready=False, rooms={})
        rooms = {name: {"state": str(room.state), "reason": room.reason} for name, room in health.rooms.items()}
        return Readiness(health.ready, rooms)
