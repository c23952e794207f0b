"""The journal's door: submit drafts, wait until they are durable, read them back, query what was made of them."""

import contextlib
import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import trio

from edge_node.base.clock import Clock
from edge_node.base.counters import COMMIT_RECORDS, COMMIT_SECONDS
from edge_node.base.log import get_log
from edge_node.base.offload import DB_READ, FILE, WRITER, offload
from edge_node.journal.catalogue import unlink_segment
from edge_node.journal.commit import Setback, WriteStage
from edge_node.journal.damages import report_damages
from edge_node.journal.engine import Engine, Recovery, Site, open_engine
from edge_node.journal.errors import (
    JournalBroken,
    JournalError,
    JournalMisuse,
    RoundRefused,
    SegmentInUse,
    not_writable,
)
from edge_node.journal.files import FileLayer, OsFiles
from edge_node.journal.identity import NodeIdentity
from edge_node.journal.kinds import Database, Kind, KindTable, Placed, Record
from edge_node.journal.layout import require_layout
from edge_node.journal.lock import DirectoryLock
from edge_node.journal.pool import ReadPool
from edge_node.journal.segment import PAYLOAD_MAX_BYTES, Position, SegmentClass
from edge_node.journal.settle import KnownEnd
from edge_node.journal.space import ROUND_BYTES, plan_space
from edge_node.journal.states import WRITABLE, JournalState, Mode, Turn, turn_state
from edge_node.journal.tickets import Draft, Lane, Lanes, Ticket
from edge_node.paths import Paths
from edge_node.settings.tree import JournalSettings

Result = TypeVar("Result")

GATHER_MAX_MS = 2.0  # longer would be felt by a single writer
COMPANY = 4  # tickets of one round from which on the next one waits for them to come back: a third less CPU per piece
COMPANY_S = 0.0005
REOPEN_FIRST_S, REOPEN_LONGEST_S = 30.0, 900.0  # a disk that came back is noticed; one that fails is not worn out
CLOSE_S = 30.0  # what closing should be given: the last round on a slow card, and some
SPACE_POLL_S = 1.0  # how soon a node notices that somebody made room

log = get_log("journal")


@dataclass(frozen=True, slots=True)
class JournalStats:
    """Figures since the journal was opened; sizes in bytes."""

    rounds: int
    records: int
    payload_bytes: int
    queued_records: int
    queued_bytes: int
    next_sequence: int
    free_bytes: int
    open_segments: Mapping[SegmentClass, int]


def open_journal(
    paths: Paths,
    settings: JournalSettings,
    kinds: Iterable[Kind],
    *,
    random: Callable[[int], bytes],
    clock: Clock,
    files: FileLayer | None = None,
    holder: str = "edge-node",
) -> "Journal":
    """Lock, recover and open a data directory, made if it is new; blocks for as long as recovery takes.

    A disk that cannot be written gives a journal that is READ_ONLY. Raises DirectoryInUse, NotOfItsKind,
    NewerFormat, IdentityUnreadable, or OSError when not even reading works. `holder` names this process in LOCK.
    """
    require_layout(paths)
    layer = files or OsFiles()
    site = Site(paths=paths, settings=settings, kinds=KindTable(kinds), files=layer, random=random, clock=clock)
    if not paths.root.exists():
        layer.make_directory(paths.root)
        layer.sync_directory(paths.root.parent)
    lock = DirectoryLock(paths, layer, holder)
    try:
        return Journal(site, lock, open_engine(site, {}))
    except BaseException:
        lock.release()
        raise


