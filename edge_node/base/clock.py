"""Wall time with its quality, and monotonic time: the only place that asks the machine what time it is."""

import ctypes
import enum
import time
from typing import Protocol


class ClockQuality(enum.IntEnum):
    """How far a wall clock may be believed (ARCHITECTURE section 5, t_quality)."""

    UNSYNCED = 0
    MANUAL = 1
    NETWORK = 2
    PRECISE = 3


class Clock(Protocol):
    """Time as an argument: pure code takes numbers, shells take a Clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds since an arbitrary point, never backwards."""
        ...

    def quality(self) -> ClockQuality:
        """How far `now_ms` may be believed."""
        ...


_QUALITY_HOLDS_S = 1.0  # the kernel's word changes over minutes; asking costs 10 us, and every event asks


class SystemClock:
    """The machine's clock; `assumed` overrides what the kernel says of its synchronisation."""

    def __init__(self, assumed: ClockQuality | None = None) -> None:
        self._assumed = assumed
        self._asked_at_s = -_QUALITY_HOLDS_S
        self._kernel = ClockQuality.UNSYNCED

    def assume(self, quality: ClockQuality | None) -> None:
        """Believe the operator's word from now on, or with None the kernel's."""
        self._assumed = quality

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC, from CLOCK_REALTIME."""
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        """Seconds on CLOCK_MONOTONIC."""
        return time.monotonic()

    def quality(self) -> ClockQuality:
        """NETWORK when the kernel's clock discipline is in sync, else UNSYNCED."""
        if self._assumed is not None:
            return self._assumed
        now_s = time.monotonic()
        if now_s - self._asked_at_s >= _QUALITY_HOLDS_S:
            self._asked_at_s = now_s
            self._kernel = ClockQuality.NETWORK if kernel_clock_synchronised() else ClockQuality.UNSYNCED
        return self._kernel


class ForwardClock:
    """A clock that nobody sets back, for what must end: after a step back it goes on from where it was.

    It follows every step ahead. Two of them may differ, so those who must agree on an end share one.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_ms = self._wall_ahead_ms()

    def _wall_ahead_ms(self) -> int:
        return self._clock.now_ms() - self._running_ms()

    def _running_ms(self) -> int:
        return int(self._clock.monotonic_s() * 1_000)

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC, or more where the wall clock was once ahead."""
        self._ahead_ms = max(self._ahead_ms, self._wall_ahead_ms())
        return self._ahead_ms + self._running_ms()

    def monotonic_s(self) -> float:
        """See Clock."""
        return self._clock.monotonic_s()

    def quality(self) -> ClockQuality:
        """See Clock."""
        return self._clock.quality()


class _Timex(ctypes.Structure):
    # struct timex of adjtimex(2); only `status` is read, the tail is room for the kernel to write in.
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


def kernel_clock_synchronised() -> bool:
    """Ask adjtimex(2), read only, whether an NTP or PTP daemon disciplines the clock."""
    timex = _Timex(modes=0)
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    return 0 <= state < _TIME_ERROR and not timex.status & _STA_UNSYNC
