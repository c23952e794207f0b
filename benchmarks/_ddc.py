"""What the DDC benchmarks share: a node and the baseline as children, each with a process of the npm SDK beside it.

Both are asked by the same SDK in the same turn: 128 MiB take it seconds of its own, which the ratio on the wall holds
as well as the node's, and the figure per CPU second does not.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any, Protocol

from benchmarks.frame import Measure, Server, free_port, serving
from edge_node.base.limits import MIB
from tests.interop.driving import Driver
from tests.interop.place import PRIVATE, Place, running_node, told
from tests.interop.sdk import driver

BASELINE = "grpcio C-core server that keeps the bytes in memory"
SAMPLE_S = 0.02


class Timed(Protocol):
    """A process whose CPU time can be read."""

    def cpu_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Contender:
    """A server and the SDK that speaks to it."""

    server: Timed
    sdk: Driver

    def put(self, size: int) -> str:
        """Store one new piece, unmeasured; its CID."""
        return str(self.sdk("load.put", bucket=PRIVATE, size=size)["cid"])

    def measure(self, case: str, work: float, **args: Any) -> tuple[Measure, dict[str, Any]]:
        """One case of npm/cases/load.mjs that says its `seconds`; the server's CPU time goes with it."""
        before = self.server.cpu_s()
        facts = self.sdk(case, bucket=PRIVATE, **args)
        return Measure(work, facts["seconds"], self.server.cpu_s() - before), facts

    def measure_put(self, size: int) -> Measure:
        """Store one new piece; work in MiB."""
        return self.measure("load.put", size / MIB, size=size)[0]

    def measure_get(self, cid: str, size: int) -> Measure:
        """Read a piece whole; work in MiB."""
        measured, facts = self.measure("load.get", size / MIB, cid=cid)
        if facts["size"] != size:
            sys.exit(f"{facts['size']} bytes came of {size}")
        return measured


@contextmanager
def node(directory: Path) -> Iterator[tuple[Place, Contender]]:
    """A node on its own data directory with the settings it has by default, and the SDK."""
    with (
        running_node(directory / "node", http={"metrics": False}) as place,
        driver(place.told(), directory / "node-driver.log") as sdk,
    ):
        yield place, Contender(place, sdk)


@contextmanager
def baseline(directory: Path) -> Iterator[Contender]:
    """The server in memory, and the SDK."""
    port = free_port()
    argv = [sys.executable, "-m", "benchmarks._baseline_ddc", str(port)]
    with serving(argv, port) as server, driver(_place(server), directory / "baseline-driver.log") as sdk:
        yield Contender(server, sdk)


def _place(server: Server) -> dict[str, Any]:
    return told([server.port], [free_port()], ["full"])


@dataclass
class Peak:
    """The highest RSS seen while a block ran, bytes, and what it was before."""

    before: int
    highest: int

    @property
    def growth_mib(self) -> float:
        """How much it grew, MiB."""
        return (self.highest - self.before) / MIB


@contextmanager
def watching(place: Place) -> Iterator[Peak]:
    """Sample a node's RSS every 20 ms until the block ends."""
    peak, done = Peak(place.rss(), place.rss()), Event()

    def sample() -> None:
        while not done.wait(SAMPLE_S):
            peak.highest = max(peak.highest, place.rss())

    thread = Thread(target=sample)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()
