"""The node's clock beside the chain's time and its own running time."""

import pytest

from edge_node.base.clock import ClockQuality
from edge_node.chain_light.clock_check import ClockCheck
from edge_node.chain_light.sync_policy import USUAL

NOW = USUAL.built_ms + 86_400_000


class SetClock:
    """A clock that is set by hand."""

    def __init__(self, wall_ms=NOW, running_s=100.0):
        self.wall_ms, self.running_s = wall_ms, running_s

    def now_ms(self):
        return self.wall_ms

    def monotonic_s(self):
        return self.running_s

    def quality(self):
        return ClockQuality.UNSYNCED

    def pass_s(self, wall, running=None):
        """Let time go by."""
        self.wall_ms += int(wall * 1_000)
        self.running_s += wall if running is None else running


@pytest.mark.parametrize(
    ("wall", "running", "told"),
    [
        (1, 1, ""),
        (10, 0, ""),
        (10.001, 0, "ahead by 10 s"),
        (-10, 0, ""),
        (-86_400, 1, "back by 86401 s"),
        (2_419_200, 5, "ahead by 2419195 s"),
        (30, 30, ""),
        (31, 31, "stood still for 31 s"),
    ],
)
def test_a_jump_is_told_once(wall, running, told):
    """A clock set anew, and a machine that slept, whether its running time went on or not."""
    clock = SetClock()
    check = ClockCheck(clock, USUAL)
    clock.pass_s(wall, running)
    found = check.jump()
    assert told in found
    assert bool(found) is bool(told)
    assert check.jump() == ""


@pytest.mark.parametrize(
    ("wall", "floor", "told"),
    [
        (0, None, "before this release"),
        (USUAL.built_ms - 1, None, "before this release"),
        (USUAL.built_ms, None, ""),
        (NOW, NOW, ""),
        (NOW, NOW + 30_000, ""),
        (NOW, NOW + 30_001, "behind a block that is final"),
    ],
)
def test_a_clock_that_cannot_be_right_gives_no_time(wall, floor, told):
    """1970, before the release, behind what is final: then there is no time, and why."""
    check = ClockCheck(SetClock(wall), USUAL, floor)
    assert told in check.fault()
    assert check.now_ms() == (None if told else wall)


def test_a_final_block_ahead_shows_that_it_is_slow():
    """Also one that is not the floor yet; 30 s are between any two machines."""
    check = ClockCheck(SetClock(), USUAL)
    assert check.now_ms() == check.now_ms(NOW + 30_000) == NOW
    assert check.now_ms(NOW + 30_001) is None
