"""The machine's clock."""

import datetime as dt

import pytest

from edge_node.base.clock import ClockQuality, ForwardClock, SystemClock, kernel_clock_synchronised


def test_wall_time_is_milliseconds_since_1970() -> None:
    """The number reads back as a date of this century."""
    assert dt.datetime.fromtimestamp(SystemClock().now_ms() / 1000, dt.UTC).year in range(2024, 2100)


def test_monotonic_time_never_goes_back() -> None:
    """A thousand readings are in order."""
    clock = SystemClock()
    readings = [clock.monotonic_s() for _ in range(1000)]
    assert readings == sorted(readings)


@pytest.mark.parametrize("quality", list(ClockQuality))
def test_the_operators_word_wins(quality: ClockQuality) -> None:
    """What is assumed is not asked of the kernel."""
    assert SystemClock(quality).quality() is quality


def test_the_kernel_is_believed_otherwise() -> None:
    """The answer is one of the two that adjtimex can give, and the same when asked again at once."""
    clock = SystemClock()
    wanted = ClockQuality.NETWORK if kernel_clock_synchronised() else ClockQuality.UNSYNCED
    assert clock.quality() is clock.quality() is wanted


def test_qualities_are_those_of_the_signed_event() -> None:
    """The numbers stand in signatures and never change."""
    assert [quality.value for quality in ClockQuality] == [0, 1, 2, 3]


def test_the_word_may_change_while_it_runs() -> None:
    """The operator's word holds from then on, and can be taken back."""
    clock = SystemClock()
    clock.assume(ClockQuality.PRECISE)
    assert clock.quality() is ClockQuality.PRECISE
    clock.assume(None)
    assert clock.quality() in (ClockQuality.UNSYNCED, ClockQuality.NETWORK)


class _SetClock(SystemClock):
    """Both times set by hand."""

    wall_ms, running_s = 1_000_000, 50.0

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_s(self) -> float:
        return self.running_s


def test_a_clock_that_is_not_set_back() -> None:
    """It goes ahead with the wall clock, and never back with it; time goes on by itself meanwhile."""
    clock = _SetClock(ClockQuality.MANUAL)
    forward = ForwardClock(clock)
    assert forward.now_ms() == 1_000_000
    clock.wall_ms += 5_000
    assert forward.now_ms() == 1_005_000
    clock.wall_ms -= 900_000
    assert forward.now_ms() == 1_005_000
    clock.running_s += 2
    clock.wall_ms += 2_000
    assert forward.now_ms() == 1_007_000
    clock.wall_ms = 2_000_000
    assert forward.now_ms() == 2_000_000
    assert (forward.monotonic_s(), forward.quality()) == (52.0, ClockQuality.MANUAL)
