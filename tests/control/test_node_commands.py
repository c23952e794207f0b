"""The process itself: its log level, and its stop."""

import trio

from edge_node.base.log import set_level
from tests.control.rig import ANSWER_S, at_the_door
from tests.gateway.rig import Site


async def test_the_level_changes_at_once(site: Site) -> None:
    """Until the next start; the file is not touched."""
    async with at_the_door(site) as door:
        try:
            planned = await door.control.plan("log.level", {"level": "debug"})
            assert "info" in planned.plan.summary
            assert await door.control.execute("log.level", planned.token) == {"level": "debug", "was": "info"}
            assert (await door.view.get("/v1/node"))["log"] == {"level": "debug"}
        finally:
            set_level("info")


async def test_a_stop_is_answered_and_then_done(site: Site) -> None:
    """The answer comes, the feed says goodbye, the sockets go."""
    async with at_the_door(site) as door, door.view.events(["node"]) as frames:
        assert (await anext(frames)).topic == "hello"
        planned = await door.control.plan("node.stop")
        assert (planned.plan.danger, planned.plan.confirm) == (True, "edge-node")
        assert await door.control.execute("node.stop", planned.token) == {"stopping": True}
        with trio.fail_after(ANSWER_S):
            seen = [frame async for frame in frames]
            assert (seen[-1].topic, seen[-1].data) == ("end", {"reason": "stopping"})
            while door.control.path.exists():
                await trio.sleep(0.02)
