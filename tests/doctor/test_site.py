"""LOCK is shared, or its holder named; either way it stays as it was."""

from pathlib import Path

import pytest

from edge_node.doctor.site import kept_from_starting, remedy_of
from edge_node.journal import DirectoryInUse, DirectoryLock, OsFiles
from edge_node.paths import Paths


def test_a_running_process_is_named(tmp_path: Path) -> None:
    """As LOCK says it."""
    lock = DirectoryLock(Paths(tmp_path), OsFiles(), "edge-node run")
    with kept_from_starting(Paths(tmp_path)) as holder:
        assert holder is not None
        assert holder.doing == "edge-node run"
    lock.release()


def test_no_node_starts_under_an_examination_and_two_may_look_at_once(tmp_path: Path) -> None:
    """The lock is shared, not taken, and the note in it is not touched."""
    paths = Paths(tmp_path)
    DirectoryLock(paths, OsFiles(), "edge-node run").release()
    before = paths.lock.read_bytes(), paths.lock.stat().st_mtime_ns
    with kept_from_starting(paths) as first, kept_from_starting(paths) as second:
        assert (first, second) == (None, None)
        with pytest.raises(DirectoryInUse):
            DirectoryLock(paths, OsFiles(), "edge-node run")
    DirectoryLock(paths, OsFiles(), "edge-node run").release()
    assert before[0] == paths.lock.read_bytes()


def test_without_a_lock_there_is_nothing_to_share(tmp_path: Path) -> None:
    """And none is made."""
    with kept_from_starting(Paths(tmp_path)) as holder:
        assert holder is None
    assert list(tmp_path.iterdir()) == []


def test_every_error_comes_with_something_to_do() -> None:
    """Our own have their remedies, the machine's get one."""
    assert "stop that process" in remedy_of(DirectoryInUse("/x", "edge-node run", 7))
    assert "root" in remedy_of(PermissionError(13, "no"))
    assert "dmesg" in remedy_of(OSError(5, "input/output error"))
