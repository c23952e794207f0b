"""DdcStaking of clusters through signed extrinsics: the reserve bonds, the manager gives back."""

import pytest

from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.pallets.ddc_staking import CLUSTER_UNBONDING_BLOCKS
from edge_node.devnet.runtime.calls import ddc_staking_cluster
from edge_node.devnet.runtime.calls.ddc_staking_cluster import CLUSTER_BOND
from edge_node.devnet.runtime.dispatch import call_of
from tests.devnet.runtime.ddc import (
    CLUSTER,
    MANAGER,
    OTHER_CLUSTER,
    RESERVE,
    bond_cluster,
    ddc_stage,
    make_cluster,
    named,
    serving_stage,
)
from tests.devnet.runtime.stage import ALICE, BOB, SARAH


@pytest.fixture
def stage():
    """A chain with a cluster."""
    return ddc_stage()


def status(stage):
    """The cluster's status, by name."""
    return stage.read("DdcClusters", "Clusters", CLUSTER)["status"].name


def refused(stage, who, call, cluster_id=CLUSTER):
    """Why a call about a cluster was refused."""
    return stage.refusal(who, "DdcStaking", call, cluster_id=cluster_id)


def test_the_reserve_bonds_100000_cere(stage):
    """The cluster is bonded then, and so much of the reserve's money is locked."""
    events = bond_cluster(stage)
    assert named(events, "DdcStaking.Bonded") == (RESERVE.id, CLUSTER_BOND)
    assert named(events, "DdcClusters.ClusterBonded") == {"cluster_id": CLUSTER}
    assert (status(stage), CLUSTER_BOND) == ("Bonded", 100_000 * CERE)
    assert stage.read("Balances", "Locks", RESERVE.id)[0]["id"] == b"clrstake"
    assert stage.read("DdcStaking", "ClusterLedger", MANAGER.id)["stash"] == RESERVE.id


def test_the_manager_does_not_bond(stage):
    """NotStash: the reserve account calls; ClusterDoesNotExist for none."""
    assert refused(stage, MANAGER, "bond_cluster") == "DdcStaking.NotStash"
    assert refused(stage, RESERVE, "bond_cluster", OTHER_CLUSTER) == "DdcClusters.ClusterDoesNotExist"


def test_a_reserve_and_a_manager_bond_once(stage):
    """AlreadyBonded for the reserve, AlreadyPaired for a manager with another reserve."""
    bond_cluster(stage)
    assert refused(stage, RESERVE, "bond_cluster") == "DdcStaking.AlreadyBonded"
    make_cluster(stage, OTHER_CLUSTER, reserve=SARAH)
    assert refused(stage, SARAH, "bond_cluster", OTHER_CLUSTER) == "DdcStaking.AlreadyPaired"


def test_too_little_money_bonds_nothing(stage):
    """InsufficientBond."""
    poor = call_of("Balances", "force_set_balance", who=RESERVE.address, new_free=CLUSTER_BOND)
    assert stage.as_root(poor) == "Ok"
    assert refused(stage, RESERVE, "bond_cluster") == "DdcStaking.InsufficientBond"  # the fee made it less
    assert status(stage) == "Unbonded"


def test_a_reserve_that_cannot_be_referred_to_does_not_bond(stage):
    """TooManyConsumers."""
    account = stage.read("System", "Account", RESERVE.id) | {"consumers": 16}
    raw = stage.chain.form.encode("frame_system::AccountInfo", account)
    stage.set_raw("System", "Account", RESERVE.id, raw=raw)
    assert refused(stage, RESERVE, "bond_cluster") == "TooManyConsumers"


def test_a_bonded_cluster_cannot_be_bonded_by_another_reserve(stage):
    """UnexpectedClusterStatus when only the cluster's state stands in the way."""
    bond_cluster(stage)
    for item, who in (("ClusterBonded", RESERVE), ("ClusterLedger", MANAGER)):
        stage.set_raw("DdcStaking", item, who.id, raw=None)
    assert refused(stage, RESERVE, "bond_cluster") == "DdcClusters.UnexpectedClusterStatus"


def test_a_bond_is_given_back_after_28_days(stage, monkeypatch):
    """Unbonding, then nothing until it is due, then all of it: the lock and the pairing are gone."""
    assert CLUSTER_UNBONDING_BLOCKS * 6 == 28 * 24 * 3600
    monkeypatch.setattr(ddc_staking_cluster, "CLUSTER_UNBONDING_BLOCKS", 3)
    bond_cluster(stage)
    events = stage.ok(MANAGER, "DdcStaking", "unbond_cluster", cluster_id=CLUSTER)
    assert named(events, "DdcStaking.Unbonded") == (RESERVE.id, CLUSTER_BOND)
    assert named(events, "DdcClusters.ClusterUnbonding") == {"cluster_id": CLUSTER}
    early = stage.ok(MANAGER, "DdcStaking", "withdraw_unbonded_cluster", cluster_id=CLUSTER)
    assert (status(stage), "DdcStaking.Withdrawn" in dict(early)) == ("Unbonding", False)
    stage.skip(2)
    events = stage.ok(MANAGER, "DdcStaking", "withdraw_unbonded_cluster", cluster_id=CLUSTER)
    assert named(events, "DdcStaking.Withdrawn") == (RESERVE.id, CLUSTER_BOND)
    account = stage.read("System", "Account", RESERVE.id)
    assert (account["data"]["frozen"], account["consumers"], status(stage)) == (0, 0, "Unbonded")
    bond_cluster(stage)


@pytest.mark.parametrize("call", ["unbond_cluster", "withdraw_unbonded_cluster"])
def test_only_the_manager_of_a_bonded_cluster_takes_back(stage, call):
    """NotController for others, and for the manager before there is a bond; ClusterDoesNotExist for none."""
    assert refused(stage, MANAGER, call) == "DdcStaking.NotController"
    bond_cluster(stage)
    assert refused(stage, ALICE, call) == "DdcStaking.NotController"
    assert refused(stage, BOB, call, OTHER_CLUSTER) == "DdcClusters.ClusterDoesNotExist"


def test_a_cluster_with_nodes_keeps_its_bond():
    """UnexpectedClusterStatus, as it is while unbonding already."""
    stage = serving_stage()
    assert refused(stage, MANAGER, "unbond_cluster") == "DdcClusters.UnexpectedClusterStatus"
    empty = ddc_stage()
    bond_cluster(empty)
    empty.ok(MANAGER, "DdcStaking", "unbond_cluster", cluster_id=CLUSTER)
    assert refused(empty, MANAGER, "unbond_cluster") == "DdcClusters.UnexpectedClusterStatus"
