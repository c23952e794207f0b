"""How far an upload or download is: told after every chunk, by whoever moves it."""

from collections.abc import AsyncIterator, Callable
from typing import Self

Progress = Callable[[int, int | None], None]
"""Told `(bytes moved, bytes in all)`, the second None when nobody said; called on the event loop, so briefly."""


def untold(_done: int, _size: int | None) -> None:
    """Nobody wants to know."""


class Told:
    """The same chunks; each counts once its taker asks for the next, so that a byte told of has moved.

    No generator: one that is left before its end would want to be closed.
    """

    def __init__(self, chunks: AsyncIterator[bytes], progress: Progress, size: int | None) -> None:
        self._chunks, self._progress, self._size = chunks, progress, size
        self._done = self._last = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._last:
            self._done, self._last = self._done + self._last, 0
            self._progress(self._done, self._size)
        chunk = await anext(self._chunks)
        self._last = len(chunk)
        return chunk
