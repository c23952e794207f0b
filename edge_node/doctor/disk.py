"""The disk under the data directory: what kind it is, how it is mounted, and how much room is left."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from edge_node.doctor.finding import Finding, bad, in_bytes, ok, unknown, warn
from edge_node.doctor.site import Site
from edge_node.journal import SpacePlan, plan_space

IN_MEMORY = {"tmpfs", "ramfs", "devtmpfs"}
NETWORKED = {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "glusterfs", "fuse.glusterfs"}
WITHOUT_RIGHTS = {"vfat", "exfat", "msdos"}  # no modes: everybody on the machine reads the keys
# Each of them lets the file system report as durable what the medium may not have.
UNSAFE_OPTIONS = {"nobarrier", "barrier=0", "barrier=none", "volatile", "fsync_mode=nobarrier"}

_ROOM = "Delete pieces or other files, shorten retention, or add storage; deletes still work."


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of /proc/self/mountinfo; `options` are the mount's and the file system's."""

    point: str
    kind: str
    options: frozenset[str]


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """Sizes in bytes. `mount` is None where the kernel does not tell."""

    path: str
    mount: Mount | None
    total: int
    free: int
    inodes: int
    inodes_free: int
    read_only: bool
    plan: SpacePlan
    reserve_held: bool


def parse_mounts(text: str) -> list[Mount]:
    """The lines of mountinfo (proc(5)); octal escapes in a path are undone."""
    mounts = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        own, of_system = before.split(), after.split()
        if len(own) > 5 and of_system:
            options = {*own[5].split(","), *(of_system[2].split(",") if len(of_system) > 2 else ())}
            mounts.append(Mount(_unescaped(own[4]), of_system[0], frozenset(options)))
    return mounts


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def mount_of(path: Path, mounts: list[Mount]) -> Mount | None:
    """What `path` (resolved) lies on: the longest mount point above it, the last one mounted there."""
    found = None
    for mount in mounts:
        covers = path == Path(mount.point) or Path(mount.point) in path.parents
        if covers and (found is None or len(mount.point) >= len(found.point)):
            found = mount
    return found


def probe_disk(site: Site) -> DiskFacts:
    """Ask statvfs and mountinfo."""
    path = site.paths.root.resolve()
    figures, mounts = os.statvfs(path), Path("/proc/self/mountinfo")
    total = figures.f_blocks * figures.f_frsize
    return DiskFacts(
        path=str(path),
        mount=mount_of(path, parse_mounts(mounts.read_text())) if mounts.exists() else None,
        total=total,
        free=figures.f_bavail * figures.f_frsize,
        inodes=figures.f_files,
        inodes_free=figures.f_favail,
        read_only=bool(figures.f_flag & os.ST_RDONLY),
        plan=plan_space(total, site.settings.journal),
        reserve_held=site.paths.reserve.exists(),
    )


def judge_disk(facts: DiskFacts) -> list[Finding]:
    """Three findings: the file system, its room in bytes, its room in names."""
    return [_judge_system(facts), _judge_room(facts), _judge_inodes(facts)]


def _judge_system(facts: DiskFacts) -> Finding:
    check = "disk.filesystem"
    if facts.read_only:
        return bad(check, f"{facts.path} is mounted read-only: nothing can be stored",
                   "See in `dmesg` why: a disk with errors is made read-only. Then `mount -o remount,rw`.")  # fmt: skip
    if facts.mount is None:
        return unknown(check, "the kernel does not tell what is mounted", "Look with `findmnt` yourself.")
    kind, point = facts.mount.kind, facts.mount.point
    figures = {"kind": kind, "mounted_on": point, "options": sorted(facts.mount.options)}
    if kind in IN_MEMORY:
        return bad(check, f"{facts.path} lies in memory ({kind} on {point}): a power cut takes all of it",
                   "Choose a data directory on a disk.", **figures)  # fmt: skip
    if kind in WITHOUT_RIGHTS:
        return bad(check, f"{kind} on {point} has no file modes: whoever is on this machine reads the keys",
                   "Choose a data directory on ext4, xfs, btrfs or f2fs.", **figures)  # fmt: skip
    if unsafe := sorted(facts.mount.options & UNSAFE_OPTIONS):
        return bad(check, f"{point} is mounted with {', '.join(unsafe)}: a power cut may take what was acknowledged",
                   "Remove the option from /etc/fstab and mount again.", **figures)  # fmt: skip
    if kind in NETWORKED:
        return warn(check, f"{facts.path} lies on a network file system ({kind}): it is as durable as the other side",
                    "Choose a data directory on a disk of this machine.", **figures)  # fmt: skip
    return ok(check, f"{kind} on {point}, writable", **figures)


def _judge_room(facts: DiskFacts) -> Finding:
    check, least = "disk.free", facts.plan.free_min
    said = f"{in_bytes(facts.free)} of {in_bytes(facts.total)} free"
    figures = {"total_bytes": facts.total, "free_bytes": facts.free, "free_min_bytes": least}
    if facts.free < least:
        rest = "" if facts.reserve_held else ", and the reserve for deletes is used up"
        return bad(check, f"{said}; below {in_bytes(least)} nothing new is taken{rest}", _ROOM, **figures)
    if facts.free < 2 * least + facts.plan.segment:
        return warn(check, f"{said}; at {in_bytes(least)} the node stops taking anything new", _ROOM, **figures)
    return ok(check, said, **figures)


def _judge_inodes(facts: DiskFacts) -> Finding:
    check = "disk.names"
    if not facts.inodes:
        return ok(check, "the file system has no fixed number of files")
    figures = {"inodes": facts.inodes, "inodes_free": facts.inodes_free}
    said = f"room for {facts.inodes_free} more files"
    if facts.inodes_free < 64:  # a segment and its footer every 256 MiB: 64 names are a day at most
        return bad(check, said, "Something on this file system makes very many small files: find and remove them.",
                   **figures)  # fmt: skip
    return ok(check, said, **figures)


def check_disk(site: Site) -> list[Finding]:
    """Probe and judge."""
    return judge_disk(probe_disk(site))
