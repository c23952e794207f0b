"""The doors of a node: its routes and listeners, the operators' sockets, and who follows a changed setting."""

import os
from collections.abc import Callable
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
from edge_node.gateway.metric_families import Sources
from edge_node.gateway.metrics import Metrics
from edge_node.identity import load_tls_identity
from edge_node.journal import Draft, Journal, Lane
from edge_node.kinds import DEVICE_KIND
from edge_node.node.listening import Listening
from edge_node.node.rooms import Rooms
from edge_node.node.routes import Routes, build_routes
from edge_node.node.status import Status
from edge_node.paths import Paths
from edge_node.serving import TlsIdentity
from edge_node.settings import Loaded, Settings
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

    listening: Listening
    metrics: Metrics
    control: ControlDoor
    settings: SettingsDesk


async def build_doors(settings: Settings, source: SettingsSource | None, rooms: Rooms, status: Status) -> Doors:
    """Routes over the rooms, bound listeners and sockets; nothing is accepted yet.

    Raises AddressUnavailable, what a certificate or a socket has against it; then nothing stays bound.
    """
    routes = build_routes(settings, rooms, status)
    tls = await offload(load_tls_identity, settings, rooms.paths, rooms.clock, os.environ, limiter=FILE)
    await rooms.horizons.begin()
    listening = Listening(settings, tls, routes.router_of, routes.ddc.table, rooms.clock)
    started_s = rooms.clock.monotonic_s()
    metrics = Metrics(_sources(rooms, routes, listening, status, started_s))
    if settings.http.metrics:
        for pair in listening.http:
            metrics.add_to(pair.router)
    levels = LevelDesk(settings.log.level)
    desk = SettingsDesk(
        Loaded(settings, {}) if source is None else source.loaded,
        rooms.clock,
        read=None if source is None else source.read,
        prepare=partial(_prepare_certificate, tls, rooms.paths, rooms.clock),
        rooms=[levels.follow, *rooms.followers(), routes.apply, listening.apply],
    )
    house = _house(rooms, desk, levels, metrics, status, started_s, lambda: [*listening.figures(), *control.doors])
    try:
        sockets = await offload(open_sockets, settings.control, rooms.paths, limiter=FILE)
        control = ControlDoor(house, sockets, [RetainStream(house, rooms.retainer)])
    except BaseException:
        listening.close()
        raise
    return Doors(listening=listening, metrics=metrics, control=control, settings=desk)


def _sources(rooms: Rooms, routes: Routes, listening: Listening, status: Status, started_s: float) -> Sources:
    return Sources(
        version=__version__,
        paths=rooms.paths,
        journal=rooms.journal,
        ingest=rooms.ingest,
        pieces=rooms.pieces,
        activity=rooms.activity,
        devices=rooms.devices,
        audit=rooms.audit,
        http=listening,
        grpc=listening.grpc,
        puts=routes.ddc.puts,
        reads=routes.ddc.reads,
        bodies=routes.bodies,
        answers=routes.answers,
        health=status.health,
        beats=status.beats,
        clock_quality=rooms.clock.quality,
        uptime_s=lambda: rooms.clock.monotonic_s() - started_s,
        chain=lambda: None if rooms.chain is None else rooms.chain.status(),
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
        files=rooms.files,
        names=rooms.names,
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
        chain=rooms.chain,
        retention=lambda _vault, stream: rooms.retainer.policy_of(stream).shown(),
    )


def _prepare_certificate(tls: TlsIdentity | None, paths: Paths, clock: Clock, settings: Settings) -> Callable[[], None]:
    """Read the certificate again, whether its name changed or its content; blocking."""
    fresh = None if tls is None else load_tls_identity(settings, paths, clock, os.environ)

    def adopt() -> None:
        if tls is not None and fresh is not None:
            tls.adopt(fresh)

    return adopt


async def _write_revocation(journal: Journal, change: TokenRevocation) -> None:
    await journal.append(
        [Draft(REVOCATION_KIND, REVOCATION_VERSION, b"", encode_revocation(change), change)], Lane.CONTROL
    )


async def _write_change(journal: Journal, change: DeviceChange) -> None:
    await journal.append([Draft(DEVICE_KIND, DEVICE_VERSION, b"", encode_change(change), change)], Lane.CONTROL)
