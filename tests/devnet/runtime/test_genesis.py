"""The first state of a chain."""

import pytest

from edge_node.chain_light.authorities import decode_authorities
from edge_node.chain_light.header import EMPTY_EXTRINSICS_ROOT
from edge_node.chain_light.storage_key import storage_key
from edge_node.devnet.pallets import dev_profile, sdk_profile
from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.runtime.calls.system import CODE_KEY
from edge_node.devnet.runtime.genesis import CODE, list_of
from tests.devnet.runtime.stage import ALICE, SUDO, VALIDATORS, make_stage


def test_the_first_block_names_the_chain():
    """The same genesis has the same hash; anything else in it, or another state version, another one."""
    one = make_stage().chain.genesis
    assert one.hash == make_stage().chain.genesis.hash
    others = [make_stage(sudo=ALICE.id), make_stage(code=b"x"), make_stage(sdk_profile(1)), make_stage(dev_profile())]
    assert len({one.hash, *(stage.chain.genesis.hash for stage in others)}) == 5
    assert (one.header.parent, one.header.number, one.header.digest) == (bytes(32), 0, ())
    assert one.header.extrinsics_root == EMPTY_EXTRINSICS_ROOT


def test_what_clients_read_first_is_there():
    """Balances, root's key, the code, and a fee multiplier of one."""
    stage = make_stage()
    assert stage.read("System", "Account", ALICE.id)["data"]["free"] == 1_000_000 * CERE
    assert stage.read("Sudo", "Key") == SUDO.id
    assert stage.chain.head.state.get(CODE_KEY) == CODE
    assert stage.read("TransactionPayment", "NextFeeMultiplier") == 10**18
    assert stage.read("System", "LastRuntimeUpgrade")["spec_name"] == "node"


def test_the_authorities_are_readable_as_the_light_client_reads_them():
    """The plain storage value is the list."""
    stage = make_stage()
    raw = stage.chain.head.state.get(storage_key(stage.chain.form.item("Grandpa", "Authorities")))
    assert decode_authorities(raw) == tuple(one.authority for one in VALIDATORS)
    assert list_of(decode_authorities(raw)) == stage.read("Grandpa", "Authorities")
    assert stage.read("Babe", "Authorities") == [(one.babe, 1) for one in VALIDATORS]


def test_raw_storage_may_be_given():
    """For keys that no pallet writes."""
    assert make_stage(state={b":heappages": bytes(8)}).chain.head.state.get(b":heappages") == bytes(8)


@pytest.mark.parametrize("version", [0, 1])
def test_a_state_of_either_version(version):
    """Large values stand apart in version 1, so the roots differ; both are told in the runtime version."""
    stage = make_stage(sdk_profile(version), code=bytes(100))
    assert stage.chain.genesis.state.version == version
