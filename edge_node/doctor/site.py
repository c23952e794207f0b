"""What is examined: one node's directory and settings, whether it runs, and what it says of itself when it does."""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_node.base.clock import Clock
from edge_node.base.errors import EdgeNodeError
from edge_node.journal import OsFiles, read_holder
from edge_node.paths import Paths
from edge_node.settings import Loaded, Settings

Progress = Callable[[str, int, int], None]
"""(what is read, bytes read, bytes to read)"""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the data directory: `doing` as LOCK says it, `pid` None where LOCK does not say."""

    pid: int | None
    doing: str

    @property
    def serves(self) -> bool:
        """Whether it is a node, and not a verb that changes its devices."""
        return self.doing.endswith(" run")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One node under examination; nothing of it is changed."""

    loaded: Loaded
    paths: Paths
    environ: Mapping[str, str]
    clock: Clock
    holder: Holder | None = None
    hidden: str = ""  # why it cannot be known whether there is one
    live: Mapping[str, Any] | None = None  # the document of GET /v1/node, where its socket answered
    chain: Mapping[str, Any] | None = None  # the document of GET /v1/chain, likewise
    socket: Path | None = None  # which of its sockets that was
    no_live: str = ""  # why there is none
    hangs: bool = False  # its socket was there and nobody answered in time
    deep: bool = False
    progress: Progress = lambda _what, _done, _all: None

    @property
    def settings(self) -> Settings:
        """The settings a start would take now."""
        return self.loaded.settings

    @property
    def running(self) -> bool:
        """Whether somebody works in the directory."""
        return self.holder is not None


@contextmanager
def kept_from_starting(paths: Paths) -> Iterator[Holder | None]:
    """Share LOCK for the block, so that no node starts under the examination, or tell who has it.

    LOCK is opened for reading and nothing is written into it; without one there is nothing to share. OSError when it
    may not be read.
    """
    try:
        descriptor = os.open(paths.lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        yield None
        return
    try:
        yield None if _shares(descriptor) else Holder(*read_holder(paths, OsFiles()))
    finally:
        os.close(descriptor)


def _shares(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def remedy_of(error: BaseException) -> str:
    """What an error itself advises; a word for those of the machine."""
    if isinstance(error, EdgeNodeError) and error.remedy:
        return error.remedy
    if isinstance(error, PermissionError):
        return "Run it as the node's user, or as root."
    return "See what the machine says of it (`dmesg`), and look again."
