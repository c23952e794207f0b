"""From the command line to a live picture of a real node in a terminal of 80x24: at most 1.5 s."""

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks._tui import real_node, terminal
from benchmarks.frame import Case, Measure, emit, interleave, machine, read_options, rounded, scratch

MOST_S = 1.5
BASELINE = "an interpreter that imports textual, httpx, msgspec and blake3 and prints a line"


def start_ui(socket: Path, *words: str) -> Measure:
    """Start it, wait until it shows a live node."""
    began = time.perf_counter()
    with terminal("-m", *words, "--socket", str(socket)) as shown:
        shown.until("● live")
        wall_s = time.perf_counter() - began
        return Measure(1, wall_s, sum(shown.process.cpu_times()[:2]))


def import_libraries() -> Measure:
    """What any program of this kind pays."""
    began = time.perf_counter()
    script = "import textual.app, textual.widgets, httpx, msgspec, blake3; print('imported')"
    with terminal("-c", script) as shown:
        shown.until("imported")
        return Measure(1, time.perf_counter() - began, sum(shown.process.cpu_times()[:2]))


def main() -> None:
    options = read_options()
    with scratch() as folder, real_node(folder / "node") as socket:
        contenders: dict[str, Callable[[], Measure]] = {
            "edge-node tui": partial(start_ui, socket, "edge_node", "tui"),
            "edge-node-tui": partial(start_ui, socket, "tui"),
            "libraries": import_libraries,
        }
        measured = interleave(contenders, options.runs)
    base = measured.pop("libraries")
    emit([_case(name, ours, base) for name, ours in measured.items()], options)


def _case(name: str, ours: Sequence[Measure], base: Sequence[Measure]) -> Case:
    value, baseline = _wall_s(ours), _wall_s(base)
    cpu_s = statistics.median(measure.cpu_s for measure in ours)
    return Case(
        name="tui_start", case=name, value=rounded(value), unit="s until the screen shows a live node",
        baseline=BASELINE, baseline_value=rounded(baseline), ratio=rounded(value / baseline), runs=len(ours),
        promise=f"<= {MOST_S} s", met=value <= MOST_S,
        conditions=f"{cpu_s:.2f} CPU seconds; slowest {max(each.wall_s for each in ours):.2f} s; 80x24, {machine()}",
    )  # fmt: skip


def _wall_s(measures: Sequence[Measure]) -> float:
    return statistics.median(measure.wall_s for measure in measures)


if __name__ == "__main__":
    main()
