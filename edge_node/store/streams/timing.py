"""Is an event's time believable? Judged only between two clocks that claim to know the time."""

from edge_node.base.clock import ClockQuality
from edge_node.settings import ClockSettings
from edge_node.store.errors import TimeAhead, TimeTooLate


def judge_time(
    t_ms: int, quality: ClockQuality, now_ms: int, now_quality: ClockQuality, clock: ClockSettings, late_max_s: int
) -> bool:
    """True when the event counts as late; TimeAhead or TimeTooLate beyond the limits.

    The limit ahead is also where lateness begins, so that a queue's short delay is not remarked.
    """
    if quality == ClockQuality.UNSYNCED or now_quality == ClockQuality.UNSYNCED:
        return False
    slack_ms = clock.ahead_max_s * 1_000
    behind_ms = now_ms - t_ms
    if behind_ms < -slack_ms:
        raise TimeAhead(-behind_ms, slack_ms)
    if behind_ms > late_max_s * 1_000:
        raise TimeTooLate(behind_ms, late_max_s * 1_000)
    return behind_ms > slack_ms
