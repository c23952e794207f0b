"""The signed request as the door sees it: each step refuses for its own reason, in an order that costs little."""

import os

from edge_node.base.ids import Nonce
from tests.gateway.rig import CLOCK, Site, running

STREAMS = "/api/v1/streams"


async def test_a_request_counts_once(site: Site) -> None:
    """The same header a second time is refused, although everything in it holds."""
    async with running(site) as node:
        proof = {"edge-request": node.proof("GET", STREAMS, who="reader")}
        assert (await node.client.get(STREAMS, headers=proof)).status_code == 200
        again = await node.client.get(STREAMS, headers=proof)
        assert (again.status_code, again.json()["type"]) == (401, "urn:edge-node:problem:nonce-reused")


async def test_the_query_is_signed(site: Site) -> None:
    """A proof for one target is worthless for another, and for another method."""
    async with running(site) as node:
        proof = {"edge-request": node.proof("GET", STREAMS + "?vault=" + site.node.hex(), who="reader")}
        assert (await node.client.get(STREAMS, headers=proof)).status_code == 401
        proof = {"edge-request": node.proof("POST", STREAMS, who="reader")}
        assert (await node.client.get(STREAMS, headers=proof)).status_code == 401


async def test_time_must_be_near(site: Site) -> None:
    """Inside the window either way is accepted, outside is refused with both figures."""
    async with running(site) as node:
        near = CLOCK.now_ms() - 290_000
        assert (await node.ask("GET", STREAMS, who="reader", t_ms=near)).status_code == 200
        for off in (-301_000, 301_000):
            answer = await node.ask("GET", STREAMS, who="reader", t_ms=CLOCK.now_ms() + off)
            assert answer.status_code == 401
            assert answer.json()["type"] == "urn:edge-node:problem:request-expired"


async def test_a_refused_request_does_not_use_up_its_nonce(site: Site) -> None:
    """A forged copy that arrives first must not lock the real one out."""
    async with running(site) as node:
        nonce = Nonce(os.urandom(16))
        proof = node.proof("GET", STREAMS, who="reader", nonce=nonce)
        forged = proof[:-6] + ("A" if proof[-6] != "A" else "B") + proof[-5:]
        assert (await node.client.get(STREAMS, headers={"edge-request": forged})).status_code in {400, 401}
        assert (await node.client.get(STREAMS, headers={"edge-request": proof})).status_code == 200
