"""LOCK: one process at a time on a data directory, named in the refusal of the next."""

import errno
import os

from edge_node.journal.errors import DirectoryInUse
from edge_node.journal.files import FileLayer, read_file, write_all
from edge_node.paths import Paths

_NOTE_BYTES = 128


class DirectoryLock:
    """An flock on LOCK, held until `release` or the process's end; the file says who holds it."""

    def __init__(self, paths: Paths, files: FileLayer, holder: str) -> None:
        """Take the lock; DirectoryInUse names the process that has it. `holder` is what this process is doing."""
        self._files = files
        try:
            self._descriptor = files.lock(paths.lock)
        except BlockingIOError:
            raise _in_use(paths, files) from None
        self._note(holder)

    def _note(self, holder: str) -> None:
        text = f"{os.getpid()} {holder}\n".encode("ascii", "replace")
        try:
            self._files.truncate(self._descriptor, 0)
            write_all(self._files, self._descriptor, [text[:_NOTE_BYTES]], 0)
        except OSError as error:
            # The lock holds without the note: on a read-only or full disk it only stays unsaid who holds it.
            if error.errno not in {errno.EBADF, errno.EINVAL, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO}:
                raise

    def release(self) -> None:
        """Let the next process in."""
        self._files.close(self._descriptor)


def _in_use(paths: Paths, files: FileLayer) -> DirectoryInUse:
    pid, holder = read_holder(paths, files)
    return DirectoryInUse(str(paths.root), holder, pid)


def read_holder(paths: Paths, files: FileLayer) -> tuple[int | None, str]:
    """Process id and doing of whoever held LOCK last; whether it is still held, only the lock itself knows."""
    note = read_file(files, paths.lock, _NOTE_BYTES).decode("ascii", "replace").split(None, 1)
    pid = int(note[0]) if note and note[0].isdigit() else None
    return pid, note[1].strip() if len(note) > 1 else "unnamed"
