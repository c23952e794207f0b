"""How late the event loop wakes: the first sign of work that belongs into a thread."""

import trio

from edge_node.base.counters import LOOP_DELAYS, LOOP_LATENESS

PERIOD_S = 0.5  # often enough to see a 50 ms stall in a minute's figures, too seldom to cost anything


async def watch_lateness(period_s: float = PERIOD_S) -> None:
    """Set LOOP_LATENESS and fill LOOP_DELAYS of base.counters every period, in seconds, until cancelled."""
    while True:
        due = trio.current_time() + period_s
        await trio.sleep_until(due)
        late = trio.current_time() - due
        LOOP_LATENESS.set(late)
        LOOP_DELAYS.observe(late)
