"""The chain of a trial: it serves, its cable can be cut and put back, and it goes on meanwhile."""

from pathlib import Path

import pytest
import trio

from edge_node.chain_light import rpc
from edge_node.chain_light.source_errors import EndpointUnreachable
from edge_node.chain_light.spec import ChainSpec, Endpoint
from edge_node.devnet.chain_site import ChainSite
from edge_node.devnet.layout import SiteFiles
from edge_node.devnet.processes import TrialFault, processes


async def height(url: str) -> int:
    """What whoever connects is told."""
    async with trio.open_nursery() as nursery:
        chain: rpc.RpcSource = await nursery.start(rpc.connect, Endpoint(url=url, group="test"))
        header = await chain.header(await chain.finalized())
        nursery.cancel_scope.cancel()
    assert header is not None
    return header.number


async def test_a_cut_chain_goes_on_and_comes_back_at_its_address(tmp_path: Path) -> None:
    """Nobody gets through the cable meanwhile; what the node is told leads through it, and nowhere else."""
    with processes() as running:
        async with trio.open_nursery() as nursery:
            site = ChainSite(SiteFiles(tmp_path), running)
            await site.start(nursery)
            told = {name.removeprefix("EDGE_NODE__CHAIN__"): value for name, value in site.environ.items()}
            cable = told["ENDPOINTS"].removeprefix("trial=")
            assert cable != site.url
            spec = ChainSpec.from_file(Path(told["SPEC_FILE"]).read_bytes())
            assert str(spec.genesis) == site.genesis
            assert Path(told["CHECKPOINT_FILE"]).is_file()
            before = await height(cable)
            site.cut()
            with pytest.RaisesGroup(EndpointUnreachable, allow_unwrapped=True, flatten_subgroups=True):
                await height(cable)
            while await height(site.url) <= before + 1:
                await trio.sleep(0.1)
            await site.restore()
            assert await height(cable) > before
            await site.stop()
            nursery.cancel_scope.cancel()


async def test_a_chain_that_cannot_start_is_a_fault_with_its_words(tmp_path: Path) -> None:
    """The log's end stands in the error: here its directory is a file."""
    files = SiteFiles(tmp_path)
    files.chain.write_text("in the way")
    with processes() as running, pytest.RaisesGroup(pytest.RaisesExc(TrialFault, match="did not start")):
        async with trio.open_nursery() as nursery:
            await ChainSite(files, running).start(nursery)
