"""Reading pieces: found in a scope, every extent's digest checked before its bytes leave, damage remembered."""

import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TypeVar

import trio
from blake3 import blake3

from edge_node.base.gathered import Gathered
from edge_node.base.ids import Cid
from edge_node.base.limits import EXTENT_BYTES
from edge_node.base.log import get_log
from edge_node.base.offload import BULK, FILE, offload
from edge_node.journal import DigestMismatch, Journal, Position, RecordAbsent
from edge_node.store.errors import PieceDamaged, PieceGone, UnknownPiece
from edge_node.store.figures import PieceFigures
from edge_node.store.records import decode_piece
from edge_node.store.references import References
from edge_node.store.rows import PieceRow, find_held
from edge_node.store.scope import Scope
from edge_node.store.streams.rows import BodyRow, find_by_cid
from edge_node.store.streams.topics import read_body
from edge_node.wire.cid import CidKind, cid_digest, cid_kind, format_cid

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")

READ_AHEAD = 4  # extents a hop: 4 MiB are read and checked in about 3 ms

TOGETHER_MAX = 64  # pieces looked up in one hop, and read in one where each lies in its record: 4 MiB at most

log = get_log("store")


@dataclass(frozen=True, slots=True)
class OpenPiece:
    """A piece ready to be read: its size, where its record lies, and its extents or its whole (small) content."""

    cid: Cid
    size: int
    position: Position
    extents: tuple[Position, ...]
    inline: bytes | None


