"""A node's life: it is built, its services start in order, beat, are told of signals, and stop in reverse."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import trio

from edge_node.base.clock import Clock
from edge_node.base.errors import Refusal
from edge_node.base.log import get_log
from edge_node.base.offload import FILE, offload
from edge_node.control import SettingsDesk
from edge_node.identity import load_public_key
from edge_node.journal import CLOSE_S, FileLayer, Journal, Mode, open_journal
from edge_node.kinds import NODE_KINDS
from edge_node.node.doors import Doors, SettingsSource, build_doors
from edge_node.node.listening import Listening
from edge_node.node.rooms import Rooms, build_rooms, make_clock
from edge_node.node.status import Status
from edge_node.paths import Paths
from edge_node.serving.grpc_server import DRAIN_S as GRPC_DRAIN_S
from edge_node.settings import Settings
from edge_node.supervise import Notifier, Progress, RoomState, Service, Supervisor

BEAT_S = 15.0  # a disk that is merely slow syncs within seconds; one that does not in this time is worth a word
CONTROL_DRAIN_S = 3.0  # commands are short, and readers of the feed are told to go

log = get_log("node")


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
    status = Status()
    try:
        rooms = await build_rooms(settings, paths, clock, node_key, journal)
        doors = await build_doors(settings, source, rooms, status)
    except BaseException:
        with trio.move_on_after(CLOSE_S, shield=True):
            await journal.flush_and_close()
        raise
    supervisor = status.supervisor = Supervisor(_services(settings, rooms, doors))

    async def run_and_end(task_status: trio.TaskStatus[None]) -> None:
        await supervisor.run(task_status=task_status)
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.stop_on_signals)
        nursery.start_soon(_tell_manager, notifier, supervisor)
        await nursery.start(run_and_end)
        nursery.start_soon(_beat_forever, supervisor, rooms)
        await nursery.start(_apply_on_signal, doors.settings, notifier)
        if supervisor.health().rooms["http"].state is RoomState.RUNNING:
            announce(doors.listening.urls)
            notifier.say_ready("ready")
            log.info("node.started", node=str(node_key), doors=doors.listening.urls)
        task_status.started(supervisor)


def _open_journal(settings: Settings, paths: Paths, clock: Clock, files: FileLayer | None) -> Journal:
    return open_journal(
        paths, settings.journal, NODE_KINDS, random=os.urandom, clock=clock, files=files, holder="edge-node run"
    )


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


def _services(settings: Settings, rooms: Rooms, doors: Doors) -> list[Service]:
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
        Service(
            name="activity",
            run=rooms.activity.run,
            close=rooms.activity.close,
            required=False,
            condition=rooms.activity.condition,
        ),
        Service(name="store", run=rooms.ingest.run, beat_s=BEAT_S),
        Service(name="subscriptions", run=rooms.subscriptions.run),
        Service(name="retention", run=rooms.retainer.run, required=False, condition=rooms.retainer.condition),
        Service(name="content", run=rooms.losses.run, required=False, condition=rooms.losses.condition),
        *_chain(rooms),
        Service(name="control", run=doors.control.run, drain=doors.control.drain, drain_s=CONTROL_DRAIN_S),
        *_listeners(settings, doors.listening),
    ]


def _chain(rooms: Rooms) -> list[Service]:
    """The light client, where one is wanted: without it the node does its work from what settings say."""
    if rooms.chain is None:
        return []
    return [Service(name="chain_light", run=rooms.chain.run, required=False, condition=rooms.chain.condition)]


def _listeners(settings: Settings, listening: Listening) -> list[Service]:
    """The servers, last of all: what they ask of is there. Those of further pairs are numbered from 2.

    They drain together: ten seconds each, one after the other, would be a minute with five pairs.
    """
    services = [
        Service(
            name="http" if number == 1 else f"http-{number}",
            run=pair.server.run,
            drain=pair.server.drain,
            drain_s=settings.http.drain_s + 1.0,
            stage="doors",
        )
        for number, pair in enumerate(listening.http, start=1)
    ]
    if listening.grpc.urls:
        grpc = listening.grpc
        grpc_drain_s = GRPC_DRAIN_S + 1.0
        services.append(Service(name="grpc", run=grpc.run, drain=grpc.drain, drain_s=grpc_drain_s, stage="doors"))
    return services


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
