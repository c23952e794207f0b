"""A site of real processes: a node that is made, killed and found again on its port."""

from pathlib import Path

import pytest

from edge_node.client import Node
from edge_node.devnet.processes import TrialFault, processes
from edge_node.devnet.site import Site


async def test_a_killed_node_comes_back_on_its_port(tmp_path: Path) -> None:
    """Devices keep their address; the node keeps its key; a stop is orderly."""
    with processes() as running:
        site = Site(tmp_path, running)
        await site.make_node()
        await site.start_node()
        url = site.url
        assert url == f"http://127.0.0.1:{site.port}"
        await site.kill_node()
        await site.start_node()
        assert site.url == url
        async with Node(url) as node:
            assert (await node.info()).node == site.node_key
        await site.stop_node()


async def test_a_node_that_cannot_start_is_a_fault_with_its_words(tmp_path: Path) -> None:
    """The log's end stands in the error."""
    (tmp_path / "node.toml").write_text("[node]\nnam = 1\n")
    with processes() as running, pytest.raises(TrialFault, match=r"did not start(.|\n)*nam"):
        await Site(tmp_path, running).start_node()


async def test_a_device_that_died_is_a_fault(tmp_path: Path) -> None:
    """Enrolment does not wait for a key that never comes."""
    with processes() as running:
        site = Site(tmp_path, running)
        site.start_stations(["nosuchsensor"])
        with pytest.raises(TrialFault, match="device nosuchsensor ended with 2"):
            await site.enrol("nosuchsensor")