class Journal:
    """One open data directory. `submit` and the state belong to the loop's thread; `read` to any."""

    def __init__(self, site: Site, lock: DirectoryLock, engine: Engine) -> None:
        self._site, self._lock = site, lock
        self._lanes = Lanes(site.settings.queue_records_max, site.settings.queue_bytes_max)
        self._setbacks: list[Callable[[JournalError], None]] = []
        self._work = trio.Event()
        self._stage_free = trio.Lock()
        self._known_ends: dict[SegmentClass, KnownEnd] = {}
        self._under_way: list[Ticket] = []  # written and not yet synced: the open round
        self._holds: set[trio.CancelScope] = set()
        self._company = 0  # tickets of the last round that somebody waited for one by one
        self._closing = False
        self._reopen_pause_s = REOPEN_FIRST_S
        self.recovery = Recovery()
        self._take_engine(engine)

    def _take_engine(self, engine: Engine) -> None:
        known = {damage.position for damage in self.recovery.damages}
        self._engine, self.state, self.recovery = engine, engine.state, engine.recovery
        report_damages([damage for damage in self.recovery.damages if damage.position not in known])
        self._pools = {name: ReadPool(database.uri) for name, database in engine.databases.items()}

    state: JournalState
    recovery: Recovery

    def apply(self, settings: JournalSettings) -> None:
        """Take over the fields of another snapshot that change in a running node (`free_min_bytes`, `gather_ms`).

        Space is judged by them when it is looked at next: with the next round, or within a second where it is short.
        """
        self._site = replace(self._site, settings=settings)
        if (stage := self._engine.stage) is not None:
            stage.plan = plan_space(stage.plan.total, settings)

    @property
    def identity(self) -> NodeIdentity:
        """The content of NODE."""
        return self._engine.identity

    def on_setback(self, callback: Callable[[JournalError], None]) -> None:
        """Call `callback(error)` on the loop when queued tickets were refused, before any waiter hears of it.

        All tickets submitted before the callback and not yet durable are refused by then.
        """
        self._setbacks.append(callback)

    def submit(self, drafts: Sequence[Draft], lane: Lane) -> Ticket:
        """Queue drafts for one round, in order; no checkpoint. QueueFull or NotWritable leave nothing queued.

        Events and control are made durable at once. Extents are written at once and synced together as soon as
        somebody waits for one of them, with the next round, or when a round's worth of bytes is unsynced.
        """
        mode = self.state.mode
        if mode is not Mode.WRITABLE:
            self._require_taken(drafts)
        if self._closing:
            raise not_writable(JournalState(Mode.READ_ONLY, "the node is stopping"))
        size, kinds = 0, self._site.kinds
        for draft in drafts:
            size += draft.payload_bytes
            if draft.kind not in kinds or draft.payload_bytes > PAYLOAD_MAX_BYTES:
                raise JournalMisuse(f"no kind {draft.kind} is registered, or a payload is above 4 GiB")
        if not drafts:
            raise JournalMisuse("a ticket has at least one draft")
        ticket = Ticket(drafts, lane, size, self._work_waits if lane is Lane.EXTENTS else None)
        self._lanes.put(ticket)
        self._work.set()
        return ticket

    def _work_waits(self) -> None:
        self._work.set()

    def _require_taken(self, drafts: Sequence[Draft]) -> None:
        frees = self.state.mode is Mode.LOW and all(
            draft.kind in self._site.kinds and self._site.kinds[draft.kind].frees_space for draft in drafts
        )
        if not frees:
            raise not_writable(self.state)

    async def append(self, drafts: Sequence[Draft], lane: Lane) -> Sequence[Placed]:
        """Submit and wait until durable."""
        return await self.submit(drafts, lane).wait()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """The writer: rounds as long as anything is queued, until cancelled. A round under way is always finished.

        JournalBroken when log and databases can no longer be reconciled, or when `flush_and_close` gave the disk up:
        the process should end.
        """
        task_status.started()
        while self.state.mode is not Mode.BROKEN:
            await self._wait_for_work()
            with self._held_to_the_end():
                await self._write_round()
        raise JournalBroken(self.state.reason)

    @contextlib.contextmanager
    def _held_to_the_end(self) -> Iterator[None]:
        """What was handed to the disk is waited for by a cancelled task too, until closing gives the disk up."""
        with trio.CancelScope(shield=True) as hold:
            self._holds.add(hold)
            try:
                yield
            finally:
                self._holds.discard(hold)

    async def _wait_for_work(self) -> None:
        if self._has_work():
            return
        while not self._has_work():
            self._work = trio.Event()
            with trio.move_on_after(self._patience_s()) as patience:
                await self._work.wait()
            if patience.cancelled_caught:
                await self._look_again()
        if pause_s := self._gathering_s():
            await trio.sleep(pause_s)

    def _gathering_s(self) -> float:
        """How long an idle journal lets the first ticket wait for others."""
        asked_s = min(self._site.settings.gather_ms, GATHER_MAX_MS) / 1000
        return max(asked_s, COMPANY_S) if self._company >= COMPANY else asked_s

    def _has_work(self) -> bool:
        return self._lanes.waiting() or any(ticket.pressing for ticket in self._under_way)

    def _patience_s(self) -> float:
        if self.state.mode is Mode.LOW:
            return SPACE_POLL_S
        return self._reopen_pause_s if self.state.mode is Mode.READ_ONLY and not self._closing else math.inf

    async def _look_again(self) -> None:
        if self.state.mode is Mode.LOW:
            await self._look_for_space()
        elif self.state.mode is Mode.READ_ONLY and not self._closing:
            self._reopen_pause_s = min(2 * self._reopen_pause_s, REOPEN_LONGEST_S)
            await self.reopen()

    async def _look_for_space(self) -> None:
        stage = self._engine.stage
        if stage is None:
            return
        with self._held_to_the_end():
            async with self._stage_free:
                try:
                    await offload(stage.check_space, limiter=FILE, abandon=True)
                except OSError as error:
                    log.warning("space.not_measured", reason=str(error))
                self._follow_space()

    def _follow_space(self) -> None:
        stage = self._engine.stage
        if stage is None:
            return
        if stage.low and self.state.mode is Mode.WRITABLE:
            self._turn(Turn.SPACE_SHORT, "free space is short")
        elif not stage.low and self.state.mode is Mode.LOW:
            self._turn(Turn.SPACE_BACK, "")

    def _turn(self, turn: Turn, reason: str) -> None:
        self.state = turn_state(self.state, turn, reason)
        log.warning("journal.state_changed", state=str(self.state))

    async def _write_round(self) -> None:
        async with self._stage_free:
            stage = self._engine.stage
            tickets = self._lanes.take(stage.plan.round if stage is not None else ROUND_BYTES)
            if stage is None or self.state.mode in {Mode.READ_ONLY, Mode.BROKEN}:
                self._refuse(tickets, partial(not_writable, self.state))
            else:
                await self._write(stage, tickets)

    async def _write(self, stage: WriteStage, tickets: Sequence[Ticket]) -> None:
        self._under_way += tickets
        finish = self._closing or self._is_pressing(stage.plan.round)
        began = self._site.clock.monotonic_s()
        drafts = [ticket.drafts for ticket in tickets]
        outcome = await offload(partial(stage.write, drafts, finish=finish), limiter=WRITER, abandon=True)
        if self.state.mode is Mode.BROKEN:
            return  # given up while this thread came back: its tickets were refused
        if finish or isinstance(outcome, Setback):
            settled, self._under_way = self._under_way, []
            self._company = sum(ticket.lane is not Lane.EXTENTS for ticket in settled)
            self._settle(settled, outcome)
            COMMIT_SECONDS.observe(self._site.clock.monotonic_s() - began)
            COMMIT_RECORDS.observe(sum(len(ticket.drafts) for ticket in settled))

    def _is_pressing(self, round_bytes: int) -> bool:
        """Whether the open round is to be synced: a sync is dear, and extents that come together can share one."""
        if any(ticket.pressing for ticket in self._under_way):
            return True
        return sum(ticket.payload_bytes for ticket in self._under_way) >= round_bytes

    def _settle(self, tickets: Sequence[Ticket], outcome: list[list[Placed]] | Setback) -> None:
        if isinstance(outcome, Setback):
            if outcome.turn is None:
                self._refuse([*tickets, *self._lanes.drain()], partial(RoundRefused, outcome.reason))
                return
            self._turn(outcome.turn, outcome.reason)
            self._refuse([*tickets, *self._lanes.drain()], partial(not_writable, self.state))
            return
        for ticket, placed in zip(tickets, outcome, strict=True):
            ticket.placed = placed
            ticket.wake()
        self._follow_space()

    def _refuse(self, tickets: Sequence[Ticket], error: Callable[[], JournalError]) -> None:
        for ticket in tickets:
            ticket.refuse(error)
        try:
            for callback in self._setbacks:
                callback(error())
        finally:
            for ticket in tickets:
                ticket.wake()

    def read(self, position: Position) -> Record:
        """The record at `position`, verified; blocking, from any thread. DigestMismatch or RecordAbsent otherwise."""
        return self._engine.reader.read(position)

    async def query(self, fn: Callable[..., Result], *args: Any, database: Database = Database.INDEX) -> Result:
        """Run `fn(connection, *args)` in a thread on a read-only connection that sees every acknowledged record."""
        return await offload(partial(self._pools[database].run, fn, *args), limiter=DB_READ)

    def stats(self) -> JournalStats:
        """Figures for the status page; no blocking."""
        stage = self._engine.stage
        queued = {"queued_records": self._lanes.records, "queued_bytes": self._lanes.bytes}
        if stage is None:
            return JournalStats(0, 0, 0, **queued, next_sequence=0, free_bytes=0, open_segments={})
        return JournalStats(
            stage.rounds,
            stage.records,
            stage.payload_bytes,
            **queued,
            next_sequence=stage.sequence,
            free_bytes=stage.meter.estimate,
            open_segments={name: segment.number for name, segment in stage.segments.items()},
        )

    async def drop_segment(self, segment_class: SegmentClass, number: int) -> None:
        """Remove a sealed segment and its footer, durably. SegmentInUse for an open one; an absent one is fine."""
        async with self._stage_free:
            stage = self._engine.stage
            if stage is None or self.state.mode in {Mode.READ_ONLY, Mode.BROKEN}:
                raise not_writable(self.state)
            if stage.segments[segment_class].number == number:
                raise SegmentInUse(segment_class.value, number)
            directory = self._site.paths.segments / segment_class.value
            await offload(unlink_segment, self._site.files, directory, number, limiter=FILE)
            self._engine.reader.forget(segment_class, number)

    async def reopen(self) -> JournalState:
        """Try to write again after READ_ONLY: recover the directory anew, in new segments where a sync went wrong.

        `run` does so by itself, at growing intervals. Setback callbacks are called: what was read before may be old.
        """
        if self.state.mode is Mode.READ_ONLY:
            with self._held_to_the_end():
                async with self._stage_free:
                    await self._reopen()
        return self.state

    async def _reopen(self) -> None:
        if self._closing:
            return
        try:
            former, old_pools = self._engine, self._pools
            engine = await offload(self._open_anew, limiter=WRITER, abandon=True)
        except (OSError, sqlite3.Error, JournalError) as error:
            # What can be read now stays readable: the former engine was not touched.
            log.warning("journal.not_reopened", reason=str(error))
            return
        refused = partial(not_writable, self.state)
        self._take_engine(engine)
        for callback in self._setbacks:
            callback(refused())
        if engine.state.mode is not Mode.READ_ONLY:
            self._reopen_pause_s = REOPEN_FIRST_S
        log.warning("journal.reopened", state=str(self.state))
        await offload(_put_down, former, old_pools.values(), limiter=WRITER, abandon=True)

    def _open_anew(self) -> Engine:
        if self._engine.stage is not None:
            self._known_ends = self._engine.stage.known_ends()
        return open_engine(self._site, self._known_ends)

    async def flush_and_close(self) -> None:
        """Refuse new drafts, write what is queued, leave a clean directory and give LOCK back.

        Not shielded: who may be cancelled shields it for CLOSE_S, for a disk may never answer. A cancelled call
        gives the disk up: whatever waits for it ends, a round under way like any other, and what was not acknowledged
        by then is refused. LOCK stays held until the process ends, for a thread left behind may still write.
        """
        self._closing = True
        try:
            while self._lanes.waiting() or self._under_way:
                await self._write_round()
            async with self._stage_free:
                await offload(self._close, limiter=WRITER, abandon=True)
        except trio.Cancelled:
            self._give_up()
            raise
        self.state = replace(WRITABLE, mode=Mode.READ_ONLY, reason="closed")

    def _give_up(self) -> None:
        if self.state.mode is not Mode.BROKEN:
            self._turn(Turn.UNRECONCILED, "it was not closed: the disk did not answer in the time it had")
        unsettled, self._under_way = self._under_way, []
        self._refuse([*unsettled, *self._lanes.drain()], partial(not_writable, self.state))
        for hold in self._holds:
            hold.cancel()

    def _close(self) -> None:
        for pool in self._pools.values():
            pool.close()
        self._engine.close(clean=self.state.mode in {Mode.WRITABLE, Mode.LOW})
        self._lock.release()


def _put_down(engine: Engine, pools: Iterable[ReadPool]) -> None:
    for pool in pools:
        pool.close()
    try:
        engine.close(clean=False)
    except (OSError, sqlite3.Error) as error:
        log.warning("journal.closed_uncleanly", reason=str(error))
