"""Is a room that has work getting on with it? What a heartbeat means for a queue (pure)."""


class Progress:
    """Compares two looks at a queue: it is alive when nothing waits, or when something was done since the last look."""

    __slots__ = ("_done",)

    def __init__(self) -> None:
        self._done = -1

    def alive(self, *, waiting: int, done: int) -> bool:
        """`waiting` items are queued now, `done` were finished since the start."""
        moved, self._done = done != self._done, done
        return moved or waiting == 0
