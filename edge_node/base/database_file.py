"""A SQLite database as what lies on the disk: the file and its side files, which go together or not at all."""

from pathlib import Path
from typing import Final

_SUFFIXES: Final = ("", "-wal", "-shm")


def remove_database(path: Path) -> None:
    """Delete a database with its side files: a write-ahead log left alone must never meet a new database."""
    for suffix in _SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def set_aside(path: Path) -> Path:
    """Rename a database and its side files to the first free `.corrupt-<n>`; returns the new name."""
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    for suffix in _SUFFIXES:
        source = path.with_name(path.name + suffix)
        if source.exists():
            source.rename(aside.with_name(aside.name + suffix))
    return aside
