"""LOCK keeps a second process off the directory and says who is in the way."""

import errno
import os
from pathlib import Path

import pytest

from edge_node.journal.errors import DirectoryInUse
from edge_node.journal.files import OsFiles
from edge_node.journal.lock import DirectoryLock
from edge_node.paths import Paths
from tests.journal.faulty import FaultyFiles


def test_the_second_holder_is_told_of_the_first(tmp_path: Path) -> None:
    """By process id and by what it is doing."""
    held = DirectoryLock(Paths(tmp_path), OsFiles(), "edge-node run")
    with pytest.raises(DirectoryInUse) as caught:
        DirectoryLock(Paths(tmp_path), OsFiles(), "edge-node device")
    assert (caught.value.pid, caught.value.holder) == (os.getpid(), "edge-node run")
    held.release()
    DirectoryLock(Paths(tmp_path), OsFiles(), "next").release()


def test_a_lock_without_a_note_still_holds(tmp_path: Path) -> None:
    """On a full disk it only stays unsaid who holds it."""
    files = FaultyFiles()
    files.refuse("pwritev", errno.ENOSPC)
    held = DirectoryLock(Paths(tmp_path), files, "edge-node run")
    with pytest.raises(DirectoryInUse) as caught:
        DirectoryLock(Paths(tmp_path), OsFiles(), "next")
    assert caught.value.pid is None
    held.release()


def test_garbage_in_the_note_names_nobody(tmp_path: Path) -> None:
    """The note is for people; the lock is the kernel's."""
    held = DirectoryLock(Paths(tmp_path), OsFiles(), "run")
    Paths(tmp_path).lock.write_bytes(b"\xff\xfe what")
    with pytest.raises(DirectoryInUse) as caught:
        DirectoryLock(Paths(tmp_path), OsFiles(), "next")
    assert caught.value.pid is None
    held.release()
