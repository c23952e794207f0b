"""What lies under the journal's names: a file where a file is expected, a directory where a directory is."""

import stat
from collections.abc import Iterator
from pathlib import Path

from edge_node.journal.errors import NotOfItsKind
from edge_node.journal.segment import SegmentClass
from edge_node.paths import Paths

_FILE_SUFFIXES = (".seg", ".sum", ".tmp")
_SIDE_SUFFIXES = ("-wal", "-shm")
_WORDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISREG, "a file"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)


def require_layout(paths: Paths) -> None:
    """NotOfItsKind when something else lies under a name of the journal's; looks only, and opens nothing.

    Before anything is opened, for opening a pipe waits for ever, and LOCK would lock a directory as well as a file.
    """
    for path in _directories(paths):
        _require(path, "a directory")
    for path in _files(paths):
        _require(path, "a file")


def _directories(paths: Paths) -> list[Path]:
    return [paths.root, paths.segments, *(paths.segments / name.value for name in SegmentClass)]


def _files(paths: Paths) -> Iterator[Path]:
    yield from (paths.identity, paths.identity.with_name(paths.identity.name + ".tmp"), paths.lock, paths.reserve)
    for database in (paths.index_db, paths.meta_db):
        yield database
        yield from (database.with_name(database.name + suffix) for suffix in _SIDE_SUFFIXES)
    for name in SegmentClass:
        directory = paths.segments / name.value
        if directory.exists():
            yield from sorted(path for path in directory.iterdir() if path.suffix in _FILE_SUFFIXES)


def _require(path: Path, wanted: str) -> None:
    found = _kind_of(path)
    if found is not None and found != wanted:
        raise NotOfItsKind(str(path), wanted, found)


def _kind_of(path: Path) -> str | None:
    """What lies there, links followed; None for nothing."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):  # under a file in a directory's place, which was looked at before
        return None
    return next((word for is_kind, word in _WORDS if is_kind(mode)), "a device")
