"""Gathered questions: who shares a hop, and that one task's misfortune stays its own."""

from collections.abc import Sequence

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked

from edge_node.base.gathered import Gathered


class Unreadable(Exception):
    """What was found under one key makes no sense; `key` says which."""

    def __init__(self, key: int) -> None:
        self.key = key
        super().__init__(f"what stands at {key} makes no sense")


class Oracle:
    """Answers with the tenfold, when let; keeps what it was asked in one go."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.gate = trio.Event()
        self.faults = 0  # how many more times it raises, whatever it is asked
        self.unreadable: set[int] = set()  # keys that it raises at

    async def ask_all(self, keys: Sequence[int]) -> list[int]:
        self.asked.append(list(keys))
        await self.gate.wait()
        for key in keys:
            if key in self.unreadable:
                raise Unreadable(key)
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


async def ask_together(oracle: Oracle, keys: Sequence[int]) -> dict[int, int | Exception]:
    """What becomes of each key, all but the first asked for in one hop."""
    gathered, outcomes = Gathered(oracle.ask_all), {}

    async def ask(key):
        try:
            outcomes[key] = await gathered.ask(key)
        except (OSError, Unreadable) as error:
            outcomes[key] = error

    async with trio.open_nursery() as nursery:
        for key in keys:
            nursery.start_soon(ask, key)
            await wait_all_tasks_blocked()
        oracle.gate.set()
    return outcomes


async def test_a_lone_question_gets_its_error():
    """It is not asked twice."""
    oracle = Oracle()
    oracle.unreadable = {1}
    outcomes = await ask_together(oracle, [1])
    assert isinstance(outcomes[1], Unreadable)
    assert oracle.asked == [[1]]


@pytest.mark.parametrize("culprit", range(1, 17))
async def test_an_error_ends_the_question_it_belongs_to(culprit):
    """Whoever asked for all: the key that cannot be read is found by halves, and the others get their answers."""
    oracle = Oracle()
    oracle.unreadable = {culprit}
    outcomes = await ask_together(oracle, range(17))
    assert {key for key, outcome in outcomes.items() if outcome != key * 10} == {culprit}
    assert outcomes[culprit].key == culprit
    assert len(oracle.asked) == 2 + 2 * 4  # the first key's, all of sixteen, and two a halving


async def test_all_who_ask_for_an_unreadable_key_get_its_error():
    """However many they are, it counts as one: it does not spoil the rest."""
    oracle, told = Oracle(), []
    oracle.unreadable = {1}
    gathered = Gathered(oracle.ask_all)

    async def ask(key):
        try:
            told.append(await gathered.ask(key))
        except Unreadable as error:
            told.append(error.key)

    async with trio.open_nursery() as nursery:
        for key in (0, 1, 1, 1, 1, 1, 2):
            nursery.start_soon(ask, key)
            await wait_all_tasks_blocked()
        oracle.gate.set()
    assert sorted(told) == [0, 1, 1, 1, 1, 1, 20]


async def test_several_unreadable_keys_get_each_its_own_error():
    """Also more of them than are taken for a sign that nothing answers, once anything has answered."""
    oracle = Oracle()
    oracle.unreadable = {1, 2, 6, 7, 8}
    outcomes = await ask_together(oracle, range(10))
    assert {key: getattr(outcome, "key", outcome) for key, outcome in outcomes.items()} == {
        key: key if key in oracle.unreadable else key * 10 for key in range(10)
    }


async def test_a_fault_that_passes_is_nobodys():
    """A hop of several that fails once is asked again in halves, and all are answered."""
    oracle = Oracle()
    outcomes = {}
    gathered = Gathered(oracle.ask_all)

    async def ask(key):
        outcomes[key] = await gathered.ask(key)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, 0)
        await wait_all_tasks_blocked()
        for key in (1, 2, 3):
            nursery.start_soon(ask, key)
        await wait_all_tasks_blocked()
        former, oracle.gate = oracle.gate, trio.Event()
        former.set()
        await wait_all_tasks_blocked()
        oracle.faults = 1
        oracle.gate.set()
    assert outcomes == {0: 0, 1: 10, 2: 20, 3: 30}


async def test_when_nothing_answers_not_every_key_is_tried():
    """Three that fail one by one, and none that does not: the others get the third's error without a hop each."""
    oracle = Oracle()
    oracle.faults = 10_000
    outcomes = await ask_together(oracle, range(65))
    assert all(isinstance(outcome, OSError) for outcome in outcomes.values())
    assert [len(keys) for keys in oracle.asked] == [1, 64, 32, 16, 8, 4, 2, 1, 1, 2, 1]


