"""A real file system that refuses on demand."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

from edge_node.journal.files import OsFiles, Space

Guard = Callable[[str, str], OSError | None]
"""(operation, file name) -> the error to raise, or None to let it pass."""


class FaultyFiles(OsFiles):
    """OsFiles behind a guard; `short` cuts the next writes, `room` replaces what the file system says of space."""

    def __init__(self) -> None:
        self.guard: Guard = lambda operation, name: None
        self.calls: list[tuple[str, str]] = []
        self.short: list[int] = []
        self.room: Space | None = None
        self.names_of: dict[int, str] = {}

    def refuse(self, operation: str, code: int, *, only: str = "", times: int = 10**9) -> None:
        """Let `operation` on files whose name holds `only` end with errno `code`, the first `times` times."""
        left = [times]

        def guard(asked: str, name: str) -> OSError | None:
            if asked == operation and only in name and left[0] > 0:
                left[0] -= 1
                return OSError(code, os.strerror(code))
            return None

        self.guard = guard

    def heal(self) -> None:
        self.guard = lambda operation, name: None

    def _pass(self, operation: str, name: str) -> None:
        self.calls.append((operation, name))
        if (error := self.guard(operation, name)) is not None:
            raise error

    def _opened(self, path: Path, descriptor: int) -> int:
        self.names_of[descriptor] = f"{path.parent.name}/{path.name}"
        return descriptor

    def open_read(self, path: Path) -> int:
        self._pass("open_read", str(path))
        return self._opened(path, super().open_read(path))

    def open_write(self, path: Path) -> int:
        self._pass("open_write", str(path))
        return self._opened(path, super().open_write(path))

    def create(self, path: Path) -> int:
        self._pass("create", str(path))
        return self._opened(path, super().create(path))

    def pread(self, descriptor: int, length: int, offset: int) -> bytes:
        self._pass("pread", self.names_of[descriptor])
        return super().pread(descriptor, length, offset)

    def pwritev(self, descriptor: int, buffers, offset: int) -> int:
        self._pass("pwritev", self.names_of.get(descriptor, "LOCK"))
        if self.short:
            whole = b"".join(buffers)
            return super().pwritev(descriptor, [whole[: self.short.pop(0)]], offset)
        return super().pwritev(descriptor, buffers, offset)

    def fdatasync(self, descriptor: int) -> None:
        self._pass("fdatasync", self.names_of[descriptor])
        super().fdatasync(descriptor)

    def truncate(self, descriptor: int, length: int) -> None:
        self._pass("truncate", self.names_of.get(descriptor, "LOCK"))
        super().truncate(descriptor, length)

    def allocate(self, descriptor: int, offset: int, length: int) -> None:
        self._pass("allocate", self.names_of[descriptor])
        super().allocate(descriptor, offset, length)

    def rename(self, source: Path, target: Path) -> None:
        self._pass("rename", str(target))
        super().rename(source, target)

    def unlink(self, path: Path) -> None:
        self._pass("unlink", str(path))
        super().unlink(path)

    def sync_directory(self, path: Path) -> None:
        self._pass("sync_directory", str(path))
        super().sync_directory(path)

    def space(self, path: Path) -> Space:
        self._pass("space", str(path))
        return self.room or super().space(path)


class HangingFiles(OsFiles):
    """A disk that stops answering: once `hang` is called, every sync waits until `answer`."""

    def __init__(self) -> None:
        self._answers, self.asked = threading.Event(), threading.Event()
        self._answers.set()

    def hang(self) -> None:
        self._answers.clear()
        self.asked.clear()

    def answer(self) -> None:
        self._answers.set()

    def fdatasync(self, descriptor: int) -> None:
        self.asked.set()
        self._answers.wait()
        super().fdatasync(descriptor)


NO_SPACE = errno.ENOSPC
