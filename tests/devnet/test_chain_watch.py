"""Looking at a node's chain through its own door."""

from pathlib import Path

import trio

from edge_node.base.clock import SystemClock
from edge_node.devnet.chain_watch import ChainWatch
from edge_node.devnet.processes import processes
from edge_node.devnet.site import Site
from edge_node.paths import Paths


async def test_what_the_node_says_is_seen_and_what_it_no_longer_says_is_not(tmp_path: Path) -> None:
    """Without a chain it says off and has proved nothing; a node that is gone says nothing."""
    with processes() as running:
        site = Site(tmp_path, running)
        await site.make_node()
        await site.start_node()
        watch = ChainWatch(Paths(site.files.node).control_socket, SystemClock())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch.run)
            found = await watch.until(lambda look: look.state == "off", 10.0)
            assert found is not None
            assert (found[1].number, watch.proved) == (-1, {})
            assert watch.said.startswith("off, no network")
            assert await watch.until(lambda look: look.state == "following", 0.3) is None
            await site.kill_node()
            while watch.last is not None:
                await trio.sleep(0.05)
            assert watch.said == "it said nothing"
            assert await watch.until(lambda look: True, 0.3) is None
            nursery.cancel_scope.cancel()
