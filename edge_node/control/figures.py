"""Figures of a running node that cost something to know: sampled once a second while somebody looks."""

import math
import os
import shutil
from collections import deque
from dataclasses import dataclass, field

import psutil
import trio
from prometheus_client import Histogram

from edge_node.base.counters import COMMIT_RECORDS, COMMIT_SECONDS
from edge_node.base.log import get_log
from edge_node.base.offload import FILE, offload
from edge_node.base.refusals import counts
from edge_node.control.house import House
from edge_node.control.quantiles import Reading, Spread, Window
from edge_node.journal import SegmentClass
from edge_node.store.listing import Totals, load_seen, read_totals

SAMPLE_S = 1.0
LOOKED_AT_S = 60.0  # how long figures are kept fresh after somebody asked
SLOW_EVERY = 5  # samples between two looks at the segment files
RATE_SAMPLES = 5

log = get_log("control")


@dataclass(frozen=True, slots=True)
class SegmentFiles:
    """The files of one segment class."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Slow:
    """What a thread has to ask for."""

    totals: Totals
    disk_total: int
    disk_free: int
    rss_bytes: int
    cpu_s: float
    threads: int
    open_files: int
    open_files_max: int
    segments: dict[SegmentClass, SegmentFiles] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Sample:
    at_s: float
    cpu_s: float
    refusals: int


class Figures:
    """Keeps the figures of a House; `run` is a service, `fresh` waits until they are known."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._process = psutil.Process()
        self._looked_at_s = -math.inf
        self._asked = trio.Event()
        self._sampled = trio.Event()
        self._samples: deque[_Sample] = deque(maxlen=RATE_SAMPLES + 1)
        self._latency = Window(_bounds(COMMIT_SECONDS))
        self._group = Window(_bounds(COMMIT_RECORDS))
        self._turns = 0
        self.slow: Slow | None = None

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Count seconds for the rates, and sample while somebody looks, until cancelled."""
        task_status.started()
        await self._remember()
        before = trio.current_time()
        while True:
            with trio.move_on_after(SAMPLE_S):
                await self._asked.wait()
            now = trio.current_time()
            if now - before >= SAMPLE_S / 2:
                self._house.ingest.traffic.turn(now - before)
                before = now
            self._asked = trio.Event()
            if now - self._looked_at_s <= LOOKED_AT_S:
                await self._sample()
            else:
                self.slow = None
                self._samples.clear()

    async def _remember(self) -> None:
        try:
            self._house.ingest.traffic.remember(await self._house.journal.query(load_seen))
        except Exception as error:  # noqa: BLE001 - as below: who wrote last is then known from now on only
            log.warning("figures.not_read", reason=f"{type(error).__name__}: {error}")

    async def fresh(self) -> Slow:
        """Figures at most some seconds old; waits for the first after a pause."""
        self._looked_at_s = trio.current_time()
        while self.slow is None:
            sampled = self._sampled
            self._asked.set()
            await sampled.wait()
        return self.slow

    @property
    def cpu_share(self) -> float:
        """CPU seconds a second over the window."""
        return self._rate("cpu_s")

    @property
    def refusals_per_s(self) -> float:
        """Refusals a second over the window."""
        return self._rate("refusals")

    def latency(self) -> Spread:
        """Seconds a round took, over the last minute."""
        return self._latency.spread()

    def group(self) -> Spread:
        """Records in a round, over the last minute."""
        return self._group.spread()

    def _rate(self, name: str) -> float:
        if len(self._samples) < 2:
            return 0.0
        first, last = self._samples[0], self._samples[-1]
        grown: float = getattr(last, name) - getattr(first, name)
        return grown / max(last.at_s - first.at_s, 1e-3)

    async def _sample(self) -> None:
        house, now = self._house, trio.current_time()
        try:
            totals = await house.journal.query(read_totals)
            self.slow = await offload(self._look, totals, limiter=FILE)
        except Exception as error:  # noqa: BLE001 - a figure that cannot be had must not end the door that shows why
            log.warning("figures.not_read", reason=f"{type(error).__name__}: {error}")
            if self.slow is None:
                self.slow = _NOTHING
        self._samples.append(_Sample(now, self.slow.cpu_s, sum(counts().values())))
        self._latency.add(_reading(COMMIT_SECONDS, now))
        self._group.add(_reading(COMMIT_RECORDS, now))
        self._sampled.set()
        self._sampled = trio.Event()

    def _look(self, totals: Totals) -> Slow:
        """Blocking: the file system and /proc."""
        root = self._house.paths.root
        disk = shutil.disk_usage(root)
        segments = self.slow.segments if self.slow is not None else {}
        if self._turns % SLOW_EVERY == 0 or not segments:
            segments = {name: _files_of(self._house.paths.segments / name.value) for name in SegmentClass}
        self._turns += 1
        with self._process.oneshot():
            times = self._process.cpu_times()
            return Slow(
                totals=totals,
                disk_total=disk.total,
                disk_free=disk.free,
                rss_bytes=self._process.memory_info().rss,
                cpu_s=times.user + times.system,
                threads=self._process.num_threads(),
                open_files=self._process.num_fds(),
                open_files_max=self._process.rlimit(psutil.RLIMIT_NOFILE)[0],
                segments=segments,
            )


_NOTHING = Slow(Totals(0, 0, 0, 0, 0, 0), 0, 0, 0, 0.0, 0, 0, 0)


def _files_of(directory: os.PathLike[str]) -> SegmentFiles:
    with os.scandir(directory) as entries:
        # What they take on the disk: the open one is preallocated.
        sizes = [entry.stat().st_blocks * 512 for entry in entries if entry.name.endswith(".seg")]
    return SegmentFiles(len(sizes), sum(sizes))


def _bounds(histogram: Histogram) -> list[float]:
    return [bound for bound in histogram._upper_bounds if bound != math.inf]  # noqa: SLF001 - no other door to them


def _reading(histogram: Histogram, at_s: float) -> Reading:
    cumulative, total = [], 0.0
    for metric in histogram.collect():
        for sample in metric.samples:
            if sample.name.endswith("_bucket"):
                cumulative.append(sample.value)
            elif sample.name.endswith("_sum"):
                total = sample.value
    return Reading(at_s, tuple(cumulative), total)
