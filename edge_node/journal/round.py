"""Lay out one round: drafts become records with sequences, places and digests, in the order they will have on disk."""

from collections.abc import Callable, Iterable, Sequence

from blake3 import blake3

from edge_node.journal.kinds import Database, Entry, KindTable, Placed
from edge_node.journal.segment import (
    FIRST_OF_ROUND,
    RECORD_HEADER_BYTES,
    Buffer,
    Position,
    SegmentClass,
    encode_record_header,
    payload_digest,
)
from edge_node.journal.tickets import Draft, Payload

JOIN_MAX_BYTES = 32 * 1024  # below, one copy is cheaper than one more element of a vectored write
EARLY_BYTES = 512 * 1024  # what is worth a system call, so that hashing and copying go on while the medium writes
_PADS = tuple(bytes(count) for count in range(8))


class Part:
    """What a round appends to one class's segment, beginning at `start`."""

    __slots__ = (
        "_small",
        "_write_soon",
        "buffers",
        "end",
        "first",
        "flags",
        "key",
        "last",
        "number",
        "segment_class",
        "start",
        "written",
    )

    def __init__(
        self,
        segment_class: SegmentClass,
        number: int,
        start: int,
        key: bytes,
        write_soon: Callable[[Sequence[Buffer], int, int], None] | None = None,
    ) -> None:
        """`write_soon(buffers, total, offset)` takes what is complete while the rest is still being made."""
        self.segment_class, self.number, self.start, self.key = segment_class, number, start, key
        self.written, self._write_soon = start, write_soon
        self.end, self.first, self.last, self.flags = start, 0, 0, FIRST_OF_ROUND
        self.buffers: list[Buffer] = []
        self._small: list[Buffer] = []

    def add(self, draft: Draft, sequence: int) -> Placed:
        """Append a record; returns its place."""
        size, payload, key, cid = draft.payload_bytes, draft.payload, self.key, draft.cid
        digest = blake3(payload, key=key).digest() if isinstance(payload, bytes) else payload_digest(key, payload)
        small = self._small
        small.append(encode_record_header(key, draft.kind, draft.version, self.flags, sequence, cid, size, digest))
        if size > JOIN_MAX_BYTES:
            self._flush()
            self.buffers.extend(_parts(payload))
        elif isinstance(payload, bytes):
            small.append(payload)
        else:
            small.extend(_parts(payload))
        offset = self.end
        self.end = end = (offset + RECORD_HEADER_BYTES + size + 7) & ~7
        small.append(_PADS[end - offset - RECORD_HEADER_BYTES - size])
        if self.flags:
            self.first, self.flags = sequence, 0
        self.last = sequence
        if self._write_soon is not None and end - self.written >= EARLY_BYTES:
            self._write_soon(self.close(), end - self.written, self.written)
            self.buffers, self.written = [], end
        return Placed(Position(self.segment_class, self.number, offset), sequence, size, cid)

    def close(self) -> list[Buffer]:
        """All buffers from `written` on, to be written one after the other."""
        self._flush()
        return self.buffers

    def _flush(self) -> None:
        if self._small:
            self.buffers.append(b"".join(self._small))
            self._small.clear()


def _parts(payload: Payload) -> Sequence[Buffer]:
    return (payload,) if isinstance(payload, bytes | bytearray | memoryview) else payload


class Round:
    """The layout of one round over all classes."""

    __slots__ = ("_kinds", "_parts", "entries", "placed", "sequence")

    def __init__(self, kinds: KindTable, parts: Iterable[Part], sequence: int) -> None:
        """`parts` are empty, one per class; `sequence` is the first to give."""
        self._kinds, self.sequence = kinds, sequence
        self._parts = {part.segment_class: part for part in parts}
        self.entries: dict[Database, list[Entry]] = {database: [] for database in Database}
        self.placed: list[list[Placed]] = []

    def add(self, drafts: Sequence[Draft]) -> None:
        """Lay out a ticket's drafts, in order; `placed` gets one list more."""
        places: list[Placed] = []
        for draft in drafts:
            kind, sequence = self._kinds[draft.kind], self.sequence
            self.sequence = sequence + 1  # given away even if the disk refuses what is written early
            placed = self._parts[kind.segment_class].add(draft, sequence)
            places.append(placed)
            self.entries[kind.database].append((kind, placed, draft.item))
        self.placed.append(places)

    def touched(self, order: Iterable[SegmentClass]) -> list[Part]:
        """The parts that got records, in `order`."""
        return [self._parts[name] for name in order if self._parts[name].end > self._parts[name].start]
