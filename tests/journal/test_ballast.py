"""The reserve file takes blocks and gives them back."""

import errno
from pathlib import Path

from edge_node.journal.ballast import Ballast
from edge_node.paths import Paths
from tests.journal.faulty import FaultyFiles


def test_ballast_is_taken_and_released(tmp_path: Path) -> None:
    """Real blocks, not a sparse file; a second process finds it held."""
    files, paths = FaultyFiles(), Paths(tmp_path)
    ballast = Ballast(paths, files)
    ballast.restore(1 << 20)
    assert paths.reserve.stat().st_blocks * 512 >= 1 << 20
    assert Ballast(paths, files).held
    ballast.release()
    ballast.release()
    assert not paths.reserve.exists()
    assert not ballast.held


def test_ballast_waits_for_room(tmp_path: Path) -> None:
    """A disk that has no room for it keeps none of it, and is asked again later."""
    files, paths = FaultyFiles(), Paths(tmp_path)
    ballast = Ballast(paths, files)
    files.refuse("allocate", errno.ENOSPC, times=1)
    ballast.restore(4096)
    assert not ballast.held
    assert not paths.reserve.exists()
    ballast.restore(4096)
    assert ballast.held


def test_a_file_system_without_allocation_has_no_ballast(tmp_path: Path) -> None:
    """A sparse file would reserve nothing."""
    files = FaultyFiles()
    files.refuse("allocate", errno.EOPNOTSUPP)
    ballast = Ballast(Paths(tmp_path), files)
    ballast.restore(4096)
    assert not ballast.held


def test_no_reserve_means_no_file(tmp_path: Path) -> None:
    """Zero bytes in the settings switch it off."""
    ballast = Ballast(Paths(tmp_path), FaultyFiles())
    ballast.restore(0)
    assert list(tmp_path.iterdir()) == []
