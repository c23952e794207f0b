"""Quantiles of the last minute out of a histogram that only ever grows (pure)."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A histogram at one moment: how many values up to each bound, the last bound being infinite; their sum."""

    at_s: float
    cumulative: tuple[float, ...]
    total: float


@dataclass(frozen=True, slots=True)
class Spread:
    """How the values of a window lie; None where there were none."""

    count: int
    mean: float | None
    p50: float | None
    p99: float | None


class Window:
    """Readings of one histogram over the last WINDOW_S seconds. `bounds` are its buckets' upper ends, inf left out."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._readings: deque[Reading] = deque()

    def add(self, reading: Reading) -> None:
        """Take a reading; those that fell out of the window go, but the newest of them, which it begins with."""
        self._readings.append(reading)
        while len(self._readings) > 2 and self._readings[1].at_s <= reading.at_s - WINDOW_S:
            self._readings.popleft()

    def spread(self) -> Spread:
        """What came between the window's first reading and its last."""
        if not self._readings:
            return Spread(0, None, None, None)
        first, last = self._readings[0], self._readings[-1]
        below = [end - begin for end, begin in zip(last.cumulative, first.cumulative, strict=True)]
        count = below[-1]
        if count <= 0:
            return Spread(0, None, None, None)
        mean = (last.total - first.total) / count
        return Spread(int(count), mean, self._quantile(below, 0.5), self._quantile(below, 0.99))

    def _quantile(self, below: Sequence[float], share: float) -> float:
        """By straight lines within buckets; what lies beyond the last bound is told as that bound."""
        wanted = share * below[-1]
        floor, before = 0.0, 0.0
        for bound, upto in zip(self._bounds, below, strict=False):
            if upto >= wanted:
                return floor + (bound - floor) * (wanted - before) / (upto - before)
            floor, before = bound, upto
        return self._bounds[-1]
