"""A door in front of the disk that a test closes and opens: what is behind it waits, nothing is lost."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.journal.faulty import FaultyFiles

HELD_S = 30.0  # a test that forgets to open must still end


class GatedFiles(FaultyFiles):
    """Real files whose next syncs can be held back."""

    @contextmanager
    def held(self) -> Iterator[threading.Event]:
        """Hold every fdatasync until the end of the block; the event tells that one has come."""
        came, opened = threading.Event(), threading.Event()

        def guard(operation: str, _name: str) -> None:
            if operation == "fdatasync":
                came.set()
                opened.wait(HELD_S)

        self.guard = guard
        try:
            yield came
        finally:
            self.heal()
            opened.set()
