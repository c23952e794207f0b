"""DdcClusters through signed extrinsics: the manager decides, or a contract does."""

import pytest

from edge_node.chain_light.values import Chosen, ValueMisfit
from edge_node.devnet.pallets import dev_profile
from edge_node.devnet.runtime.dispatch import call_of
from tests.devnet.runtime.ddc import (
    CLUSTER,
    CONTROLLER,
    MANAGER,
    OTHER_CLUSTER,
    PROVIDER,
    add_node,
    bond,
    bond_cluster,
    cluster_params,
    ddc_stage,
    key,
    make_cluster,
    named,
    protocol,
    serving_stage,
    store,
)
from tests.devnet.runtime.stage import ALICE, RICH, SARAH, make_stage, seed

CONTRACT = seed("contract")


def refused(stage, who, call, **arguments):
    """Why a call about the cluster was refused, without the pallet's name."""
    return stage.refusal(who, "DdcClusters", call, cluster_id=CLUSTER, **arguments).removeprefix("DdcClusters.")


def refused_node(stage, node=None, who=MANAGER):
    """Why a node was not added."""
    return refused(stage, who, "add_node", node_pub_key=node or key(), node_kind=Chosen("External"))


def stats(stage):
    """How many nodes await, have and have not passed validation."""
    return tuple(stage.read("DdcClusters", "ClustersNodesStats", CLUSTER).values())


def staked_stage(profile=None, contract=None, contracts=None):
    """A bonded cluster, which may ask a contract, and a node that wants to serve it."""
    stage = ddc_stage(profile, contracts=contracts)
    name = stage.chain.form.profile.name
    given = cluster_params(name, node_provider_auth_contract=contract)
    stage.ok(MANAGER, "DdcClusters", "set_cluster_params", cluster_id=CLUSTER, cluster_params=given)
    bond_cluster(stage)
    bond(stage)
    store(stage)
    return stage


@pytest.mark.parametrize("profile", [None, dev_profile()], ids=["sdk", "dev-80013"])
def test_a_cluster_is_made(profile):
    """Unbonded, managed by who called, with its rules and counters; the same in both profiles."""
    stage = make_stage(profile)
    make_cluster(stage)
    cluster = stage.read("DdcClusters", "Clusters", CLUSTER)
    assert (cluster["manager_id"], cluster["status"], cluster["last_paid_era"]) == (MANAGER.id, Chosen("Unbonded"), 0)
    assert [name for name, _ in stage.events(1) if name.startswith("Ddc")] == [
        "DdcClusters.ClusterCreated", "DdcClusters.ClusterProtocolParamsSet",
    ]  # fmt: skip
    name = stage.chain.form.profile.name
    assert stage.read("DdcClusters", "ClustersGovParams", CLUSTER) == protocol(name)
    assert cluster["props"] == cluster_params(name)
    assert stats(stage) == (0, 0, 0)


def test_an_id_is_one_cluster():
    """ClusterAlreadyExists."""
    stage = ddc_stage()
    arguments = {"cluster_params": cluster_params(), "initial_protocol_params": protocol()}
    assert refused(stage, SARAH, "create_cluster", cluster_reserve_id=SARAH.id, **arguments) == "ClusterAlreadyExists"


