"""Deadlines by ticks, and counts."""

import pytest
import trio
import trio.testing

from edge_node.serving.limits import NEVER, TICK_S, ConnectionCount, Reaper
from edge_node.serving.refusals import Overloaded


class Watched:
    """Something with a deadline that notes when it was ended."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.expired_at: list[float] = []

    def expire(self) -> None:
        self.expired_at.append(trio.current_time())
        self.deadline = NEVER


@pytest.mark.parametrize("offset", [0.0, 0.01, 0.25, 0.49])
async def test_nothing_ends_early_and_nothing_a_second_late(
    offset: float, autojump_clock: trio.testing.MockClock
) -> None:
    """Whenever within a tick a deadline is set, it comes true between its time and 1 s after."""
    watched: list[Watched] = []
    reaper = Reaper(watched)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reaper.run)
        await trio.sleep(3 + offset)
        began = trio.current_time()
        watched.append(Watched(reaper.after(5)))
        await trio.sleep(10)
        nursery.cancel_scope.cancel()
    [ended] = watched[0].expired_at
    assert 5 <= ended - began <= 5 + 2 * TICK_S


async def test_what_has_no_deadline_stays(autojump_clock: trio.testing.MockClock) -> None:
    """NEVER is later than any time."""
    one = Watched(NEVER)
    with trio.move_on_after(1_000):
        await Reaper([one]).run()
    assert not one.expired_at


async def test_every_tick_is_told(autojump_clock: trio.testing.MockClock) -> None:
    """What else is coarse hangs on the ticks."""
    ticks: list[float] = []
    with trio.move_on_after(10 * TICK_S + 0.1):
        await Reaper([], lambda: ticks.append(trio.current_time())).run()
    assert len(ticks) == 11


def test_connections_are_limited_in_all_and_per_address() -> None:
    """At the limit one enters, above it not, and leaving makes room."""
    count = ConnectionCount(in_all=3, per_address=2)
    count.enter("a")
    count.enter("a")
    with pytest.raises(Overloaded) as caught:
        count.enter("a")
    assert caught.value.limit == 2
    count.enter("b")
    with pytest.raises(Overloaded) as caught:
        count.enter("c")
    assert caught.value.limit == 3
    count.leave("a")
    count.enter("c")
    assert count.total == 3


def test_addresses_that_left_are_forgotten() -> None:
    """The table holds only addresses with connections."""
    count = ConnectionCount(in_all=3, per_address=2)
    for address in ("a", "b", "c"):
        count.enter(address)
        count.leave(address)
    assert count._count == {}
    assert count.total == 0


def test_limits_change_and_nobody_is_sent_away() -> None:
    """Lowered below what there is: those stay, the next is refused until enough have left."""
    count = ConnectionCount(4, 4)
    for _ in range(4):
        count.enter("a")
    count.resize(2, 2)
    with pytest.raises(Overloaded):
        count.enter("b")
    for _ in range(3):
        count.leave("a")
    count.enter("b")
    assert count.total == 2
