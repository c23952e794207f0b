"""The port through which segments reach the disk, and its real side; tests put faults in between."""

import ctypes
import errno
import fcntl
import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from edge_node.journal.segment import Buffer

_BLOCK_BYTES = 4096
_SYNC_FILE_RANGE_WRITE = 2  # linux/fs.h
_sync_file_range = ctypes.CDLL(None).sync_file_range
_sync_file_range.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
_VECTOR_MAX = 1024  # IOV_MAX on Linux


class Space(NamedTuple):
    """A file system's size and what an ordinary user may still take, bytes."""

    total: int
    free: int


class FileLayer(Protocol):
    """Blocking file operations, each of them one system call in intent; errors are OSError."""

    def open_read(self, path: Path) -> int:
        """A descriptor for reading an existing file."""
        ...

    def open_write(self, path: Path) -> int:
        """A descriptor for reading and writing an existing file."""
        ...

    def create(self, path: Path) -> int:
        """A descriptor of a new file, mode 0600; FileExistsError if there is one."""
        ...

    def close(self, descriptor: int) -> None:
        """Give the descriptor back."""
        ...

    def size(self, descriptor: int) -> int:
        """Length of the file, bytes."""
        ...

    def pread(self, descriptor: int, length: int, offset: int) -> bytes:
        """At most `length` bytes from `offset`; fewer only at the end of the file."""
        ...

    def pwritev(self, descriptor: int, buffers: Sequence[Buffer], offset: int) -> int:
        """Write the buffers one after the other; may write less than asked, as the kernel may."""
        ...

    def fdatasync(self, descriptor: int) -> None:
        """Return when data and length are on the medium."""
        ...

    def start_writeback(self, descriptor: int, offset: int, length: int) -> None:
        """Let the kernel begin to write these bytes out; advice that promises nothing and never fails."""
        ...

    def truncate(self, descriptor: int, length: int) -> None:
        """Cut or extend with zeros."""
        ...

    def allocate(self, descriptor: int, offset: int, length: int) -> None:
        """Reserve blocks and extend the file; ENOSPC when there are none."""
        ...

    def forget_cached(self, descriptor: int) -> None:
        """Drop clean cached pages, so that the next read asks the medium."""
        ...

    def names(self, directory: Path) -> list[str]:
        """Names in a directory; FileNotFoundError without one."""
        ...

    def make_directory(self, path: Path) -> None:
        """Create a directory, mode 0700; an existing one is fine."""
        ...

    def rename(self, source: Path, target: Path) -> None:
        """Replace `target` by `source` at once."""
        ...

    def unlink(self, path: Path) -> None:
        """Remove a name."""
        ...

    def sync_directory(self, path: Path) -> None:
        """Return when the names in a directory are on the medium."""
        ...

    def space(self, path: Path) -> Space:
        """Size and free bytes of the file system that holds `path`."""
        ...

    def lock(self, path: Path) -> int:
        """Create if need be and lock a file for this process alone; BlockingIOError when it is held."""
        ...


