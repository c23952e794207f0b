"""Pieces: content under its CID, streamed to disk in extents, every byte checked on its way out."""

import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import trio
from blake3 import blake3

from edge_node.base.clock import Clock
from edge_node.base.gathered import Gathered
from edge_node.base.ids import Cid, Digest, VaultId
from edge_node.base.limits import EXTENT_BYTES, KIB
from edge_node.base.log import get_log
from edge_node.base.offload import FILE, offload
from edge_node.journal import (
    DigestMismatch,
    Draft,
    Journal,
    JournalError,
    Lane,
    NotWritable,
    Position,
    QueueFull,
    RecordAbsent,
    SegmentClass,
    Ticket,
)
from edge_node.settings import StoreSettings
from edge_node.store.errors import (
    CidMismatch,
    PieceDamaged,
    PieceGone,
    PieceIsEventBody,
    PieceTooLarge,
    PieceVanished,
    UnknownPiece,
)
from edge_node.store.figures import PieceFigures
from edge_node.store.quota import QuotaLedger
from edge_node.store.records import (
    DELETE_KIND,
    EXTENT_KIND,
    PIECE_KIND,
    REFERENCE_KIND,
    VERSION,
    PieceRecord,
    ReferenceRecord,
    decode_piece,
    encode_record,
)
from edge_node.store.rows import PieceRow, Standing, find_dead_segments, find_held, find_standings
from edge_node.store.streams.rows import BodyRow, find_by_cid
from edge_node.store.streams.topics import read_body
from edge_node.trust.access import Access, Verb, piece_resource
from edge_node.wire.cid import CidKind, cid_digest, format_cid, make_cid

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")

INLINE_BYTES = 64 * KIB  # below this a second record would cost more than it saves
TOGETHER_MAX = 8  # extents of one ticket: what the write stage takes in a round
FLYING_MAX = 3  # extents queued while the next one comes: so four share a sync, and a slow disk holds up the sender
QUEUE_POLL_S = 0.01  # a full queue of 64 MiB drains in tens of these
LANDING_S = 4.0  # a round takes well under one; the supervisor gives up after five
READ_AHEAD = 4  # extents a hop: 4 MiB are read and checked in about 3 ms

log = get_log("store")


@dataclass(frozen=True, slots=True)
class Put:
    """A stored piece: its CID, its size in bytes, and whether this owner had it before."""

    cid: Cid
    size: int
    duplicate: bool


@dataclass(frozen=True, slots=True)
class OpenPiece:
    """A piece ready to be read: its size, where its record lies, and its extents or its whole (small) content."""

    cid: Cid
    size: int
    position: Position
    extents: tuple[Position, ...]
    inline: bytes | None


