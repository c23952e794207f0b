"""The open paths say that the node lives, whether it takes writes, and who it is."""

from edge_node import __version__
from tests.gateway.rig import Site, running


async def test_health_readiness_and_information_need_no_key(site: Site) -> None:
    """Each answers JSON that nobody may cache."""
    async with running(site) as node:
        for path in ("/healthz", "/readyz", "/info"):
            answer = await node.client.get(path)
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-store"
        info = (await node.client.get("/info")).json()
        assert info["version"] == __version__
        assert info["node"] == info["vault"] == site.node.hex()
        assert info["clock"] == 2


async def test_readiness_names_every_room(site: Site) -> None:
    """All required rooms run, and the answer says so one by one."""
    async with running(site) as node:
        ready = (await node.client.get("/readyz")).json()
        assert ready["ready"] is True
        assert {room["state"] for room in ready["rooms"].values()} == {"running"}
        assert {"journal", "store", "http"} <= set(ready["rooms"])


async def test_head_answers_like_get_without_a_body(site: Site) -> None:
    """HEAD has the length of the GET it stands for."""
    async with running(site) as node:
        answer = await node.client.head("/healthz")
        assert (answer.status_code, answer.content) == (200, b"")
        assert int(answer.headers["content-length"]) == len((await node.client.get("/healthz")).content)
