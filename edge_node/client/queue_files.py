"""The files of a queue directory: its lock, the lives already used, and a damaged database put aside."""

import fcntl
import os
from pathlib import Path

import msgspec

from edge_node.client.queue_errors import QueueDamaged, QueueInUse

DATABASE = "queue.db"
LOCK = "LOCK"
LIVES = "lives.json"


def take_lock(directory: Path) -> int:
    """A descriptor that holds the directory for this process until it is closed; QueueInUse if it is held."""
    descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise QueueInUse(directory) from None
    return descriptor


def put_aside(directory: Path, why: str, now_ms: int) -> QueueDamaged:
    """Rename the database and its journal, and say where they are; the bytes stay for whoever can read them."""
    file = directory / DATABASE
    aside = directory / f"{DATABASE}.damaged-{now_ms}"
    for suffix in ("-wal", "-shm", ""):  # the journal first: a new database must never meet an old one's
        part = directory / (DATABASE + suffix)
        if part.exists():
            part.rename(f"{aside}{suffix}")
    _sync_directory(directory)
    return QueueDamaged(file, aside, why)


def read_lives(directory: Path) -> dict[str, int]:
    """The last life used per stream; empty before the first. An unreadable file is put aside with QueueDamaged."""
    file = directory / LIVES
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, int])
    except FileNotFoundError:
        return {}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        aside = file.with_suffix(".damaged")
        file.rename(aside)
        raise QueueDamaged(file, aside, str(error)) from error


def write_lives(directory: Path, lives: dict[str, int]) -> None:
    """Replace the file, durable on return: once for a stream's first event of a process life, never later."""
    draft = directory / (LIVES + ".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, msgspec.json.encode(lives))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.rename(directory / LIVES)
    _sync_directory(directory)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