class Reading:
    """Reads what scopes hold. It asks for no access: the doors of the store, which use it, do."""

    def __init__(self, journal: Journal, references: References, figures: PieceFigures) -> None:
        self._journal, self._references, self._figures = journal, references, figures
        self._damaged: set[Cid] = set()
        self._held = Gathered[tuple[Scope, Cid], PieceRow | None](partial(journal.query, find_held))

    async def find(self, scope: Scope, cid: Cid) -> OpenPiece:
        """A piece this scope holds, or the body of one of its vault's events; UnknownPiece, PieceDamaged."""
        if cid_kind(cid) is CidKind.MULTIPART:
            raise UnknownPiece(cid, scope.bucket)  # a file: a list of pieces
        while (row := await self._held.ask((scope, cid))) is not None:
            with contextlib.suppress(PieceGone):  # deleted between the two looks: then the next one finds no row
                return await self._open_row(cid, row)
        if scope.bucket is None:
            while (body := await self._journal.query(find_by_cid, scope.owner, cid)) is not None:
                with contextlib.suppress(PieceGone):  # likewise: retention took it
                    return await self._open_body(scope, cid, body)
        if scope in (await self._references.standing(cid)).references:
            raise PieceDamaged(cid, "the record that made it is lost")
        raise UnknownPiece(cid, scope.bucket)

    async def _open_body(self, scope: Scope, cid: Cid, body: BodyRow) -> OpenPiece:
        with self._damage_of(cid):
            try:
                _, content = await offload(read_body, self._journal, body, limiter=FILE)
            except RecordAbsent as absence:
                now = await self._journal.query(find_by_cid, scope.owner, cid)
                if now is not None and now.position == body.position:
                    raise
                raise PieceGone(cid) from absence
        return OpenPiece(cid, len(content), body.position, (), content)

    async def _open_row(self, cid: Cid, row: PieceRow) -> OpenPiece:
        if row.extents:
            return OpenPiece(cid, row.size, row.position, tuple(row.positions()), None)
        record = await self._read_checked(cid, row.position, self._journal.read, row.position, FILE)
        return OpenPiece(cid, row.size, row.position, (), decode_piece(record.payload).inline)

    async def read(self, piece: OpenPiece, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the bytes `[start, stop)`; each extent's digest holds before any of its bytes are given out.

        PieceDamaged in mid-way if one does not hold, PieceGone if the piece was deleted and its bytes were reclaimed
        meanwhile: what was given out before is good.
        """
        stop = piece.size if stop is None else stop
        if piece.inline is not None:
            self._figures.read_bytes += stop - start
            yield piece.inline[start:stop]
            return
        first, last = start // EXTENT_BYTES, -(-stop // EXTENT_BYTES)
        for at in range(first, last, READ_AHEAD):
            positions = piece.extents[at : min(at + READ_AHEAD, last)]
            extents = await self._read_checked(piece.cid, piece.position, self._read_extents, positions)
            for number, extent in enumerate(extents, at):
                base = number * EXTENT_BYTES
                asked = extent[max(start - base, 0) : stop - base]  # the whole extent is handed on, not copied
                self._figures.read_bytes += len(asked)
                yield asked

    async def feed(self, piece: OpenPiece, hasher: blake3) -> None:
        """Hash the whole piece, each extent checked first: one hop for both, and nothing of it comes to the loop."""
        if piece.inline is not None:
            hasher.update(piece.inline)
            return
        for at in range(0, len(piece.extents), READ_AHEAD):
            hash_extents = partial(self._hash_extents, hasher)
            await self._read_checked(piece.cid, piece.position, hash_extents, piece.extents[at : at + READ_AHEAD])

    async def feed_all(
        self,
        scope: Scope,
        cids: Sequence[Cid],
        hasher: blake3,
        turns: trio.CapacityLimiter,
        told: Callable[[int], None] = lambda _count: None,
    ) -> None:
        """Hash pieces of a scope one after the other, small ones together; `told` hears how many are done.

        A turn is taken for each: many files that are hashed at once get on together.

        UnknownPiece, PieceDamaged and PieceGone as `find` and `feed`.
        """
        done = 0
        for at in range(0, len(cids), TOGETHER_MAX):
            group = cids[at : at + TOGETHER_MAX]
            rows = await self._journal.query(find_held, [(scope, cid) for cid in group])
            for small, run in groupby(zip(group, rows, strict=True), lambda one: _is_small(one[1])):
                pairs = list(run)
                if small:
                    async with turns:
                        fed = await self._feed_small([row.position for _, row in pairs if row], hasher)
                    if fed:
                        told(done := done + len(pairs))
                        continue
                for cid, _ in pairs:  # one by one, so that whatever is the matter has a name
                    async with turns:
                        await self.feed(await self.find(scope, cid), hasher)
                    told(done := done + 1)

    async def _feed_small(self, positions: Sequence[Position], hasher: blake3) -> bool:
        try:
            content = await offload(self._read_small, positions, limiter=FILE)
        except (DigestMismatch, RecordAbsent):
            return False
        hasher.update(content)
        return True

    def _read_small(self, positions: Sequence[Position]) -> bytes:
        return b"".join(decode_piece(payload).inline for payload in self._read_extents(positions))

    async def content(self, piece: OpenPiece) -> bytes:
        """The whole of a piece, joined: for what is bounded, as a DAG node is."""
        if piece.inline is not None:
            return piece.inline
        async with contextlib.aclosing(self.read(piece)) as extents:
            return b"".join([extent async for extent in extents])

    async def verify(self, piece: OpenPiece) -> None:
        """Read the whole piece and hash it against its CID; PieceDamaged."""
        hasher = blake3()
        await self.feed(piece, hasher)
        if hasher.digest() != cid_digest(piece.cid):
            self._damaged.add(piece.cid)
            raise PieceDamaged(piece.cid, "its bytes hash to another CID")

    def _read_extents(self, positions: Sequence[Position]) -> list[bytes]:
        return [self._journal.read(position).payload for position in positions]

    def _hash_extents(self, hasher: blake3, positions: Sequence[Position]) -> None:
        for position in positions:
            hasher.update(self._journal.read(position).payload)

    async def _read_checked(
        self,
        cid: Cid,
        position: Position,
        read: Callable[[Asked], Answered],
        asked: Asked,
        limiter: trio.CapacityLimiter = BULK,
    ) -> Answered:
        """What `read` gives of the piece whose record lies at `position`."""
        with self._damage_of(cid):
            try:
                return await offload(read, asked, limiter=limiter)
            except RecordAbsent as absence:
                # A segment leaves when nothing refers to it any more, and the index knew that first.
                now = (await self._references.standing(cid)).piece
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

    def note_healed(self, cid: Cid) -> None:
        """A good copy is on the disk."""
        self._damaged.discard(cid)


def _is_small(row: PieceRow | None) -> bool:
    """Whether a piece lies in its record, whole."""
    return row is not None and not row.extents
