"""docs/how-to/development-chain.md names what there is."""

import re
from pathlib import Path

from edge_node.cli import devnet
from edge_node.devnet.faults import Lie
from edge_node.devnet.pallets.apis import APIS
from edge_node.devnet.rpc.control import METHODS

PAGE = (Path(__file__).parents[2] / "docs/how-to/development-chain.md").read_text()


def test_every_fault_is_told():
    """Each lie and each method that sets a fault, and none that there is not."""
    assert set(re.findall(r"`(devnet_\w+)`", PAGE)) == set(METHODS)
    lies = PAGE.partition("| lie |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", lies)) == set(Lie)


def test_every_option_is_told():
    """By its name, all but those that say what else they are."""
    options = {name.replace("_", "-") for name in devnet.chain.__annotations__} - {"return"}
    assert {name for name in options if f"--{name}" not in PAGE} == set()


def test_every_interface_is_told():
    """Those that state_call answers."""
    assert all(api.name in PAGE.rpartition("state_call")[2] for api in APIS)
