"""Horizons kept in the journal: what a key signed ahead of the clock cannot be used again after a restart."""

from collections.abc import Mapping

import trio

from edge_node.base.clock import Clock
from edge_node.base.ids import PublicKey
from edge_node.journal import Draft, Journal, Lane, Ticket
from edge_node.trust.horizon_rows import HORIZON_KIND, VERSION, encode_horizon, horizon_record
from edge_node.trust.horizons import RESTART_MS, Horizons

ROUNDING_MS = 2  # of two times that are cut to whole milliseconds


class HorizonLog:
    """The shell of trust/horizons: it has the clock and the journal. Make it while LOCK is held, with what
    `load_horizons` read.
    """

    def __init__(self, journal: Journal, clock: Clock, window_ms: int, stored: Mapping[PublicKey, int]) -> None:
        self._journal, self._clock = journal, clock
        self._began_s, self._began_ms = clock.monotonic_s(), clock.now_ms()
        self._horizons = Horizons(window_ms, self._began_ms + RESTART_MS, stored)
        self._on_their_way: dict[PublicKey, tuple[int, Ticket]] = {}

    async def begin(self) -> None:
        """Wait until a request signed now is later than the start: the first callers need not be refused."""
        # At most that long: a clock that just stepped back must not keep the node from starting.
        await trio.sleep(min(max(self._horizons.began_ms - self._clock.now_ms(), 0), RESTART_MS) / 1_000)

    def wait_ms(self, key: PublicKey, t_ms: int) -> int:
        """How long a caller whose clock shows `t_ms` must wait before signing anew; 0: this is surely a first use."""
        elapsed_ms = int((self._clock.monotonic_s() - self._began_s) * 1_000)
        set_ahead_ms = self._clock.now_ms() - self._began_ms - elapsed_ms - ROUNDING_MS
        return self._horizons.wait_ms(key, t_ms, elapsed_ms, max(set_ahead_ms, 0))

    async def cover(self, key: PublicKey, t_ms: int, now_ms: int) -> None:
        """Return once a request of `key` for `t_ms` would be refused after a restart at any later moment.

        Mostly at once and without a checkpoint. Raises what the journal refuses with (NotWritable, QueueFull, …).
        """
        wanted = self._horizons.wanted(key, t_ms, now_ms)
        if wanted is None:
            return
        pending = self._on_their_way.get(key)
        if pending is None or pending[0] < t_ms or pending[1].refused:
            record = horizon_record(key, wanted)
            drafts = [Draft(HORIZON_KIND, VERSION, b"", encode_horizon(record), record)]
            pending = self._on_their_way[key] = wanted, self._journal.submit(drafts, Lane.CONTROL)
        horizon_ms, ticket = pending
        try:
            await ticket.wait()
            self._horizons.hold(key, horizon_ms)
        finally:
            # A caller that went away leaves it for the next: a lower horizon must never follow a higher one.
            if ticket.settled and self._on_their_way.get(key) is pending:
                del self._on_their_way[key]
