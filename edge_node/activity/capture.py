"""The activity room: a draft for every store, and a record of every reader's minute within a second of its end."""

import hashlib
import sqlite3
from collections.abc import Callable, Sequence

import msgspec
import trio
from prometheus_client import Counter

from edge_node.activity.ledger import Bounds, ReadLedger
from edge_node.activity.note import NOTE_KIND, NOTE_VERSION, NoteRecord, decode_note, encode_note, finish_windows
from edge_node.activity.reading import Reading
from edge_node.activity.record import (
    ACTIVITY_KIND,
    NO_SESSION,
    SESSION_BYTES,
    VERSION,
    Action,
    ActivityRecord,
    Part,
    encode_activity,
)
from edge_node.activity.rows import BOOT_BYTES, find_unfinished
from edge_node.activity.window import Reader, Window
from edge_node.base.clock import Clock
from edge_node.base.counters import REGISTRY
from edge_node.base.ids import Cid, PublicKey
from edge_node.base.log import get_log
from edge_node.base.offload import FILE, offload
from edge_node.journal import DigestMismatch, Draft, Journal, JournalError, Lane, Position, Record, RecordAbsent
from edge_node.trust.activity_request import ActivityRequest

__all__ = ["CLOSE_S", "Capture", "Reading"]

log = get_log("activity")

FLUSH_S = 0.5  # with a disk that syncs within as much, a crash loses less than a second
RETRY_S = 1.0
CLOSE_S = 5.0  # for the last records at a stop
RECORDS_AT_ONCE = 64  # at most 4 MB of one ticket, and 20 ms of the loop
NOTED_AT_ONCE = 64

RECORDS = Counter(
    "edge_node_activity_records", "Activity records written, by what happened.", ["action"], registry=REGISTRY
)

_TROUBLES = (OSError, sqlite3.Error, JournalError)


