"""The composition root: builds every room from Settings, wires their ports, starts and stops them in order."""

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import trio

from edge_node import __version__
from edge_node.base.clock import Clock, ClockQuality, ForwardClock, SystemClock
from edge_node.base.errors import Refusal
from edge_node.base.ids import PublicKey, VaultId
from edge_node.base.log import get_log
from edge_node.base.offload import FILE, offload
from edge_node.control import (
    ControlDoor,
    DoorFigures,
    House,
    LevelDesk,
    RetainStream,
    Roster,
    SettingsDesk,
    open_sockets,
)
from edge_node.gateway.anchors import AnchorRoutes
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
from edge_node.identity import load_public_key, load_receipt_identity, load_tls_identity
from edge_node.journal import CLOSE_S, Database, Draft, FileLayer, Journal, Lane, Mode, open_journal
from edge_node.kinds import DEVICE_KIND, NODE_KINDS
from edge_node.paths import Paths
from edge_node.serving import Door, HttpServer, Router, TlsIdentity, open_listeners
from edge_node.settings import ClockSettings, Loaded, Settings
from edge_node.store.losses import Losses
from edge_node.store.pieces import Pieces
from edge_node.store.quota import QuotaLedger
from edge_node.store.streams.anchors import Anchors
from edge_node.store.streams.ingest import Ingest
from edge_node.store.streams.retainer import Retainer
from edge_node.store.streams.subscriptions import Subscriptions
from edge_node.store.streams.topics import Topics
from edge_node.store.usage import DAY_MS, load_usage
from edge_node.supervise import Beat, Health, Notifier, Progress, RoomState, Service, Supervisor
from edge_node.trust.access_control import AccessControl
from edge_node.trust.audit import AuditLog
from edge_node.trust.bearer import BOOT_KEY_BYTES, BearerMint
from edge_node.trust.device import DeviceChange
from edge_node.trust.device_changes import VERSION as DEVICE_VERSION
from edge_node.trust.device_changes import encode_change
from edge_node.trust.device_rows import load_devices
from edge_node.trust.devices import DeviceTable
from edge_node.trust.horizon_rows import load_horizons

BUSY_BODIES, BUSY_RECORDS = 64, 256  # waiting: more than one batch of ingest; retention gives way then
BEAT_S = 15.0  # a disk that is merely slow syncs within seconds; one that does not in this time is worth a word

CONTROL_DRAIN_S = 3.0  # commands are short, and readers of the feed are told to go

log = get_log("node")

_QUALITIES = {
    "unsynced": ClockQuality.UNSYNCED,
    "manual": ClockQuality.MANUAL,
    "network": ClockQuality.NETWORK,
    "precise": ClockQuality.PRECISE,
}


@dataclass(frozen=True, slots=True)
class SettingsSource:
    """What the settings were read as, and how they are read again (blocking)."""

    loaded: Loaded
    read: Callable[[], Loaded]


def make_clock(settings: ClockSettings) -> SystemClock:
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
    retainer: Retainer
    losses: Losses
    server: HttpServer
    metrics: Metrics
    control: ControlDoor
    settings: SettingsDesk


