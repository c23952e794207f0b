"""Deadlines without timers, and counts of connections: what keeps a server standing, at no cost per request.

A deadline is a number on the connection; one task looks at all of them every TICK_S. Setting one costs an addition,
where a cancel scope around each request would cost more than parsing it. The price is coarseness: a connection is
ended at its deadline or up to 1 s later, never earlier.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

import trio

from edge_node.serving.refusals import Overloaded

TICK_S = 0.5
NEVER = float("inf")
# Bad signatures answered on one connection: enough for a device that tries, a new handshake for a flood.
FORGED_MAX = 16


class Expiring(Protocol):
    """Something with a deadline in the reaper's time."""

    deadline: float

    def expire(self) -> None:
        """The deadline has passed."""
        ...


class Reaper:
    """The one task that ends what is overdue; `on_tick` is called at every tick, for what else is coarse."""

    def __init__(self, watched: Iterable[Expiring], on_tick: Callable[[], None] = lambda: None) -> None:
        self._watched = watched
        self._on_tick = on_tick
        self.now = 0.0

    def after(self, seconds: float) -> float:
        """The deadline `seconds` from now; `now` is up to a tick old, hence the tick on top."""
        return self.now + seconds + TICK_S

    def tick(self) -> None:
        """Look at the clock, and end what is overdue; once before the first deadline is set, then by `run`."""
        self.now = trio.current_time()
        self._on_tick()
        for connection in [one for one in self._watched if one.deadline <= self.now]:
            connection.expire()

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            self.tick()
            await trio.sleep(TICK_S)


class ConnectionCount:
    """How many connections there are, in all and per address."""

    def __init__(self, in_all: int, per_address: int) -> None:
        self._in_all = in_all
        self._per_address = per_address
        self._count: dict[str, int] = {}
        self.total = 0

    def resize(self, in_all: int, per_address: int) -> None:
        """Other limits from now on; connections there are stay."""
        self._in_all, self._per_address = in_all, per_address

    def enter(self, address: str) -> None:
        """Count one more; Overloaded, with nothing counted, when a limit is reached."""
        if self.total >= self._in_all:
            raise Overloaded(self._in_all)
        if self._count.get(address, 0) >= self._per_address:
            raise Overloaded(self._per_address)
        self.total += 1
        self._count[address] = self._count.get(address, 0) + 1

    def leave(self, address: str) -> None:
        """Count one less."""
        self.total -= 1
        left = self._count[address] - 1
        if left:
            self._count[address] = left
        else:
            del self._count[address]
