"""The running minutes of all readers, bounded in memory: opened, filled, closed, and handed over to be written."""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from prometheus_client import Counter

from edge_node.activity.window import OpenPart, Reader, Window
from edge_node.base.clock import Clock
from edge_node.base.counters import REGISTRY

WINDOWS_MAX = 4_096  # 2 MB
ROWS_MAX = 16_384  # 0.5 to 2 KB each: at most 32 MB, when every request and acknowledgement is of the longest
RELIEF = 2  # open windows have half of a bound, so that a disk that works keeps up with those that are over

LOST = Counter(
    "edge_node_activity_lost", "What reads moved without a record, by what is counted.", ["what"], registry=REGISTRY
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a ledger holds at most."""

    windows: int = WINDOWS_MAX
    rows: int = ROWS_MAX


class ReadLedger:
    """Windows by reader. All on the loop's thread, without a checkpoint; nothing here waits for the disk."""

    def __init__(
        self,
        clock: Clock,
        name_window: Callable[[], bytes],
        wake: Callable[[], None],
        press: Callable[[], None],
        bounds: Bounds | None = None,
    ) -> None:
        """`wake` is called when there is something to write, `press` when it should be written at once."""
        self._clock, self._name_window, self._wake, self._press = clock, name_window, wake, press
        self._bounds = bounds or Bounds()
        self._open: OrderedDict[Reader, Window] = OrderedDict()  # oldest first
        self._closed: deque[Window] = deque()
        self._under_way: list[Window] = []
        self._rows = self._open_rows = 0
        self.lost_windows = 0

    @property
    def windows(self) -> int:
        """Windows in memory."""
        return len(self._open) + len(self._closed) + len(self._under_way)

    @property
    def rows(self) -> int:
        """Rows in memory."""
        return self._rows

    def enter(self, reader: Reader, part: OpenPart) -> Window:
        """A read takes part in its reader's window, a new one where the former is over."""
        self._relieve()
        window = self._open.get(reader)
        if window is not None and (window.full or self._clock.monotonic_s() >= window.ends_s):
            self.close(window)
            window = None
        if window is None:
            window = Window(self._name_window(), reader, self._clock.now_ms(), self._clock.monotonic_s())
            self._open[reader] = window
        before = window.listed
        window.last_ms = self._clock.now_ms()
        window.enter(part)
        self._rows += window.listed - before
        self._open_rows += window.listed - before
        self._wake()
        return window

    def touch(self, window: Window, part: OpenPart) -> None:
        """Bytes were sent or acknowledged in a window."""
        window.last_ms = self._clock.now_ms()
        window.touch(part)
        if window.full:
            self.close(window)
        self._wake()

    def close(self, window: Window) -> None:
        """A window is over; its record waits to be written."""
        if not window.closed:
            window.closed = True
            del self._open[window.reader]
            self._closed.append(window)
            self._open_rows -= window.listed

    def close_ended(self) -> None:
        """Close the windows whose minute is over."""
        now_s = self._clock.monotonic_s()
        for window in list(self._open.values()):
            if window.ends_s > now_s:
                break
            self.close(window)

    def close_all(self) -> None:
        """Close every window: the node stops."""
        for window in list(self._open.values()):
            self.close(window)

    def due_s(self) -> float:
        """Seconds until something is to be written without anything happening; inf when nothing will be."""
        if self._closed or any(window.changed for window in self._open.values()):
            return 0.0
        oldest = next(iter(self._open.values()), None)
        return float("inf") if oldest is None else max(0.0, oldest.ends_s - self._clock.monotonic_s())

    def take_closed(self, limit: int) -> Sequence[Window]:
        """Up to `limit` windows that are over, oldest first; `settle` follows."""
        self._under_way = [self._closed.popleft() for _ in range(min(limit, len(self._closed)))]
        return self._under_way

    def settle(self, *, written: bool) -> None:
        """What was taken is on the disk, or is to be tried again."""
        taken, self._under_way = self._under_way, []
        if written:
            self._rows -= sum(window.listed for window in taken)
        else:
            self._closed.extendleft(reversed(taken))

    def take_changed(self, limit: int) -> list[Window]:
        """Up to `limit` open windows with something that is not noted."""
        return list(islice((window for window in self._open.values() if window.changed), limit))

    def _relieve(self) -> None:
        """Make room for one more: what is over is written soon, and at half of a bound the oldest is over early."""
        windows, rows = self._bounds.windows, self._bounds.rows
        if self.windows >= windows // RELIEF or self._rows >= rows // RELIEF:
            self._press()
        if len(self._open) >= windows // RELIEF or self._open_rows >= rows // RELIEF:
            self.close(next(iter(self._open.values())))
        while self._closed and (self.windows >= windows or self._rows >= rows):
            self._lose(self._closed.popleft())

    def _lose(self, window: Window) -> None:
        self._rows -= window.listed
        self.lost_windows += 1
        for what, amount in (("records", 1), ("reads", window.count), ("bytes", window.bytes)):
            LOST.labels(what).inc(amount)
