"""The bytes that answers may hold together until they are taken: what keeps a crowd of slow readers off the memory."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

import trio

from edge_node.gateway.errors import NoRoomToAnswer

WOKEN = 2  # for what is given back: with one, those who still find no room would be all that ever wakes
AGAIN_S = 1.0  # one that was woken and left meanwhile tells nobody


class AnswerRoom:
    """A budget of bytes, held from before an answer is built until it has left. One loop.

    A key may hold at most as much as it leaves for the others: one that reads nothing of what it asks for gets to half
    of the budget, the next to half of the rest, and who comes after them is still served.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max, self.held = bytes_max, 0
        self._waiting = trio.lowlevel.ParkingLot()
        self._by_key: dict[Hashable, int] = {}

    def resize(self, bytes_max: int) -> None:
        """Another bound from now on; what is held stays held."""
        self._bytes_max = bytes_max

    @contextmanager
    def hold(self, key: Hashable) -> Iterator["Held"]:
        """What `key` holds for one answer: nothing yet, and given back with the block unless it was handed over."""
        held = Held(self, key)
        try:
            yield held
        finally:
            if not held.handed_over:
                held.release()

    def change(self, key: Hashable, more: int) -> None:
        """Hold `more` bytes for `key` (fewer, if negative), or raise NoRoomToAnswer with nothing changed."""
        own = self._by_key.get(key, 0)
        if not self._fits(own, more):
            raise NoRoomToAnswer(self.held, own, self._bytes_max)
        self.held += more
        if more < 0 and self._waiting:
            self._waiting.unpark(count=WOKEN)
        if own + more:
            self._by_key[key] = own + more
        else:
            self._by_key.pop(key, None)

    def has(self, key: Hashable, more: int) -> bool:
        """Whether `key` may hold `more` bytes now."""
        return self._fits(self._by_key.get(key, 0), more)

    def _fits(self, own: int, more: int) -> bool:
        # An answer above the whole budget passes when it is alone: a small budget slows readers, and locks nobody out.
        return more <= 0 or not self.held or own + more <= self._bytes_max - self.held

    async def wait(self) -> None:
        """Until something was given back, or a moment has passed: then look again."""
        with trio.move_on_after(AGAIN_S):
            await self._waiting.park()


class Held:
    """One answer's share of an AnswerRoom."""

    def __init__(self, room: AnswerRoom, key: Hashable) -> None:
        self._room, self._key, self.size = room, key, 0
        self.handed_over = False

    def resize(self, size: int) -> None:
        """Hold `size` bytes from now on; NoRoomToAnswer, with the former size still held."""
        self._room.change(self._key, size - self.size)
        self.size = size

    def may_resize(self, size: int) -> bool:
        """Hold `size` bytes from now on if there is room."""
        if not self._room.has(self._key, size - self.size):
            return False
        self.resize(size)
        return True

    def hand_over(self) -> Callable[[], None]:
        """Keep what is held beyond the block; whoever sends the answer gives it back by calling the result once."""
        self.handed_over = True
        return self.release

    def release(self) -> None:
        """Give everything back."""
        self.resize(0)
