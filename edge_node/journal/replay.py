"""Bring the databases up to the log: records of all classes in one order, each database from where it stands."""

import heapq
from collections.abc import Iterator, Mapping, Sequence

from edge_node.base.limits import MIB
from edge_node.journal.errors import NewerFormat
from edge_node.journal.files import FileLayer, read_around_damage
from edge_node.journal.index import Applied, JournalDatabase
from edge_node.journal.kinds import Database, Entry, Kind, KindTable, Record
from edge_node.journal.open_segment import segment_path
from edge_node.journal.scan import Bad, scan_records
from edge_node.journal.segment import SEGMENT_HEADER_BYTES, Position, SegmentClass, record_span, segment_key
from edge_node.journal.settle import ClassLog, Damage, Stretch, damage_of
from edge_node.paths import Paths

BATCH_RECORDS = 2_000  # a transaction of a few tens of milliseconds
BATCH_BYTES = 8 * MIB  # payloads held at once

Start = tuple[int, int]
"""(segment, offset) from which a database has not followed a class yet."""


class Replay:
    """One replay at start: `run` applies, `damages` and `applied` tell what was met."""

    def __init__(
        self, files: FileLayer, paths: Paths, kinds: KindTable, databases: Mapping[Database, JournalDatabase]
    ) -> None:
        self._files, self._paths, self._kinds, self._databases = files, paths, kinds, databases
        self._entries: dict[Database, list[Entry]] = {database: [] for database in databases}
        self._marks: dict[SegmentClass, Applied] = {}
        self._salts: dict[tuple[SegmentClass, int], bytes] = {}
        self._held = self._waiting = 0
        self.damages: list[Damage] = []
        self.records = 0

    def run(self, logs: Sequence[ClassLog]) -> None:
        """Apply what each database lacks, in sequence order over all classes, and move its positions to the end."""
        starts = {database: self._starts(database, logs) for database in self._databases}
        streams = [self._stream(settled, _earliest(starts, settled.segment_class)) for settled in logs]
        for record in heapq.merge(*streams, key=lambda record: record.sequence):
            self._take(record, starts)
        for settled in logs:
            self._mark_end(settled)
        self._flush()

    def _starts(self, database: Database, logs: Sequence[ClassLog]) -> dict[SegmentClass, Start]:
        wanted = {kind.segment_class for kind in self._kinds.of(database)}
        applied = self._databases[database].applied
        starts = {}
        for settled in logs:
            name = settled.segment_class
            if name in wanted or database is Database.INDEX:
                mark = applied.get(name)
                starts[name] = (mark.segment, mark.offset) if mark else (0, 0)
        return starts

    def _stream(self, settled: ClassLog, start: Start) -> Iterator[Record]:
        for stretch in settled.stretches:
            if stretch.number >= start[0]:
                offset = start[1] if stretch.number == start[0] else 0
                yield from self._records(settled.segment_class, stretch, max(offset, SEGMENT_HEADER_BYTES))

    def _records(self, name: SegmentClass, stretch: Stretch, offset: int) -> Iterator[Record]:
        self._salts[name, stretch.number] = stretch.salt
        path = segment_path(self._paths.segments / name.value, stretch.number)
        descriptor = self._files.open_read(path)

        def read_at(offset: int, length: int) -> bytes:
            return read_around_damage(self._files, descriptor, offset, length)

        try:
            for item in scan_records(read_at, offset, stretch.end, segment_key(stretch.salt)):
                if isinstance(item, Bad):
                    self.damages.append(damage_of(name, stretch.number, item, stretch.holes))
                    continue
                header, position = item.header, Position(name, stretch.number, item.offset)
                yield Record(position, header.sequence, header.kind, header.version, header.cid, item.payload)
        finally:
            self._files.close(descriptor)

    def _take(self, record: Record, starts: Mapping[Database, Mapping[SegmentClass, Start]]) -> None:
        kind, (name, segment, offset) = self._kind(record), record.position
        start = starts[kind.database].get(name)
        if start is not None and (segment, offset) >= start:
            self._entries[kind.database].append((kind, record.placed, kind.replay(record)))
            self._held += len(record.payload)
            self.records += 1
        end = offset + record_span(len(record.payload))
        self._marks[name] = Applied(segment, end, record.sequence, self._salts[name, segment])
        self._waiting += 1
        if self._waiting >= BATCH_RECORDS or self._held >= BATCH_BYTES:
            self._flush()

    def _kind(self, record: Record) -> Kind:
        kind = self._kinds.get(record.kind)
        if kind is None:
            raise NewerFormat(
                f"the record at {record.position} is of a kind that", record.kind, max(self._kinds, default=0)
            )
        if record.version > kind.version:
            raise NewerFormat(f"the record at {record.position} (kind {kind.number})", record.version, kind.version)
        return kind

    def _mark_end(self, settled: ClassLog) -> None:
        if settled.stretches:
            last = settled.stretches[-1]
            sequence = max(settled.last_sequence, 0)
            self._marks[settled.segment_class] = Applied(last.number, last.end, sequence, last.salt)

    def _flush(self) -> None:
        for name, database in self._databases.items():
            marks = {key: mark for key, mark in self._marks.items() if mark != database.applied.get(key)}
            if not marks and not self._entries[name]:
                continue
            try:
                database.stage(self._entries[name], marks)
            except BaseException:
                database.rollback()
                raise
            database.commit(marks)
            self._entries[name] = []
        self._held = self._waiting = 0


def _earliest(starts: Mapping[Database, Mapping[SegmentClass, Start]], name: SegmentClass) -> Start:
    return min(by_class[name] for by_class in starts.values() if name in by_class)