async def test_many_who_ask_for_one_key_do_not_hide_that_nothing_answers():
    """A half that needs no hop, because its key has failed already, is no answer."""
    oracle = Oracle()
    oracle.faults = 10_000
    await ask_together(oracle, [0, 1, 2, 1, 1, *range(3, 15)])
    assert [len(keys) for keys in oracle.asked] == [1, 16, 8, 4, 2, 1, 1, 4, 2, 1]


async def test_a_shared_error_tells_each_asker_its_own_way():
    """Its trace does not grow by those who were told before: one of a thousand would hold all their frames."""
    oracle = Oracle()
    oracle.faults = 10_000
    outcomes = await ask_together(oracle, range(65))
    shared = outcomes[64]
    assert sum(outcome is shared for outcome in outcomes.values()) == 62
    depth, trace = 0, shared.__traceback__
    while trace is not None:
        depth, trace = depth + 1, trace.tb_next
    assert depth < 10


@pytest.mark.parametrize(
    ("cancelled", "further", "outcome"),
    [
        (1, [[3, 4], [3], [4]], {0: 0, 2: 20, 3: 3, 4: 40}),  # that asks: another asks for those not settled yet
        (4, [[3]], {0: 0, 1: 10, 2: 20, 3: 3}),  # that waits: it is asked for no more
    ],
)
async def test_who_is_cancelled_while_the_culprit_is_sought_leaves_the_others_theirs(cancelled, further, outcome):
    """Nobody is asked for twice who has an answer, nor anybody who has gone."""
    oracle, outcomes, scopes = Oracle(), {}, {}
    oracle.unreadable = {3}
    gathered = Gathered(oracle.ask_all)

    async def ask(key):
        with trio.CancelScope() as scopes[key]:
            try:
                outcomes[key] = await gathered.ask(key)
            except Unreadable as error:
                outcomes[key] = error.key

    async with trio.open_nursery() as nursery:
        for key in (0, 1, 2, 3, 4):
            nursery.start_soon(ask, key)
            await wait_all_tasks_blocked()
        for _ in range(3):
            former, oracle.gate = oracle.gate, trio.Event()
            former.set()
            await wait_all_tasks_blocked()
        assert oracle.asked == [[0], [1, 2, 3, 4], [1, 2], [3, 4]]
        scopes[cancelled].cancel()
        await wait_all_tasks_blocked()
        oracle.gate.set()
    assert outcomes == outcome
    assert oracle.asked[4:] == further


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


UNREADABLE = 1_000


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.sampled_from("aauco"), st.integers(0, 7)), max_size=60), st.integers(0, 1))
def test_whoever_is_not_cancelled_gets_what_belongs_to_its_key(steps, faults):
    """Whatever the order of questions, cancellations and answers: an answer, or the error of this very key."""
    trio.run(play, steps, faults)


async def play(steps, faults):
    """`a` asks, `u` asks for the unreadable key, `c` cancels one that asked, `o` lets the oracle answer once."""
    oracle, scopes, left = Oracle(), [], set()
    oracle.unreadable, oracle.faults = {UNREADABLE}, faults
    gathered = Gathered(oracle.ask_all)

    async def ask(number, key):
        left.add(number)
        with scopes[number]:
            try:
                assert await gathered.ask(key) == key * 10
                assert key != UNREADABLE
            except Unreadable as error:
                assert error.key == key  # noqa: PT017 - of the one that asked, not of the others
            except OSError:
                assert faults
        left.discard(number)

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            for action, number in steps:
                if action in "au":
                    scopes.append(trio.CancelScope())
                    nursery.start_soon(ask, len(scopes) - 1, UNREADABLE if action == "u" else len(scopes) - 1)
                elif action == "c" and scopes:
                    scopes[number % len(scopes)].cancel()
                else:
                    oracle.gate.set()
                    oracle.gate = trio.Event()
                for _ in range(number):  # from the same turn of the loop to all have settled
                    await trio.lowlevel.checkpoint()
            oracle.gate.set()
    assert not left
