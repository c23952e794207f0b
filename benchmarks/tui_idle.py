"""What the UI costs while an operator looks at an idle node: at most 3 % of a core and 120 MB."""

import statistics
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks._tui import real_node, terminal
from benchmarks.frame import Case, Measure, emit, interleave, machine, note, read_options, rounded, scratch

SHARE_MAX, RSS_MAX_MB = 3.0, 120.0
WATCH_S, QUICK_WATCH_S = 20.0, 6.0
SETTLE_S = 2.0


def watch(socket: Path, seconds: float) -> Measure:
    """Start it, let it settle, and look on."""
    with terminal("-m", "tui", "--socket", str(socket)) as shown:
        shown.until("● live")
        shown.drain(SETTLE_S)
        cpu_before, written, began = sum(shown.process.cpu_times()[:2]), shown.written, time.perf_counter()
        shown.drain(seconds)
        wall_s, cpu_s = time.perf_counter() - began, sum(shown.process.cpu_times()[:2]) - cpu_before
        rss_mb = shown.process.memory_info().rss / 1e6
        notes = {"share": 100 * cpu_s / wall_s, "rss_mb": rss_mb, "bytes_per_s": (shown.written - written) / wall_s}
        return Measure(wall_s, wall_s, cpu_s, notes)


def main() -> None:
    options = read_options()
    seconds = QUICK_WATCH_S if options.quick else WATCH_S
    with scratch() as folder, real_node(folder / "node") as socket:
        measured = interleave({"ours": partial(watch, socket, seconds)}, options.runs)["ours"]
    conditions = f"overview at 80x24, one frame a second, {seconds:.0f} s, {machine()}"
    emit(
        [
            _case("cpu", "share", "% of a core", SHARE_MAX, measured, conditions),
            _case("rss", "rss_mb", "MB resident", RSS_MAX_MB, measured, conditions),
            _case("written", "bytes_per_s", "bytes a second to the terminal", None, measured, conditions),
        ],
        options,
    )


def _case(name: str, which: str, unit: str, most: float | None, ours: Sequence[Measure], conditions: str) -> Case:
    value = note(ours, which)
    slowest = max(each.notes[which] for each in ours)
    return Case(
        name="tui_idle", case=name, value=rounded(value), unit=unit, runs=len(ours),
        promise=None if most is None else f"<= {most:.0f} {unit}", met=None if most is None else value <= most,
        conditions=f"most {slowest:.3g}, least {min(each.notes[which] for each in ours):.3g}, "
        f"middle {statistics.median(each.notes[which] for each in ours):.3g}; {conditions}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
