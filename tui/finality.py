"""Finality over time: how many blocks became final in each step, and how long the longest wait in it was (pure).

Steps begin at whole multiples of their length since 1970, so that a column keeps its height from one drawing to the
next and the picture moves by whole columns only.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

STEPS_MS = (1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000)
OUTLIER = 4  # a leap of many times the usual (the way to the head) fills its column and does not flatten the rest


@dataclass(frozen=True, slots=True)
class Finality:
    """One value a column, the newest last. `waits_ms` are at the end of a step, or longer ones that ended within it."""

    step_ms: int
    blocks: tuple[float, ...]
    waits_ms: tuple[float, ...]

    @property
    def blocks_shown(self) -> tuple[float, ...]:
        """The same without what would flatten the rest: what a top is made of."""
        usual = [value for value in self.blocks if value > 0]
        return tuple(value for value in usual if value <= OUTLIER * _middle(usual))


def finality_of(history: Sequence[tuple[int, int]], now_ms: int, columns: int) -> Finality:
    """What became final when, in at most `columns` steps up to now; `history` is (ms UTC, height), newest last."""
    points = [point for point in history if point[0] <= now_ms]
    if not points or columns <= 0:
        return Finality(STEPS_MS[0], (), ())
    step_ms = _step_ms(points, now_ms, columns)
    last = now_ms // step_ms
    first = max(last - columns + 1, points[0][0] // step_ms)
    blocks, waits = [0.0] * (last - first + 1), [0.0] * (last - first + 1)
    for (before_ms, lower), (t_ms, height) in pairwise(points):
        if (at := t_ms // step_ms - first) >= 0:
            blocks[at] += max(0, height - lower)
            waits[at] = max(waits[at], float(t_ms - before_ms))
    times = [t_ms for t_ms, _ in points]
    for at in range(len(waits)):
        end_ms = min(now_ms, (first + at + 1) * step_ms - 1)  # what comes at the end belongs to the next
        waits[at] = max(waits[at], float(end_ms - times[bisect_right(times, end_ms) - 1]))
    return Finality(step_ms, tuple(blocks), tuple(waits))


def _step_ms(points: Sequence[tuple[int, int]], now_ms: int, columns: int) -> int:
    """Long enough for all that is known to fit, and for the usual step to hold an advance."""
    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(points)]
    wanted = max((now_ms - points[0][0]) / columns, _middle(gaps))
    return next((step for step in STEPS_MS if step >= wanted), STEPS_MS[-1])


def _middle(values: Sequence[float]) -> float:
    """The upper median, 0 of none. (The standard library's loads decimals and dice for it: the start would show.)"""
    return sorted(values)[len(values) // 2] if values else 0
