"""A segment open for appending: space reserved in steps, writes checked, and the way back when one goes wrong."""

import errno
from collections.abc import Sequence
from pathlib import Path

from edge_node.journal.files import FileLayer, replace_file, write_all
from edge_node.journal.footer import FOOTER_VERSION, Footer, Hole, encode_footer
from edge_node.journal.segment import SEGMENT_HEADER_BYTES, Buffer, SegmentClass, encode_segment_header, segment_key

_CANNOT_ALLOCATE = {errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


def segment_path(directory: Path, number: int) -> Path:
    """The file of segment `number` of a class's directory."""
    return directory / f"{number:08d}.seg"


def footer_path(directory: Path, number: int) -> Path:
    """The footer file of segment `number`."""
    return directory / f"{number:08d}.sum"


class OpenSegment:
    """One class's open segment. `end` is durable: everything before it was synced, nothing after it counts.

    Blocking, used by the writer's thread alone; OSError means that nothing was added.
    """

    def __init__(
        self,
        files: FileLayer,
        directory: Path,
        segment_class: SegmentClass,
        number: int,
        salt: bytes,
        descriptor: int,
        *,
        end: int = SEGMENT_HEADER_BYTES,
        first_sequence: int = 0,
        last_sequence: int = 0,
        step: int,
    ) -> None:
        self._files, self._directory, self._descriptor = files, directory, descriptor
        self.segment_class, self.number, self.salt, self.key = segment_class, number, salt, segment_key(salt)
        self.end, self.first_sequence, self.last_sequence = end, first_sequence, last_sequence
        self._allocated, self._step = files.size(descriptor), step
        self.suspect = self.sealed = False

    @classmethod
    def create(
        cls, files: FileLayer, directory: Path, segment_class: SegmentClass, number: int, salt: bytes, step: int
    ) -> "OpenSegment":
        """A new segment whose header and name are durable before its first record is written.

        It gets its name last, so that a file called `.seg` always has its header, whatever a crash did.
        """
        path = segment_path(directory, number)
        draft = path.with_name(path.name + ".tmp")
        descriptor = files.create(draft)
        try:
            write_all(files, descriptor, [encode_segment_header(number, salt)], 0)
            segment = cls(files, directory, segment_class, number, salt, descriptor, step=step)
            segment._reserve(segment.end + 1)
            files.fdatasync(descriptor)
            files.rename(draft, path)
            files.sync_directory(directory)
        except BaseException:
            files.close(descriptor)
            files.unlink(draft if draft.name in files.names(directory) else path)
            raise
        return segment

    def write(self, buffers: Sequence[Buffer], total: int, *, at: int | None = None) -> None:
        """Put `total` bytes at offset `at` (`end` by default), unsynced; `sync` and then `advance` make them count."""
        offset = self.end if at is None else at
        self._reserve(offset + total)
        write_all(self._files, self._descriptor, buffers, offset)

    def write_soon(self, buffers: Sequence[Buffer], total: int, at: int) -> None:
        """Put bytes like `write`, and let the medium begin with them while the rest of the round is made."""
        self.write(buffers, total, at=at)
        self._files.start_writeback(self._descriptor, at, total)

    def sync(self) -> None:
        """Make what was written durable. After an error the descriptor is never asked again.

        Linux marks the pages clean and reports the error once: a second fdatasync would lie.
        """
        try:
            self._files.fdatasync(self._descriptor)
        except OSError:
            self.suspect = True
            raise

    def advance(self, end: int, first_sequence: int, last_sequence: int) -> None:
        """Take the synced bytes up to `end` as the segment's own."""
        self.end, self.last_sequence = end, last_sequence
        self.first_sequence = self.first_sequence or first_sequence

    def rewind(self) -> None:
        """Cut off what was written after `end`, durably; a suspect segment is reached through a fresh descriptor."""
        if self.suspect:
            self._replace_descriptor()
        self._files.truncate(self._descriptor, self.end)
        self._allocated = self.end
        self.sync()

    def _replace_descriptor(self) -> None:
        fresh = self._files.open_write(segment_path(self._directory, self.number))
        self._files.close(self._descriptor)
        self._descriptor = fresh

    def seal(self, holes: tuple[Hole, ...] = ()) -> Footer:
        """Cut off the preallocated rest and write the footer; nothing is appended any more."""
        self.rewind()
        footer = Footer(
            FOOTER_VERSION, self.number, self.salt, self.end, self.first_sequence, self.last_sequence, holes
        )
        replace_file(self._files, footer_path(self._directory, self.number), encode_footer(footer))
        self.sealed = True
        return footer

    def close(self) -> None:
        """Give the descriptor back."""
        self._files.close(self._descriptor)

    def _reserve(self, wanted: int) -> None:
        if wanted <= self._allocated or not self._step:
            return
        step = -(-wanted // self._step) * self._step - self._allocated
        try:
            self._allocate(step)
        except OSError as error:
            if error.errno not in _NO_SPACE:
                raise
            # A whole step may not fit where the record itself still does.
            self._allocate(wanted - self._allocated)

    def _allocate(self, count: int) -> None:
        try:
            self._files.allocate(self._descriptor, self._allocated, count)
        except OSError as error:
            if error.errno not in _CANNOT_ALLOCATE:
                raise
            self._files.truncate(self._descriptor, self._allocated + count)
        self._allocated += count
