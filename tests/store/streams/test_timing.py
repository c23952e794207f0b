"""Event times are judged only between clocks that claim to know the time."""

import pytest

from edge_node.base.clock import ClockQuality
from edge_node.settings import ClockSettings
from edge_node.store.errors import TimeAhead, TimeTooLate
from edge_node.store.streams.timing import judge_time

NOW, LATE_MAX_S, CLOCK = 1_790_000_000_000, 3_600, ClockSettings()
NET, NONE = ClockQuality.NETWORK, ClockQuality.UNSYNCED
SLACK = CLOCK.ahead_max_s * 1_000


def judge(t_ms: int, quality: ClockQuality = NET, node: ClockQuality = NET) -> bool:
    return judge_time(t_ms, quality, NOW, node, CLOCK, LATE_MAX_S)


def test_ahead_is_refused_beyond_ten_minutes() -> None:
    """Ten minutes ahead passes, one millisecond more is refused with both figures."""
    assert judge(NOW + SLACK) is False
    with pytest.raises(TimeAhead) as refusal:
        judge(NOW + SLACK + 1)
    assert (refusal.value.ahead_ms, refusal.value.limit_ms) == (SLACK + 1, SLACK)


def test_behind_is_late_and_then_too_late() -> None:
    """Ten minutes behind is on time, more is late, beyond the stream's limit it is refused."""
    assert judge(NOW - SLACK) is False
    assert judge(NOW - SLACK - 1) is True
    assert judge(NOW - LATE_MAX_S * 1_000) is True
    with pytest.raises(TimeTooLate):
        judge(NOW - LATE_MAX_S * 1_000 - 1)


@pytest.mark.parametrize(("device", "node"), [(NONE, NET), (NET, NONE)])
def test_an_unsynced_clock_judges_nothing(device: ClockQuality, node: ClockQuality) -> None:
    """If either side does not know the time, any time is accepted."""
    assert judge(0, device, node) is False
    assert judge(NOW * 2, device, node) is False
