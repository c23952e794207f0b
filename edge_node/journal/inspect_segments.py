"""Look at the segments of a data directory without changing one: headers, footers, last records, or every byte."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edge_node.base.limits import KIB, MIB
from edge_node.journal.catalogue import SegmentFile, list_segments
from edge_node.journal.files import FileLayer, read_around_damage
from edge_node.journal.footer import Cause
from edge_node.journal.index import Applied
from edge_node.journal.open_segment import footer_path, segment_path
from edge_node.journal.scan import Bad, ReadAt, scan_records, survey
from edge_node.journal.segment import (
    ALIGNMENT,
    RECORD_HEADER_BYTES,
    RECORD_MAGIC,
    SEGMENT_HEADER_BYTES,
    SegmentClass,
    decode_record_header,
    payload_digest,
    segment_key,
)
from edge_node.paths import Paths

LAST_RECORDS_OF = 16  # newest segments of a class whose last record is read: what a crash can have hurt, in little time
_NEAR, _FAR = 64 * KIB, 3 * MIB  # where a last record begins: most are small, none is larger than an extent and some
_ZEROS = bytes(64 * KIB)

Progress = Callable[[int, int], None]
"""(bytes read, bytes to read)"""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something about a segment that is not as written; `lost`: records that were acknowledged may be gone."""

    what: str
    lost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentState:
    """One segment as found; `records` counts the sound ones that were read, `size` is in bytes."""

    segment_class: SegmentClass
    number: int
    size: int
    sealed: bool
    records: int = 0
    read_bytes: int = 0
    faults: tuple[Fault, ...] = ()

    @property
    def name(self) -> str:
        """`ev/00000001`."""
        return f"{self.segment_class.value}/{self.number:08d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """How to look. `applied` is where the index stands; while a node runs nothing behind it is looked at."""

    files: FileLayer
    paths: Paths
    applied: Mapping[SegmentClass, Applied]
    running: bool
    deep: bool = False
    progress: Progress = lambda _done, _all: None


def inspect_segments(how: Inspection) -> list[SegmentState]:
    """Every segment in order of class and number. NewerFormat, NotOfItsKind's causes and OSError as found.

    Quick: all headers and footers, the last record of the newest LAST_RECORDS_OF of each class, and what the index
    has not applied yet. `deep`: every record is read and its digest checked.
    """
    plan = [(name, files) for name in SegmentClass if (files := _list(how, name))]
    meter = _Meter(how.progress, sum(one.size for _, files in plan for one in files))
    return [state for name, files in plan for state in _inspect_class(how, name, files, meter)]


class _Meter:
    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._done, self._total = progress, 0, total

    def add(self, count: int) -> None:
        self._done += count
        self._progress(self._done, self._total)


def _list(how: Inspection, name: SegmentClass) -> list[SegmentFile]:
    directory = how.paths.segments / name.value
    if not directory.exists():
        return []
    applied = how.applied.get(name)
    return list_segments(how.files, directory, (applied.segment, applied.salt) if applied else None)


def _inspect_class(
    how: Inspection, name: SegmentClass, segments: list[SegmentFile], meter: _Meter
) -> Iterator[SegmentState]:
    for index, segment in enumerate(segments):
        last = index == len(segments) - 1
        newest = len(segments) - index <= LAST_RECORDS_OF
        try:
            yield _inspect_one(how, name, segment, meter, last=last, newest=newest)
        except FileNotFoundError:  # a running node's retention was faster
            meter.add(segment.size)


def _inspect_one(
    how: Inspection, name: SegmentClass, segment: SegmentFile, meter: _Meter, *, last: bool, newest: bool
) -> SegmentState:
    directory = how.paths.segments / name.value
    faults = list(_outer_faults(directory, segment, last=last))
    records = read_bytes = 0
    if segment.salt is not None:
        descriptor = how.files.open_read(segment_path(directory, segment.number))
        try:
            look = _Look(how, name, segment, partial(read_around_damage, how.files, descriptor), meter)
            if segment.footer is not None or not last:
                found = look.whole(segment.end) if how.deep else look.last_record() if newest else _NOTHING
            else:
                found = look.open_one()
        finally:
            how.files.close(descriptor)
        faults += found.faults
        records, read_bytes = found.records, found.read_bytes
    return SegmentState(
        segment_class=name, number=segment.number, size=segment.size, sealed=segment.footer is not None or not last,
        records=records, read_bytes=read_bytes, faults=tuple(faults),
    )  # fmt: skip


def _outer_faults(directory: Path, segment: SegmentFile, *, last: bool) -> Iterator[Fault]:
    """What header, footer and names tell."""
    if segment.salt is None:
        yield Fault("its header is damaged and no copy of its salt exists: nothing in it can be verified", lost=True)
    elif not segment.header_sound:
        yield Fault("its header is damaged; its salt is known from elsewhere, so it can be read", lost=False)
    has_footer = footer_path(directory, segment.number).exists()
    if has_footer and segment.footer is None:
        yield Fault("its footer is damaged or not its own; the next start scans it and writes a new one", lost=False)
    elif not has_footer and not last and segment.salt is not None:
        yield Fault("it is sealed without a footer; the next start scans it and writes one", lost=False)
    for hole in segment.footer.holes if segment.footer else ():
        if hole.cause is Cause.ROT:
            yield Fault(f"{hole.length} bytes at {hole.offset} are known to be damaged since it was sealed", lost=True)


@dataclass(frozen=True, slots=True)
class _Found:
    records: int
    read_bytes: int
    faults: tuple[Fault, ...] = ()


_NOTHING = _Found(0, 0)


@dataclass(frozen=True, slots=True)
class _Look:
    """One opened segment."""

    how: Inspection
    name: SegmentClass
    segment: SegmentFile
    read_at: ReadAt
    meter: _Meter

    @property
    def key(self) -> bytes:
        assert self.segment.salt is not None
        return segment_key(self.segment.salt)

    def whole(self, end: int) -> _Found:
        """Every record up to `end`; bad stretches that the footer knows are not told twice."""
        known = {hole.offset for hole in self.segment.footer.holes} if self.segment.footer else set()
        records, faults, at = 0, [], SEGMENT_HEADER_BYTES
        for item in scan_records(self.read_at, SEGMENT_HEADER_BYTES, end, self.key):
            if isinstance(item, Bad):
                place, length = item.offset, item.length
                if place not in known and not (self.segment.footer is None and self._is_blank(item)):
                    faults.append(Fault(f"{length} bytes at {place} are not what was written", lost=True))
            else:
                place, length, records = item.offset, item.header.span, records + 1
            self.meter.add(place + length - at)
            at = place + length
        return _Found(records, max(end - SEGMENT_HEADER_BYTES, 0), tuple(faults))

    def last_record(self, end: int | None = None) -> _Found:
        """The record that ends where the segment's records end."""
        if end is None:
            if self.segment.footer is None:
                return _NOTHING  # sealed without a footer: where its records end is for a scan to say
            end = self.segment.end
        if end <= SEGMENT_HEADER_BYTES or self._ends_in_hole(end) or _has_sound_end(self.read_at, end, self.key):
            return _Found(int(end > SEGMENT_HEADER_BYTES), min(end, _NEAR))
        return _Found(
            0, min(end, _FAR), (Fault(f"no sound record ends at {end}, where the last one should", lost=True),)
        )

    def open_one(self) -> _Found:
        """The segment a node appends to: what the index applied, and, when no node runs, what lies behind that."""
        applied = self.how.applied.get(self.name)
        known = applied.offset if applied and applied.segment == self.segment.number else 0
        if known > self.segment.size:
            gone = Fault(f"it ends at {self.segment.size}; the index has applied records up to {known}", lost=True)
            return _Found(0, 0, (gone,))
        before = self._applied_part(known)
        if self.how.running:
            return before
        behind = self._unapplied_part(max(known, SEGMENT_HEADER_BYTES))
        return _Found(
            before.records + behind.records, before.read_bytes + behind.read_bytes, before.faults + behind.faults
        )

    def _applied_part(self, known: int) -> _Found:
        return self.whole(known) if self.how.deep else self.last_record(known)

    def _unapplied_part(self, start: int) -> _Found:
        outcome = survey(self.read_at, start, self.segment.size, self.key)
        faults = [
            Fault(f"{bad.length} bytes at {bad.offset} are not what was written", lost=True) for bad in outcome.rot
        ]
        torn = [bad for bad in (*outcome.torn, *outcome.tail) if not self._is_blank(bad)]
        if torn:
            size = sum(bad.length for bad in torn)
            faults.append(Fault(f"a write of {size} bytes was cut short; the next start cuts it off", lost=False))
        self.meter.add(self.segment.size - start)
        return _Found(outcome.records, outcome.end - start, tuple(faults))

    def _ends_in_hole(self, end: int) -> bool:
        holes = self.segment.footer.holes if self.segment.footer else ()
        return any(hole.offset + hole.length >= end for hole in holes)

    def _is_blank(self, bad: Bad) -> bool:
        """Whether it is space that was reserved and never written."""
        if bad.header is not None:
            return False
        stop = bad.offset + bad.length
        return all(
            self.read_at(at, min(len(_ZEROS), stop - at)) == _ZEROS[: min(len(_ZEROS), stop - at)]
            for at in range(bad.offset, stop, len(_ZEROS))
        )


def _has_sound_end(read_at: ReadAt, end: int, key: bytes) -> bool:
    for reach in (_NEAR, _FAR):
        start = max(SEGMENT_HEADER_BYTES, end - reach) & ~(ALIGNMENT - 1)
        if _ends_with_record(read_at(start, end - start), key):
            return True
        if start == SEGMENT_HEADER_BYTES:
            return False
    return False


def _ends_with_record(chunk: bytes, key: bytes) -> bool:
    """Whether the last bytes are a whole record with its digest right."""
    at = chunk.rfind(RECORD_MAGIC)
    while at >= 0:
        header = decode_record_header(chunk[at : at + RECORD_HEADER_BYTES], key)
        if header is not None and at + header.span == len(chunk):
            start = at + RECORD_HEADER_BYTES
            return payload_digest(key, chunk[start : start + header.length]) == header.digest
        at = chunk.rfind(RECORD_MAGIC, 0, at)
    return False
