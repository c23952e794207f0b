"""Retention on a real small disk: a full one gets room again by what the policy lets go, and by nothing else."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from edge_node.journal import DiskFull, Mode
from edge_node.settings import JournalSettings, RetentionSettings
from tests.store.rig import STREAM
from tests.store.streams.retention_rig import Kept, keeping

pytestmark = pytest.mark.needs_root
DISK_BYTES = 24 * 1024 * 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


async def fill(kept: Kept) -> int:
    """Post until the node takes no more; how many bodies were acknowledged."""
    for number in range(10_000):
        try:
            await kept.post(size=100_000)
        except DiskFull:
            return number
    raise AssertionError("the disk never ran full")


async def test_a_full_disk_is_emptied_by_policy_and_takes_events_again(disk: Path) -> None:
    """Within seconds and without an operator; the anchors are written while nothing else is."""
    settings = RetentionSettings(bytes_max=3_000_000, interval_s=3_600)
    async with keeping(disk / "data", settings, journal=JournalSettings()) as kept:
        stored = await fill(kept)
        assert kept.journal.state.mode is Mode.LOW
        before = kept.segments()
        async with trio.open_nursery() as nursery:
            await nursery.start(kept.retainer.run)
            with trio.fail_after(30):
                while kept.journal.state.mode is not Mode.WRITABLE:
                    await trio.sleep(0.1)
            nursery.cancel_scope.cancel()
        assert len(kept.segments()) < len(before)
        assert kept.retainer.condition() == ""
        receipt = await kept.post(size=100_000)
        assert receipt.first_offset == stored
        page = await kept.page()
        assert sum(1 for _ in page["events"]) * 100_000 > 2_500_000
        assert page["gap"]["reason"] == "retention"


async def test_a_full_disk_loses_nothing_that_is_kept_for_ever(disk: Path) -> None:
    """Short of room is no reason to remove what the policy keeps."""
    settings = RetentionSettings(rules=(f"{STREAM}",), bytes_max=1, interval_s=3_600)
    async with keeping(disk / "data", settings, journal=JournalSettings()) as kept:
        stored = await fill(kept)
        assert await kept.retainer._try_round() == (False, False)
        assert kept.journal.state.mode is Mode.LOW
        assert (await kept.page())["end"] == stored
        assert (await kept.page())["first"] == 0
