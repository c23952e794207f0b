"""Questions that come while one is being answered are answered together: one thread hop for all of them."""

from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Generic, TypeVar

import trio

Key = TypeVar("Key")
Answer = TypeVar("Answer")

ALIKE = 3  # keys that fail one by one, and none that does not: it is not the keys, and the others need no hop each


class _Question(Generic[Key, Answer]):
    __slots__ = ("answers", "error", "given_up", "key", "stirred", "trace")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.answers: list[Answer] = []  # one, once it is known
        self.error: Exception | None = None  # instead of an answer
        self.trace: TracebackType | None = None  # where the error came from, without those who were told of it
        self.stirred = trio.Event()  # it is settled, or it is its task's turn to ask
        self.given_up = False  # nobody waits for it: it must not be the one whose turn it is

    @property
    def settled(self) -> bool:
        return bool(self.answers) or self.error is not None

    def answer(self, answer: Answer) -> None:
        self.answers.append(answer)
        self.stirred.set()

    def refuse(self, error: Exception) -> None:
        self.error, self.trace = error, error.__traceback__
        self.stirred.set()


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
        """The answer to `key`, asked for after this call began; what `ask_all` raises when asked for it alone."""
        question = _Question[Key, Answer](key)
        self._open.append(question)
        while not question.settled:
            if self._asking:
                await self._wait(question)
            else:
                await self._ask_open(question)
        if question.error is not None:
            raise question.error.with_traceback(question.trace)
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
            await self._settle(asked)
        except BaseException:
            # The cancellation is this task's: of the others the first asks again.
            own.given_up = True
            self._open[:0] = [question for question in asked if not (question.given_up or question.settled)]
            raise
        finally:
            self._asking = False
            self._stir_next()

    async def _settle(self, asked: Sequence[_Question[Key, Answer]]) -> None:
        """Of questions that fail together each half is asked again: an error is only theirs who ask for its key."""
        parts, refused, answered = [asked], 0, False
        while parts:
            part = [question for question in parts.pop() if not (question.given_up or question.settled)]
            error = await self._try(part) if part else None
            if error is None:
                answered = answered or bool(part)
            elif any(question.key != part[0].key for question in part):
                half = len(part) // 2
                parts += part[half:], part[:half]
            else:
                refused += 1
                hopeless = refused == ALIKE and not answered
                for question in asked:
                    if not question.settled and (hopeless or question.key == part[0].key):
                        question.refuse(error)

    async def _try(self, part: Sequence[_Question[Key, Answer]]) -> Exception | None:
        try:
            answers = await self._ask_all([question.key for question in part])
            told = list(zip(part, answers, strict=True))
        except Exception as error:  # noqa: BLE001 - raised again by whoever asked for the key it belongs to
            return error
        for question, answer in told:
            question.answer(answer)
        return None

    def _stir_next(self) -> None:
        if self._open and not self._asking:
            self._open[0].stirred.set()
