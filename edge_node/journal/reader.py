"""Read records by position: verified, from any thread, through a bounded set of open descriptors."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_node.journal.errors import DigestMismatch, NewerFormat, RecordAbsent, RecordUnreadable
from edge_node.journal.files import FileLayer, read_around_damage, read_file
from edge_node.journal.footer import FOOTER_MAX_BYTES, decode_footer
from edge_node.journal.kinds import Record
from edge_node.journal.open_segment import footer_path, segment_path
from edge_node.journal.segment import (
    RECORD_HEADER_BYTES,
    SEGMENT_HEADER_BYTES,
    SEGMENT_VERSION,
    Position,
    SegmentClass,
    decode_record_header,
    decode_segment_header,
    payload_digest,
    segment_key,
)

OPEN_SEGMENTS_MAX = 64  # descriptors kept: 16 GiB of segments at the default size, far below the process limit


class _Handle:
    """A descriptor and how many threads use it; it is closed by the last one after it left the cache."""

    __slots__ = ("cached", "descriptor", "key", "users")

    def __init__(self, descriptor: int, key: bytes) -> None:
        self.descriptor, self.key, self.users, self.cached = descriptor, key, 0, True


class SegmentReader:
    """Verified reads. A segment that is sealed or dropped meanwhile stays readable for those who have it open."""

    def __init__(self, files: FileLayer, segments: Path, limit: int = OPEN_SEGMENTS_MAX) -> None:
        self._files, self._segments, self._limit = files, segments, limit
        self._lock = threading.Lock()
        self._handles: OrderedDict[tuple[SegmentClass, int], _Handle] = OrderedDict()
        self._salts: dict[tuple[SegmentClass, int], bytes] = {}

    def know_salt(self, segment_class: SegmentClass, number: int, salt: bytes) -> None:
        """Remember a salt that recovery found elsewhere than in the segment's own header."""
        self._salts[segment_class, number] = salt

    def read(self, position: Position) -> Record:
        """The record at `position`; DigestMismatch if its bytes are not those written, RecordAbsent without segment."""
        with self._handle(position) as handle:
            try:
                return self._read(handle, position)
            except OSError as error:
                raise RecordUnreadable(position, str(error)) from error

    def _read(self, handle: _Handle, position: Position) -> Record:
        raw = self._files.pread(handle.descriptor, RECORD_HEADER_BYTES, position.offset)
        header = decode_record_header(raw, handle.key)
        if header is None:
            raise DigestMismatch(position, "header")
        start = position.offset + RECORD_HEADER_BYTES
        payload = self._files.pread(handle.descriptor, header.length, start) if header.length else b""
        if payload_digest(handle.key, payload) != header.digest:
            raise DigestMismatch(position, "payload")
        return Record(position, header.sequence, header.kind, header.version, header.cid, payload)

    def forget(self, segment_class: SegmentClass, number: int) -> None:
        """Drop a segment's descriptor, now or when its last reader is done."""
        with self._lock:
            handle = self._handles.pop((segment_class, number), None)
            if handle is not None:
                self._retire(handle)

    def close(self) -> None:
        """Drop every descriptor."""
        with self._lock:
            while self._handles:
                self._retire(self._handles.popitem()[1])

    @contextmanager
    def _handle(self, position: Position) -> Iterator[_Handle]:
        handle = self._acquire(position)
        try:
            yield handle
        finally:
            with self._lock:
                handle.users -= 1
                if not handle.cached and not handle.users:
                    self._files.close(handle.descriptor)

    def _acquire(self, position: Position) -> _Handle:
        name = position.segment_class, position.segment
        with self._lock:
            handle = self._handles.get(name)
            if handle is None:
                handle = self._handles[name] = self._open(position)
                if len(self._handles) > self._limit:
                    self._retire(self._handles.popitem(last=False)[1])
            else:
                self._handles.move_to_end(name)
            handle.users += 1
            return handle

    def _retire(self, handle: _Handle) -> None:
        handle.cached = False
        if not handle.users:
            self._files.close(handle.descriptor)

    def _open(self, position: Position) -> _Handle:
        directory = self._segments / position.segment_class.value
        path = segment_path(directory, position.segment)
        try:
            descriptor = self._files.open_read(path)
        except FileNotFoundError:
            raise RecordAbsent(position) from None
        try:
            salt = self._salt(descriptor, path, position)
        except BaseException:
            self._files.close(descriptor)
            raise
        return _Handle(descriptor, segment_key(salt))

    def _salt(self, descriptor: int, path: Path, position: Position) -> bytes:
        header = decode_segment_header(read_around_damage(self._files, descriptor, 0, SEGMENT_HEADER_BYTES))
        if header is not None and header.version > SEGMENT_VERSION:
            raise NewerFormat(str(path), header.version, SEGMENT_VERSION)
        if header is not None and header.number == position.segment:
            return header.salt
        known = self._salts.get((position.segment_class, position.segment)) or self._footer_salt(path, position)
        if known is None:
            raise DigestMismatch(position, "segment header")
        return known

    def _footer_salt(self, path: Path, position: Position) -> bytes | None:
        try:
            footer = decode_footer(read_file(self._files, footer_path(path.parent, position.segment), FOOTER_MAX_BYTES))
        except FileNotFoundError:
            return None
        return footer.salt if footer is not None else None