class OsFiles:
    """The file system as the kernel gives it."""

    def open_read(self, path: Path) -> int:
        """See FileLayer."""
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def open_write(self, path: Path) -> int:
        """See FileLayer."""
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def create(self, path: Path) -> int:
        """See FileLayer."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def close(self, descriptor: int) -> None:
        """See FileLayer."""
        os.close(descriptor)

    def size(self, descriptor: int) -> int:
        """See FileLayer."""
        return os.fstat(descriptor).st_size

    def pread(self, descriptor: int, length: int, offset: int) -> bytes:
        """See FileLayer. The kernel reads at most 2 GiB a call, far above any record we write."""
        return os.pread(descriptor, length, offset)

    def pwritev(self, descriptor: int, buffers: Sequence[Buffer], offset: int) -> int:
        """See FileLayer."""
        return os.pwritev(descriptor, buffers[:_VECTOR_MAX], offset)

    def fdatasync(self, descriptor: int) -> None:
        """See FileLayer."""
        os.fdatasync(descriptor)

    def start_writeback(self, descriptor: int, offset: int, length: int) -> None:
        """See FileLayer. What goes wrong meanwhile is told by the fdatasync that follows."""
        _sync_file_range(descriptor, offset, length, _SYNC_FILE_RANGE_WRITE)

    def truncate(self, descriptor: int, length: int) -> None:
        """See FileLayer."""
        os.ftruncate(descriptor, length)

    def allocate(self, descriptor: int, offset: int, length: int) -> None:
        """See FileLayer."""
        os.posix_fallocate(descriptor, offset, length)

    def forget_cached(self, descriptor: int) -> None:
        """See FileLayer."""
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    def names(self, directory: Path) -> list[str]:
        """See FileLayer."""
        return [entry.name for entry in directory.iterdir()]

    def make_directory(self, path: Path) -> None:
        """See FileLayer."""
        path.mkdir(mode=0o700, exist_ok=True)

    def rename(self, source: Path, target: Path) -> None:
        """See FileLayer."""
        source.rename(target)

    def unlink(self, path: Path) -> None:
        """See FileLayer."""
        path.unlink()

    def sync_directory(self, path: Path) -> None:
        """See FileLayer."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def space(self, path: Path) -> Space:
        """See FileLayer."""
        figures = os.statvfs(path)
        return Space(figures.f_blocks * figures.f_frsize, figures.f_bavail * figures.f_frsize)

    def lock(self, path: Path) -> int:
        """See FileLayer. A read-only file system still locks, on a descriptor that only reads, or on the directory."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            descriptor = os.open(path if path.exists() else path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor


def write_all(files: FileLayer, descriptor: int, buffers: Sequence[Buffer], offset: int) -> None:
    """Write every byte or raise: a short count is not an error to the kernel, so ask again for the rest."""
    left = sum(len(part) for part in buffers)
    while left:
        written = files.pwritev(descriptor, buffers, offset)
        if written == left:
            return
        if written <= 0:
            raise OSError(errno.ENOSPC, "the disk took no more bytes")
        offset, left, buffers = offset + written, left - written, _rest(buffers, written)


def _rest(buffers: Sequence[Buffer], written: int) -> Sequence[Buffer]:
    for index, part in enumerate(buffers):
        if written < len(part):
            return [memoryview(part)[written:], *buffers[index + 1 :]]
        written -= len(part)
    return ()


def read_around_damage(files: FileLayer, descriptor: int, offset: int, length: int) -> bytes:
    """Read like pread, with zeros for the blocks that the medium cannot give back.

    No record of zeros passes its checks, so a bad sector costs the records that lie on it and no others.
    """
    try:
        return files.pread(descriptor, length, offset)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
    end = min(offset + length, files.size(descriptor))
    borders = [offset, *range(offset - offset % _BLOCK_BYTES + _BLOCK_BYTES, end, _BLOCK_BYTES), end]
    return b"".join(_read_block(files, descriptor, at, stop - at) for at, stop in itertools.pairwise(borders))


def _read_block(files: FileLayer, descriptor: int, offset: int, length: int) -> bytes:
    try:
        return files.pread(descriptor, length, offset)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return bytes(length)


def replace_file(files: FileLayer, path: Path, content: bytes) -> None:
    """Write `content` under a name so that after a crash either the old or the new is there, whole."""
    draft = path.with_name(path.name + ".tmp")
    if draft.name in files.names(path.parent):
        files.unlink(draft)
    descriptor = files.create(draft)
    try:
        write_all(files, descriptor, [content], 0)
        files.fdatasync(descriptor)
    finally:
        files.close(descriptor)
    files.rename(draft, path)
    files.sync_directory(path.parent)


def read_file(files: FileLayer, path: Path, longest: int) -> bytes:
    """At most `longest` bytes of a small file."""
    descriptor = files.open_read(path)
    try:
        return files.pread(descriptor, longest, 0)
    finally:
        files.close(descriptor)
