"""What comes with the release is what is publicly known."""

import json
from pathlib import Path

import pytest

from edge_node.base.ss58 import CERE_PREFIX
from edge_node.chain_light.shipped import SHIPPED, UnknownNetwork, shipped_spec
from edge_node.chain_light.spec import NetworkKind
from edge_node.devnet.pallets.babe import EPOCH_SLOTS, SLOT_MS

ROOT = Path(__file__).parents[2]
KNOWN = json.loads((ROOT / "tests/vectors/chain/cere-chain-specs.json").read_text())["networks"]


@pytest.mark.parametrize("name", SHIPPED)
def test_each_is_read_by_its_name(name):
    """The file's name is the network's, and each fact of a live network says where it is known from."""
    spec = shipped_spec(name)
    assert spec.id == name
    if spec.kind is NetworkKind.LIVE:
        facts = set(spec.__struct_fields__) - {"format", "id", "name", "kind", "sources"}
        assert spec.sources.keys() == facts


@pytest.mark.parametrize("name", ["mainnet", "testnet"])
def test_live_networks_say_what_is_known(name):
    """Genesis, endpoints and the forms of addresses and amounts are the public ones."""
    spec, known = shipped_spec(f"cere-{name}"), KNOWN[name]
    assert f"0x{spec.genesis}" == known["genesis_hash"]
    assert [endpoint.url for endpoint in spec.endpoints] == known["rpc"]
    assert spec.id == known["chain_id_flag"]
    assert spec.groups == {"cere-network"}, "both endpoints have one operator: one witness"
    mainnet = KNOWN["mainnet"]
    assert (spec.ss58, spec.decimals, spec.symbol) == (mainnet["ss58"], mainnet["decimals"], mainnet["symbol"])
    assert spec.ss58 == CERE_PREFIX


def test_the_development_chain_is_on_this_machine():
    """Its first block is not known beforehand, and no other machine is asked for it."""
    spec = shipped_spec("dev")
    assert (spec.kind, spec.genesis) == (NetworkKind.DEVELOPMENT, None)
    assert [endpoint.loopback for endpoint in spec.endpoints] == [True]
    assert (spec.slot_ms, spec.epoch_slots) == (SLOT_MS, EPOCH_SLOTS), "as the chain that this product makes says"


@pytest.mark.parametrize("name", ["cere", "", "../spec", "dev.json", "x" * 999])
def test_no_other_name_is_read(name):
    """A name is looked up in a list, never in the file system."""
    with pytest.raises(UnknownNetwork) as refused:
        shipped_spec(name)
    assert len(str(refused.value)) < 120
    assert "dev, cere-mainnet, cere-testnet" in refused.value.remedy


def test_every_file_is_offered():
    """No specification lies in the package that no name reaches."""
    files = (ROOT / "edge_node/chain_light/specs").iterdir()
    assert {path.name for path in files} == {f"{name}.json" for name in SHIPPED}
