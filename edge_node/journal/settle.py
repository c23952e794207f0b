"""Bring one class's segments to rest after a start: find where its log ends and cut off what a crash left behind."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from edge_node.base.log import get_log
from edge_node.journal.catalogue import SegmentFile, list_segments, sweep_debris
from edge_node.journal.files import FileLayer, read_around_damage, replace_file
from edge_node.journal.footer import FOOTER_VERSION, Cause, Footer, Hole, encode_footer
from edge_node.journal.index import Applied
from edge_node.journal.open_segment import OpenSegment, footer_path, segment_path
from edge_node.journal.scan import WINDOW_BYTES, Bad, Outcome, survey
from edge_node.journal.segment import (
    RECORD_HEADER_BYTES,
    SEGMENT_HEADER_BYTES,
    Position,
    SegmentClass,
    decode_record_header,
    segment_key,
)

log = get_log("journal")


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of the log that are no sound record; `kind`, `sequence`, `cid` are known when only the payload is bad."""

    position: Position
    length: int
    cause: Cause
    kind: int | None = None
    sequence: int | None = None
    cid: bytes = b""


class Stretch(NamedTuple):
    """The records of one segment that count: from its header to `end`."""

    number: int
    salt: bytes
    end: int
    holes: tuple[Hole, ...]


class KnownEnd(NamedTuple):
    """What this process knows of a segment it wrote: nothing after `end` was acknowledged."""

    number: int
    end: int
    suspect: bool


@dataclass(slots=True)
class ClassLog:
    """One class at rest."""

    segment_class: SegmentClass
    stretches: list[Stretch] = field(default_factory=list)
    open: OpenSegment | None = None
    next_number: int = 1
    last_sequence: int = 0
    truncated_bytes: int = 0
    damages: list[Damage] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """What settling a class needs to know. `applied` is where the index stands, None when it must be rebuilt."""

    files: FileLayer
    directory: Path
    segment_class: SegmentClass
    applied: Applied | None
    known_end: KnownEnd | None
    step: int
    writable: bool


def settle_class(task: Settling) -> ClassLog:
    """Inspect all segments of a class; when writable, seal what should be sealed and cut the open one's torn tail.

    Only bytes after the last sound record of an unsealed last segment are ever cut. OSError as the disk gives it.
    """
    settled = ClassLog(task.segment_class)
    if task.writable:
        sweep_debris(task.files, task.directory)
        # A process killed between creating a segment and syncing its name left a name that only the cache knows.
        task.files.sync_directory(task.directory)
    hint = (task.applied.segment, task.applied.salt) if task.applied else None
    segments = list_segments(task.files, task.directory, hint)
    for index, segment in enumerate(segments):
        settled.next_number = segment.number + 1
        _settle_segment(task, settled, segment, last=index == len(segments) - 1)
    if task.applied is not None:
        settled.next_number = max(settled.next_number, task.applied.segment + (settled.open is None))
    return settled


def _settle_segment(task: Settling, settled: ClassLog, segment: SegmentFile, *, last: bool) -> None:
    if segment.footer is not None and segment.salt is not None:
        footer = segment.footer
        settled.stretches.append(Stretch(segment.number, segment.salt, footer.end, footer.holes))
        settled.last_sequence = max(settled.last_sequence, footer.last_sequence)
        settled.damages += [_damage_of_hole(task.segment_class, segment.number, hole) for hole in footer.holes]
    elif segment.salt is None:
        _settle_keyless(task, settled, segment)
    elif last:
        _settle_last(task, settled, segment, segment.salt)
    else:
        outcome = _with_tail(task, segment, _survey(task, segment, segment.salt, SEGMENT_HEADER_BYTES, segment.size))
        _take(task, settled, segment, segment.salt, outcome, tail_is_rot=True)
        stretch = settled.stretches[-1]
        for bad in (*outcome.rot, *outcome.torn):
            settled.damages.append(damage_of(task.segment_class, segment.number, bad, stretch.holes))
        if task.writable:
            _write_footer(task, stretch, outcome)


def _with_tail(task: Settling, segment: SegmentFile, outcome: Outcome) -> Outcome:
    """A segment that another one follows was cut where its last record ended: what lies behind sound ones is rot."""
    descriptor = task.files.open_read(segment_path(task.directory, segment.number))
    try:
        blank = all(_is_blank(task.files, descriptor, bad) for bad in outcome.tail)
    finally:
        task.files.close(descriptor)
    if blank:
        return outcome
    return outcome._replace(end=segment.size, rot=(*outcome.rot, *outcome.torn, *outcome.tail), torn=())


def _is_blank(files: FileLayer, descriptor: int, bad: Bad) -> bool:
    if bad.header is not None:
        return False
    end = bad.offset + bad.length
    starts = range(bad.offset, end, WINDOW_BYTES)
    return not any(any(read_around_damage(files, descriptor, at, min(WINDOW_BYTES, end - at))) for at in starts)


def _settle_keyless(task: Settling, settled: ClassLog, segment: SegmentFile) -> None:
    """Without the salt nothing in it can be verified; it is reported whole and left as it is."""
    path = segment_path(task.directory, segment.number)
    log.error("segment.not_read", segment=str(path), reason="its header is damaged and no copy of the salt exists")
    position = Position(task.segment_class, segment.number, 0)
    settled.damages.append(Damage(position, segment.size, Cause.ROT))


