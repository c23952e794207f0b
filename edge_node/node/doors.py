"""The doors of a node: its routes and listeners, the operators' sockets, and who follows a changed setting."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from edge_node import __version__
from edge_node.base.clock import Clock
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
from edge_node.gateway.live import LiveRoutes
from edge_node.gateway.metric_families import Sources
from edge_node.gateway.metrics import Metrics
from edge_node.gateway.openapi import OpenApiRoutes
from edge_node.gateway.pieces import PieceRoutes
from edge_node.gateway.requests import RequestDoor
from edge_node.gateway.room import Room
from edge_node.gateway.status import Identity, StatusRoutes
from edge_node.gateway.streams import StreamRoutes
from edge_node.identity import load_tls_identity
from edge_node.journal import Draft, Journal, Lane
from edge_node.kinds import DEVICE_KIND
from edge_node.node.rooms import Rooms
from edge_node.node.status import Status
from edge_node.paths import Paths
from edge_node.serving import Door, HttpServer, Router, TlsIdentity, open_listeners
from edge_node.settings import Loaded, Settings
from edge_node.store.streams.anchors import Anchors
from edge_node.trust.bearer import BOOT_KEY_BYTES, BearerMint
from edge_node.trust.device import DeviceChange
from edge_node.trust.device_changes import VERSION as DEVICE_VERSION
from edge_node.trust.device_changes import encode_change
from edge_node.trust.token_revocation_rows import REVOCATION_KIND, encode_revocation
from edge_node.trust.token_revocation_rows import VERSION as REVOCATION_VERSION
from edge_node.trust.token_revocations import TokenRevocation


@dataclass(frozen=True, slots=True)
class SettingsSource:
    """What the settings were read as, and how they are read again (blocking)."""

    loaded: Loaded
    read: Callable[[], Loaded]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What can be asked from outside, and the desk where settings are changed."""

    server: HttpServer
    metrics: Metrics
    control: ControlDoor
    settings: SettingsDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class _Routes:
    """The routes of the HTTP door, with the two budgets they share."""

    router: Router
    bodies: Room
    answers: AnswerRoom
    bearers: BearerRoutes
    events: EventRoutes
    streams: StreamRoutes
    pieces: PieceRoutes

    def followers(self) -> list[Callable[[Settings], None]]:
        return [
            lambda new: self.events.apply(new.ingest),
            lambda new: self.streams.apply(new.ingest),
            lambda new: self.pieces.apply(new.store),
            lambda new: self.bearers.apply(new.trust),
            lambda new: self.bodies.resize(new.http.bodies_bytes_max),
            lambda new: self.answers.resize(new.http.answers_bytes_max),
        ]


async def build_doors(settings: Settings, source: SettingsSource | None, rooms: Rooms, status: Status) -> Doors:
    """Routes over the rooms, bound listeners and sockets; nothing is accepted yet.

    Raises AddressUnavailable, what a certificate or a socket has against it; then nothing stays bound.
    """
    routes = _mount(settings, rooms, status)
    tls = await offload(load_tls_identity, settings, rooms.paths, rooms.clock, os.environ, limiter=FILE)
    await rooms.horizons.begin()
    listening = open_listeners(settings.http, tls)
    server = HttpServer(listening, routes.router.dispatch, settings.http, clock=rooms.clock)
    started_s = rooms.clock.monotonic_s()
    metrics = Metrics(_sources(rooms, routes, server, status, started_s))
    if settings.http.metrics:
        metrics.add_to(routes.router)
    levels = LevelDesk(settings.log.level)
    desk = SettingsDesk(
        Loaded(settings, {}) if source is None else source.loaded,
        rooms.clock,
        read=None if source is None else source.read,
        prepare=partial(_prepare_certificate, tls, rooms.paths, rooms.clock),
        rooms=[levels.follow, *rooms.followers(), *routes.followers(), lambda new: server.apply(new.http)],
    )
    house = _house(
        rooms, desk, levels, metrics, status, started_s, lambda: [*_door_figures(server, listening), *control.doors]
    )
    try:
        sockets = await offload(open_sockets, settings.control, rooms.paths, limiter=FILE)
        control = ControlDoor(house, sockets, [RetainStream(house, rooms.retainer)])
    except BaseException:
        for one in listening:
            one.listener.close()
        raise
    return Doors(server=server, metrics=metrics, control=control, settings=desk)


