"""The open paths: alive, ready, and who this is."""

from edge_node import __version__
from edge_node.gateway.status import Identity, Readiness, StatusRoutes
from edge_node.serving import Router
from tests.gateway.rig import CLOCK, Site, running
from tests.store.rig import FixedClock, key_of, vault_of


async def test_a_running_node_says_so(site: Site) -> None:
    """200 on all three, nothing of it kept by caches."""
    async with running(site) as node:
        for path in ("/healthz", "/readyz", "/info"):
            answer = await node.client.get(path)
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        ready = (await node.client.get("/readyz")).json()
        assert ready["ready"] is True
        assert {room["state"] for room in ready["rooms"].values()} == {"running"}
        assert set(ready["rooms"]) == {
            "journal", "audit", "activity", "store", "subscriptions", "retention", "content", "control", "http", "grpc",
        }  # fmt: skip
        info = (await node.client.get("/info")).json()
        assert (info["node"], info["vault"]) == (str(site.node), str(site.node))
        assert (info["name"], info["version"], info["clock"]) == ("edge-node", __version__, 2)
        assert info["mode"] == "full"
        assert 0 < info["time"] <= CLOCK.now_ms()
        for path, origin, allowed in (
            ("/info", "https://app.example", "*"),
            ("/info", "null", None),
            ("/readyz", "https://app.example", None),
        ):
            answer = await node.client.get(path, headers={"origin": origin})
            assert answer.headers.get("access-control-allow-origin") == allowed


async def test_readiness_is_the_supervisor_s_word() -> None:
    """503 with the rooms' own reasons while one of them is not well."""
    rooms = {"journal": {"state": "degraded", "reason": "low: free space is short"}}
    identity = Identity("n", "1", key_of("node").public, vault_of("node"))
    routes = StatusRoutes(identity, FixedClock(), lambda: Readiness(ready=False, rooms=rooms))
    routes.add_to(Router())
    answer = await routes.readyz(None)
    assert answer.status == 503
    assert b"free space is short" in answer.body
