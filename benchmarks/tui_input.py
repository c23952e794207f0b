"""From a key to the screen over a table of 50,000 rows while 200 of them change a second: p95 at most 60 ms."""

import statistics
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks._tui import CHANGES_PER_FRAME, ROWS, Terminal, busy_node, terminal
from benchmarks.frame import Case, Measure, emit, interleave, machine, note, read_options, rounded

MOST_MS = 60.0
KEYS, QUICK_KEYS = 200, 60
PAUSE_S = 0.043  # between two keys; no multiple of the frames' period
BASELINE = "textual's DataTable with the same rows and changes"
DOWN = b"\x1b[B"


def keys_on(shown: Terminal, count: int) -> Measure:
    """Press `down` again and again, and wait each time until the place of the cursor is written."""
    shown.drain(1.0)
    took, cpu_before, began = [], sum(shown.process.cpu_times()[:2]), time.perf_counter()
    for place in range(2, count + 2):
        pressed = time.perf_counter()
        shown.press(DOWN)
        shown.until(f"{place:,}/{ROWS:,}")
        took.append(1_000 * (time.perf_counter() - pressed))
        shown.drain(PAUSE_S)
    cpu_s = sum(shown.process.cpu_times()[:2]) - cpu_before
    cuts = statistics.quantiles(took, n=20)
    notes = {"p50_ms": statistics.median(took), "p95_ms": cuts[-1], "max_ms": max(took)}
    return Measure(count, time.perf_counter() - began, cpu_s, notes)


def ours(count: int, socket: Path) -> Measure:
    """The UI on its screen of devices."""
    with terminal("-m", "tui", "--socket", str(socket)) as shown:
        shown.until("● live")
        shown.press(b".")
        shown.until(f"1/{ROWS:,}")
        measured = keys_on(shown, count)
        shown.press(b"/")
        shown.drain(0.5)
        pressed = time.perf_counter()
        shown.press(b"7777")
        shown.until("/7777")
        return Measure(
            measured.work, measured.wall_s, measured.cpu_s,
            {**measured.notes, "filter_ms": 1_000 * (time.perf_counter() - pressed)},
        )  # fmt: skip


def theirs(count: int) -> Measure:
    """Textual's own table."""
    with terminal("-m", "benchmarks._baseline_table", str(ROWS), str(CHANGES_PER_FRAME)) as shown:
        shown.until(f"1/{ROWS:,}")
        return keys_on(shown, count)


def main() -> None:
    options = read_options()
    count = QUICK_KEYS if options.quick else KEYS
    with busy_node() as socket:
        measured = interleave({"ours": partial(ours, count, socket), "theirs": partial(theirs, count)}, options.runs)
    mine, base = measured["ours"], measured["theirs"]
    emit([_case("down_p95", "p95_ms", mine, base, count), _filter(mine)], options)


def _case(name: str, which: str, mine: Sequence[Measure], base: Sequence[Measure], count: int) -> Case:
    value, baseline = note(mine, which), note(base, which)
    cpu = 100 * statistics.median(each.cpu_s / each.wall_s for each in mine)
    return Case(
        name="tui_input", case=name, value=rounded(value), unit="ms from a key to its row on the screen, p95",
        baseline=BASELINE, baseline_value=rounded(baseline), ratio=rounded(value / baseline), runs=len(mine),
        promise=f"<= {MOST_MS:.0f} ms", met=value <= MOST_MS,
        conditions=f"p50 {note(mine, 'p50_ms'):.1f} ms, slowest {note(mine, 'max_ms'):.0f} ms, {cpu:.0f}% of a core; "
        f"{count} keys, {ROWS} rows, {4 * CHANGES_PER_FRAME} changes/s, 80x24, {machine()}",
    )  # fmt: skip


def _filter(mine: Sequence[Measure]) -> Case:
    return Case(
        name="tui_input", case="filter", value=rounded(note(mine, "filter_ms")), runs=len(mine),
        unit="ms from the last of four letters to the filtered rows", conditions=f"{ROWS} rows, {machine()}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