class Pieces:
    """The piece store of one node."""

    def __init__(self, journal: Journal, quota: QuotaLedger, clock: Clock, settings: StoreSettings) -> None:
        self._journal, self._quota, self._clock, self._settings = journal, quota, clock, settings
        self._standings = Gathered[Cid, Standing](partial(journal.query, find_standings))
        self._damaged: set[Cid] = set()
        self.figures = PieceFigures()
        self._dropped: set[int] = set()
        self._reclaimed_at = 0
        self._busy: dict[Cid, trio.Event] = {}
        self._uploads: dict[object, int] = {}  # oldest px segment each running upload may have written to

    def apply(self, settings: StoreSettings) -> None:
        """Take over another snapshot: for pieces whose first byte is still to come."""
        self._settings = settings

    async def put(
        self, access: Access, vault: VaultId, chunks: AsyncIterable[bytes], *, expect: Cid | None = None
    ) -> Put:
        """Store what `chunks` yields; durable on return. CidMismatch, and nothing kept, if `expect` differs.

        Memory per upload: about five extents, however slow the sender.
        """
        access.require(piece_resource(vault, None if expect is None else format_cid(expect)), Verb.PUT)
        upload = _Upload(self._journal, self._settings.piece_bytes_max, partial(self._knows, expect))
        with self._pinned(upload):
            async for chunk in chunks:
                await upload.take(chunk)
            cid = await upload.finish()
            if expect is not None and cid != expect:
                raise CidMismatch(expect, cid)
            put = await self._conclude(access, vault, cid, upload)
        self.figures.puts += 1
        self.figures.duplicates += put.duplicate
        self.figures.put_bytes += put.size
        if self._open_segment() != self._reclaimed_at:
            await self.reclaim()  # what broken-off uploads left behind leaves with its segment
        return put

    async def _conclude(self, access: Access, vault: VaultId, cid: Cid, upload: "_Upload") -> Put:
        async with self._alone_with(cid):
            standing = await self._standings.ask(cid)
            existing = None if cid in self._damaged else standing.piece
            held = vault in standing.owners
            if held and existing is not None:
                return Put(cid, upload.size, duplicate=True)
            if existing is not None:
                drafts = [self._refer(REFERENCE_KIND, access, vault, cid, upload.size)]
            elif upload.kept:
                drafts = [self._make(access, vault, cid, upload), *self._carry_over(access, vault, cid, standing)]
            else:
                raise PieceVanished(cid)
            lane = Lane.CONTROL if existing is not None else Lane.EVENTS
            await self._append_counted(access, vault, 0 if held else upload.size, drafts, lane)
            self._damaged.discard(cid)
            return Put(cid, upload.size, duplicate=False)

    async def _append_counted(
        self, access: Access, vault: VaultId, size: int, drafts: Sequence[Draft], lane: Lane
    ) -> None:
        self._quota.reserve(vault, access.holder, size, self._clock.now_ms())
        try:
            await _landed(self._journal.submit(drafts, lane))
        except BaseException:
            self._quota.release(vault, access.holder, size)
            raise

    def _carry_over(self, access: Access, vault: VaultId, cid: Cid, standing: Standing) -> list[Draft]:
        """References of the other owners of a damaged piece: the log may lose theirs with the damaged copy."""
        return [
            self._refer(REFERENCE_KIND, access, VaultId(owner), cid, size)
            for owner, size in standing.owners.items()
            if owner != vault
        ]

    @contextlib.asynccontextmanager
    async def _alone_with(self, cid: Cid) -> AsyncGenerator[None, None]:
        # Who looks up a piece and then writes about it must not meet a delete in between. Mostly nobody else is there,
        # so an event is made instead of a lock: no checkpoint, and a third of the cost.
        while (other := self._busy.get(cid)) is not None:
            await other.wait()
        done = self._busy[cid] = trio.Event()
        try:
            yield
        finally:
            del self._busy[cid]
            done.set()

    def _make(self, access: Access, vault: VaultId, cid: Cid, upload: "_Upload") -> Draft:
        record = PieceRecord(
            PIECE_KIND,
            VERSION,
            vault,
            access.holder,
            self._clock.now_ms(),
            int(self._clock.quality()),
            upload.size,
            upload.extents,
            upload.inline,
        )
        return Draft(PIECE_KIND, VERSION, cid, encode_record(record), record)

    def _refer(self, kind: int, access: Access, vault: VaultId, cid: Cid, size: int) -> Draft:
        now_ms, quality = self._clock.now_ms(), int(self._clock.quality())
        record = ReferenceRecord(kind, VERSION, vault, access.holder, now_ms, quality, size)
        return Draft(kind, VERSION, cid, encode_record(record), record)

    async def _knows(self, cid: Cid | None) -> bool:
        if cid is None or cid in self._damaged:
            return False
        return (await self._standings.ask(cid)).piece is not None

    async def open(self, access: Access, vault: VaultId, cid: Cid) -> OpenPiece:
        """Find a piece this vault holds, or the body of one of its events; UnknownPiece otherwise."""
        access.require(piece_resource(vault, format_cid(cid)), Verb.GET)
        while (row := await self._journal.query(find_held, vault, cid)) is not None:
            with contextlib.suppress(PieceGone):  # deleted between the two looks: then the next one finds no row
                return await self._open_row(cid, row)
        while (body := await self._journal.query(find_by_cid, vault, cid)) is not None:
            with contextlib.suppress(PieceGone):  # likewise: retention took it
                return await self._open_body(vault, cid, body)
        if vault in (await self._standings.ask(cid)).owners:
            raise PieceDamaged(cid, "the record that made it is lost")
        raise UnknownPiece(cid)

    async def _open_body(self, vault: VaultId, cid: Cid, body: BodyRow) -> OpenPiece:
        with self._damage_of(cid):
            try:
                _, content = await offload(read_body, self._journal, body, limiter=FILE)
            except RecordAbsent as absence:
                now = await self._journal.query(find_by_cid, vault, cid)
                if now is not None and now.position == body.position:
                    raise
                raise PieceGone(cid) from absence
        return OpenPiece(cid, len(content), body.position, (), content)

    async def _open_row(self, cid: Cid, row: PieceRow) -> OpenPiece:
        if row.extents:
            return OpenPiece(cid, row.size, row.position, tuple(row.positions()), None)
        record = await self._read_checked(cid, row.position, self._journal.read, row.position)
        return OpenPiece(cid, row.size, row.position, (), decode_piece(record.payload).inline)

    async def read(self, piece: OpenPiece, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the bytes `[start, stop)`; each extent's digest holds before any of its bytes are given out.

        PieceDamaged in mid-way if one does not hold, PieceGone if the piece was deleted and its bytes were reclaimed
        meanwhile: what was given out before is good.
        """
        stop = piece.size if stop is None else stop
        if piece.inline is not None:
            self.figures.read_bytes += stop - start
            yield piece.inline[start:stop]
            return
        first, last = start // EXTENT_BYTES, -(-stop // EXTENT_BYTES)
        for at in range(first, last, READ_AHEAD):
            positions = piece.extents[at : min(at + READ_AHEAD, last)]
            extents = await self._read_checked(piece.cid, piece.position, self._read_extents, positions)
            for number, extent in enumerate(extents, at):
                base = number * EXTENT_BYTES
                asked = extent[max(start - base, 0) : stop - base]  # the whole extent is handed on, not copied
                self.figures.read_bytes += len(asked)
                yield asked

    def _read_extents(self, positions: Sequence[Position]) -> list[bytes]:
        return [self._journal.read(position).payload for position in positions]

    async def _read_checked(
        self, cid: Cid, position: Position, read: Callable[[Asked], Answered], asked: Asked
    ) -> Answered:
        """What `read` gives of the piece whose record lies at `position`."""
        with self._damage_of(cid):
            try:
                return await offload(read, asked, limiter=FILE)
            except RecordAbsent as absence:
                # A segment leaves when nothing refers to it any more, and the index knew that first.
                now = (await self._standings.ask(cid)).piece
                if now is not None and now.position == position:
                    raise
                log.info("piece.gone", piece=format_cid(cid), reason=str(absence))
                raise PieceGone(cid) from absence

    @contextlib.contextmanager
    def _damage_of(self, cid: Cid) -> Iterator[None]:
        try:
            yield
        except (DigestMismatch, RecordAbsent) as damage:
            self._damaged.add(cid)
            log.error("piece.damaged", piece=format_cid(cid), reason=str(damage))  # noqa: TRY400 - the place says it all
            raise PieceDamaged(cid, str(damage)) from damage

    def is_damaged(self, cid: Cid) -> bool:
        """Whether damage of this piece is known: by a read, or by what a start found."""
        return cid in self._damaged

    def note_damage(self, cid: Cid) -> None:
        """Take a piece for damaged before anybody reads it: the next put of the same bytes is kept."""
        self._damaged.add(cid)

    async def verify(self, access: Access, vault: VaultId, cid: Cid) -> int:
        """Read the whole piece and hash it against its CID; its size, or PieceDamaged."""
        piece = await self.open(access, vault, cid)
        hasher = blake3()
        async with contextlib.aclosing(self.read(piece)) as extents:
            async for extent in extents:
                await offload(hasher.update, extent)
        if hasher.digest() != cid_digest(cid):
            self._damaged.add(cid)
            raise PieceDamaged(cid, "its bytes hash to another CID")
        return piece.size

    async def delete(self, access: Access, vault: VaultId, cid: Cid) -> None:
        """Remove this vault's reference; works on a full disk. UnknownPiece if there is none."""
        access.require(piece_resource(vault, format_cid(cid)), Verb.DELETE)
        async with self._alone_with(cid):
            # Asked of the references: one whose piece was lost to rot is let go all the same, and its bytes given back.
            size = (await self._standings.ask(cid)).owners.get(vault)
            if size is None:
                if await self._journal.query(find_by_cid, vault, cid) is not None:
                    raise PieceIsEventBody(cid)
                raise UnknownPiece(cid)
            await _landed(self._journal.submit([self._refer(DELETE_KIND, access, vault, cid, size)], Lane.CONTROL))
            self._quota.release(vault, None, size)
        await self.reclaim()

    async def reclaim(self) -> int:
        """Unlink sealed piece segments without a live byte; how many went. What cannot go now goes another time."""
        self._reclaimed_at = open_segment = self._open_segment()
        floor = min(self._uploads.values(), default=open_segment)
        dead = set(await self._journal.query(find_dead_segments, min(floor, open_segment))) - self._dropped
        for segment in sorted(dead):
            try:
                await self._journal.drop_segment(SegmentClass.PX, segment)
            except (OSError, NotWritable) as error:
                log.warning("segment.kept", segment=segment, reason=str(error))
                return 0
            self._dropped.add(segment)
        return len(dead)

    def _open_segment(self) -> int:
        return self._journal.stats().open_segments.get(SegmentClass.PX, 0)

    @contextlib.contextmanager
    def _pinned(self, upload: object) -> Iterator[None]:
        # Extents of a running upload are in no index yet: their segments must not look dead.
        self._uploads[upload] = self._open_segment()
        try:
            yield
        finally:
            del self._uploads[upload]


async def _landed(ticket: Ticket) -> None:
    """Wait until the ticket is durable; a cancelled caller leaves only when it has landed or the journal is gone.

    What is queued is written whatever becomes of its waiter, and must not be after its pin and its place in line went.
    """
    try:
        await ticket.wait()
    except trio.Cancelled:
        with trio.move_on_after(LANDING_S, shield=True), contextlib.suppress(JournalError):
            await ticket.wait()
        raise


Extent = bytearray | memoryview


class _Upload:
    """Cuts what arrives into extents, and hashes one while those before it are on their way to the disk."""

    def __init__(self, journal: Journal, bytes_max: int, is_known: Callable[[], Awaitable[bool]]) -> None:
        self._journal, self._bytes_max, self._is_known = journal, bytes_max, is_known
        self.kept, self._begun = True, False
        self._hasher = blake3()
        self._buffer = bytearray()
        self.size = 0
        self._flying: deque[Ticket] = deque()
        self.extents: list[tuple[int, int]] = []
        self.inline = b""

    async def take(self, chunk: bytes) -> None:
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

    async def finish(self) -> Cid:
        """The CID of all that was taken, its extents durable (or its bytes in `inline`)."""
        if self.size <= INLINE_BYTES:
            self.inline = bytes(self._buffer)
            self._hasher.update(self.inline)
        elif self._buffer:
            await self._store([self._buffer])
        while self._flying:
            await self._land()
        return make_cid(CidKind.RAW_PIECE, Digest(self._hasher.digest()))

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
