"""The disk's verdicts, and a file system that is really full, really read-only, really in memory."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_node.base.limits import MIB
from edge_node.doctor.disk import DiskFacts, Mount, check_disk, judge_disk, mount_of, parse_mounts
from edge_node.doctor.syncing import check_sync
from edge_node.journal import SpacePlan, plan_space
from edge_node.settings import JournalSettings
from tests.doctor.rig import made, only, verdicts

GIB = 1024 * MIB
TABLE = r"""22 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
30 22 8:1 / /srv/my\040data rw shared:5 - xfs /dev/sda1 rw,nobarrier
31 22 0:40 / /run rw,nosuid - tmpfs tmpfs rw,size=1024k
32 22 8:2 / /srv/my\040data rw - btrfs /dev/sdb1 rw
short line
"""


def plan(total: int) -> SpacePlan:
    return plan_space(total, JournalSettings())


def judged(**facts) -> dict:
    usual = {
        "path": "/d", "mount": Mount("/", "ext4", frozenset({"rw"})), "total": 100 * GIB, "free": 50 * GIB,
        "inodes": 10**6, "inodes_free": 10**5, "read_only": False, "plan": plan(100 * GIB), "reserve_held": True,
    }  # fmt: skip
    return verdicts(judge_disk(DiskFacts(**(usual | facts))))


def test_mountinfo_is_read_with_its_escapes() -> None:
    """The longest mount point above a path counts, and of two at one place the later."""
    mounts = parse_mounts(TABLE)
    assert [mount.kind for mount in mounts] == ["ext4", "xfs", "tmpfs", "btrfs"]
    assert {"nobarrier", "relatime"} & mounts[1].options == {"nobarrier"}
    assert mount_of(Path("/srv/my data/node"), mounts) == mounts[3]
    assert mount_of(Path("/srv/my data2"), mounts) == mounts[0]
    assert mount_of(Path("/run"), mounts) == mounts[2]
    assert mount_of(Path("/x"), []) is None


@pytest.mark.parametrize(
    ("kind", "options", "verdict"),
    [
        ("ext4", {"rw"}, "ok"),
        ("ext4", {"rw", "nobarrier"}, "bad"),
        ("ext4", {"rw", "barrier=0"}, "bad"),
        ("overlay", {"rw", "volatile"}, "bad"),
        ("tmpfs", {"rw"}, "bad"),
        ("vfat", {"rw"}, "bad"),
        ("nfs4", {"rw"}, "warn"),
    ],
)
def test_what_a_file_system_promises(kind: str, options: set, verdict: str) -> None:
    """Memory, missing modes and switched-off barriers are no ground for a durable log."""
    assert judged(mount=Mount("/", kind, frozenset(options)))["disk.filesystem"] == verdict


def test_a_read_only_and_an_unknown_mount() -> None:
    """The one is broken, the other could not be looked at."""
    assert judged(read_only=True)["disk.filesystem"] == "bad"
    assert judged(mount=None)["disk.filesystem"] == "unknown"


def test_room_is_judged_by_what_the_node_keeps_free() -> None:
    """At its own limit it takes nothing new; near it is worth a word."""
    least, segment = plan(100 * GIB).free_min, plan(100 * GIB).segment
    near = 2 * least + segment
    assert [judged(free=free)["disk.free"] for free in (least - 1, least, near - 1, near)] == [
        "bad", "warn", "warn", "ok",
    ]  # fmt: skip
    assert judged(inodes_free=63)["disk.names"] == "bad"
    assert judged(inodes=0, inodes_free=0)["disk.names"] == "ok"


def test_a_node_on_this_machine_lies_somewhere(tmp_path: Path) -> None:
    """The probe finds a mount and its figures."""
    found = check_disk(made(tmp_path / "n"))
    assert only(found, "disk.free").facts["total_bytes"] > 0
    assert "kind" in only(found, "disk.filesystem").facts


@pytest.fixture
def small_mount(tmp_path: Path) -> Iterator[Path]:
    point = tmp_path / "mounted"
    point.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", point], check=True)
    yield point
    subprocess.run(["umount", "-l", point], check=True)


@pytest.mark.needs_root
def test_a_full_file_system_in_memory(small_mount: Path) -> None:
    """Room for a node, then none for anything."""
    site = made(small_mount / "n")
    with (small_mount / "filler").open("wb", buffering=0) as file:
        while file.write(bytes(MIB)) == MIB:
            """A short count comes before the error."""
    found = verdicts(check_disk(site) + check_sync(site))
    assert (found["disk.filesystem"], found["disk.free"], found["disk.sync"]) == ("bad", "bad", "bad")


@pytest.mark.needs_root
def test_a_read_only_file_system(small_mount: Path) -> None:
    """Nothing can be made durable there."""
    site = made(small_mount / "n")
    subprocess.run(["mount", "-o", "remount,ro", small_mount], check=True)
    found = verdicts(check_disk(site) + check_sync(site))
    assert (found["disk.filesystem"], found["disk.sync"]) == ("bad", "bad")
    assert not os.access(site.paths.root, os.W_OK)
