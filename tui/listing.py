"""Rows of one kind in order, and those of them that a filter lets through, kept right row by row (pure).

100,000 rows may stand here while 200 of them change every second: a change costs a search in a sorted list, never a
walk over all rows. Only a new filter walks, in steps, so that the caller can draw between them.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from tui.filters import Filter, Values

Row = TypeVar("Row")
Key = int | str | tuple[str, ...]

STEP_ROWS = 1_000  # looked at between two pauses: about 3 ms on a slow core


class Listing(Generic[Row]):
    """Rows by key, sorted by it. `values` are a row's texts by column, what filters look at.

    With `rows_max` the rows of the smallest keys are forgotten: a tail.
    """

    def __init__(
        self, key: Callable[[Row], Key], values: Callable[[Row], Mapping[str, str]], rows_max: int | None = None
    ) -> None:
        self._key, self._values, self._rows_max = key, values, rows_max
        self._rows: dict[Key, Row] = {}
        self._order: list[Key] = []
        self._shown: list[Key] | None = None  # None: all of them
        self._filter = Filter()
        self._test: Callable[[Values], bool] = self._filter.matcher()
        self._touched: set[Key] | None = None  # by `put` while a walk pauses
        self.version = 0

    def __len__(self) -> int:
        """All rows, shown or not."""
        return len(self._order)

    def __contains__(self, key: object) -> bool:
        """Whether there is a row of this key, shown or not."""
        return key in self._rows

    @property
    def filter(self) -> Filter:
        """The filter in force."""
        return self._filter

    @property
    def shown(self) -> Sequence[Key]:
        """Keys of the rows that the filter lets through, in order."""
        return self._order if self._shown is None else self._shown

    def row(self, key: Key) -> Row | None:
        """The row of this key."""
        return self._rows.get(key)

    def window(self, start: int, count: int) -> list[Row]:
        """Shown rows from the `start`th on."""
        return [self._rows[key] for key in self.shown[max(0, start) : max(0, start) + count]]

    def newest(self, count: int) -> list[Row]:
        """The rows of the largest keys, shown or not."""
        return [self._rows[key] for key in self._order[-count:]] if count > 0 else []

    def place(self, key: Key) -> int:
        """Where this key stands among the shown, or would stand."""
        return bisect_left(self.shown, key)

    def put(self, rows: Iterable[Row]) -> None:
        """Add rows, or replace those of the same key."""
        for row in rows:
            key = self._key(row)
            if key not in self._rows:
                _insert(self._order, key)
            self._rows[key] = row
            if self._touched is not None:
                self._touched.add(key)
            if self._shown is not None:
                self._show(key, wanted=self._test(self._values(row)))
        if self._rows_max is not None and len(self._order) > self._rows_max:
            self._forget(len(self._order) - self._rows_max)
        self.version += 1

    def replace(self, rows: Iterable[Row]) -> None:
        """Take these rows for all there are."""
        self._rows.clear()
        self._order.clear()
        if self._shown is not None:
            self._shown.clear()
        self.put(rows)

    def use(self, wanted: Filter) -> Iterator[None]:
        """Put a filter in force, in steps; until the last of them the rows shown are those of the old one.

        Rows put while the walk pauses are remembered and looked at once more at its end. A walk that is begun while
        another pauses takes its place.
        """
        narrower = bool(self._filter) and wanted.narrows(self._filter)
        keys = list(self.shown if narrower else self._order) if wanted else []
        test, passed, touched = wanted.matcher(), list[Key](), set[Key]()
        self._touched = touched
        for start in range(0, len(keys), STEP_ROWS):
            passed += [key for key in keys[start : start + STEP_ROWS] if self._passes(key, test)]
            yield
            if self._touched is not touched:
                return
        self._touched = None
        self._filter, self._test = wanted, test
        self._shown = [key for key in passed if key in self._rows] if wanted else None
        for key in touched if wanted else ():
            self._show(key, wanted=self._passes(key, test))
        self.version += 1

    def _passes(self, key: Key, test: Callable[[Values], bool]) -> bool:
        row = self._rows.get(key)
        return row is not None and test(self._values(row))

    def _show(self, key: Key, *, wanted: bool) -> None:
        shown = self._shown
        assert shown is not None
        at = bisect_left(shown, key)
        there = at < len(shown) and shown[at] == key
        if wanted and not there:
            shown.insert(at, key)
        elif there and not wanted:
            del shown[at]

    def _forget(self, count: int) -> None:
        for key in self._order[:count]:
            del self._rows[key]
        del self._order[:count]
        if self._shown is not None and self._order:
            del self._shown[: bisect_left(self._shown, self._order[0])]


def _insert(order: list[Key], key: Key) -> None:
    """Almost always at the end; a search otherwise."""
    if not order or order[-1] < key:  # type: ignore[operator]
        order.append(key)
    else:
        order.insert(bisect_left(order, key), key)
