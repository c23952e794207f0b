"""A light client from nothing to following: 5,000 blocks, 40 changes of the set of authorities, over loopback.

Measured is a process of its own (`benchmarks._light_client`), from its start, the interpreter's included, until it
says FOLLOWING at the chain's final block; its chain is `edge-node devnet chain`, in another process on the same cores.
Its memory is the most it had until then less what the same process had when everything was imported and nothing yet
opened or asked.

The baseline is smoldot 3.4.1, also from the start of its process (Node.js included) until it says `initialized` at the
final block, on a chain of the same shape that it is served over libp2p (`tests.interop.smoldot_sync`): it speaks no
JSON-RPC to endpoints, and ours no libp2p, so one process cannot serve the very same blocks to both.
"""

import itertools
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import psutil

from benchmarks.frame import (
    STOP_TIMEOUT_S,
    Case,
    Measure,
    Options,
    emit,
    interleave,
    machine,
    note,
    per_cpu,
    read_options,
    rounded,
    scratch,
)

BLOCKS, QUICK_BLOCKS = 5_000, 2_000
SET_EVERY = 125
AUTHORITIES = 4
WALL_MAX_S, ADDED_MAX_MB = 2.0, 40.0
BASELINE = "smoldot 3.4.1 on a chain of the same shape, over libp2p"


@dataclass(frozen=True, slots=True)
class Served:
    """A chain that is served: its directory, and the key that its checkpoint is signed with."""

    directory: Path
    operator: str
    block: int
    set_id: int


@contextmanager
def chain(directory: Path, blocks: int) -> Iterator[Served]:
    """`edge-node devnet chain` of so many final blocks; it writes no more of them."""
    command = [
        sys.executable, "-m", "edge_node", "devnet", "chain", "--port", "0", "--directory", str(directory), "--idle",
        "0", "--blocks", str(blocks), "--set-every", str(SET_EVERY), "--authorities", str(AUTHORITIES), "--json",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        told = json.loads(line) if line else sys.exit("the chain did not start")
        yield Served(directory, told["operator"], told["block"], told["set_id"])
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)
        process.stdout.close()


def measure_ours(served: Served, database: Path) -> Measure:
    """One cold start; ends the benchmark when it does not end at the chain's final block."""
    command = [sys.executable, "-m", "benchmarks._light_client", str(served.directory), str(database), served.operator]
    began = monotonic()
    with psutil.Popen(command, stdout=subprocess.PIPE) as child:
        line = child.stdout.readline()
        wall_s = monotonic() - began
        child.wait(STOP_TIMEOUT_S)
    told: Mapping[str, Any] = json.loads(line) if line else sys.exit("the light client said nothing")
    if (told["state"], told["number"], told["hand_offs"]) != ("following", served.block, served.set_id):
        sys.exit(f"the light client ended {told['state']} at {told['number']} of {served.block}: {told['reason']}")
    added_mb = (told["rss_peak"] - told["rss_before"]) / 1e6
    notes = {"added_mb": added_mb, "rss_mb": told["rss_peak"] / 1e6, "sync_s": told["sync_s"]}
    return Measure(1, wall_s, told["cpu_s"], notes)


def measure_smoldot(blocks: int, changes: int) -> Measure:
    """A cold start of smoldot; the time to make its chain is not in it."""
    command = [
        sys.executable, "-m", "tests.interop.smoldot_sync", "--blocks", str(blocks), "--set-changes", str(changes),
        "--authorities", str(AUTHORITIES),
    ]  # fmt: skip
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return Measure(1, told["seconds"], told["cpu_s"], {"rss_mb": told["peak_bytes"] / 1e6})


def measure(options: Options) -> list[Case]:
    blocks = QUICK_BLOCKS if options.quick else BLOCKS
    changes = blocks // SET_EVERY
    with scratch() as folder, chain(folder / "chain", blocks) as served:
        assert served.set_id == changes
        numbers = itertools.count()
        measured = interleave(
            {
                "ours": lambda: measure_ours(served, folder / f"{next(numbers)}.db"),
                "smoldot": lambda: measure_smoldot(blocks, changes),
            },
            options.runs,
        )
    return cases(measured["ours"], measured["smoldot"], blocks, changes)


def cases(ours: Sequence[Measure], theirs: Sequence[Measure], blocks: int, changes: int) -> list[Case]:
    wall_s, base_s = (statistics.median(one.wall_s for one in runs) for runs in (ours, theirs))
    added_mb = note(ours, "added_mb")
    shape = f"{blocks} blocks, {changes} set changes, {AUTHORITIES} authorities"
    of_all = note(theirs, "rss_mb")
    return [
        Case(
            name="chain_cold_sync", case=f"{shape}: start of the process to FOLLOWING", value=rounded(wall_s),
            unit="s on the wall", baseline=BASELINE, baseline_value=rounded(base_s), ratio=rounded(wall_s / base_s),
            per_cpu_s=rounded(per_cpu(ours)), promise=f"at most {WALL_MAX_S:.0f} s", met=wall_s <= WALL_MAX_S,
            runs=len(ours),
            conditions=f"{machine()}; of it {note(ours, 'sync_s'):.2f} s after the imports; {_cpu(ours)} s of CPU,"
            f" smoldot {_cpu(theirs)} s",
        ),
        Case(
            name="chain_cold_sync", case=f"{shape}: memory added by it", value=rounded(added_mb), unit="MB",
            baseline=f"{BASELINE}, its whole process", baseline_value=rounded(of_all), ratio=rounded(added_mb / of_all),
            promise=f"at most {ADDED_MAX_MB:.0f} MB", met=added_mb <= ADDED_MAX_MB, runs=len(ours),
            conditions=f"{machine()}; peak of the process less its resident memory after the imports; whole process"
            f" {note(ours, 'rss_mb'):.0f} MB at most",
        ),
    ]  # fmt: skip


def _cpu(runs: Sequence[Measure]) -> str:
    return f"{statistics.median(one.cpu_s for one in runs):.2f}"


def main() -> None:
    options = read_options()
    emit(measure(options), options)


if __name__ == "__main__":
    main()
