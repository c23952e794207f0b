"""The newest so many of something, numbered, written by any thread without a lock."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Generic, Protocol, TypeVar


class Numbered(Protocol):
    """What a ring holds: something that knows its place in the row."""

    @property
    def sequence(self) -> int:
        """The place, from 1, without gaps."""
        ...


Item = TypeVar("Item", bound=Numbered)


class Ring(Generic[Item]):
    """Keeps the last `size` items.

    Numbers begin at 1 and have no gaps. A writer draws a number and then fills the slot of that number: two steps that
    need no lock, because each slot has one writer until the ring has gone round. A reader stops before a slot whose
    writer is between the two steps, so that a cursor never passes an item that is still to come.
    """

    def __init__(self, size: int) -> None:
        self._slots: list[Item | None] = [None] * size
        self._numbers = count(1)
        self._last = 0
        self._watchers: tuple[Callable[[], None], ...] = ()

    def put(self, make: Callable[[int], Item]) -> None:
        """Append `make(sequence)`, which must not raise. Any thread."""
        number = next(self._numbers)
        self._slots[number % len(self._slots)] = make(number)
        for watcher in self._watchers:
            watcher()

    @property
    def last(self) -> int:
        """The highest sequence up to which nothing is still to come; 0 when nothing was ever put."""
        # Found by whoever asks, from where the last one stopped: kept by the writers it would need their lock.
        last, slots = self._last, self._slots
        while (item := slots[(last + 1) % len(slots)]) is not None and item.sequence > last:
            last = item.sequence
        self._last = last
        return last

    @property
    def first(self) -> int:
        """The lowest sequence still kept, or the one that will be first."""
        return max(1, self.last - len(self._slots) + 1)

    def after(self, sequence: int) -> Iterator[Item]:
        """The items beyond `sequence` that are still kept, in order; a jump of their numbers shows what is not."""
        for number in range(max(sequence + 1, self.first), self.last + 1):
            item = self._slots[number % len(self._slots)]
            if item is None or item.sequence < number:
                return
            if item.sequence == number:  # else the ring went round while it was read
                yield item

    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback()` after each item, in the thread that put it; the returned function ends that.

        The callback must return at once and never raise: it runs inside somebody else's work. To be called on the loop.
        """
        self._watchers = (*self._watchers, callback)

        def unwatch() -> None:
            self._watchers = tuple(one for one in self._watchers if one is not callback)

        return unwatch
