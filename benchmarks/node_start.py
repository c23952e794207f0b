"""From `edge-node run` to a node that is ready, and what it weighs at rest, against a bare import of its libraries.

Ready means that the printed URL answers /readyz with 200. "killed" starts on a copy of what a process left that was
ended by SIGKILL with 100,000 pieces in its store (30,000 with --quick) and more under way: unclosed databases with
their write-ahead logs, and a segment that was not sealed. "rebuilt" has lost its index as well; it promises nothing
and is told for comparison.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil

from benchmarks.frame import Case, Measure, disk, emit, interleave, machine, note, read_options, rounded, scratch
from edge_node.base.clock import SystemClock
from edge_node.offline import make_node
from edge_node.paths import Paths
from edge_node.settings import NodeSettings, Settings

PIECES, QUICK_PIECES = 100_000, 30_000
SETTLE_S = 2.0  # at rest: what starting made is done
EMPTY_MAX_S, KILLED_MAX_S, RSS_MAX_MB = 1.5, 3.0, 95.0
# What a node imports that is not its own, whether it serves or not.
LIBRARIES = (
    "trio, httptools, msgspec, nacl.bindings, blake3, sqlite3, ssl, structlog, prometheus_client, cyclopts, psutil,"
    " rfc8785, wsproto, cryptography.x509, cryptography.hazmat.primitives.asymmetric.ec"
)
BASELINE = "an interpreter that imports the same libraries"
_POLL_S = 0.005
_GIVE_UP_S = 60.0


def start_node(directory: Path, settle_s: float = 0.0) -> Measure:
    """Start a node on `directory`, wait until it is ready, kill it; `rss_mb` after `settle_s` of rest."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("EDGE_NODE")}
    environ |= {
        "EDGE_NODE__HTTP__LISTEN": "127.0.0.1:0",
        "EDGE_NODE__HTTP__LISTEN_TLS": "127.0.0.1:0",
        "EDGE_NODE__GRPC__LISTEN": "127.0.0.1:0",
    }
    environ |= {"EDGE_NODE__NODE__DATA_DIR": str(directory)}
    began = time.monotonic()
    with _child([sys.executable, "-m", "edge_node", "run"], environ) as node:
        line = node.stdout.readline()
        url = json.loads(line)["http"] if line else sys.exit("the node did not start")
        _await_ready(url)
        wall_s = time.monotonic() - began
        cpu_s = sum(node.cpu_times()[:2])
        time.sleep(settle_s)
        return Measure(1, wall_s, cpu_s, {"rss_mb": node.memory_info().rss / 1e6})


def import_libraries(settle_s: float = 0.0) -> Measure:
    """Start an interpreter that imports what a node imports and says so."""
    script = f"import {LIBRARIES}; print('ready', flush=True); import sys; sys.stdin.read()"
    began = time.monotonic()
    with _child([sys.executable, "-c", script], dict(os.environ)) as child:
        child.stdout.readline()
        wall_s, cpu_s = time.monotonic() - began, sum(child.cpu_times()[:2])
        time.sleep(settle_s)
        return Measure(1, wall_s, cpu_s, {"rss_mb": child.memory_info().rss / 1e6})


@contextmanager
def _child(argv: Sequence[str], environ: dict[str, str]) -> Iterator[psutil.Popen]:
    child = psutil.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ
    )  # fmt: skip
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()


def _await_ready(url: str) -> None:
    give_up = time.monotonic() + _GIVE_UP_S
    while time.monotonic() < give_up:
        with suppress(urllib.error.URLError), urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(_POLL_S)
    sys.exit("the node did not become ready")


def make_empty(directory: Path) -> Path:
    """A node as `init` leaves it."""
    make_node(Settings(node=NodeSettings(data_dir=str(directory))), SystemClock(), os.urandom, {})
    return directory


def make_killed(directory: Path, count: int) -> Path:
    """A node's directory after a process that stored `count` pieces was killed."""
    make_empty(directory)
    subprocess.run([sys.executable, "-m", "benchmarks._fill_pieces", directory, str(count)], check=False)
    if not Paths(directory).index_db.with_name("index.db-wal").stat().st_size:
        sys.exit("the filling process was not killed in the middle of its work")
    return directory


def start_on_copy(original: Path, *, index: bool = True, settle_s: float = 0.0) -> Measure:
    """Start on a fresh copy, so that every run meets the same state."""
    copy = original.with_name("copy")
    shutil.copytree(original, copy)
    if not index:
        for name in ("index.db", "index.db-wal", "index.db-shm"):
            (copy / name).unlink(missing_ok=True)
    os.sync()  # what the copying left to write would be the start's to wait for
    try:
        return start_node(copy, settle_s)
    finally:
        shutil.rmtree(copy)


def main() -> None:
    options = read_options()
    pieces = QUICK_PIECES if options.quick else PIECES
    conditions = f"{pieces} pieces in the killed one; {machine()}, {disk()}; page cache warm"
    with scratch(on_disk=True) as root:
        empty, killed = make_empty(root / "empty"), make_killed(root / "killed", pieces)
        contenders = {
            "empty": partial(start_on_copy, empty, settle_s=SETTLE_S),
            "libraries": partial(import_libraries, SETTLE_S),
            "killed": partial(start_on_copy, killed),
        }
        if not options.quick:
            contenders["rebuilt"] = partial(start_on_copy, killed, index=False)
        measured = interleave(contenders, options.runs)
    base = measured.pop("libraries")
    cases = [_start_case(name, measured[name], base, conditions) for name in measured]
    emit([*cases[:2], _rest_case(measured["empty"], base, conditions), *cases[2:]], options)


_PROMISES = {"empty": EMPTY_MAX_S, "killed": KILLED_MAX_S}


def _start_case(name: str, ours: Sequence[Measure], base: Sequence[Measure], conditions: str) -> Case:
    value, baseline = _wall_s(ours), _wall_s(base)
    most = _PROMISES.get(name)
    cpu_s = statistics.median(measure.cpu_s for measure in ours)
    return Case(
        name="node_start", case=name, value=rounded(value), unit="s until /readyz answers 200", baseline=BASELINE,
        baseline_value=rounded(baseline), ratio=rounded(value / baseline), runs=len(ours),
        promise=f"<= {most} s" if most else None, met=value <= most if most else None,
        conditions=f"{cpu_s:.2f} CPU seconds; slowest {max(each.wall_s for each in ours):.2f} s; {conditions}",
    )  # fmt: skip


def _rest_case(ours: Sequence[Measure], base: Sequence[Measure], conditions: str) -> Case:
    value, baseline = note(ours, "rss_mb"), note(base, "rss_mb")
    return Case(
        name="node_start", case="idle_rss", value=rounded(value), unit="MB resident", baseline=BASELINE,
        baseline_value=rounded(baseline), ratio=rounded(value / baseline), runs=len(ours),
        promise=f"<= {RSS_MAX_MB:.0f} MB", met=value <= RSS_MAX_MB,
        conditions=f"{SETTLE_S:.0f} s after it was ready, empty, no client; {conditions}",
    )  # fmt: skip


def _wall_s(measures: Sequence[Measure]) -> float:
    return statistics.median(measure.wall_s for measure in measures)


if __name__ == "__main__":
    main()
