"""The live feed: looks at the rooms four times a second while somebody reads, and serves readers from the ring."""

import math
from collections.abc import AsyncGenerator, Collection
from dataclasses import asdict
from typing import Any

import trio

from edge_node.base.limits import KIB
from edge_node.base.log import get_log
from edge_node.base.log_ring import LOG_RING
from edge_node.base.refusals import REFUSAL_RING, counts
from edge_node.control.chain_rows import chain_document, chain_pulse
from edge_node.control.commands import Report
from edge_node.control.events import EventRing, batch, ending, opening
from edge_node.control.figures import Figures
from edge_node.control.house import House
from edge_node.control.lists import Lists
from edge_node.control.node_view import node_document, pieces_document, pulse
from edge_node.control.payload import Standing
from edge_node.control.reload import Applied
from edge_node.control.store_commands import Advance
from edge_node.control.views import Row, log_row, refusal_row
from edge_node.wire.sse import COMMENT_PING

TICK_S = 0.25  # screens over a thin line repaint no more often
NODE_EVERY_S = 1.0
PING_S = 10.0
LINGER_S = 60.0  # a reader that lost its line and comes back in this time has missed nothing
ROWS_MAX, LINES_MAX, REFUSALS_MAX = 200, 200, 100  # of one frame: more than a screen has
LINES_BYTES_MAX, LINE_BYTES = 256 * KIB, 128  # tracebacks are long; readers take frames of 2 MiB

log = get_log("control")


