"""A start on a directory where something else lies under a name of the journal's."""

import os
from pathlib import Path

import pytest

from edge_node.journal import Lane, NotOfItsKind
from edge_node.journal.layout import require_layout
from edge_node.paths import Paths
from tests.journal.rig import NOTE, draft, open_door, running

FILES = ("NODE", "LOCK", "reserve", "index.db", "index.db-wal", "meta.db", "NODE.tmp", "seg/ev/00000001.seg")
FILES += ("seg/px/00000001.sum", "seg/rc/00000009.seg.tmp")


def listing(root: Path) -> dict[str, bytes | None]:
    """Every name below `root` with its bytes."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(root.rglob("*"))}


async def filled(root: Path) -> None:
    async with running(open_door(root)) as journal:
        await journal.append([draft(NOTE, b"note")], Lane.EVENTS)


def _replace(path: Path) -> Path | None:
    """Take what lies at `path` away; where it went, if there was something."""
    aside = path.with_name(f"{path.name}.away")
    if not path.exists():
        return None
    path.rename(aside)
    return aside


@pytest.mark.parametrize("name", FILES)
async def test_a_directory_in_a_file_s_place(tmp_path: Path, name: str) -> None:
    """The refusal names the path, what is wrong and what to do; nothing is changed, and mended it starts again."""
    root = tmp_path / "data"
    await filled(root)
    aside = _replace(root / name)
    (root / name).mkdir()
    before = listing(root)
    with pytest.raises(NotOfItsKind) as refusal:
        open_door(root)
    assert str(refusal.value) == f"{root / name} is a directory where the node keeps a file"
    assert "move it away" in refusal.value.remedy
    assert listing(root) == before
    (root / name).rmdir()
    if aside is not None:
        aside.rename(root / name)
    await filled(root)


@pytest.mark.parametrize("name", ["", "seg", "seg/px"])
async def test_a_file_in_a_directory_s_place(tmp_path: Path, name: str) -> None:
    """Likewise, up to the data directory itself."""
    root = tmp_path / "data"
    await filled(root)
    _replace(root / name)
    (root / name).write_bytes(b"")
    with pytest.raises(NotOfItsKind, match="is a file where the node keeps a directory"):
        open_door(root)


async def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    """Opening one would wait for a writer for ever."""
    os.mkfifo(tmp_path / "NODE")
    with pytest.raises(NotOfItsKind, match="NODE is a pipe"):
        open_door(tmp_path)


async def test_links_are_followed_and_absence_is_fine(tmp_path: Path) -> None:
    """A database may lie on another disk; a new directory has nothing yet."""
    require_layout(Paths(tmp_path / "new"))
    root = tmp_path / "data"
    await filled(root)
    (root / "index.db").rename(tmp_path / "elsewhere.db")
    (root / "index.db").symlink_to(tmp_path / "elsewhere.db")
    await filled(root)
    assert (root / "index.db").is_symlink()