async def run_node(
    settings: Settings,
    *,
    announce: Callable[[list[str]], None],
    files: FileLayer | None = None,
    source: SettingsSource | None = None,
    notifier: Notifier | None = None,
    task_status: trio.TaskStatus[Supervisor] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run a node until SIGTERM, SIGINT or cancellation; `announce` gets the doors' URLs once they are open.

    That is also so when the journal cannot be written: reading works, and `/readyz` names the reason. `files` is
    the file system of the log, the machine's own by default; `source` is where the settings came from and how they are
    read again, without which none can be applied later; `notifier` speaks to the service manager, by default to
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
        rooms = await _build(settings, source, paths, clock, node_key, journal, status)
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
        await nursery.start(_apply_on_signal, rooms.settings, notifier)
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
    source: SettingsSource | None,
    paths: Paths,
    clock: SystemClock,
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
    mint, forward = BearerMint(os.urandom(BOOT_KEY_BYTES)), ForwardClock(clock)
    vault, door = VaultId(node_key), RequestDoor(access, node_key, clock, settings.trust, horizons, mint, forward)
    router = Router()
    identity = Identity(settings.node.name, __version__, node_key, vault)
    StatusRoutes(identity, clock, status.readiness, lambda: retainer.certificates).add_to(router)
    OpenApiRoutes(__version__).add_to(router)
    bodies, answers = Room(settings.http.bodies_bytes_max), AnswerRoom(settings.http.answers_bytes_max)
    bearers = BearerRoutes(door, mint, clock, forward, vault, settings.trust)
    bearers.add_to(router)
    events = EventRoutes(ingest, settings.ingest, bodies)
    events.add_to(router)
    subscriptions = Subscriptions(journal, access, forward, settings.subscriptions)
    ingest.tail = subscriptions.tail
    live = LiveRoutes(subscriptions, door, vault, answers)
    topics = Topics(journal, settings.ingest)
    streams = StreamRoutes(topics, door, vault, settings.ingest, answers, live)
    streams.add_to(router)
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
    AnchorRoutes(Anchors(journal), door, vault, answers).add_to(router)
    piece_routes = PieceRoutes(pieces, door, vault, settings.store, bodies, answers)
    piece_routes.add_to(router)
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
    levels = LevelDesk(settings.log.level)
    desk = SettingsDesk(
        Loaded(settings, {}) if source is None else source.loaded,
        clock,
        read=None if source is None else source.read,
        prepare=partial(_prepare_certificate, tls, paths, clock),
        rooms=[  # whoever is asked what it may do by a setting that reloads live
            lambda new: clock.assume(_QUALITIES.get(new.clock.quality)),
            levels.follow,
            lambda new: journal.apply(new.journal),
            lambda new: quota.apply(new.store),
            lambda new: ingest.apply(new.ingest, new.clock),
            lambda new: events.apply(new.ingest),
            lambda new: topics.apply(new.ingest),
            lambda new: streams.apply(new.ingest),
            lambda new: pieces.apply(new.store),
            lambda new: piece_routes.apply(new.store),
            lambda new: subscriptions.apply(new.subscriptions),
            lambda new: retainer.apply(new.retention),
            lambda new: bearers.apply(new.trust),
            lambda new: bodies.resize(new.http.bodies_bytes_max),
            lambda new: answers.resize(new.http.answers_bytes_max),
            lambda new: server.apply(new.http),
        ],
    )
    house = House(
        version=__version__,
        node_key=node_key,
        vault=vault,
        boot=os.urandom(8).hex(),
        started_ms=clock.now_ms(),
        started_s=started_s,
        paths=paths,
        clock=clock,
        journal=journal,
        roster=Roster(devices),
        ingest=ingest,
        topics=topics,
        pieces=pieces,
        quota=quota,
        audit=audit,
        settings=desk,
        levels=levels,
        random=os.urandom,
        supervisor=lambda: status.supervisor,
        doors=lambda: [*_door_figures(server, doors), *control.doors],
        metrics=metrics.render,
        write_change=partial(_write_change, journal),
        subscribers=subscriptions.per_stream,
        retention=lambda _vault, stream: retainer.policy_of(stream).shown(),
    )
    try:
        sockets = await offload(open_sockets, settings.control, paths, limiter=FILE)
        control = ControlDoor(house, sockets, [RetainStream(house, retainer)])
    except BaseException:
        for one in doors:
            one.listener.close()
        raise
    return Rooms(node_key, journal, audit, ingest, subscriptions, retainer, losses, server, metrics, control, desk)


def _prepare_certificate(tls: TlsIdentity | None, paths: Paths, clock: Clock, settings: Settings) -> Callable[[], None]:
    """Read the certificate again, whether its name changed or its content; blocking."""
    fresh = None if tls is None else load_tls_identity(settings, paths, clock, os.environ)

    def adopt() -> None:
        if tls is not None and fresh is not None:
            tls.adopt(fresh)

    return adopt


def _door_figures(server: HttpServer, doors: Sequence[Door]) -> list[DoorFigures]:
    return [
        DoorFigures(
            name="https" if door.identity else "http",
            kind="tls" if door.identity else "tcp",
            url=url,
            address=url.partition("://")[2],
            connections=sum(1 for one in server.connections if one.secure == (door.identity is not None)),
            connections_max=server.connections_max,
            fingerprint=door.identity.fingerprint if door.identity else None,
            expires_ms=door.identity.expires_ms if door.identity else None,
        )
        for door, url in zip(doors, server.urls, strict=True)
    ]


async def _write_change(journal: Journal, change: DeviceChange) -> None:
    await journal.append([Draft(DEVICE_KIND, DEVICE_VERSION, b"", encode_change(change), change)], Lane.CONTROL)


async def _apply_on_signal(
    desk: SettingsDesk, notifier: Notifier, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """SIGHUP reads the settings again; what is wrong with them is in the log, and changes nothing."""
    with trio.open_signal_receiver(signal.SIGHUP) as received:
        task_status.started()
        async for _ in received:
            with notifier.reloading():
                try:
                    await desk.apply()
                except Refusal as refusal:
                    log.warning("settings.refused", reason=str(refusal), remedy=refusal.remedy)


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
        Service(name="retention", run=rooms.retainer.run, required=False, condition=rooms.retainer.condition),
        Service(name="content", run=rooms.losses.run, required=False, condition=rooms.losses.condition),
        Service(name="control", run=rooms.control.run, drain=rooms.control.drain, drain_s=CONTROL_DRAIN_S),
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
