"""Find every sound record of a segment, whatever lies between them: a resync scan that never gives up at a bad one."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from edge_node.base.limits import MIB
from edge_node.journal.segment import (
    ALIGNMENT,
    FIRST_OF_ROUND,
    RECORD_HEADER_BYTES,
    RECORD_MAGIC,
    RecordHeader,
    decode_record_header,
    payload_digest,
)

ReadAt = Callable[[int, int], bytes]
"""(offset, length) -> bytes, fewer only at the end of the file."""

WINDOW_BYTES = 4 * MIB  # what one read fetches: four extents, so that few are fetched twice; little for a small box


class Sound(NamedTuple):
    """A record whose header and payload are as they were written."""

    offset: int
    header: RecordHeader
    payload: bytes


class Bad(NamedTuple):
    """Bytes that are not a sound record; `header` is known when only the payload is bad."""

    offset: int
    length: int
    header: RecordHeader | None


class Outcome(NamedTuple):
    """What a scan of a whole range found.

    `end` is where the last sound record ends: bytes after it are the tail. `rot` lies before a later round, so it
    was synced once; `torn` may never have been. `tail` is what lies behind `end`, blank space included.
    """

    end: int
    records: int
    first_sequence: int
    last_sequence: int
    rot: tuple[Bad, ...]
    torn: tuple[Bad, ...]
    tail: tuple[Bad, ...] = ()


class _Window:
    """A sliding view on the file, so that a scan holds a few MiB whatever the segment's size."""

    def __init__(self, read_at: ReadAt, end: int) -> None:
        self._read_at, self.end = read_at, end
        self._base, self._bytes = 0, b""

    def get(self, offset: int, length: int) -> bytes:
        start = offset - self._base
        if start < 0 or start + length > len(self._bytes):
            wanted = min(max(length, WINDOW_BYTES), self.end - offset)
            self._base, self._bytes, start = offset, self._read_at(offset, wanted), 0
        return self._bytes[start : start + length]

    def find_magic(self, offset: int) -> int | None:
        """The next aligned offset that holds the record magic, or None."""
        while offset + RECORD_HEADER_BYTES <= self.end:
            chunk = self.get(offset, min(WINDOW_BYTES, self.end - offset))
            at = chunk.find(RECORD_MAGIC)
            while at >= 0 and (offset + at) % ALIGNMENT:
                at = chunk.find(RECORD_MAGIC, at + 1)
            if at >= 0:
                return offset + at
            if len(chunk) < WINDOW_BYTES:
                return None
            # Step back by less than one alignment, so that a magic across the border is seen in the next chunk.
            offset += (len(chunk) - len(RECORD_MAGIC)) & ~(ALIGNMENT - 1)
        return None


def scan_records(read_at: ReadAt, start: int, end: int, key: bytes) -> Iterator[Sound | Bad]:
    """Walk a segment from `start` (a record's offset) to `end`, in order, without gaps.

    A record with a sound header is stepped over by its length even if its payload is bad; after anything else the
    next aligned header with a right keyed check is searched. User data that imitates a record lacks the key.
    """
    window, offset = _Window(read_at, end), start
    while offset < end:
        header = _header_at(window, offset, key)
        if header is None:
            resumed = _next_header(window, offset + ALIGNMENT, key)
            yield Bad(offset, resumed - offset, None)
            offset = resumed
            continue
        payload = window.get(offset + RECORD_HEADER_BYTES, header.length)
        if payload_digest(key, payload) == header.digest:
            yield Sound(offset, header, payload)
        else:
            yield Bad(offset, header.span, header)
        offset += header.span


def _header_at(window: _Window, offset: int, key: bytes) -> RecordHeader | None:
    if offset + RECORD_HEADER_BYTES > window.end:
        return None
    header = decode_record_header(window.get(offset, RECORD_HEADER_BYTES), key)
    return header if header is not None and offset + header.span <= window.end else None


def _next_header(window: _Window, offset: int, key: bytes) -> int:
    found = window.find_magic(offset)
    while found is not None:
        if _header_at(window, found, key) is not None:
            return found
        found = window.find_magic(found + ALIGNMENT)
    return window.end


def survey(read_at: ReadAt, start: int, end: int, key: bytes) -> Outcome:
    """Scan a range and tell rot from torn writes by the round marks; the tail belongs to neither."""
    stop, records, first, last = start, 0, 0, 0
    rot: list[Bad] = []
    pending: list[Bad] = []
    torn: list[Bad] = []
    for item in scan_records(read_at, start, end, key):
        if isinstance(item, Bad):
            pending.append(item)
            continue
        if item.header.flags & FIRST_OF_ROUND:
            # This round began after a sync of all that lies before it.
            rot += torn + pending
            torn, pending = [], []
        torn += pending
        pending = []
        stop, records, last = item.offset + item.header.span, records + 1, item.header.sequence
        first = first or last
    return Outcome(stop, records, first, last, tuple(rot), tuple(torn), tuple(pending))
