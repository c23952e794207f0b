"""Questions that come while one is being answered are answered together: one thread hop for all of them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import trio

Key = TypeVar("Key")
Answer = TypeVar("Answer")


class _Question(Generic[Key, Answer]):
    __slots__ = ("answers", "given_up", "key", "stirred")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.answers: list[Answer] = []  # one, once it is known
        self.stirred = trio.Event()  # it is answered, or it is its task's turn to ask
        self.given_up = False  # nobody waits for it: it must not be the one whose turn it is


class Gathered(Generic[Key, Answer]):
    """Asks `ask_all(keys)` for what many tasks want to know; it answers one per key, in order.

    Alone, a question is asked at once. A hop costs more than a point lookup: with sixteen tasks it is shared by
    sixteen, and all of them go on in one turn of the loop (a lock would let them go one each turn).
    """

    def __init__(self, ask_all: Callable[[Sequence[Key]], Awaitable[Sequence[Answer]]]) -> None:
        self._ask_all = ask_all
        self._open: list[_Question[Key, Answer]] = []
        self._asking = False

    async def ask(self, key: Key) -> Answer:
        """The answer to `key`, asked for after this call began; what `ask_all` raises."""
        question = _Question[Key, Answer](key)
        self._open.append(question)
        while not question.answers:
            if self._asking:
                await self._wait(question)
            else:
                await self._ask_open(question)
        return question.answers[0]

    async def _wait(self, question: _Question[Key, Answer]) -> None:
        try:
            await question.stirred.wait()
        except trio.Cancelled:
            question.given_up = True
            if question in self._open:
                self._open.remove(question)
            self._stir_next()  # it may have been told that it is its turn
            raise
        question.stirred = trio.Event()

    async def _ask_open(self, own: _Question[Key, Answer]) -> None:
        asked, self._open = self._open, []
        self._asking = True
        try:
            answers = await self._ask_all([question.key for question in asked])
        except BaseException:
            # The error or the cancellation is this task's: of the others the first asks again.
            own.given_up = True
            self._open[:0] = [question for question in asked if not question.given_up]
            raise
        else:
            for question, answer in zip(asked, answers, strict=True):
                question.answers.append(answer)
                question.stirred.set()
        finally:
            self._asking = False
            self._stir_next()

    def _stir_next(self) -> None:
        if self._open and not self._asking:
            self._open[0].stirred.set()