@pytest.mark.parametrize(
    ("field", "least", "error"),
    [
        ("erasure_coding_required", 4, "ErasureCodingRequiredDidNotMeetMinimum"),
        ("erasure_coding_total", 6, "ErasureCodingTotalNotMeetMinimum"),
        ("replication_total", 3, "ReplicationTotalDidNotMeetMinimum"),
    ],
)
def test_pieces_are_spread_enough(field, least, error):
    """Each number at its least is taken, one less refused; that the required are fewer than all nobody checks."""
    stage = ddc_stage()
    below, at = (cluster_params(**{field: number}) for number in (least - 1, least))
    assert refused(stage, MANAGER, "set_cluster_params", cluster_params=below) == error
    events = stage.ok(MANAGER, "DdcClusters", "set_cluster_params", cluster_id=CLUSTER, cluster_params=at)
    assert named(events, "DdcClusters.ClusterParamsSet") == {"cluster_id": CLUSTER}
    odd = cluster_params(erasure_coding_required=60)
    stage.ok(MANAGER, "DdcClusters", "set_cluster_params", cluster_id=CLUSTER, cluster_params=odd)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("add_node", {"node_pub_key": key(), "node_kind": Chosen("Genesis")}),
        ("remove_node", {"node_pub_key": key()}),
        ("set_cluster_params", {"cluster_params": cluster_params()}),
        ("validate_node", {"node_pub_key": key(), "succeeded": True}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_manager_decides(call, arguments):
    """OnlyClusterManager for others, ClusterDoesNotExist for none."""
    stage = ddc_stage()
    assert refused(stage, ALICE, call, **arguments) == "OnlyClusterManager"
    why = stage.refusal(MANAGER, "DdcClusters", call, cluster_id=OTHER_CLUSTER, **arguments)
    assert why == "DdcClusters.ClusterDoesNotExist"


def test_a_node_is_taken_in_and_validated():
    """It awaits validation; verdicts move the counters, and may change."""
    stage = serving_stage()
    state = stage.read("DdcClusters", "ClustersNodes", CLUSTER, key())
    assert (state["kind"].name, state["status"].name) == ("Genesis", "AwaitsValidation")
    assert stage.read("DdcNodes", "StorageNodes", key().value)["cluster_id"] == CLUSTER
    assert stats(stage) == (1, 0, 0)
    for succeeded, after in ((True, (0, 1, 0)), (True, (0, 1, 0)), (False, (0, 0, 1))):
        arguments = {"cluster_id": CLUSTER, "node_pub_key": key(), "succeeded": succeeded}
        events = stage.ok(MANAGER, "DdcClusters", "validate_node", **arguments)
        assert named(events, "DdcClusters.ClusterNodeValidated") == arguments
        assert stats(stage) == after


def test_a_bond_alone_admits_nobody():
    """NodeHasNoActivatedStake without a stake, with one for nobody, and with one for another cluster."""
    stage = ddc_stage()
    bond_cluster(stage)
    assert refused_node(stage) == "NodeHasNoActivatedStake"
    bond(stage)
    assert refused_node(stage) == "NodeHasNoActivatedStake"
    make_cluster(stage, OTHER_CLUSTER)
    store(stage, OTHER_CLUSTER)
    assert refused_node(stage) == "NodeHasNoActivatedStake"


def test_a_node_that_wants_to_go_is_not_taken():
    """NodeChillingIsProhibited."""
    stage = staked_stage()
    stage.ok(CONTROLLER, "DdcStaking", "chill")
    assert refused_node(stage) == "NodeChillingIsProhibited"


def test_a_stake_without_its_ledger_is_invalid():
    """NodeStakeIsInvalid."""
    stage = staked_stage()
    stage.set_raw("DdcStaking", "Ledger", CONTROLLER.id, raw=None)
    assert refused_node(stage) == "NodeStakeIsInvalid"
    stage.set_raw("DdcStaking", "Bonded", PROVIDER.id, raw=None)
    assert refused_node(stage) == "NodeStakeIsInvalid"


def test_a_cluster_takes_nodes_once_bonded():
    """UnexpectedClusterStatus before, for taking in and for letting out."""
    stage = ddc_stage()
    bond(stage)
    store(stage)
    assert refused_node(stage) == "UnexpectedClusterStatus"
    assert refused(stage, MANAGER, "remove_node", node_pub_key=key()) == "UnexpectedClusterStatus"


def test_a_node_that_does_not_exist_or_is_taken_is_refused():
    """AttemptToAddNonExistentNode, AttemptToAddAlreadyAssignedNode."""
    stage = staked_stage()
    add_node(stage)
    assert refused_node(stage) == "AttemptToAddAlreadyAssignedNode"
    stage.ok(PROVIDER, "DdcStaking", "set_controller", controller=SARAH.address)
    stage.set_raw("DdcNodes", "StorageNodes", key().value, raw=None)
    assert refused_node(stage) == "AttemptToAddNonExistentNode"
    assert refused(stage, MANAGER, "remove_node", node_pub_key=key()) == "AttemptToRemoveNonExistentNode"


def test_a_node_is_let_out():
    """AttemptToRemoveNotAssignedNode for one that is not in; counters go back."""
    stage = serving_stage()
    events = stage.ok(MANAGER, "DdcClusters", "remove_node", cluster_id=CLUSTER, node_pub_key=key())
    assert named(events, "DdcClusters.ClusterNodeRemoved") == {"cluster_id": CLUSTER, "node_pub_key": key()}
    assert stats(stage) == (0, 0, 0)
    assert refused(stage, MANAGER, "remove_node", node_pub_key=key()) == "AttemptToRemoveNotAssignedNode"
    why = refused(stage, MANAGER, "validate_node", node_pub_key=key(), succeeded=True)
    assert why == "AttemptToValidateNotAssignedNode"


def test_counters_stay_within_their_16_bits():
    """ArithmeticOverflow, for too many and for fewer than none."""
    stage = staked_stage()
    full = {"await_validation": 0xFFFF, "validation_succeeded": 0, "validation_failed": 0}
    raw = stage.chain.form.encode("ddc_primitives::ClusterNodesStats", full)
    stage.set_raw("DdcClusters", "ClustersNodesStats", CLUSTER, raw=raw)
    assert refused_node(stage) == "ArithmeticOverflow"
    served = serving_stage()
    raw = served.chain.form.encode("ddc_primitives::ClusterNodesStats", full | {"await_validation": 0})
    served.set_raw("DdcClusters", "ClustersNodesStats", CLUSTER, raw=raw)
    assert refused(served, MANAGER, "remove_node", node_pub_key=key()) == "ArithmeticOverflow"


def test_a_cluster_without_counters_is_none():
    """ClusterDoesNotExist."""
    stage = staked_stage()
    stage.set_raw("DdcClusters", "ClustersNodesStats", CLUSTER, raw=None)
    assert refused_node(stage) == "ClusterDoesNotExist"


def test_a_contract_is_asked_in_the_earlier_profile():
    """NodeAuthContractCallFailed when nothing answers there, NodeIsNotAuthorized for no, taken for yes."""
    assert refused_node(staked_stage(contract=CONTRACT)) == "NodeAuthContractCallFailed"
    said_no = staked_stage(contract=CONTRACT, contracts={CONTRACT: lambda _provider, _node: False})
    assert refused_node(said_no) == "NodeIsNotAuthorized"
    asked = []
    add_node(staked_stage(contract=CONTRACT, contracts={CONTRACT: lambda *who: not asked.append(who)}))
    assert asked == [(PROVIDER.id, key().value)]


class TestJoin:
    """join_cluster, of the later profile."""

    def join(self, stage, who=PROVIDER, node=None):
        """What came of joining."""
        call = call_of("DdcClusters", "join_cluster", cluster_id=CLUSTER, node_pub_key=node or key())
        return stage.outcome(who, call).removeprefix("DdcClusters.")

    def test_a_provider_joins_where_the_contract_says_yes(self):
        """External, and validated at once."""
        stage = staked_stage(dev_profile(), CONTRACT, {CONTRACT: lambda _provider, _node: True})
        assert self.join(stage) == "Ok"
        state = stage.read("DdcClusters", "ClustersNodes", CLUSTER, key())
        assert (state["kind"].name, state["status"].name) == ("External", "ValidationSucceeded")
        assert stats(stage) == (0, 1, 0)

    def test_without_a_contract_nobody_joins(self):
        """NodeIsNotAuthorized, though the manager could add it: there the contract is not asked."""
        assert self.join(staked_stage(dev_profile())) == "NodeIsNotAuthorized"
        no = staked_stage(dev_profile(), CONTRACT, {CONTRACT: lambda _provider, _node: False})
        assert self.join(no) == "NodeIsNotAuthorized"
        add_node(no)

    def test_only_the_provider_of_a_staked_node_joins(self):
        """OnlyNodeProvider, AttemptToAddNonExistentNode, NodeHasNoActivatedStake."""
        stage = ddc_stage(dev_profile())
        assert self.join(stage, SARAH) == "OnlyNodeProvider"
        assert self.join(stage, node=key("none")) == "AttemptToAddNonExistentNode"
        assert self.join(stage) == "NodeHasNoActivatedStake"


def test_names_of_the_other_profile_are_refused_not_dropped():
    """Prices under unknown names would become zero: the codec refuses them."""
    stage = make_stage(dev_profile())
    call = call_of(
        "DdcClusters", "create_cluster",
        cluster_id=CLUSTER, cluster_reserve_id=RICH[0].id, cluster_params=cluster_params("dev"),
        initial_protocol_params=protocol("sdk"),
    )  # fmt: skip
    with pytest.raises(ValueMisfit, match="unit_per_mb_stored"):
        stage.signed(ALICE, call)
