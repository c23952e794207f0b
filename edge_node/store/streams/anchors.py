"""A stream's retention anchors as they are read back: signed documents, each with the certificate of its key."""

import functools
from collections.abc import Callable

import msgspec

from edge_node.base.ids import StreamName, VaultId
from edge_node.base.limits import KIB
from edge_node.base.offload import FILE, offload
from edge_node.journal import DigestMismatch, Journal, RecordAbsent
from edge_node.store.errors import UnknownStream
from edge_node.store.streams.records import decode_retention
from edge_node.store.streams.retention_rows import Anchored, AnchorRow, find_anchors
from edge_node.trust.access import Access, Verb, stream_resource

ANCHOR_BOUND_BYTES = 4 * KIB  # of one in an answer: about 1.4 KiB of anchor, 0.6 KiB of certificate
_FRAME_BYTES = KIB

_ENCODER = msgspec.json.Encoder()


class Anchors:
    """The reading side of retention."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def read(
        self,
        access: Access,
        vault: VaultId,
        stream: StreamName,
        start: int,
        limit: int,
        reserve: Callable[[int], None] = lambda _bytes_max: None,
    ) -> bytes:
        """At most `limit` anchors of a stream from number `start` on, as JSON (docs/specs/retention.md).

        UnknownStream for one that never was. An anchor whose record is damaged stands there as null. `reserve` hears
        how many bytes the answer may have, and may refuse by raising.
        """
        access.require(stream_resource(vault, stream), Verb.READ)
        found = await self._journal.query(find_anchors, vault, stream, start, limit)
        if found is None:
            raise UnknownStream(stream)
        newest, rows = found
        reserve(_FRAME_BYTES + len(rows) * ANCHOR_BOUND_BYTES)
        return await offload(functools.partial(self._render, vault, stream, start, newest, rows), limiter=FILE)

    def _render(self, vault: VaultId, stream: StreamName, start: int, newest: Anchored, rows: list[AnchorRow]) -> bytes:
        answer = {
            "stream": str(stream),
            "vault": vault.hex(),
            "first": newest.first,
            "anchors": [self._entry(row) for row in rows],
            "next": rows[-1].number + 1 if rows else min(start, newest.number + 1),
            "end": newest.number + 1,
        }
        return _ENCODER.encode(answer)

    def _entry(self, row: AnchorRow) -> dict[str, object]:
        try:
            record = decode_retention(self._journal.read(row.position).payload)
        except (DigestMismatch, RecordAbsent):
            return {"number": row.number, "first": row.first_offset, "anchor": None, "certificate": None}
        return {
            "number": row.number,
            "first": row.first_offset,
            "anchor": msgspec.Raw(record.document),
            "certificate": msgspec.Raw(record.certificate),
        }
