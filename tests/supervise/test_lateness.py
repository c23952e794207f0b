"""The lateness of the event loop."""

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from edge_node.base.counters import REGISTRY
from edge_node.supervise.lateness import watch_lateness


async def test_a_stalled_loop_is_measured(mock_clock: MockClock) -> None:
    """A loop that wakes two seconds late says two seconds, and says zero again when it is on time."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch_lateness, 1.0)
        await wait_all_tasks_blocked()
        looks = REGISTRY.get_sample_value("edge_node_loop_delay_seconds_count") or 0.0
        mock_clock.jump(3.0)
        await wait_all_tasks_blocked()
        assert REGISTRY.get_sample_value("edge_node_loop_lateness_seconds") == 2.0
        assert REGISTRY.get_sample_value("edge_node_loop_delay_seconds_count") == looks + 1
        mock_clock.jump(1.0)
        await wait_all_tasks_blocked()
        assert REGISTRY.get_sample_value("edge_node_loop_lateness_seconds") == 0.0
        nursery.cancel_scope.cancel()
