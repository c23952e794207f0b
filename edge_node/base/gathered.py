"""Questions that come while one is being answered are answered together: one thread hop for all of them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import trio

Key = TypeVar("Key")
Answer = TypeVar("Answer")


class _Question(Generic[Key, Answer]):
    __slots__ = ("answers", "key")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.answers: list[Answer] = []  # one, once it is known


class Gathered(Generic[Key, Answer]):
    """Asks `ask_all(keys)` for what many tasks want to know; it answers one per key, in order.

    Alone, a question is asked at once. A hop costs more than a point lookup: with sixteen tasks it is shared by
    sixteen.
    """

    def __init__(self, ask_all: Callable[[Sequence[Key]], Awaitable[Sequence[Answer]]]) -> None:
        self._ask_all = ask_all
        self._open: list[_Question[Key, Answer]] = []
        self._turn = trio.Lock()

    async def ask(self, key: Key) -> Answer:
        """The answer to `key`, asked for after this call began; what `ask_all` raises."""
        question = _Question[Key, Answer](key)
        self._open.append(question)
        async with self._turn:
            if not question.answers:
                await self._ask_open(question)
        return question.answers[0]

    async def _ask_open(self, own: _Question[Key, Answer]) -> None:
        asked, self._open = self._open, []
        try:
            answers = await self._ask_all([question.key for question in asked])
        except BaseException:
            # The error or the cancellation is this task's: each of the others asks again in its own turn.
            self._open[:0] = [question for question in asked if question is not own]
            raise
        for question, answer in zip(asked, answers, strict=True):
            question.answers.append(answer)
