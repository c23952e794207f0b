"""The door as a service: it begins with its sockets, ends with them, and needs none."""

import pytest
import trio

from edge_node.client.control import ControlClient
from edge_node.control.door import ControlDoor
from edge_node.control.sockets import open_sockets
from edge_node.settings import ControlSettings
from tests.control.house import house_of
from tests.control.rig import ANSWER_S, at_the_door
from tests.gateway.rig import Site


async def test_it_serves_until_it_is_drained(site: Site) -> None:
    """Readers of the feed are told, the files go, `run` ends."""
    async with house_of(site) as house:
        async with trio.open_nursery() as nursery:
            door = ControlDoor(house, open_sockets(ControlSettings(group="", view_group=""), site.paths))
            await nursery.start(door.run)
            assert [one.name for one in door.doors] == ["control", "view"]
            async with ControlClient(site.paths.view_socket) as view, view.events(["node"]) as frames:
                await anext(frames)
                with trio.fail_after(ANSWER_S):
                    await door.drain()
                    assert [frame.topic async for frame in frames][-1] == "end"
        assert not site.paths.control_socket.exists()


async def test_a_cancelled_door_leaves_nothing(site: Site) -> None:
    """A stop in a hurry removes the files too."""
    async with house_of(site) as house:
        async with trio.open_nursery() as nursery:
            door = ControlDoor(house, open_sockets(ControlSettings(group="", view_group=""), site.paths))
            await nursery.start(door.run)
            nursery.cancel_scope.cancel()
        assert not site.paths.view_socket.exists()


async def test_a_node_may_have_no_sockets(site: Site) -> None:
    """Then nothing is served, and the node runs all the same."""
    from tests.gateway.rig import running

    async with running(site, control={"socket": "none", "view_socket": "none"}) as node:
        assert not site.paths.control_socket.parent.exists()
        assert (await node.client.get("/readyz")).json()["rooms"]["control"]["state"] == "running"


async def test_a_second_node_does_not_take_the_sockets(site: Site, template: Site) -> None:
    """It does not start, and the first one's doors go on."""
    async with at_the_door(site) as door:
        other = template.copy(site.root.parent / "e")
        with pytest.raises(ExceptionGroup) as group:
            async with at_the_door(other, control={"socket": str(door.control.path)}):
                pass
        assert "another process serves" in repr(group.value.exceptions)
        assert (await door.control.get("/v1/node"))["ready"] is True
