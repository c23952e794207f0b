"""Gathered questions: who shares a hop, and that one task's misfortune stays its own."""

from collections.abc import Sequence
from contextlib import suppress

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked

from edge_node.base.gathered import Gathered


class Oracle:
    """Answers with the tenfold, when let; keeps what it was asked in one go."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.gate = trio.Event()
        self.faults = 0

    async def ask_all(self, keys: Sequence[int]) -> list[int]:
        self.asked.append(list(keys))
        await self.gate.wait()
        if self.faults:
            self.faults -= 1
            raise OSError("out of order")
        return [key * 10 for key in keys]


async def test_a_lone_question_is_asked_at_once():
    """Nobody is waited for."""
    oracle = Oracle()
    oracle.gate.set()
    assert await Gathered(oracle.ask_all).ask(4) == 40
    assert oracle.asked == [[4]]


async def test_questions_that_come_meanwhile_share_the_next_hop():
    """Each gets its own answer, and none an answer that was under way before it asked."""
    oracle, answers = Oracle(), {}
    gathered = Gathered(oracle.ask_all)

    async def ask(key):
        answers[key] = await gathered.ask(key)

    async with trio.open_nursery() as nursery:
        for key in (1, 2, 3, 2):
            nursery.start_soon(ask, key)
            await wait_all_tasks_blocked()
        oracle.gate.set()
    assert answers == {1: 10, 2: 20, 3: 30}
    assert oracle.asked == [[1], [2, 3, 2]]


async def test_an_error_ends_one_question_and_the_others_are_asked_again():
    """Who asked gets the error; who shared the hop gets an answer."""
    oracle, outcomes = Oracle(), {}
    oracle.faults = 2
    gathered = Gathered(oracle.ask_all)

    async def ask(key):
        try:
            outcomes[key] = await gathered.ask(key)
        except OSError:
            outcomes[key] = None

    async with trio.open_nursery() as nursery:
        for key in (1, 2, 3):
            nursery.start_soon(ask, key)
            await wait_all_tasks_blocked()
        oracle.gate.set()
    assert outcomes == {1: None, 2: None, 3: 30}


@pytest.mark.parametrize("cancelled", [1, 2])
async def test_a_cancelled_question_leaves_the_others_theirs(cancelled):
    """Whether it was asking for all or only waiting."""
    oracle, answers, scopes = Oracle(), {}, {}
    gathered = Gathered(oracle.ask_all)

    async def ask(key):
        with trio.CancelScope() as scopes[key]:
            answers[key] = await gathered.ask(key)

    async with trio.open_nursery() as nursery:
        for key in (1, 2, 3):
            nursery.start_soon(ask, key)
            await wait_all_tasks_blocked()
        scopes[cancelled].cancel()
        await wait_all_tasks_blocked()
        oracle.gate.set()
    assert answers == {key: key * 10 for key in (1, 2, 3) if key != cancelled}


async def test_the_shared_go_on_together():
    """Nobody waits for the others to have taken their answers."""
    oracle, rounds = Oracle(), []
    gathered = Gathered(oracle.ask_all)

    async def ask(key):
        await gathered.ask(key)
        rounds.append(turn)

    async with trio.open_nursery() as nursery:
        for key in range(100):
            nursery.start_soon(ask, key)
        turn = 0
        await wait_all_tasks_blocked()
        oracle.gate.set()
        while len(rounds) < 100:
            turn += 1
            await trio.lowlevel.checkpoint()
    assert len(set(rounds)) < 10  # a lock would let them go one each turn


async def test_whoever_is_to_ask_next_may_be_cancelled():
    """Between being told and doing it: another asks in its place."""
    oracle, answers, scopes = Oracle(), {}, {}
    gathered = Gathered(oracle.ask_all)

    async def ask(key):
        with trio.CancelScope() as scopes[key]:
            answers[key] = await gathered.ask(key)

    async with trio.open_nursery() as nursery:
        for key in (1, 2, 3):
            nursery.start_soon(ask, key)
            await wait_all_tasks_blocked()
        scopes[1].cancel()
        await trio.lowlevel.checkpoint()
        scopes[2].cancel()
        await wait_all_tasks_blocked()
        oracle.gate.set()
    assert answers == {3: 30}


async def test_who_left_while_asked_for_is_not_told_to_ask():
    """The one that asks for three gives up after the second has: the third is not left waiting for the second."""
    oracle, answers, scopes = Oracle(), {}, {}
    gathered = Gathered(oracle.ask_all)

    async def ask(key):
        with trio.CancelScope() as scopes[key]:
            answers[key] = await gathered.ask(key)

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            for key in (0, 1, 2, 3):
                nursery.start_soon(ask, key)
                await wait_all_tasks_blocked()
            scopes[0].cancel()  # so that 1 asks for 2 and 3 too
            await wait_all_tasks_blocked()
            assert oracle.asked == [[0], [1, 2, 3]]
            scopes[2].cancel()
            await wait_all_tasks_blocked()
            scopes[1].cancel()
            await wait_all_tasks_blocked()
            oracle.gate.set()
    assert answers == {3: 30}


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.sampled_from("acof"), st.integers(0, 7)), max_size=60))
def test_whoever_is_not_cancelled_is_answered(steps):
    """Whatever the order of questions, cancellations, answers and errors: nobody is left waiting."""
    trio.run(play, steps)


async def play(steps):
    """`a` asks, `c` cancels one that asked, `o` lets the oracle answer once, `f` has it raise once."""
    oracle, scopes, left = Oracle(), [], set()
    gathered = Gathered(oracle.ask_all)

    async def ask(number):
        left.add(number)
        with suppress(OSError), scopes[number]:
            assert await gathered.ask(number) == number * 10
        left.discard(number)

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            for action, number in steps:
                if action == "a":
                    scopes.append(trio.CancelScope())
                    nursery.start_soon(ask, len(scopes) - 1)
                elif action == "c" and scopes:
                    scopes[number % len(scopes)].cancel()
                else:
                    oracle.faults += action == "f"
                    oracle.gate.set()
                    oracle.gate = trio.Event()
                for _ in range(number):  # from the same turn of the loop to all have settled
                    await trio.lowlevel.checkpoint()
            oracle.gate.set()
    assert not left
