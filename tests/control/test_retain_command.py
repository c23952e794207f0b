"""A stream's oldest events removed in two steps, up to where the plan said and no further."""

from tests.control.rig import at_the_door, refused
from tests.gateway.rig import Site


async def test_what_is_too_much_goes_and_what_came_later_stays(site: Site) -> None:
    """The plan counts what goes; events that come between plan and execution are not touched."""
    async with at_the_door(site) as door:
        for number in range(10):
            assert (await door.node.say(b'{"n":%d}' % number)).status_code == 202
        planned = await door.control.plan("stream.retain", {"stream": "site/a", "bytes": 28})
        assert (planned.plan.danger, planned.plan.confirm, planned.plan.arguments["until"]) == (True, "site/a", 6)
        await door.node.say(b'{"n":10}')
        result = await door.control.execute("stream.retain", planned.token)
        assert (result["removed"], result["first_offset"]) == ({"events": 6, "bodies": 6, "bytes": 42}, 6)
        [row] = (await door.control.get("/v1/streams"))["streams"]
        assert (row["first_offset"], row["next_offset"]) == (6, 11)


async def test_nothing_to_remove_is_said(site: Site) -> None:
    """A plan that removes nothing executes as such."""
    async with at_the_door(site) as door:
        await door.node.say(b'{"n":1}')
        planned = await door.control.plan("stream.retain", {"stream": "site/a", "bytes": 10**9})
        assert planned.plan.danger is False
        await door.node.say(b'{"n":2}')
        result = await door.control.execute("stream.retain", planned.token)
        assert result["removed"]["events"] == 0


async def test_two_at_once(site: Site) -> None:
    """The second plan is stale: its beginning is gone."""
    async with at_the_door(site) as door:
        for number in range(4):
            await door.node.say(b'{"n":%d}' % number)
        plans = [await door.control.plan("stream.retain", {"stream": "site/a", "bytes": kept}) for kept in (14, 7)]
        await door.control.execute("stream.retain", plans[0].token)
        async with refused(409, "plan-stale"):
            await door.control.execute("stream.retain", plans[1].token)
        [row] = (await door.control.get("/v1/streams"))["streams"]
        assert row["first_offset"] == 2