class Capture:
    """Records stores and reads. On the loop's thread; `run` must be running for reads to reach the disk.

    A journal that takes nothing never breaks a read: see ReadLedger for how much is kept for when it does again.
    """

    def __init__(
        self,
        journal: Journal,
        node: PublicKey,
        clock: Clock,
        *,
        random: Callable[[int], bytes],
        bounds: Bounds | None = None,
    ) -> None:
        """`node` is the account that records; `random` is asked twice, here."""
        self._journal, self._node, self._clock = journal, node, clock
        self._boot, self._session_key = random(BOOT_BYTES), random(32)
        self._named = 0
        self._news, self._pressing = trio.Event(), trio.Event()
        self._alone = trio.Lock()
        self._recovered = False
        self._trouble = ""
        self._lost_told, self._losing = 0, False
        self.ledger = ReadLedger(clock, self._name_window, self._wake, self._press, bounds)

    def stored(
        self,
        holder: PublicKey,
        bucket: int,
        cid: Cid | None,
        size: int,
        request: ActivityRequest | None,
        now_ms: int,
    ) -> Draft:
        """The record of a store (no CID: of a name), to be written in the same ticket as what is stored."""
        raw = b"" if request is None else request.raw
        record = ActivityRecord(
            kind=ACTIVITY_KIND,
            version=VERSION,
            action=Action.STORE,
            node=self._node,
            holder=holder,
            bucket=bucket,
            window=self._name_window(),
            session=NO_SESSION,
            first_ms=now_ms,
            last_ms=now_ms,
            clock_quality=self._clock.quality(),
            count=1,
            bytes=size,
            acked=0,
            parts=[Part(cid or b"", 0, size, 0, 0, raw, b"")],
            digests=[],
        )
        RECORDS.labels("store").inc()
        return _draft(record)

    def reading(
        self, holder: PublicKey, bucket: int, cid: Cid | None, request: ActivityRequest | None, source: str
    ) -> Reading:
        """A read begins; `source` says where from (a door and an address) and is not kept. Close what is returned."""
        session = hashlib.blake2b(source.encode(), digest_size=SESSION_BYTES, key=self._session_key).digest()
        return Reading(self.ledger, Reader(holder, bucket, session), cid, request)

    def condition(self) -> str:
        """Empty when all is well; else why reads are not recorded now."""
        return self._trouble

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Write what reads move, half a second after it moved, until cancelled."""
        await self._flush()
        task_status.started()
        while True:
            await self._rest()
            await self._flush()

    async def close(self) -> None:
        """End every minute and write its record: the last work at a stop, at most CLOSE_S."""
        with trio.move_on_after(CLOSE_S):
            async with self._alone:
                self.ledger.close_all()
                await self._try_write()

    def _name_window(self) -> bytes:
        self._named += 1
        return self._boot + self._named.to_bytes(8, "big")

    def _wake(self) -> None:
        self._news.set()

    def _press(self) -> None:
        self._news.set()
        self._pressing.set()

    async def _rest(self) -> None:
        """Until something happened or a minute is over, and then for others to join it."""
        with trio.move_on_after(RETRY_S if self._trouble else self.ledger.due_s()):
            await self._news.wait()
        with trio.move_on_after(RETRY_S if self._trouble else FLUSH_S):
            await self._pressing.wait()
        self._news, self._pressing = trio.Event(), trio.Event()

    async def _flush(self) -> None:
        async with self._alone:
            self.ledger.close_ended()
            await self._try_write()

    async def _try_write(self) -> None:
        try:
            await self._recover()
            await self._write_closed()
            await self._note_changed()
        except _TROUBLES as error:
            if not self._trouble:
                log.warning("activity.held_up", reason=str(error))
            self._trouble = f"reads are not recorded now: {error}"
        else:
            self._trouble = ""
        self._tell_losses()

    def _tell_losses(self) -> None:
        """Once when they begin and once when the disk is back: not with every attempt between."""
        lost = self.ledger.lost_windows - self._lost_told
        if lost and not (self._trouble and self._losing):
            log.warning("activity.lost", records=lost)
            self._lost_told = self.ledger.lost_windows
        self._losing = bool(self._trouble) and (self._losing or bool(lost))

    async def _write_closed(self) -> None:
        while windows := self.ledger.take_closed(RECORDS_AT_ONCE):
            written = False
            try:
                quality = self._clock.quality()
                await self._append([window.record(self._node, quality) for window in windows])
                written = True
            finally:
                self.ledger.settle(written=written)

    async def _append(self, records: Sequence[ActivityRecord]) -> None:
        await self._journal.append([_draft(record) for record in records], Lane.EVENTS)
        RECORDS.labels("read").inc(len(records))

    async def _note_changed(self) -> None:
        while windows := self.ledger.take_changed(NOTED_AT_ONCE):
            written = False
            try:
                await self._journal.append([self._note(windows)], Lane.EVENTS)
                written = True
            finally:
                if not written:
                    for window in windows:
                        window.forget_told()

    def _note(self, windows: Sequence[Window]) -> Draft:
        note = NoteRecord(
            kind=NOTE_KIND,
            version=NOTE_VERSION,
            node=self._node,
            last_ms=self._clock.now_ms(),
            clock_quality=self._clock.quality(),
            deltas=[window.take_delta() for window in windows],
        )
        return Draft(NOTE_KIND, NOTE_VERSION, b"", encode_note(note), note)

    async def _recover(self) -> None:
        """Make the records of what a former process had noted and not finished."""
        if self._recovered:
            return
        positions, windows = await self._journal.query(find_unfinished, self._boot)
        if windows:
            notes = await offload(_read_notes, self._journal.read, positions, limiter=FILE)
            records = finish_windows(notes, windows)
            for start in range(0, len(records), RECORDS_AT_ONCE):
                await self._append(records[start : start + RECORDS_AT_ONCE])
            log.info(
                "activity.recovered", records=len(records), notes=len(notes), unreadable=len(positions) - len(notes)
            )
        self._recovered = True


def _draft(record: ActivityRecord) -> Draft:
    return Draft(ACTIVITY_KIND, VERSION, b"", encode_activity(record), record)


def _read_notes(read: Callable[[Position], Record], positions: Sequence[Position]) -> list[NoteRecord]:
    """The notes that can be read: what rotted is lost, and no reason to lose the others."""
    notes = []
    for position in positions:
        try:
            notes.append(decode_note(read(position).payload))
        except (DigestMismatch, RecordAbsent, msgspec.DecodeError) as error:
            log.warning("activity.note_not_read", segment=position.segment, reason=str(error))
    return notes