def _settle_last(task: Settling, settled: ClassLog, segment: SegmentFile, salt: bytes) -> None:
    start, size = _start(task, segment), _believed_size(task, segment)
    if task.writable:
        _flush(task.files, segment_path(task.directory, segment.number))
    outcome = _survey(task, segment, salt, start, size)
    _take(task, settled, segment, salt, outcome, tail_is_rot=False)
    if task.applied is not None and start > SEGMENT_HEADER_BYTES:
        settled.last_sequence = max(settled.last_sequence, task.applied.sequence)
    settled.truncated_bytes += segment.size - outcome.end
    if task.writable:
        _reopen(task, settled, segment, outcome)


def _start(task: Settling, segment: SegmentFile) -> int:
    """Where to scan from: what the index has applied was synced before, and is not read again."""
    applied = task.applied
    if applied is None or applied.segment != segment.number or applied.offset > segment.size:
        return SEGMENT_HEADER_BYTES
    return max(applied.offset, SEGMENT_HEADER_BYTES)


def _believed_size(task: Settling, segment: SegmentFile) -> int:
    known = task.known_end
    return min(segment.size, known.end) if known is not None and known.number == segment.number else segment.size


def _flush(files: FileLayer, path: Path) -> None:
    """Sync what the last process left in the page cache, then forget it.

    After a failed sync the cache may show bytes the medium never got; only what is read back from it is believed.
    """
    descriptor = files.open_write(path)
    try:
        files.fdatasync(descriptor)
        files.forget_cached(descriptor)
    finally:
        files.close(descriptor)


def _survey(task: Settling, segment: SegmentFile, salt: bytes, start: int, size: int) -> Outcome:
    descriptor = task.files.open_read(segment_path(task.directory, segment.number))
    try:
        return survey(partial(_read_at, task, descriptor), start, size, segment_key(salt))
    finally:
        task.files.close(descriptor)


def _read_at(task: Settling, descriptor: int, offset: int, length: int) -> bytes:
    """Before something is cut off every byte must be readable: what the medium hides may be a sound record."""
    if task.writable:
        return task.files.pread(descriptor, length, offset)
    return read_around_damage(task.files, descriptor, offset, length)


def _take(
    task: Settling, settled: ClassLog, segment: SegmentFile, salt: bytes, outcome: Outcome, *, tail_is_rot: bool
) -> None:
    holes = [Hole(bad.offset, bad.length, Cause.ROT) for bad in outcome.rot]
    holes += [Hole(bad.offset, bad.length, Cause.ROT if tail_is_rot else Cause.TORN) for bad in outcome.torn]
    settled.stretches.append(Stretch(segment.number, salt, outcome.end, tuple(holes)))
    settled.last_sequence = max(settled.last_sequence, outcome.last_sequence)


def _reopen(task: Settling, settled: ClassLog, segment: SegmentFile, outcome: Outcome) -> None:
    stretch = settled.stretches[-1]
    reopened = OpenSegment(
        task.files,
        task.directory,
        task.segment_class,
        segment.number,
        stretch.salt,
        task.files.open_write(segment_path(task.directory, segment.number)),
        end=outcome.end,
        first_sequence=_first_sequence(task, segment, stretch.salt) or outcome.first_sequence,
        last_sequence=settled.last_sequence,
        step=task.step,
    )
    suspect = task.known_end is not None and task.known_end.number == segment.number and task.known_end.suspect
    try:
        if stretch.holes or not segment.header_sound or suspect:
            # Appending behind a hole would make torn bytes look like rot to a later scan: this one is closed.
            reopened.seal(stretch.holes)
        elif segment.size != outcome.end:
            reopened.rewind()
    except BaseException:
        reopened.close()
        raise
    if reopened.sealed:
        reopened.close()
    else:
        settled.open = reopened


def _first_sequence(task: Settling, segment: SegmentFile, salt: bytes) -> int:
    descriptor = task.files.open_read(segment_path(task.directory, segment.number))
    try:
        raw = task.files.pread(descriptor, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES)
    finally:
        task.files.close(descriptor)
    header = decode_record_header(raw, segment_key(salt))
    return header.sequence if header else 0


def _write_footer(task: Settling, stretch: Stretch, outcome: Outcome) -> None:
    footer = Footer(
        FOOTER_VERSION,
        stretch.number,
        stretch.salt,
        stretch.end,
        outcome.first_sequence,
        outcome.last_sequence,
        stretch.holes,
    )
    replace_file(task.files, footer_path(task.directory, stretch.number), encode_footer(footer))


def _damage_of_hole(segment_class: SegmentClass, number: int, hole: Hole) -> Damage:
    """What a footer remembers: no scan comes by here again, and what was lost is lost at every start."""
    return Damage(Position(segment_class, number, hole.offset), hole.length, hole.cause)


def damage_of(segment_class: SegmentClass, number: int, bad: Bad, holes: tuple[Hole, ...]) -> Damage:
    """A bad stretch as its store should hear of it; torn when the segment's holes say so."""
    torn = any(hole.cause is Cause.TORN and hole.offset == bad.offset for hole in holes)
    position = Position(segment_class, number, bad.offset)
    cause = Cause.TORN if torn else Cause.ROT
    if bad.header is None:
        return Damage(position, bad.length, cause)
    return Damage(position, bad.length, cause, bad.header.kind, bad.header.sequence, bad.header.cid)
