"""Files: what a bucket holds under a CID as one run of bytes, be it a piece or many pieces joined (multipart)."""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from blake3 import blake3

from edge_node.base.ids import Cid
from edge_node.journal import Draft, Lane
from edge_node.store.bucket_errors import TotalSizeMismatch, UnknownPart
from edge_node.store.buckets import Bucket
from edge_node.store.errors import CidMismatch, PieceDamaged, PieceGone, StoreRefusal, UnknownPiece
from edge_node.store.file_rows import Parts, find_multipart, find_multipart_size, find_parts_from
from edge_node.store.joining import PARTS_MAX, Joining, require_list
from edge_node.store.pieces import Companions, OpenPiece, Pieces, Put
from edge_node.store.records import MULTIPART_KIND, VERSION, MultipartRecord, encode_record
from edge_node.store.rows import find_held_sizes
from edge_node.store.scope import Scope
from edge_node.trust.access import Access, Verb
from edge_node.wire.cid import CidKind, cid_digest, cid_kind, make_cid

LOOKED_UP = 1_024  # parts of one hop: some 10 ms of look-ups

Confirm = Callable[[], Awaitable[None]]
"""Raises where the right that something long was begun with has ended meanwhile."""

__all__ = ["PARTS_MAX", "Files", "OpenFile"]


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file ready to be read: one piece (`piece`), or parts, which are looked up as they are come to."""

    cid: Cid
    size: int
    scope: Scope
    piece: OpenPiece | None

    @property
    def kind(self) -> CidKind:
        """What the CID names."""
        return cid_kind(self.cid)


class Files:
    """The files of buckets."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces, self._journal = pieces, pieces.journal
        self._references, self._reading = pieces.references, pieces.reading
        self._joining = Joining()

    async def put_multipart(
        self,
        access: Access,
        bucket: Bucket,
        part_hashes: Sequence[bytes],
        total_size: int,
        *,
        expect: Cid | None = None,
        companions: Companions | None = None,
        confirm: Confirm | None = None,
    ) -> Put:
        """Make a file of pieces the bucket holds, in this order; its CID is the hash of their bytes, read here again.

        UnknownPart, TotalSizeMismatch, CidMismatch, and what require_list refuses; nothing is kept then. A part may
        stand in several places, and is not deleted while a file has it. Put again with the same parts: a duplicate;
        with others: these count. An owner's files are joined one after the other. `confirm` is asked before anything
        is written: a turn may be waited for, and terabytes take hours to read.
        """
        scope = bucket.scope
        access.require(scope.resource(expect), Verb.PUT)
        require_list(part_hashes, total_size)
        async with self._joining.turn_of(bucket.owner):
            put = await self._join(access, scope, part_hashes, total_size, expect, companions, confirm)
        self._pieces.figures.files += 1
        return put

    async def _join(
        self,
        access: Access,
        scope: Scope,
        part_hashes: Sequence[bytes],
        total_size: int,
        expect: Cid | None,
        companions: Companions | None,
        confirm: Confirm | None,
    ) -> Put:
        cids = await self._joining.name(part_hashes)
        async with self._references.keeping(scope, set(cids)):
            parts = await self._measure(scope, cids)
            if (found := sum(size for _, size in parts)) != total_size:
                raise TotalSizeMismatch(total_size, found)
            cid = make_cid(CidKind.MULTIPART, await self._hash(scope, cids))
            if expect is not None and cid != expect:
                raise CidMismatch(expect, cid)
            more = () if companions is None else companions(cid, total_size)
            return await self._conclude(access, scope, cid, parts, list(more), confirm)

    async def _measure(self, scope: Scope, cids: Sequence[Cid]) -> Parts:
        parts: list[tuple[Cid, int]] = []
        for at in range(0, len(cids), LOOKED_UP):
            asked = cids[at : at + LOOKED_UP]
            sizes = await self._journal.query(find_held_sizes, [(scope, cid) for cid in asked])
            for cid, size in zip(asked, sizes, strict=True):
                if size is None:
                    raise UnknownPart(len(parts), cid)
                parts.append((cid, size))
        return tuple(parts)

    async def _hash(self, scope: Scope, cids: Sequence[Cid]) -> bytes:
        hasher = blake3()
        await self._reading.feed_all(scope, cids, hasher, self._joining.hashing)
        return hasher.digest()

    async def _conclude(
        self, access: Access, scope: Scope, cid: Cid, parts: Parts, more: list[Draft], confirm: Confirm | None
    ) -> Put:
        size = sum(size for _, size in parts)
        async with self._references.alone_with(cid):
            standing = await self._journal.query(find_multipart, scope, cid)
            if confirm is not None:
                await confirm()
            if standing is not None and standing.parts == parts:
                await self._references.accompany(more)
                return Put(cid, size, duplicate=True)
            draft = self._make(access, scope, cid, parts)
            await self._references.append(access, scope, 0, [draft, *more], Lane.CONTROL)
            self._reading.note_healed(cid)
            return Put(cid, size, duplicate=False)

    def _make(self, access: Access, scope: Scope, cid: Cid, parts: Parts) -> Draft:
        assert scope.bucket is not None
        clock = self._references.clock
        record = MultipartRecord(
            MULTIPART_KIND,
            VERSION,
            scope.owner,
            access.holder,
            clock.now_ms(),
            int(clock.quality()),
            scope.bucket,
            sum(size for _, size in parts),
            list(parts),
        )
        return Draft(MULTIPART_KIND, VERSION, cid, encode_record(record), record)

    async def open(self, access: Access, bucket: Bucket, cid: Cid, *, through: Cid | None = None) -> OpenFile:
        """Find a file of any kind: a multipart, a raw piece, or a DAG node as its bytes; UnknownPiece.

        `through` is the node or file whose right is made use of; the caller has seen that it leads here.
        """
        access.require(bucket.scope.resource(cid, through=through), Verb.GET)
        if cid_kind(cid) is not CidKind.MULTIPART:
            piece = await self._reading.find(bucket.scope, cid)
            return OpenFile(cid, piece.size, bucket.scope, piece)
        size = await self._journal.query(find_multipart_size, bucket.scope, cid)
        if size is None:
            raise UnknownPiece(cid, bucket.id)
        return OpenFile(cid, size, bucket.scope, None)

    async def read(self, file: OpenFile, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the bytes `[start, stop)` in extents as they lie, at most 1 MiB each; each is checked before it leaves.

        Only parts that have some of them are looked at. PieceDamaged and PieceGone as for a piece.
        """
        stop = file.size if stop is None else min(stop, file.size)
        if file.piece is not None:
            async with contextlib.aclosing(self._reading.read(file.piece, start, stop)) as extents:
                async for extent in extents:
                    yield extent
            return
        while start < stop:
            # A few at a time: the list of a large file is megabytes, and readers may be many and slow.
            run = await self._journal.query(find_parts_from, file.scope, file.cid, start, stop)
            if not run:
                raise PieceGone(file.cid)
            for part, base, size in run:
                piece = await self._find_part(file, part)
                span = self._reading.read(piece, start - base, min(stop - base, size))
                async with contextlib.aclosing(span) as extents:
                    async for extent in extents:
                        yield extent
                start = base + size

    async def _find_part(self, file: OpenFile, part: Cid) -> OpenPiece:
        try:
            return await self._reading.find(file.scope, part)
        except UnknownPiece as absence:
            raise await self._loss(file, absence) from absence

    async def _loss(self, file: OpenFile, absence: UnknownPiece) -> StoreRefusal:
        # Parts are not deleted as long as their file stands: either it no longer does, or the log lost the part.
        if await self._journal.query(find_multipart_size, file.scope, file.cid) is None:
            return PieceGone(file.cid)
        return PieceDamaged(file.cid, f"its part {absence.cid} is lost")

    async def verify(
        self, access: Access, bucket: Bucket, cid: Cid, *, told: Callable[[int], None] = lambda _bytes: None
    ) -> int:
        """Read a file of any kind and hash it against its CID; its size, or PieceDamaged.

        `told` hears from time to time how many bytes of a multipart are done.
        """
        file = await self.open(access, bucket, cid)
        if file.piece is not None:
            await self._reading.verify(file.piece)
            return file.size
        try:
            await self._verify_parts(file, told)
        except PieceDamaged:
            self._reading.note_damage(cid)
            raise
        self._reading.note_healed(cid)
        return file.size

    async def _verify_parts(self, file: OpenFile, told: Callable[[int], None]) -> None:
        hasher, row = blake3(), await self._journal.query(find_multipart, file.scope, file.cid)
        if row is None:
            raise PieceGone(file.cid)
        ends = list(accumulate(size for _, size in row.parts))
        cids = [cid for cid, _ in row.parts]
        try:
            await self._reading.feed_all(
                file.scope, cids, hasher, self._joining.hashing, lambda count: told(ends[count - 1])
            )
        except UnknownPiece as absence:
            raise await self._loss(file, absence) from absence
        if hasher.digest() != cid_digest(file.cid):
            raise PieceDamaged(file.cid, "its parts hash to another CID")
