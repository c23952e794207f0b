"""An outage of a trial's chain, on a real node and a real chain: said, mended, and proved."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from edge_node.base.clock import SystemClock
from edge_node.devnet.chain_check import chain_claims, look_through
from edge_node.devnet.chain_outage import Outage, follows
from edge_node.devnet.chain_site import ChainSite
from edge_node.devnet.chain_watch import ChainWatch, Final, Look
from edge_node.devnet.processes import TrialFault, processes
from edge_node.devnet.site import Site
from edge_node.paths import Paths


@asynccontextmanager
async def chain_of(root: Path) -> AsyncIterator[tuple[Site, ChainSite, ChainWatch]]:
    """A chain, a node that is told of it but does not run yet, and who looks at it."""
    with processes() as running:
        site = Site(root, running)
        chain = ChainSite(site.files, running)
        await site.make_node()
        async with trio.open_nursery() as nursery:
            await chain.start(nursery)
            site.settings = chain.environ
            watch = ChainWatch(Paths(site.files.node).control_socket, SystemClock())
            nursery.start_soon(watch.run)
            yield site, chain, watch
            nursery.cancel_scope.cancel()


async def test_an_outage_is_said_and_mends_itself(tmp_path: Path) -> None:
    """What was seen of it is what the check proves, on the same node after a kill -9 too."""
    async with chain_of(tmp_path) as (site, chain, watch):
        await site.start_node()
        outage = Outage(chain, watch, SystemClock())
        await outage.run()
        await site.kill_node()
        await site.start_node()
        await outage.until_followed()
        now = await look_through(Paths(site.files.node).control_socket)
        assert [claim.text for claim in await chain_claims(outage.history(), now) if not claim.holds] == []
        await site.stop_node()
        await chain.stop()


async def test_a_node_that_never_follows_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the node's own words, or the lack of them: then there is nothing to cut."""
    monkeypatch.setattr("edge_node.devnet.chain_outage.FOLLOW_S", 0.5)
    async with chain_of(tmp_path) as (_, chain, watch):
        with pytest.raises(TrialFault, match=r"did not follow the chain within .*: it said nothing"):
            await Outage(chain, watch, SystemClock()).run()


def test_following_wants_something_proved() -> None:
    """The checkpoint's own block is nobody's proof."""
    assert follows(Look("following", "as it should be", Final(1, "00" * 32)))
    assert not follows(Look("following", "as it should be", Final(0, "00" * 32)))
    assert not follows(Look("stalled", "as it is", Final(1, "00" * 32)))
