"""The frame every benchmark stands in: options, child servers with their CPU time, wrk, interleaved runs, JSON lines.

A benchmark module lists its contenders, measures them in turns (so that a noisy minute hits all of them), and prints
one JSON line per case, the headline first:

    options = read_options()
    measured = interleave({"ours": run_ours, "baseline": run_baseline}, options.runs)
    emit([Case.against(name="serving_floor", case="plain", ours=measured["ours"], baseline=..., ...)], options)

The figure that decides is work per CPU second of the measured process: on shared cores wall time says little.
"""

import argparse
import contextlib
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Self

import psutil

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 10.0
DISK = Path("/var/tmp")  # survives a reboot (FHS 5.15), so it is a disk


@dataclass(frozen=True, slots=True)
class Options:
    """How to run: `quick` is a smaller load and 3 runs instead of 5; `as_json` prints lines for machines."""

    quick: bool
    as_json: bool

    @property
    def runs(self) -> int:
        """Interleaved runs of every contender."""
        return 3 if self.quick else 5


@dataclass(frozen=True, slots=True)
class Measure:
    """One run: units of work done, seconds on the wall, CPU seconds of the measured process, notes like latency."""

    work: float
    wall_s: float
    cpu_s: float
    notes: Mapping[str, float] = field(default_factory=dict)

    @property
    def per_wall_s(self) -> float:
        """Work per second on the wall."""
        return self.work / self.wall_s

    @property
    def per_cpu_s(self) -> float:
        """Work per CPU second; 0 when the run was too short for the clock's tick."""
        return self.work / self.cpu_s if self.cpu_s else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of a benchmark's output. `value` and `baseline_value` are in `unit`; `met` is None without a promise."""

    name: str
    case: str
    value: float
    unit: str
    baseline: str | None = None
    baseline_value: float | None = None
    ratio: float | None = None
    per_cpu_s: float | None = None
    promise: str | None = None
    met: bool | None = None
    runs: int
    conditions: str

    @classmethod
    def against(
        cls,
        *,
        name: str,
        case: str,
        unit: str,
        ours: Sequence[Measure],
        baseline: str,
        theirs: Sequence[Measure],
        conditions: str,
        promise: str | None = None,
        ratio_min: float | None = None,
        rate_min: float | None = None,
        on_the_wall: bool = False,
    ) -> Self:
        """Medians of ours against a baseline, in `unit` per CPU second, or per second on the wall.

        With `ratio_min` the ratio must reach it; with `rate_min` the wall or the per-CPU-second rate must.
        """
        rate = per_wall if on_the_wall else per_cpu
        value, base = rate(ours), rate(theirs)
        ratio = value / base if base else 0.0
        met = None
        if promise is not None:
            fast = rate_min is None or max(per_cpu(ours), per_wall(ours)) >= rate_min
            met = fast and (ratio_min is None or ratio >= ratio_min)
        other, name_of_other = (per_cpu, "per CPU second") if on_the_wall else (per_wall, "wall")
        beside = f"{name_of_other} {other(ours):.0f}/s against {other(theirs):.0f}/s"
        return cls(
            name=name, case=case, value=rounded(value), baseline=baseline,
            unit=f"{unit} per second" if on_the_wall else f"{unit} per CPU second",
            baseline_value=rounded(base), ratio=rounded(ratio), per_cpu_s=rounded(per_cpu(ours)), promise=promise,
            met=met, runs=len(ours), conditions=f"{conditions}; {beside}",
        )  # fmt: skip

    @classmethod
    def alone(
        cls,
        *,
        name: str,
        case: str,
        unit: str,
        ours: Sequence[Measure],
        conditions: str,
        promise: str | None = None,
        rate_min: float | None = None,
    ) -> Self:
        """Medians without a baseline: `value` is the better of the wall and the per-CPU-second rate."""
        value = max(per_wall(ours), per_cpu(ours))
        met = None if promise is None or rate_min is None else value >= rate_min
        return cls(
            name=name, case=case, value=rounded(value), unit=f"{unit} per second", per_cpu_s=rounded(per_cpu(ours)),
            promise=promise, met=met, runs=len(ours), conditions=f"{conditions}; wall {per_wall(ours):.0f}/s",
        )  # fmt: skip


