"""References: which scope holds which piece, written with the quota that pays for it, one writer per CID at a time."""

import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial

import trio

from edge_node.base.clock import Clock
from edge_node.base.gathered import Gathered
from edge_node.base.ids import Cid
from edge_node.journal import Draft, Journal, JournalError, Lane, Ticket
from edge_node.store.bucket_errors import PieceInUse
from edge_node.store.errors import PieceIsEventBody, StoreRefusal, UnknownPiece
from edge_node.store.file_rows import find_file_of
from edge_node.store.quota import QuotaLedger
from edge_node.store.records import DELETE_KIND, REFERENCE_KIND, VERSION, ReferenceRecord, encode_record
from edge_node.store.rows import Standing, find_standings
from edge_node.store.scope import Scope
from edge_node.store.streams.rows import find_by_cid
from edge_node.trust.access import Access

LANDING_S = 4.0  # a round takes well under one; the supervisor gives up after five

Companions = Callable[[Cid, int], Sequence[Draft]]
"""(CID, size) of what was put -> drafts that are written in the same ticket, also for a duplicate."""


class References:
    """Who holds what, and the one way to change it."""

    def __init__(self, journal: Journal, quota: QuotaLedger, clock: Clock) -> None:
        self._journal, self._quota, self.clock = journal, quota, clock
        self._standings = Gathered[Cid, Standing](partial(journal.query, find_standings))
        self._busy: dict[Cid, trio.Event] = {}
        self._kept: dict[object, tuple[Scope, AbstractSet[Cid]]] = {}

    async def standing(self, cid: Cid) -> Standing:
        """Where the piece lies and which scopes refer to it, as committed."""
        return await self._standings.ask(cid)

    @contextlib.asynccontextmanager
    async def alone_with(self, cid: Cid) -> AsyncGenerator[None, None]:
        """Keep every other writer off this CID."""
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

    @contextlib.asynccontextmanager
    async def keeping(self, scope: Scope, cids: AbstractSet[Cid]) -> AsyncGenerator[None, None]:
        """Let this scope let go of none of these meanwhile; who is about to has done so before this begins."""
        self._kept[(kept := object())] = scope, cids  # a set as it is: there may be 16,384, and deletes are few
        try:
            for cid in self._busy.keys() & cids:
                while (other := self._busy.get(cid)) is not None:
                    await other.wait()
            yield
        finally:
            del self._kept[kept]

    async def append(self, access: Access, scope: Scope, size: int, drafts: Sequence[Draft], lane: Lane) -> None:
        """Write, with `size` bytes counted for the scope's owner and the key; QuotaExceeded before anything is."""
        self._quota.reserve(scope.owner, access.holder, size, self.clock.now_ms())
        try:
            await landed(self._journal.submit(drafts, lane))
        except BaseException:
            self._quota.release(scope.owner, access.holder, size)
            raise

    async def accompany(self, drafts: Sequence[Draft]) -> None:
        """Write what goes with a put that changes nothing."""
        if drafts:
            await landed(self._journal.submit(drafts, Lane.CONTROL))

    def refer(self, access: Access, scope: Scope, cid: Cid, size: int, kind: int = REFERENCE_KIND) -> Draft:
        """A reference, or (DELETE_KIND) its end."""
        now_ms, quality = self.clock.now_ms(), int(self.clock.quality())
        record = ReferenceRecord(kind, VERSION, scope.owner, access.holder, now_ms, quality, size, scope.bucket)
        return Draft(kind, VERSION, cid, encode_record(record), record)

    async def let_go(self, access: Access, scope: Scope, cid: Cid) -> None:
        """End a scope's reference. UnknownPiece if there is none, PieceInUse for a part of a file."""
        async with self.alone_with(cid):
            # Asked of the references: one whose piece was lost to rot is let go all the same, and its bytes given back.
            size = (await self.standing(cid)).references.get(scope)
            if size is None:
                raise await self._absence(scope, cid)
            if scope.bucket is not None:
                await self._require_no_part(scope, cid)
            draft = self.refer(access, scope, cid, size, DELETE_KIND)
            await landed(self._journal.submit([draft], Lane.CONTROL))
            self._quota.release(scope.owner, None, size)

    async def _absence(self, scope: Scope, cid: Cid) -> StoreRefusal:
        if scope.bucket is None and await self._journal.query(find_by_cid, scope.owner, cid) is not None:
            return PieceIsEventBody(cid)
        return UnknownPiece(cid, scope.bucket)

    async def _require_no_part(self, scope: Scope, cid: Cid) -> None:
        # A file without one of its parts is of no use to anybody, and whoever deletes by CID cannot see that it is one.
        if any(scope == other and cid in cids for other, cids in self._kept.values()):
            raise PieceInUse(cid, None)
        file = await self._journal.query(find_file_of, scope, cid)
        if file is not None:
            raise PieceInUse(cid, file)


async def landed(ticket: Ticket) -> None:
    """Wait until the ticket is durable; a cancelled caller leaves only when it has landed or the journal is gone.

    What is queued is written whatever becomes of its waiter, and must not be after its pin and its place in line went.
    """
    try:
        await ticket.wait()
    except trio.Cancelled:
        with trio.move_on_after(LANDING_S, shield=True), contextlib.suppress(JournalError):
            await ticket.wait()
        raise
