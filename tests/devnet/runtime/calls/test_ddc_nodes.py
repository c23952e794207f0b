"""DdcNodes through signed extrinsics."""

import pytest

from edge_node.chain_light.storage_key import storage_key
from edge_node.chain_light.values import Chosen, ValueMisfit
from edge_node.devnet.pallets import dev_profile
from edge_node.devnet.pallets.ddc_nodes import DOMAIN_MAX, HOST_MAX
from edge_node.devnet.runtime.dispatch import call_of
from tests.devnet.runtime.ddc import PROVIDER, add_node, bond, bond_cluster, ddc_stage, key, named, params, store
from tests.devnet.runtime.stage import BOB, make_stage


@pytest.fixture
def stage():
    """A chain with a node."""
    return ddc_stage()


def test_a_node_is_stored_with_its_provider():
    """The caller provides it; the mode, sent first, stands last in what is stored."""
    stage = make_stage()
    events = stage.ok(PROVIDER, "DdcNodes", "create_node", node_pub_key=key(), node_params=params())
    assert named(events, "DdcNodes.NodeCreated") == {"node_pub_key": key()}
    node = stage.read("DdcNodes", "StorageNodes", key().value)
    assert (node["provider_id"], node["cluster_id"]) == (PROVIDER.id, None)
    assert list(node["props"])[-1] == "mode"
    assert node["props"]["mode"] == Chosen("Full")


def test_the_mode_counts_from_one_on_the_wire(stage):
    """Full is byte 1: it stands at the end of the stored value."""
    item = stage.chain.form.item("DdcNodes", "StorageNodes")
    assert stage.chain.head.state.get(storage_key(item, key().value))[-1] == 1


def test_one_key_is_one_node(stage):
    """NodeAlreadyExists, whoever asks."""
    why = stage.refusal(BOB, "DdcNodes", "create_node", node_pub_key=key(), node_params=params())
    assert why == "DdcNodes.NodeAlreadyExists"


@pytest.mark.parametrize(
    ("part", "most", "error"),
    [("host", HOST_MAX, "DdcNodes.HostLenExceedsLimit"), ("domain", DOMAIN_MAX, "DdcNodes.DomainLenExceedsLimit")],
)
def test_names_have_a_length(part, most, error):
    """255 bytes are taken, 256 refused."""
    stage = make_stage()
    for size, outcome in ((most + 1, error), (most, "Ok")):
        call = call_of("DdcNodes", "create_node", node_pub_key=key(), node_params=params(**{part: bytes(size)}))
        assert stage.outcome(PROVIDER, call) == outcome


def test_only_the_provider_changes_and_deletes(stage):
    """OnlyNodeProvider, and NodeDoesNotExist for what is not there."""
    for call, arguments in (("delete_node", {}), ("set_node_params", {"node_params": params()})):
        why = stage.refusal(BOB, "DdcNodes", call, node_pub_key=key(), **arguments)
        assert why == "DdcNodes.OnlyNodeProvider"
        why = stage.refusal(PROVIDER, "DdcNodes", call, node_pub_key=key("other"), **arguments)
        assert why == "DdcNodes.NodeDoesNotExist"


def test_a_node_moves(stage):
    """Its address changes, its provider does not."""
    events = stage.ok(PROVIDER, "DdcNodes", "set_node_params", node_pub_key=key(), node_params=params(http_port=1))
    assert named(events, "DdcNodes.NodeParamsChanged") == {"node_pub_key": key()}
    assert stage.read("DdcNodes", "StorageNodes", key().value)["props"]["http_port"] == 1


def test_a_staked_or_assigned_node_stays(stage):
    """NodeHasDanglingStake while bonded for, NodeIsAssignedToCluster while in a cluster."""
    bond_cluster(stage)
    bond(stage)
    assert stage.refusal(PROVIDER, "DdcNodes", "delete_node", node_pub_key=key()) == "DdcNodes.NodeHasDanglingStake"
    store(stage)
    add_node(stage)
    assert stage.refusal(PROVIDER, "DdcNodes", "delete_node", node_pub_key=key()) == "DdcNodes.NodeIsAssignedToCluster"


def test_a_free_node_goes(stage):
    """Nothing of it is left."""
    events = stage.ok(PROVIDER, "DdcNodes", "delete_node", node_pub_key=key())
    assert named(events, "DdcNodes.NodeDeleted") == {"node_pub_key": key()}
    assert stage.read("DdcNodes", "StorageNodes", key().value) is None


def test_a_compute_node_exists_on_the_later_line_alone():
    """The mode has no form in the earlier profile."""
    given = params(mode=Chosen("Compute"))
    make_stage(dev_profile()).ok(PROVIDER, "DdcNodes", "create_node", node_pub_key=key(), node_params=given)
    with pytest.raises(ValueMisfit, match="Compute"):
        make_stage().ok(PROVIDER, "DdcNodes", "create_node", node_pub_key=key(), node_params=given)
