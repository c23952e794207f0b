"""What is asked of the journal and how it waits: drafts, tickets, and bounded lanes."""

from collections import deque
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any

import trio

from edge_node.journal.errors import JournalError, QueueFull
from edge_node.journal.kinds import Placed
from edge_node.journal.segment import Buffer

Payload = Buffer | Sequence[Buffer]

ROUND_RECORDS_MAX = 4_096  # a round of small records stays near 50 ms of one thread even on a slow core
ROUND_EVENT_BYTES_MAX = 16 * 1024 * 1024  # event bodies of one round: about what a card writes in a second


class Lane(IntEnum):
    """Which queue a ticket waits in; lower goes first."""

    CONTROL = 0
    EVENTS = 1
    EXTENTS = 2


class Draft:
    """A record to be written: `payload` is bytes or a sequence of byte buffers that are joined on disk.

    `item` is handed to the kind's `apply` as it is; `cid` is b"", 36 or 38 bytes.
    """

    __slots__ = ("cid", "item", "kind", "payload", "payload_bytes", "version")

    def __init__(self, kind: int, version: int, cid: bytes, payload: Payload, item: Any) -> None:
        self.kind, self.version, self.cid, self.payload, self.item = kind, version, cid, payload, item
        if isinstance(payload, bytes | bytearray | memoryview):
            self.payload_bytes = len(payload)
        else:
            self.payload_bytes = sum(map(len, payload))


class Ticket:
    """Drafts on their way to the disk; they land in one round, in order, or not at all."""

    __slots__ = ("_done", "_error", "_hurry", "drafts", "lane", "payload_bytes", "placed")

    def __init__(
        self, drafts: Sequence[Draft], lane: Lane, payload_bytes: int, hurry: Callable[[], None] | None = None
    ) -> None:
        """`hurry` is called when somebody begins to wait for an extent."""
        self.drafts, self.lane, self.payload_bytes, self._hurry = drafts, lane, payload_bytes, hurry
        self.placed: Sequence[Placed] | None = None
        self._error: Callable[[], JournalError] | None = None
        self._done: trio.Event | None = None

    @property
    def settled(self) -> bool:
        """Whether it is durable or refused."""
        return self.placed is not None or self._error is not None

    @property
    def refused(self) -> bool:
        """Whether nothing of it will count."""
        return self._error is not None

    def refusal(self) -> JournalError | None:
        """Why nothing of it will count, a new error at each call; None unless refused."""
        return self._error() if self._error is not None else None

    @property
    def pressing(self) -> bool:
        """Whether it should be durable soon: extents have time until somebody waits for them."""
        return self.lane is not Lane.EXTENTS or self._done is not None

    async def wait(self) -> Sequence[Placed]:
        """Where the drafts lie, once they are durable, or raise why they are not. Cancelling un-writes nothing."""
        if not self.settled:
            if self._done is None:
                self._done = trio.Event()
                if self._hurry is not None:
                    self._hurry()
            await self._done.wait()
        if self._error is not None:
            raise self._error()
        assert self.placed is not None
        return self.placed

    def refuse(self, error: Callable[[], JournalError]) -> None:
        """Mark as refused; `wake` follows. Every waiter gets an error of its own."""
        self.placed, self._error = None, error

    def wake(self) -> None:
        """Let waiters run; the loop's thread only."""
        if self._done is not None:
            self._done.set()


class Lanes:
    """The queues before the write stage, bounded together in records and payload bytes."""

    def __init__(self, records_max: int, bytes_max: int) -> None:
        self._records_max, self._bytes_max = records_max, bytes_max
        self._queues: tuple[deque[Ticket], ...] = tuple(deque() for _ in Lane)
        self.records = self.bytes = 0

    def waiting(self) -> bool:
        """Whether any ticket is queued."""
        return self.records > 0

    def put(self, ticket: Ticket) -> None:
        """Queue a ticket or raise QueueFull. A ticket above the bound by itself passes when nothing waits."""
        records, size = self.records + len(ticket.drafts), self.bytes + ticket.payload_bytes
        # Uploads can wait: they may fill half, so that events and deletes always find room beside them.
        share = 2 if ticket.lane is Lane.EXTENTS else 1
        if self.records and (records > self._records_max // share or size > self._bytes_max // share):
            raise QueueFull(self.records, self.bytes)
        self._queues[ticket.lane].append(ticket)
        self.records, self.bytes = records, size

    def take(self, extent_bytes: int) -> list[Ticket]:
        """A round: all control, then events, then extents up to `extent_bytes`; each lane gets at least one ticket."""
        control, events, extents = self._queues
        taken = _take(control, ROUND_RECORDS_MAX, ROUND_EVENT_BYTES_MAX)
        taken += _take(events, ROUND_RECORDS_MAX, ROUND_EVENT_BYTES_MAX)
        taken += _take(extents, ROUND_RECORDS_MAX, extent_bytes)
        for ticket in taken:
            self.records -= len(ticket.drafts)
            self.bytes -= ticket.payload_bytes
        return taken

    def drain(self) -> list[Ticket]:
        """Everything, in lane order; the queues are empty afterwards."""
        tickets = [ticket for queue in self._queues for ticket in queue]
        for queue in self._queues:
            queue.clear()
        self.records = self.bytes = 0
        return tickets


def _take(queue: deque[Ticket], records: int, size: int) -> list[Ticket]:
    taken: list[Ticket] = []
    while queue:
        records -= len(queue[0].drafts)
        size -= queue[0].payload_bytes
        if taken and (records < 0 or size < 0):
            break
        taken.append(queue.popleft())
    return taken
