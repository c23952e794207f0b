"""One question that many ask at once is asked once; who asks it for the others may go, and another takes over."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

import trio

Answer = TypeVar("Answer")


class _Asked(Generic[Answer]):
    """A question that is under way."""

    __slots__ = ("answer", "error", "over")

    def __init__(self) -> None:
        self.over = trio.Event()
        self.answer: list[Answer] = []
        self.error: Exception | None = None


class SharedQuestions(Generic[Answer]):
    """Questions by name. Nothing is remembered: who asks after the answer came asks anew."""

    def __init__(self) -> None:
        self._open: dict[Hashable, _Asked[Answer]] = {}

    async def ask(self, name: Hashable, question: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer to `question`, or to the one of this name that is under way; raises what it raises."""
        while (asked := self._open.get(name)) is not None:
            await asked.over.wait()
            if asked.answer:
                return asked.answer[0]
            if asked.error is not None:
                raise asked.error.with_traceback(None)
        return await self._ask(name, question)

    async def _ask(self, name: Hashable, question: Callable[[], Awaitable[Answer]]) -> Answer:
        asked = self._open[name] = _Asked[Answer]()
        try:
            asked.answer.append(await question())
        except Exception as error:
            asked.error = error
            raise
        finally:  # also when it was cancelled: then the first of those who wait asks for itself
            del self._open[name]
            asked.over.set()
        return asked.answer[0]
