"""Catching up: pages of the log for subscribers who are behind the tail, each read once for all who want it."""

import sqlite3
from collections import OrderedDict
from dataclasses import dataclass

import trio

from edge_node.base.limits import KIB, MIB
from edge_node.base.log import get_log
from edge_node.base.offload import FILE, offload
from edge_node.journal import DigestMismatch, Journal, JournalError, RecordAbsent
from edge_node.store.streams.admission import HeadKey
from edge_node.store.streams.event_object import object_bound, render_events
from edge_node.store.streams.frames import Gap, GapReason, Part, Run
from edge_node.store.streams.records import decode_events
from edge_node.store.streams.rows import BodyRow, find_page
from edge_node.store.streams.subscription_errors import PastUnreadable
from edge_node.trust.access import Access, Verb, stream_resource

READS = 2  # pages read at once, so that a crowd that catches up leaves threads and disk to others
PAGE_EVENTS = 1_000
PAGE_BYTES = 256 * KIB  # of bodies; rendered about four times as much where events are small
PAGE_FRAME_BYTES = KIB
EVENT_BYTES_MIN = 256  # rendered: its names, numbers, CID and key alone are more
KEPT_BYTES = 16 * MIB  # pages kept for those who come just after, and for the rest of the page itself

log = get_log("store")


@dataclass(frozen=True, slots=True)
class Page:
    """Offsets `[first, stop)` of a stream, as they are in the log; empty at the stream's end."""

    key: HeadKey
    first: int
    stop: int
    parts: tuple[Part, ...] = ()
    weight: int = 0


class _Reading:
    """A page on its way, and those who wait for it."""

    __slots__ = ("done", "overtaken", "page", "unreadable")

    def __init__(self) -> None:
        self.done, self.unreadable = trio.Event(), False
        self.overtaken = False  # by retention: not to be kept
        self.page: Page | None = None


class CatchUp:
    """Reads of the log for subscribers: few at once, the same place once."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._turn = trio.Semaphore(READS)
        self._readings: dict[tuple[HeadKey, int], _Reading] = {}
        self._kept = PageShelf(KEPT_BYTES)
        self.reads = 0  # pages read from the log since the start

    async def page(self, access: Access, key: HeadKey, cursor: int, wanted_bytes: int = 4 * PAGE_BYTES) -> Page:
        """A page that has `cursor`; PastUnreadable. Who asks for what another is reading waits for that.

        `wanted_bytes`: how much the caller will take of it before others have had their turns. A crowd all over the
        log would push out of the shelf what one of its members left, so no more is read than that.
        """
        access.require(stream_resource(*key), Verb.READ)
        while True:
            page = self._kept.find(key, cursor)
            if page is not None:
                return page
            reading = self._readings.get((key, cursor))
            if reading is None:
                return await self._lead(key, cursor, min(PAGE_EVENTS, wanted_bytes // EVENT_BYTES_MIN + 1))
            await reading.done.wait()
            if reading.page is not None:
                return reading.page
            if reading.unreadable:
                raise PastUnreadable

    def forget_below(self, key: HeadKey, first: int) -> None:
        """Retention took what lies below `first`."""
        self._kept.forget_below(key, first)
        for (stream, cursor), reading in self._readings.items():
            if stream == key and cursor < first:
                reading.overtaken = True

    async def _lead(self, key: HeadKey, cursor: int, events_max: int) -> Page:
        reading = self._readings[key, cursor] = _Reading()
        try:
            async with self._turn:
                reading.page = await self._read(key, cursor, events_max)
        except (OSError, sqlite3.Error, JournalError) as error:
            log.warning("stream.not_read", stream=key[1], reason=f"{type(error).__name__}: {error}")
            reading.unreadable = True
            raise PastUnreadable from error
        finally:
            # Without a page and not unreadable, this task was cancelled: one of those who wait reads instead.
            del self._readings[key, cursor]
            reading.done.set()
        if not reading.overtaken:
            self._kept.keep(reading.page)
        return reading.page

    async def _read(self, key: HeadKey, cursor: int, events_max: int) -> Page:
        vault, stream = key
        self.reads += 1
        for last in (False, True):
            found = await self._journal.query(find_page, vault, stream, cursor, events_max, PAGE_BYTES)
            end, rows = found if found is not None else (0, [])
            try:
                return await offload(self._render, key, cursor, end, rows, events_max, last, limiter=FILE)
            except RecordAbsent:
                continue  # retention took it between the index and the log; once more says so, or that it is damage
        raise AssertionError("the second reading does not raise RecordAbsent")

    def _render(
        self,
        key: HeadKey,
        cursor: int,
        end: int,
        rows: list[BodyRow],
        events_max: int,
        absent_is_damage: bool,  # noqa: FBT001  (called through offload)
    ) -> Page:
        parts: list[Part] = []
        at, weight = cursor, PAGE_FRAME_BYTES
        last = (max(cursor, rows[0].first_offset) if rows else cursor) + events_max
        for row in rows:
            if row.first_offset > at:
                parts.append(Gap(at, row.first_offset, GapReason.RETENTION))
                at = row.first_offset
            stop = min(row.first_offset + row.count, last)
            try:
                record = decode_events(self._journal.read(row.position).payload)
            except DigestMismatch:
                parts.append(Gap(at, row.first_offset + row.count, GapReason.DAMAGE))
            except RecordAbsent:
                if not absent_is_damage:
                    raise
                parts.append(Gap(at, row.first_offset + row.count, GapReason.DAMAGE))
            else:
                parts.append(Run(at, render_events(row.cid, record, at, stop)))
                weight += object_bound(len(record.body), stop - at, record.content_type)
            at = parts[-1].stop
        if not rows and at < end:
            parts.append(Gap(at, end, GapReason.RETENTION))
            at = end
        return Page(key, cursor, at, tuple(parts), weight)


class PageShelf:
    """Pages read lately, bounded in bytes; the longest unused goes first."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max, self.bytes = bytes_max, 0
        self._pages: OrderedDict[tuple[HeadKey, int], Page] = OrderedDict()
        self._by_stream: dict[HeadKey, list[Page]] = {}

    def find(self, key: HeadKey, cursor: int) -> Page | None:
        """A kept page that has the offset."""
        for page in self._by_stream.get(key, ()):
            if page.first <= cursor < page.stop:
                self._pages.move_to_end((key, page.first))
                return page
        return None

    def keep(self, page: Page) -> None:
        """Keep a page, unless it is larger than the shelf or holds nothing."""
        if page.first == page.stop or page.weight > self._bytes_max:
            return
        self._drop((page.key, page.first))
        self._pages[page.key, page.first] = page
        self._by_stream.setdefault(page.key, []).append(page)
        self.bytes += page.weight
        while self.bytes > self._bytes_max:
            self._drop(next(iter(self._pages)))

    def forget_below(self, key: HeadKey, first: int) -> None:
        """Let go of every page of the stream that has events below `first`."""
        for page in [page for page in self._by_stream.get(key, ()) if page.first < first]:
            self._drop((key, page.first))

    def _drop(self, name: tuple[HeadKey, int]) -> None:
        page = self._pages.pop(name, None)
        if page is None:
            return
        self.bytes -= page.weight
        pages = self._by_stream[page.key]
        pages.remove(page)
        if not pages:
            del self._by_stream[page.key]