class EventFeed:
    """One ring for all readers; a reader is a number. `run` is a service; `close` ends every reader with a word."""

    def __init__(self, house: House, lists: Lists, figures: Figures) -> None:
        self._house, self._lists, self._figures = house, lists, figures
        self.ring = EventRing(house.boot)
        self.readers = 0
        self._left_at_s = -math.inf
        self._closing, self._well = False, True
        self._arrived, self._wanted = trio.Event(), trio.Event()
        self._logs = self._refusals = 0
        self._node_at_s, self._pulse, self._pieces, self._chain = -math.inf, object(), object(), object()

    def report(self, report: Report) -> None:
        """A command was executed or refused: told at once."""
        by = report.by._asdict()
        facts = {"command": report.command, "subject": report.subject, "by": by}
        self._put("commands", {**facts, "reason": report.reason, "t_ms": report.t_ms})
        self._wake()

    def report_advance(self, advance: Advance) -> None:
        """A command under way is so far: told at once, and seldom enough."""
        self._put("progress", asdict(advance))
        self._wake()

    def report_settings(self, applied: Applied) -> None:
        """Settings were applied: told at once."""
        changed, pending = ([one.name for one in found] for found in (applied.changed, applied.pending))
        self._put("settings", {"applied_ms": applied.applied_ms, "changed": changed, "pending": pending})
        self._wake()

    def close(self) -> None:
        """The node stops: every reader is told and ends."""
        self._closing = True
        self._wake()

    def open(self, topics: Collection[str], standing: Standing, last_id: str | None) -> AsyncGenerator[bytes, None]:
        """The body of one reader's response."""
        return self._read(topics, standing, last_id)

    async def _read(
        self, topics: Collection[str], standing: Standing, last_id: str | None
    ) -> AsyncGenerator[bytes, None]:
        ring, begin = self.ring, self.ring.resume(last_id)
        cursor = begin.cursor
        self._enter()
        try:
            yield opening(ring.boot, topics, standing, cursor, begin.reason)
            while not self._closing:
                frames = ring.since(cursor)
                if frames is None:
                    cursor = ring.last
                    yield opening(ring.boot, topics, standing, cursor, "slow")
                elif frames:
                    data, cursor = batch(frames, topics, standing)
                    if data:
                        yield data
                elif not await self._more(cursor):
                    yield COMMENT_PING
            yield ending("stopping")
        finally:
            self._leave()

    async def _more(self, cursor: int) -> bool:
        with trio.move_on_after(PING_S):
            while self.ring.last == cursor and not self._closing:
                await self._arrived.wait()
            return True
        return False

    def _enter(self) -> None:
        self.readers += 1
        self._wanted.set()

    def _leave(self) -> None:
        self.readers -= 1
        self._left_at_s = trio.current_time()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Fill the ring while it is read, until cancelled."""
        task_status.started()
        traffic = self._house.ingest.traffic
        while True:
            await self._wanted.wait()
            traffic.watched = True
            self._logs, self._refusals = LOG_RING.last, REFUSAL_RING.last
            while self.readers or trio.current_time() - self._left_at_s < LINGER_S:
                await self._tick()
                await trio.sleep(TICK_S)
            self._wanted = trio.Event()
            traffic.watched = False
            traffic.changed_streams.clear()
            traffic.changed_devices.clear()
            self.ring.clear()

    async def _tick(self) -> None:
        before = self.ring.last
        try:
            self._tell_logs()
            self._tell_refusals()
            self._tell_devices()
            self._tell_chain()
            await self._tell_node()
            await self._tell_streams()
            self._well = True
        except Exception as error:
            # What cannot be read or shown must not end the feed, and with it the door that says why.
            if self._well:  # said once, not four times a second
                log.exception("feed.not_read", reason=f"{type(error).__name__}: {error}")
            self._well = False
        if self.ring.last != before:
            self._wake()

    async def _tell_node(self) -> None:
        now, present = trio.current_time(), pulse(self._house)
        if present == self._pulse and now - self._node_at_s < NODE_EVERY_S:
            return
        self._pulse, self._node_at_s = present, now
        slow = await self._figures.fresh()
        self._put("node", node_document(self._house, self._figures, slow))
        if (pieces := pieces_document(slow)) != self._pieces:
            self._pieces = pieces
            self._put("pieces", pieces)

    def _tell_chain(self) -> None:
        document = chain_document(self._house.chain_status)
        if (news := chain_pulse(document)) != self._chain:
            self._chain = news
            self._put("chain", document)

    async def _tell_streams(self) -> None:
        house, changed = self._house, self._house.ingest.traffic.changed_streams
        names = [name for vault, name in changed if vault == house.vault][:ROWS_MAX]
        places = {(house.vault, name) for name in names} | {place for place in changed if place[0] != house.vault}
        if not changed:
            return
        changed -= places
        rows = await self._lists.streams_named(names)
        if rows:
            more = {"more": True} if changed else {}
            self._put("streams", {"vault": house.vault.hex(), "streams": rows, **more})

    def _tell_devices(self) -> None:
        changed = self._house.ingest.traffic.changed_devices
        keys = list(changed)[:ROWS_MAX]
        changed -= set(keys)
        if rows := self._lists.devices_known(keys):
            self._put("devices", {"devices": rows, **({"more": True} if changed else {})})

    def _tell_logs(self) -> None:
        entries = list(LOG_RING.after(self._logs))
        if entries:
            self._logs = entries[-1].sequence
            lines = _fitting([log_row(entry) for entry in entries[-LINES_MAX:]])
            self._put("logs", {"lines": lines, "first": LOG_RING.first, "last": LOG_RING.last})

    def _tell_refusals(self) -> None:
        found = list(REFUSAL_RING.after(self._refusals))
        if found:
            self._refusals = found[-1].sequence
            rows = [refusal_row(one) for one in found[-REFUSALS_MAX:]]
            self._put("refusals", {"refusals": rows, "total": sum(counts().values())})

    def _put(self, topic: str, data: Any) -> None:
        if self._wanted.is_set():
            self.ring.put(topic, data)

    def _wake(self) -> None:
        self._arrived.set()
        self._arrived = trio.Event()


def _fitting(lines: list[Row]) -> list[Row]:
    """The newest lines that a frame takes; at least the last."""
    size, first = 0, len(lines)
    for at in range(len(lines) - 1, -1, -1):
        size += LINE_BYTES + sum(len(name) + len(value) for name, value in lines[at]["fields"].items())
        if size > LINES_BYTES_MAX and first < len(lines):
            break
        first = at
    return lines[first:]
