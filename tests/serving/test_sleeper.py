"""serving.sleeper: one task asleep, and no wake-up lost."""

import trio

from edge_node.serving.sleeper import Sleeper


async def test_a_sleeper_is_woken(autojump_clock):
    """`wake` ends the sleep; without a sleeper it is nothing."""
    sleeper, turns = Sleeper(), []

    async def sleep() -> None:
        for turn in range(3):
            await sleeper.sleep()
            turns.append(turn)

    sleeper.wake()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sleep)
        for _ in range(3):
            await trio.sleep(1)
            sleeper.wake()
            sleeper.wake()
    assert turns == [0, 1, 2]


async def test_a_sleeper_can_be_cancelled(autojump_clock):
    """A wake-up after the cancellation goes nowhere, and the place is free again."""
    sleeper = Sleeper()
    with trio.move_on_after(1) as scope:
        await sleeper.sleep()
    assert scope.cancelled_caught
    sleeper.wake()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sleeper.sleep)
        await trio.sleep(1)
        sleeper.wake()


async def test_nothing_runs_between_a_test_and_the_sleep():
    """A condition that is tested, and set by another task, is never missed."""
    sleeper, done, seen = Sleeper(), [], 0

    async def watch() -> None:
        nonlocal seen
        while seen < 1_000:
            while not done:
                await sleeper.sleep()
            done.pop()
            seen += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        for _ in range(1_000):
            done.append(None)
            sleeper.wake()
            await trio.lowlevel.checkpoint()
    assert seen == 1_000