def _mount(settings: Settings, rooms: Rooms, status: Status) -> _Routes:
    router, journal, clock, vault = Router(), rooms.journal, rooms.clock, rooms.vault
    bodies, answers = Room(settings.http.bodies_bytes_max), AnswerRoom(settings.http.answers_bytes_max)
    mint = BearerMint(os.urandom(BOOT_KEY_BYTES))
    door = RequestDoor(rooms.access, rooms.node_key, clock, settings.trust, rooms.horizons, mint, rooms.forward)
    live = LiveRoutes(rooms.subscriptions, door, vault, answers)
    routes = _Routes(
        router=router,
        bodies=bodies,
        answers=answers,
        bearers=BearerRoutes(door, mint, clock, rooms.forward, vault, settings.trust),
        events=EventRoutes(rooms.ingest, settings.ingest, bodies),
        streams=StreamRoutes(rooms.topics, door, vault, settings.ingest, answers, live),
        pieces=PieceRoutes(rooms.pieces, door, vault, settings.store, bodies, answers),
    )
    identity = Identity(settings.node.name, __version__, rooms.node_key, vault)
    StatusRoutes(identity, clock, status.readiness, lambda: rooms.retainer.certificates).add_to(router)
    OpenApiRoutes(__version__).add_to(router)
    AnchorRoutes(Anchors(journal), door, vault, answers).add_to(router)
    routes.bearers.add_to(router)
    routes.events.add_to(router)
    routes.streams.add_to(router)
    routes.pieces.add_to(router)
    return routes


def _sources(rooms: Rooms, routes: _Routes, server: HttpServer, status: Status, started_s: float) -> Sources:
    return Sources(
        version=__version__,
        paths=rooms.paths,
        journal=rooms.journal,
        ingest=rooms.ingest,
        pieces=rooms.pieces,
        devices=rooms.devices,
        audit=rooms.audit,
        server=server,
        bodies=routes.bodies,
        answers=routes.answers,
        health=status.health,
        beats=status.beats,
        clock_quality=rooms.clock.quality,
        uptime_s=lambda: rooms.clock.monotonic_s() - started_s,
    )


def _house(
    rooms: Rooms,
    desk: SettingsDesk,
    levels: LevelDesk,
    metrics: Metrics,
    status: Status,
    started_s: float,
    doors: Callable[[], list[DoorFigures]],
) -> House:
    return House(
        version=__version__,
        node_key=rooms.node_key,
        vault=rooms.vault,
        boot=os.urandom(8).hex(),
        started_ms=rooms.clock.now_ms(),
        started_s=started_s,
        paths=rooms.paths,
        clock=rooms.clock,
        journal=rooms.journal,
        roster=Roster(rooms.devices),
        ingest=rooms.ingest,
        topics=rooms.topics,
        pieces=rooms.pieces,
        buckets=rooms.buckets,
        revocations=rooms.revocations,
        quota=rooms.quota,
        audit=rooms.audit,
        settings=desk,
        levels=levels,
        random=os.urandom,
        supervisor=lambda: status.supervisor,
        doors=doors,
        metrics=metrics.render,
        write_change=partial(_write_change, rooms.journal),
        write_revocation=partial(_write_revocation, rooms.journal),
        subscribers=rooms.subscriptions.per_stream,
        retention=lambda _vault, stream: rooms.retainer.policy_of(stream).shown(),
    )


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


async def _write_revocation(journal: Journal, change: TokenRevocation) -> None:
    await journal.append(
        [Draft(REVOCATION_KIND, REVOCATION_VERSION, b"", encode_revocation(change), change)], Lane.CONTROL
    )


async def _write_change(journal: Journal, change: DeviceChange) -> None:
    await journal.append([Draft(DEVICE_KIND, DEVICE_VERSION, b"", encode_change(change), change)], Lane.CONTROL)
