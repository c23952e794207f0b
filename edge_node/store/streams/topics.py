"""Topics: streams read back by offset, every body checked against its digest before it leaves."""

import functools
import sqlite3
from collections.abc import Callable

from edge_node.base.ids import Cid, StreamName, VaultId
from edge_node.base.offload import FILE, offload
from edge_node.journal import DigestMismatch, Journal, RecordAbsent
from edge_node.settings import IngestSettings
from edge_node.store.errors import PieceDamaged, UnknownStream
from edge_node.store.streams.page import Kept, page_bound, render_page
from edge_node.store.streams.records import EventsRecord, decode_events
from edge_node.store.streams.retention_rows import find_anchored_first
from edge_node.store.streams.rows import BodyRow, StreamRow, find_heads, find_page, list_streams
from edge_node.trust.access import Access, Verb, stream_resource


class Topics:
    """The reading side of the event log."""

    def __init__(self, journal: Journal, settings: IngestSettings) -> None:
        self._journal, self._settings = journal, settings

    def apply(self, settings: IngestSettings) -> None:
        """Take over another snapshot."""
        self._settings = settings

    async def read_page(
        self,
        access: Access,
        vault: VaultId,
        stream: StreamName,
        start: int,
        limit: int,
        *,
        proof: bool,
        reserve: Callable[[int], None] = lambda _bytes_max: None,
    ) -> bytes:
        """One JSON page of events from offset `start` on; UnknownStream if nothing was ever stored there.

        At most `limit` events and `page_bytes_max` bytes of bodies, but at least one body if there is one. A page ends
        before a damaged body; one that would begin with it is PieceDamaged, which names the offset after it.
        `reserve` hears how many bytes the page may have before any body is read, and may refuse by raising.
        """
        access.require(stream_resource(vault, stream), Verb.READ)
        try:
            return await self._read_page(vault, stream, start, limit, proof=proof, reserve=reserve)
        except PieceDamaged as damage:
            if not isinstance(damage.__cause__, RecordAbsent):
                raise
        # Retention took the body between the index and the log; once more says so, or that it is damage.
        return await self._read_page(vault, stream, start, limit, proof=proof, reserve=reserve)

    async def _read_page(
        self, vault: VaultId, stream: StreamName, start: int, limit: int, *, proof: bool, reserve: Callable[[int], None]
    ) -> bytes:
        found = await self._journal.query(_look, vault, stream, start, limit, self._settings.page_bytes_max)
        if found is None:
            raise UnknownStream(stream)
        kept, end, rows = found
        reserve(page_bound([(row.bytes, row.count) for row in rows], limit, proof=proof))
        render = functools.partial(self._render, vault.hex(), stream, start, limit, end, rows, kept, proof=proof)
        return await offload(render, limiter=FILE)

    async def list_streams(self, access: Access, vault: VaultId) -> list[StreamRow]:
        """Every stream of the vault with its counts and offsets."""
        access.require(stream_resource(vault), Verb.LIST)
        return await self._journal.query(list_streams, vault)

    def _render(
        self, vault: str, stream: str, start: int, limit: int, end: int, rows: list[BodyRow], kept: Kept, *, proof: bool
    ) -> bytes:
        bodies: list[tuple[Cid, EventsRecord]] = []
        for row in rows:
            try:
                bodies.append((row.cid, self._read(row)))
            except PieceDamaged:
                if not bodies:
                    raise
                break  # the page ends before it; who asks on from there hears of it
        return render_page(vault, stream, start, limit, end, bodies, proof=proof, kept=kept)

    def _read(self, row: BodyRow) -> EventsRecord:
        try:
            return decode_events(self._journal.read(row.position).payload)
        except (DigestMismatch, RecordAbsent) as damage:
            raise PieceDamaged(row.cid, str(damage), next_offset=row.first_offset + row.count) from damage


def _look(
    conn: sqlite3.Connection, vault: VaultId, stream: StreamName, start: int, limit: int, bytes_max: int
) -> tuple[Kept, int, list[BodyRow]] | None:
    """(what the stream keeps, its end, the bodies of a page); None for a stream that does not exist."""
    first = find_heads(conn, [(vault, stream)])[0].first
    found = find_page(conn, vault, stream, start, limit, bytes_max)
    return None if found is None else (Kept(first, find_anchored_first(conn, vault, stream)), *found)


def read_body(journal: Journal, row: BodyRow) -> tuple[Cid, bytes]:
    """A stored body under its CID, for the pieces door; blocking."""
    return row.cid, decode_events(journal.read(row.position).payload).body
