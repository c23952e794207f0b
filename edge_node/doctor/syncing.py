"""How long the disk takes to make a write durable: what every acknowledgement of the node waits for."""

import contextlib
import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_node.base.clock import Clock
from edge_node.doctor.finding import Finding, bad, ok, unknown, warn
from edge_node.doctor.site import Site

SYNCS = 100  # enough for a 99th percentile
BUDGET_S = 5.0  # a card that takes 200 ms a time gives 25 figures, which say enough
BLOCK = bytes(4096)
# The promise of the node is p50 <= 15 ms and p99 <= 100 ms from a post to its delivery; the disk's share is below that.
P50_MAX_MS, P99_MAX_MS = 15.0, 100.0
BAD_MS = 1_000.0  # devices wait a few seconds for an answer and then send again
IMPLAUSIBLE_MS = 0.01  # a flush command alone takes tens of microseconds on the fastest NVMe with a capacitor

_SLOW = (
    "Look for another program that writes much (`iotop`), for wear (`smartctl -a`), or use an SSD instead of a card."
)
_UNSAFE = "Use a disk that honours flushes; a virtual one must not be cached `unsafe`."


@dataclass(frozen=True, slots=True)
class SyncFacts:
    """Times of 4 KiB appends with fdatasync, in ms, in any order; `error` when the disk did not take them."""

    times_ms: Sequence[float]
    error: OSError | None = None


def probe_sync(directory: Path, clock: Clock, count: int = SYNCS) -> SyncFacts:
    """Measure in a file without a name in `directory`: nothing is left behind, whatever happens."""
    try:
        descriptor = _nameless(directory)
    except OSError as error:
        return SyncFacts((), error)
    times: list[float] = []
    began = clock.monotonic_s()
    try:
        _write_one(descriptor)  # the first write also makes the file's own blocks
        while len(times) < count and clock.monotonic_s() - began < BUDGET_S:
            start = clock.monotonic_s()
            _write_one(descriptor)
            times.append((clock.monotonic_s() - start) * 1_000)
    except OSError as error:
        return SyncFacts(times, error)
    finally:
        os.close(descriptor)
    return SyncFacts(times)


def _nameless(directory: Path) -> int:
    with contextlib.suppress(OSError):
        return os.open(directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    path = directory / f".sync-{os.getpid()}.tmp"  # a file system without O_TMPFILE
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    path.unlink()
    return descriptor


def _write_one(descriptor: int) -> None:
    os.write(descriptor, BLOCK)
    os.fdatasync(descriptor)


def percentile(times: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile of a non-empty sequence."""
    ordered = sorted(times)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def judge_sync(facts: SyncFacts) -> list[Finding]:
    """One finding."""
    check = "disk.sync"
    if facts.error is not None:
        return [_judge_error(check, facts.error)]
    p50, p99, worst = (percentile(facts.times_ms, percent) for percent in (50, 99, 100))
    figures = {
        "p50_ms": round(p50, 3),
        "p99_ms": round(p99, 3),
        "max_ms": round(worst, 3),
        "syncs": len(facts.times_ms),
    }
    said = f"a durable write takes {p50:.2f} ms (p50), {p99:.2f} ms (p99), {len(facts.times_ms)} measured"
    if p50 > BAD_MS or p99 > 5 * BAD_MS:
        return [bad(check, f"{said}: devices give up before they are answered", _SLOW, **figures)]
    if p50 > P50_MAX_MS or p99 > P99_MAX_MS:
        return [warn(check, f"{said}; up to {P50_MAX_MS:.0f} and {P99_MAX_MS:.0f} ms are fine", _SLOW, **figures)]
    if p50 < IMPLAUSIBLE_MS:
        return [warn(check, f"{said}: no medium is that fast, so nothing is made durable", _UNSAFE, **figures)]
    return [ok(check, said, **figures)]


def _judge_error(check: str, error: OSError) -> Finding:
    said = f"a durable write is not possible: {error.strerror or error}"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return unknown(check, said, "Run it as the node's user, or as root.", errno=error.errno)
    return bad(check, said, "Make room on the disk, or see in `dmesg` what ails it.", errno=error.errno)


def check_sync(site: Site) -> list[Finding]:
    """Probe and judge."""
    return judge_sync(probe_sync(site.paths.root, site.clock))
