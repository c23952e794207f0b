"""An upload: what arrives is cut into extents, hashed and sent to the disk while the next bytes come."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence

import trio
from blake3 import blake3

from edge_node.base.ids import Cid, Digest
from edge_node.base.limits import EXTENT_BYTES, KIB
from edge_node.base.offload import offload
from edge_node.journal import Draft, Journal, Lane, QueueFull, Ticket
from edge_node.store.errors import PieceTooLarge
from edge_node.store.records import EXTENT_KIND, VERSION
from edge_node.wire.cid import CidKind, make_cid

INLINE_BYTES = 64 * KIB  # below this a second record would cost more than it saves
TOGETHER_MAX = 8  # extents of one ticket: what the write stage takes in a round
FLYING_MAX = 3  # extents queued while the next one comes: so four share a sync, and a slow disk holds up the sender
QUEUE_POLL_S = 0.01  # a full queue of 64 MiB drains in tens of these

Extent = bytearray | memoryview


class Upload:
    """Cuts what arrives into extents, and hashes one while those before it are on their way to the disk."""

    def __init__(self, journal: Journal, bytes_max: int, is_known: Callable[[], Awaitable[bool]]) -> None:
        self._journal, self._bytes_max, self._is_known = journal, bytes_max, is_known
        self.kept, self._begun = True, False  # kept: its extents are on the disk, for nobody had the piece
        self._hasher = blake3()
        self._buffer = bytearray()
        self.size = 0
        self._flying: deque[Ticket] = deque()
        self.extents: list[tuple[int, int]] = []
        self.inline = b""

    async def take(self, chunk: bytes | memoryview) -> None:
        """Add bytes; whole extents leave for the disk at once."""
        self.size += len(chunk)
        if self.size > self._bytes_max:
            raise PieceTooLarge(self._bytes_max)
        full: list[Extent] = []
        for extent in self._cut(memoryview(chunk)):
            full.append(extent)
            if len(full) == TOGETHER_MAX:
                await self._store(full)
                full = []
        if full:
            await self._store(full)

    def _cut(self, view: memoryview) -> Iterator[Extent]:
        """The extents that `view` completes; the rest is kept. What comes in large chunks is never copied."""
        while len(self._buffer) + len(view) >= EXTENT_BYTES:
            room = EXTENT_BYTES - len(self._buffer)
            if self._buffer:
                self._buffer += view[:room]
                yield self._buffer
                self._buffer = bytearray()
            else:
                yield view[:room]
            view = view[room:]
        self._buffer += view

    async def finish(self, kind: CidKind) -> Cid:
        """The CID, of this kind, of all that was taken, its extents durable (or its bytes in `inline`)."""
        if self.size <= INLINE_BYTES:
            self.inline = bytes(self._buffer)
            self._hasher.update(self.inline)
        elif self._buffer:
            await self._store([self._buffer])
        while self._flying:
            await self._land()
        return make_cid(kind, Digest(self._hasher.digest()))

    async def _store(self, extents: Sequence[Extent]) -> None:
        if not self._begun:
            # Only now: a piece that fits into its record is looked up once, when all of it is here.
            self._begun, self.kept = True, not await self._is_known()
        if self.kept:
            # What is here at once is queued at once, and so shares a round and its sync.
            self._flying.append(await self._queue(extents))
        await offload(self._hash, extents)
        while len(self._flying) > FLYING_MAX:
            await self._land()

    def _hash(self, extents: Sequence[Extent]) -> None:
        for extent in extents:
            self._hasher.update(extent)

    async def _land(self) -> None:
        placed = await self._flying.popleft().wait()
        self.extents += [(p.position.segment, p.position.offset) for p in placed]

    async def _queue(self, extents: Sequence[Extent]) -> Ticket:
        drafts = [Draft(EXTENT_KIND, VERSION, b"", extent, None) for extent in extents]
        while True:
            try:
                return self._journal.submit(drafts, Lane.EXTENTS)
            except QueueFull:
                # Back-pressure here, not a refusal: the sender's socket stays unread while the queue drains.
                await trio.sleep(QUEUE_POLL_S)
