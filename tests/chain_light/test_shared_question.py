"""One question for all who ask it at once."""

import pytest
import trio

from edge_node.chain_light.shared_question import SharedQuestions


class Asked:
    """A question that is answered when told to, and counts."""

    def __init__(self):
        self.count, self.go, self.error = 0, trio.Event(), None

    async def __call__(self):
        self.count += 1
        mine = self.count
        await self.go.wait()
        if self.error:
            raise self.error
        return mine


async def ask_all(shared, question, names, found):
    async def one(place, name):
        try:
            found[place] = await shared.ask(name, question)
        except ValueError as error:
            found[place] = error

    async with trio.open_nursery() as nursery:
        for place, name in enumerate(names):
            nursery.start_soon(one, place, name)
        await trio.testing.wait_all_tasks_blocked()
        question.go.set()


async def test_it_is_asked_once():
    """For all of one name; of another name it is another."""
    shared, question, found = SharedQuestions(), Asked(), {}
    await ask_all(shared, question, "aabab", found)
    assert question.count == 2
    assert {found[place] for place in (0, 1, 3)} != {found[place] for place in (2, 4)}
    assert len({found[place] for place in (0, 1, 3)}) == 1
    assert await shared.ask("a", question) == 3


async def test_an_error_is_everybodys():
    """And is not remembered either."""
    shared, question, found = SharedQuestions(), Asked(), {}
    question.error = ValueError("no")
    await ask_all(shared, question, "aaa", found)
    assert [str(found[place]) for place in range(3)] == ["no"] * 3
    question.error = None
    assert await shared.ask("a", question) == 2


async def test_who_asks_for_the_others_may_go():
    """One of those who wait asks then; nobody waits for an answer that nobody is after."""
    shared, question, found = SharedQuestions(), Asked(), []

    async def one():
        found.append(await shared.ask("a", question))

    async with trio.open_nursery() as nursery:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as first:
                first.start_soon(one)
                await trio.testing.wait_all_tasks_blocked()
                nursery.start_soon(one)
                nursery.start_soon(one)
                await trio.testing.wait_all_tasks_blocked()
                assert question.count == 1
                scope.cancel()
        await trio.testing.wait_all_tasks_blocked()
        assert question.count == 2
        question.go.set()
    assert found == [2, 2]


async def test_who_waits_may_go():
    """It ends nothing for the others."""
    shared, question, found = SharedQuestions(), Asked(), []

    async def one():
        found.append(await shared.ask("a", question))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(one)
        await trio.testing.wait_all_tasks_blocked()
        with trio.move_on_after(0):
            await shared.ask("a", question)
        question.go.set()
    assert found == [1]


async def test_a_question_of_its_own_name_within():
    """Nothing is left behind by a question that cannot begin."""
    shared = SharedQuestions()
    with pytest.raises(TypeError):
        await shared.ask("a", None)
    assert not shared._open
