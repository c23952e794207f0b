"""The bytes that answers may hold together until they are taken: what keeps a crowd of slow readers off the memory."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from edge_node.gateway.errors import NoRoomToAnswer


class AnswerRoom:
    """A budget of bytes, held from before an answer is built until it has left. One loop, no waiting.

    A key may hold at most as much as it leaves for the others: one that reads nothing of what it asks for gets to half
    of the budget, the next to half of the rest, and who comes after them is still served.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max, self.held = bytes_max, 0
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
        # An answer above the whole budget passes when it is alone: a small budget slows readers, and locks nobody out.
        if more > 0 and self.held and own + more > self._bytes_max - self.held:
            raise NoRoomToAnswer(self.held, own, self._bytes_max)
        self.held += more
        if own + more:
            self._by_key[key] = own + more
        else:
            self._by_key.pop(key, None)


class Held:
    """One answer's share of an AnswerRoom."""

    def __init__(self, room: AnswerRoom, key: Hashable) -> None:
        self._room, self._key, self.size = room, key, 0
        self.handed_over = False

    def resize(self, size: int) -> None:
        """Hold `size` bytes from now on; NoRoomToAnswer, with the former size still held."""
        self._room.change(self._key, size - self.size)
        self.size = size

    def hand_over(self) -> Callable[[], None]:
        """Keep what is held beyond the block; whoever sends the answer gives it back by calling the result once."""
        self.handed_over = True
        return self.release

    def release(self) -> None:
        """Give everything back."""
        self.resize(0)
