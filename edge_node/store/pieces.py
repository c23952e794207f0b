"""Pieces: content under its CID, streamed to disk in extents, every byte checked on its way out."""

from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass
from functools import partial

from edge_node.base.clock import Clock
from edge_node.base.ids import Cid, VaultId
from edge_node.journal import Draft, Journal, Lane
from edge_node.settings import StoreSettings
from edge_node.store.errors import CidMismatch, PieceVanished
from edge_node.store.figures import PieceFigures
from edge_node.store.quota import QuotaLedger
from edge_node.store.reading import READ_AHEAD, OpenPiece, Reading
from edge_node.store.reclaim import PieceSegments
from edge_node.store.records import PIECE_KIND, VERSION, PieceRecord, encode_record
from edge_node.store.references import Companions, References
from edge_node.store.rows import Standing
from edge_node.store.scope import Scope
from edge_node.store.upload import INLINE_BYTES, Upload
from edge_node.trust.access import Access, Verb
from edge_node.wire.cid import CidKind

__all__ = ["INLINE_BYTES", "READ_AHEAD", "Companions", "OpenPiece", "Pieces", "Put"]


@dataclass(frozen=True, slots=True)
class Put:
    """A stored piece: its CID, its size in bytes, and whether this scope had it before."""

    cid: Cid
    size: int
    duplicate: bool


class Pieces:
    """The piece store of one node: vaults by themselves, and (`bucket`) the raw pieces and DAG nodes of their buckets.

    `references` and `reading` are what files and DAG nodes, which are made of pieces, build on.
    """

    def __init__(self, journal: Journal, quota: QuotaLedger, clock: Clock, settings: StoreSettings) -> None:
        self.journal, self._clock, self._settings = journal, clock, settings
        self.figures = PieceFigures()
        self.references = References(journal, quota, clock)
        self.reading = Reading(journal, self.references, self.figures)
        self._segments = PieceSegments(journal)

    def apply(self, settings: StoreSettings) -> None:
        """Take over another snapshot: for pieces whose first byte is still to come."""
        self._settings = settings

    async def put(
        self,
        access: Access,
        vault: VaultId,
        chunks: AsyncIterable[bytes | memoryview],
        *,
        expect: Cid | None = None,
        bucket: int | None = None,
        kind: CidKind = CidKind.RAW_PIECE,
        companions: Companions | None = None,
    ) -> Put:
        """Store what `chunks` yields; durable on return. CidMismatch, and nothing kept, if `expect` differs.

        `companions` are written in the same ticket. Memory per upload: about five extents, however slow the sender.
        """
        scope = Scope(vault, bucket)
        access.require(scope.resource(expect), Verb.PUT)
        upload = Upload(self.journal, self._settings.piece_bytes_max, partial(self._knows, expect))
        with self._segments.pinned(upload):
            async for chunk in chunks:
                await upload.take(chunk)
            cid = await upload.finish(kind)
            if expect is not None and cid != expect:
                raise CidMismatch(expect, cid)
            more = () if companions is None else companions(cid, upload.size)
            put = await self._conclude(access, scope, cid, upload, list(more))
        self.figures.puts += 1
        self.figures.duplicates += put.duplicate
        self.figures.put_bytes += put.size
        await self._segments.reclaim_once_per_segment()
        return put

    async def _conclude(self, access: Access, scope: Scope, cid: Cid, upload: Upload, more: list[Draft]) -> Put:
        async with self.references.alone_with(cid):
            standing = await self.references.standing(cid)
            existing = None if self.reading.is_damaged(cid) else standing.piece
            held = scope in standing.references
            if held and existing is not None:
                await self.references.accompany(more)
                return Put(cid, upload.size, duplicate=True)
            if existing is not None:
                drafts = [self.references.refer(access, scope, cid, upload.size)]
            elif upload.kept:
                drafts = [self._make(access, scope, cid, upload), *self._carry_over(access, scope, cid, standing)]
            else:
                raise PieceVanished(cid)
            lane = Lane.CONTROL if existing is not None else Lane.EVENTS
            await self.references.append(access, scope, 0 if held else upload.size, [*drafts, *more], lane)
            self.reading.note_healed(cid)
            return Put(cid, upload.size, duplicate=False)

    def _carry_over(self, access: Access, scope: Scope, cid: Cid, standing: Standing) -> list[Draft]:
        """References of the other scopes of a damaged piece: the log may lose theirs with the damaged copy."""
        return [
            self.references.refer(access, other, cid, size)
            for other, size in standing.references.items()
            if other != scope
        ]

    def _make(self, access: Access, scope: Scope, cid: Cid, upload: Upload) -> Draft:
        record = PieceRecord(
            PIECE_KIND,
            VERSION,
            scope.owner,
            access.holder,
            self._clock.now_ms(),
            int(self._clock.quality()),
            upload.size,
            upload.extents,
            upload.inline,
            scope.bucket,
        )
        return Draft(PIECE_KIND, VERSION, cid, encode_record(record), record)

    async def _knows(self, cid: Cid | None) -> bool:
        if cid is None or self.reading.is_damaged(cid):
            return False
        return (await self.references.standing(cid)).piece is not None

    async def open(
        self, access: Access, vault: VaultId, cid: Cid, *, bucket: int | None = None, through: Cid | None = None
    ) -> OpenPiece:
        """Find a piece this scope holds, or the body of one of its vault's events; UnknownPiece otherwise.

        `through` is the node or file whose right is made use of; the caller has seen that it leads here.
        """
        scope = Scope(vault, bucket)
        access.require(scope.resource(cid, through=through), Verb.GET)
        return await self.reading.find(scope, cid)

    def read(self, piece: OpenPiece, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the bytes `[start, stop)`; see Reading.read."""
        return self.reading.read(piece, start, stop)

    def is_damaged(self, cid: Cid) -> bool:
        """Whether damage of this piece is known: by a read, or by what a start found."""
        return self.reading.is_damaged(cid)

    def note_damage(self, cid: Cid) -> None:
        """Take a piece for damaged before anybody reads it: the next put of the same bytes is kept."""
        self.reading.note_damage(cid)

    async def verify(self, access: Access, vault: VaultId, cid: Cid, *, bucket: int | None = None) -> int:
        """Read the whole piece and hash it against its CID; its size, or PieceDamaged."""
        piece = await self.open(access, vault, cid, bucket=bucket)
        await self.reading.verify(piece)
        return piece.size

    async def delete(self, access: Access, vault: VaultId, cid: Cid, *, bucket: int | None = None) -> None:
        """Remove this scope's reference, also to a file; works on a full disk.

        UnknownPiece if there is none, PieceInUse while a file of the same bucket has the piece as a part.
        """
        scope = Scope(vault, bucket)
        access.require(scope.resource(cid), Verb.DELETE)
        await self.references.let_go(access, scope, cid)
        await self._segments.reclaim()

    async def reclaim(self) -> int:
        """Unlink sealed piece segments without a live byte; how many went. What cannot go now goes another time."""
        return await self._segments.reclaim()
