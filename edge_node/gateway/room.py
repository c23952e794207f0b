"""The bytes that bodies on their way in may hold together: what keeps a crowd of senders from filling the memory."""

from collections.abc import Iterator
from contextlib import contextmanager

from edge_node.gateway.errors import NoRoom


class Room:
    """A budget of bytes, held for as long as a body is received or worked on. One loop, no waiting."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max, self.held = bytes_max, 0

    def resize(self, bytes_max: int) -> None:
        """Another bound from now on; what is held stays held."""
        self._bytes_max = bytes_max

    @contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """Hold `size` bytes for the block, or raise NoRoom. A body above the whole budget passes when it is alone."""
        if self.held and self.held + size > self._bytes_max:
            raise NoRoom(self.held, self._bytes_max)
        self.held += size
        try:
            yield
        finally:
            self.held -= size
