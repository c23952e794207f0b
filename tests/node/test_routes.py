"""The routes of a node's HTTP doors."""

import pytest

from edge_node.gateway.errors import NoRoom
from edge_node.node.routes import build_routes
from edge_node.node.status import Status
from edge_node.settings.doors import MODES
from tests.gateway.ddc_rig import ddc_at
from tests.gateway.rig import Site


async def test_every_door_has_all_of_them(site: Site) -> None:
    """Whatever its mode, and each its own router over the same rooms."""
    async with ddc_at(site) as node:
        routes = build_routes(node.settings, node.rooms, Status())
        routers = [routes.router_of(mode) for mode in MODES]
        assert len({frozenset(router.routes()) for router in routers}) == 1
        for path in (
            "/info",
            "/events",
            "/api/v1/pieces",
            "/api/v1/streams",
            "/api/v1/bearer",
            "/file.FileApi/{method}",
        ):
            assert path in {template for _, template in routers[0].routes()}


async def test_changed_settings_reach_the_budgets(site: Site) -> None:
    """Those of bodies and of answers."""
    async with ddc_at(site) as node:
        routes = build_routes(node.settings, node.rooms, Status())
        routes.apply(site.settings(http={"bodies_bytes_max": 5, "answers_bytes_max": 6}))
        with routes.bodies.hold(1), pytest.raises(NoRoom), routes.bodies.hold(5):
            pass
        with routes.answers.hold("a") as held:
            held.resize(4)
            assert not routes.answers.has("b", 3)
