"""The journal on a real small disk: full, emptied again, and read-only."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_node.base.clock import SystemClock
from edge_node.journal import DiskFull, Journal, Lane, Mode, open_journal
from edge_node.paths import Paths
from edge_node.settings.tree import JournalSettings
from tests.journal.rig import BLOB, ERASE, draft, rig_kinds, running

pytestmark = pytest.mark.needs_root
DISK_BYTES = 16 * 1024 * 1024
PIECE = os.urandom(100_000)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def open_on(disk: Path) -> Journal:
    return open_journal(Paths(disk), JournalSettings(), rig_kinds(), random=os.urandom, clock=SystemClock())


async def fill(journal: Journal) -> list:
    """Put pieces until the disk is full; returns the places of those acknowledged."""
    places: list = []
    while True:
        try:
            places += await journal.append([draft(BLOB, PIECE)], Lane.EXTENTS)
        except DiskFull:
            return places


def use_up(disk: Path) -> Path:
    """Another program takes every byte that is left."""
    greedy = disk / "greedy"
    with greedy.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return greedy


async def test_a_full_disk_refuses_pieces_and_takes_deletes(disk: Path) -> None:
    """Everything acknowledged stays readable, also for the next process on the still full disk."""
    async with running(open_on(disk)) as journal:
        places = await fill(journal)
        assert journal.state.mode is Mode.LOW
        assert len(places) * len(PIECE) > DISK_BYTES / 3
        await journal.append([draft(ERASE, b"x")], Lane.CONTROL)
        assert all(journal.read(one.position).payload == PIECE for one in places)
    use_up(disk)
    async with running(open_on(disk)) as journal:
        assert journal.state.mode is Mode.LOW
        assert all(journal.read(one.position).payload == PIECE for one in places)
        await journal.append([draft(ERASE, b"x")], Lane.CONTROL)


async def test_a_disk_filled_by_others_is_survived(disk: Path) -> None:
    """Down to the last byte: deletes still work, and pieces again once there is room."""
    async with running(open_on(disk)) as journal:
        greedy = use_up(disk)
        assert len(await fill(journal)) < 50
        for _ in range(50):
            await journal.append([draft(ERASE, bytes(200))], Lane.CONTROL)
        greedy.unlink()
        await journal._look_for_space()
        assert journal.state.mode is Mode.WRITABLE
        assert Paths(disk).reserve.exists()
        await journal.append([draft(BLOB, PIECE)], Lane.EXTENTS)


async def test_dropping_a_segment_gives_room_for_pieces(disk: Path) -> None:
    """What is sealed and no longer wanted goes as one file."""
    async with running(open_on(disk)) as journal:
        places = await fill(journal)
        await journal.append([draft(ERASE, b"x")], Lane.CONTROL)
        newest = places[-1].position.segment
        for number in range(1, newest):
            await journal.drop_segment(places[0].position.segment_class, number)
        await journal._look_for_space()
        assert journal.state.mode is Mode.WRITABLE
        await journal.append([draft(BLOB, PIECE)], Lane.EXTENTS)


@pytest.mark.parametrize("clean", [True, False])
async def test_a_disk_mounted_read_only_is_read(disk: Path, clean: bool) -> None:
    """After a clean stop and after a kill alike, with every row and record; nothing can be written."""
    journal = open_on(disk)
    async with running(journal):
        placed = await journal.append([draft(BLOB, PIECE), draft(ERASE, b"x")], Lane.CONTROL)
        if not clean:
            subprocess.run(["cp", "-a", f"{disk}/.", f"{disk}.copy"], check=True)
    if not clean:
        subprocess.run(f"rm -r {disk}/* && cp -a {disk}.copy/. {disk}", shell=True, check=True)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    async with running(open_on(disk)) as journal:
        assert journal.state.mode is Mode.READ_ONLY
        assert journal.read(placed[0].position).payload == PIECE
        assert await journal.query(lambda one: one.execute("SELECT count(*) FROM rows").fetchone()) == (2,)