def read_options(argv: Sequence[str] | None = None) -> Options:
    """Options from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="at most 60 s, 3 runs")
    parser.add_argument("--json", action="store_true", help="one JSON line per case")
    chosen = parser.parse_args(argv)
    return Options(quick=chosen.quick, as_json=chosen.json)


def emit(cases: Sequence[Case], options: Options) -> None:
    """Print the cases; the process exits with 1 when a full run breaks a promise."""
    for case in cases:
        print(json.dumps(asdict(case)) if options.as_json else describe(case), flush=True)
    if not options.quick and any(case.met is False for case in cases):
        sys.exit(1)


def describe(case: Case) -> str:
    """A case for people."""
    verdict = {True: "met", False: "BROKEN", None: "no promise"}[case.met]
    against = f", {case.ratio}x of {case.baseline} ({case.baseline_value})" if case.baseline else ""
    return f"{case.name} {case.case}: {case.value} {case.unit}{against}; {verdict} [{case.conditions}]"


def interleave(contenders: Mapping[str, Callable[[], Measure]], runs: int) -> dict[str, list[Measure]]:
    """Run every contender once per round, so that all of them see the same neighbours."""
    measured: dict[str, list[Measure]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, run in contenders.items():
            measured[name].append(run())
    return measured


def timed(work: Callable[[], float]) -> Measure:
    """Run something in this process and measure it; it returns the units of work it did."""
    cpu_began, began = time.process_time(), time.monotonic()
    done = work()
    return Measure(done, time.monotonic() - began, time.process_time() - cpu_began)


def per_cpu(measures: Sequence[Measure]) -> float:
    """Median work per CPU second."""
    return statistics.median(measure.per_cpu_s for measure in measures)


def per_wall(measures: Sequence[Measure]) -> float:
    """Median work per second on the wall."""
    return statistics.median(measure.per_wall_s for measure in measures)


def note(measures: Sequence[Measure], name: str) -> float:
    """Median of a note, like `p99_ms`."""
    return statistics.median(measure.notes[name] for measure in measures)


def rounded(value: float) -> float:
    """Three significant digits are all that shared cores can give."""
    return float(f"{value:.3g}")


def machine() -> str:
    """What the figures were taken on."""
    return f"{os.cpu_count()} cores shared with the load, {platform.machine()}, Python {platform.python_version()}"


def free_port() -> int:
    """A port on 127.0.0.1 that nobody holds now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Server:
    """A measured child process."""

    process: psutil.Popen
    port: int

    def cpu_s(self) -> float:
        """CPU seconds it has used, user and system, with its children."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(sum(member.cpu_times()[:2]) for member in family)


@contextlib.contextmanager
def serving(argv: Sequence[str], port: int) -> Iterator[Server]:
    """Run a server as a child of ours until the block ends; ready when the port accepts.

    Its standard error goes to a file, shown when it does not come up. It is stopped by its own process id.
    """
    with tempfile.TemporaryFile() as errors:
        process = psutil.Popen(argv, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            await_port(process, port, errors)
            yield Server(process, port)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_TIMEOUT_S)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait()


def await_port(process: psutil.Popen, port: int, errors: IO[bytes]) -> None:
    """Wait until the child accepts connections; ends the benchmark with its `errors` when it does not."""
    give_up = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    errors.seek(0)
    sys.stderr.write(errors.read().decode(errors="replace"))
    sys.exit(f"the server did not come up: {process.args}")


def post_script(body: bytes, headers: Mapping[str, str]) -> str:
    """A wrk script that posts the same bytes again and again."""
    quoted = "".join(f"\\{byte:03d}" for byte in body)
    lines = ['wrk.method = "POST"', f'wrk.body = "{quoted}"']
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()]
    return "\n".join(lines) + "\n"


def wrk(server: Server, url: str, script: str, *, connections: int, seconds: int, threads: int = 1) -> Measure:
    """Load a server with wrk (Debian package `wrk`) and measure it; any error or non-2xx answer ends the benchmark."""
    program = shutil.which("wrk") or sys.exit("wrk is not installed: apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        load = [program, "--latency", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "-s", file.name, url]
        before, began = server.cpu_s(), time.monotonic()
        text = subprocess.run(load, check=True, capture_output=True, text=True).stdout
        cpu_s, wall_s = server.cpu_s() - before, time.monotonic() - began
    if "Non-2xx" in text or "Socket errors" in text:
        sys.exit(f"wrk met errors:\n{text}")
    done = re.search(r"(\d+) requests in", text)
    if done is None:
        sys.exit(f"wrk's output is not understood:\n{text}")
    return Measure(float(done[1]), wall_s, cpu_s, {f"p{q}_ms": _latency_ms(text, q) for q in (50, 99)})


def _latency_ms(text: str, percent: int) -> float:
    found = re.search(rf"^\s+{percent}%\s+([0-9.]+)(us|ms|s|m)$", text, re.MULTILINE)
    if found is None:
        return 0.0
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1_000.0, "m": 60_000.0}[found[2]]


@contextlib.contextmanager
def scratch(prefix: str = "edge-node-bench-", *, on_disk: bool = False) -> Iterator[Path]:
    """A fresh directory for one benchmark, removed afterwards; `on_disk` where /tmp may be memory."""
    with tempfile.TemporaryDirectory(prefix=prefix, dir=DISK if on_disk else None) as name:
        yield Path(name)


def disk() -> str:
    """The file system that `scratch(on_disk=True)` writes to; ends the benchmark when it is memory."""
    mounts = {part.mountpoint: part for part in psutil.disk_partitions(all=True)}
    place = next(path for path in (DISK.resolve(), *DISK.resolve().parents) if str(path) in mounts)
    kind = mounts[str(place)].fstype
    if kind in {"tmpfs", "ramfs"}:
        sys.exit(f"{DISK} lies on {kind}: a promise of durability is measured on a disk")
    return kind
