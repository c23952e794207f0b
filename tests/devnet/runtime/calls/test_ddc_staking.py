"""DdcStaking of nodes through signed extrinsics: bond, serve, chill, leave, and every refusal on the way."""

import pytest

from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.pallets.ddc_staking import UNLOCKING_MAX
from edge_node.devnet.runtime.dispatch import call_of
from tests.devnet.runtime.ddc import (
    BOND,
    CHILL_DELAY,
    CLUSTER,
    CONTROLLER,
    OTHER_CLUSTER,
    PROVIDER,
    UNBONDING_DELAY,
    bond,
    bond_cluster,
    ddc_stage,
    key,
    make_cluster,
    named,
    params,
    serving_stage,
    store,
)
from tests.devnet.runtime.stage import CAROL, SARAH


@pytest.fixture
def stage():
    """A chain with a node and a cluster."""
    return ddc_stage()


def refused(stage, who, call, **arguments):
    """Why a call of DdcStaking was refused, without the pallet's name."""
    return stage.refusal(who, "DdcStaking", call, **arguments).removeprefix("DdcStaking.")


def ledger(stage, controller=CONTROLLER):
    """A controller's ledger."""
    return stage.read("DdcStaking", "Ledger", controller.id)


def frozen(stage, who=PROVIDER):
    """How much of an account is locked."""
    return stage.read("System", "Account", who.id)["data"]["frozen"]


def test_a_bond_locks_money_and_pairs_stash_controller_and_node(stage):
    """Each of the three leads to the others."""
    events = bond(stage)
    assert named(events, "DdcStaking.Bonded") == (PROVIDER.id, 2 * BOND)
    assert ledger(stage) == {
        "stash": PROVIDER.id, "total": 2 * BOND, "active": 2 * BOND, "chilling": None, "unlocking": [],
    }  # fmt: skip
    assert stage.read("DdcStaking", "Bonded", PROVIDER.id) == CONTROLLER.id
    assert stage.read("DdcStaking", "Nodes", key()) == PROVIDER.id
    assert stage.read("DdcStaking", "Providers", PROVIDER.id) == key()
    assert frozen(stage) == 2 * BOND
    assert stage.read("Balances", "Locks", PROVIDER.id)[0]["id"] == b"ddcstake"


def test_more_than_there_is_is_cut_down_without_a_word(stage):
    """As on the real chain: the event alone tells the true value."""
    before = stage.read("System", "Account", PROVIDER.id)["data"]["free"]
    events = bond(stage, value=10 * before)
    stash, value = named(events, "DdcStaking.Bonded")
    assert (stash, value < before) == (PROVIDER.id, True)
    assert ledger(stage)["total"] == value


def test_one_bond_a_stash_a_controller_and_a_node(stage):
    """AlreadyBonded for the stash, AlreadyPaired for the other two."""
    bond(stage)
    stage.ok(SARAH, "DdcNodes", "create_node", node_pub_key=key("second"), node_params=params())
    given = {"controller": SARAH.address, "node": key("second"), "value": BOND}
    assert refused(stage, PROVIDER, "bond", **given) == "AlreadyBonded"
    assert refused(stage, SARAH, "bond", **(given | {"controller": CONTROLLER.address})) == "AlreadyPaired"
    assert refused(stage, SARAH, "bond", **(given | {"node": key()})) == "AlreadyPaired"


def test_dust_and_unknown_nodes_are_refused(stage):
    """InsufficientBond below the existential deposit, NodeIsNotFound for a key nobody registered."""
    given = {"controller": CONTROLLER.address, "node": key(), "value": CERE - 1}
    assert refused(stage, PROVIDER, "bond", **given) == "InsufficientBond"
    assert refused(stage, PROVIDER, "bond", **(given | {"node": key("none"), "value": BOND})) == "NodeIsNotFound"


def test_an_account_that_cannot_be_referred_to_is_in_a_bad_state(stage):
    """BadState when the stash has its 16 consumers already."""
    account = stage.read("System", "Account", PROVIDER.id) | {"consumers": 16}
    raw = stage.chain.form.encode("frame_system::AccountInfo", account)
    stage.set_raw("System", "Account", PROVIDER.id, raw=raw)
    given = {"controller": CONTROLLER.address, "node": key(), "value": BOND}
    assert refused(stage, PROVIDER, "bond", **given) == "BadState"


@pytest.mark.parametrize("call", ["unbond", "withdraw_unbonded", "store", "chill", "fast_chill"])
def test_only_a_controller_decides(stage, call):
    """NotController for the stash too."""
    bond(stage)
    arguments = {"unbond": {"value": CERE}, "store": {"cluster_id": CLUSTER}}.get(call, {})
    assert refused(stage, PROVIDER, call, **arguments) == "NotController"


def test_a_node_activates_for_a_cluster_with_enough_stake(stage):
    """InsufficientBond below the cluster's size, NoCluster for none; then Activated."""
    bond(stage, value=BOND - 1)
    assert refused(stage, CONTROLLER, "store", cluster_id=OTHER_CLUSTER) == "NoCluster"
    assert refused(stage, CONTROLLER, "store", cluster_id=CLUSTER) == "InsufficientBond"
    again = ddc_stage()
    bond(again, value=BOND)
    assert named(store(again), "DdcStaking.Activated") == PROVIDER.id
    assert again.read("DdcStaking", "Storages", PROVIDER.id) == CLUSTER


def test_a_node_serves_one_cluster(stage):
    """AlreadyInRole for a second; for the same one, store cancels a planned chill."""
    make_cluster(stage, OTHER_CLUSTER)
    bond(stage)
    store(stage)
    assert refused(stage, CONTROLLER, "store", cluster_id=OTHER_CLUSTER) == "AlreadyInRole"
    stage.ok(CONTROLLER, "DdcStaking", "chill")
    assert ledger(stage)["chilling"] is not None
    events = store(stage)
    assert ledger(stage)["chilling"] is None
    assert "DdcStaking.Activated" not in dict(events)


def test_a_cluster_without_rules_serves_nobody(stage):
    """NoClusterGovParams."""
    bond(stage)
    stage.set_raw("DdcClusters", "ClustersGovParams", CLUSTER, raw=None)
    assert refused(stage, CONTROLLER, "store", cluster_id=CLUSTER) == "NoClusterGovParams"


def test_a_chill_takes_two_calls_with_the_delay_between(stage):
    """TooEarly until the delay is over; the ledger is free to plan anew afterwards."""
    bond(stage)
    store(stage)
    events = stage.ok(CONTROLLER, "DdcStaking", "chill")
    due = stage.chain.head.number + CHILL_DELAY
    assert named(events, "DdcStaking.ChillSoon") == (PROVIDER.id, CLUSTER, due)
    while stage.chain.head.number + 1 < due:
        assert refused(stage, CONTROLLER, "chill") == "TooEarly"
    assert named(stage.ok(CONTROLLER, "DdcStaking", "chill"), "DdcStaking.Chilled") == PROVIDER.id
    assert stage.read("DdcStaking", "Storages", PROVIDER.id) is None
    assert ledger(stage)["chilling"] is None
    stage.ok(CONTROLLER, "DdcStaking", "chill")  # who is chilled already may say so again


def test_a_cluster_without_a_delay_lets_go_at_once(stage):
    """One call is enough."""
    make_cluster(stage, OTHER_CLUSTER, storage_chill_delay=0)
    bond(stage)
    store(stage, OTHER_CLUSTER)
    assert "DdcStaking.Chilled" in dict(stage.ok(CONTROLLER, "DdcStaking", "chill"))


def test_what_serves_keeps_its_stake(stage):
    """InsufficientBond for unbonding below the cluster's size, until chilled."""
    bond(stage)
    store(stage)
    assert refused(stage, CONTROLLER, "unbond", value=BOND + 1) == "InsufficientBond"
    events = stage.ok(CONTROLLER, "DdcStaking", "unbond", value=BOND)
    assert named(events, "DdcStaking.Unbonded") == (PROVIDER.id, BOND)
    assert ledger(stage)["unlocking"] == [{"value": BOND, "block": stage.chain.head.number + UNBONDING_DELAY}]


def test_without_a_cluster_money_is_free_at_once(stage):
    """No delay; the last of it ends the whole pairing and the lock."""
    bond(stage)
    stage.ok(CONTROLLER, "DdcStaking", "unbond", value=2 * BOND - CERE // 2)
    assert ledger(stage)["active"] == 0, "what would stay as dust goes too"
    events = stage.ok(CONTROLLER, "DdcStaking", "withdraw_unbonded")
    assert named(events, "DdcStaking.Withdrawn") == (PROVIDER.id, 2 * BOND)
    for item, held in (
        ("Bonded", PROVIDER.id),
        ("Ledger", CONTROLLER.id),
        ("Providers", PROVIDER.id),
        ("Nodes", key()),
    ):
        assert stage.read("DdcStaking", item, held) is None
    assert (frozen(stage), stage.read("System", "Account", PROVIDER.id)["consumers"]) == (0, 0)


def test_chunks_are_counted(stage):
    """NoMoreChunks at 32; those of one block are one, and withdrawing what is not due changes nothing."""
    bond(stage)
    store(stage)
    chunks = [{"value": 1, "block": 1_000 + place} for place in range(UNLOCKING_MAX)]
    full = ledger(stage) | {"unlocking": chunks}
    raw = stage.chain.form.encode("pallet_ddc_staking::StakingLedger", full)
    stage.set_raw("DdcStaking", "Ledger", CONTROLLER.id, raw=raw)
    assert refused(stage, CONTROLLER, "unbond", value=1) == "NoMoreChunks"
    stage.ok(CONTROLLER, "DdcStaking", "withdraw_unbonded")
    assert len(ledger(stage)["unlocking"]) == UNLOCKING_MAX


def test_nothing_is_unbonded_of_nothing(stage):
    """No event, no chunk."""
    bond(stage)
    assert "DdcStaking.Unbonded" not in dict(stage.ok(CONTROLLER, "DdcStaking", "unbond", value=0))


def test_a_node_leaves_its_cluster_with_its_stake():
    """Chill, unbond, wait, withdraw: the node is out of the cluster then; meanwhile it may not serve again."""
    stage = serving_stage()
    stage.ok(CONTROLLER, "DdcStaking", "chill")
    stage.skip(CHILL_DELAY - 1)
    stage.ok(CONTROLLER, "DdcStaking", "chill")
    events = stage.ok(CONTROLLER, "DdcStaking", "unbond", value=BOND)
    assert named(events, "DdcStaking.LeaveSoon") == PROVIDER.id
    assert stage.read("DdcStaking", "LeavingStorages", PROVIDER.id) == CLUSTER
    assert refused(stage, CONTROLLER, "store", cluster_id=CLUSTER) == "NodeIsLeaving"
    stage.skip(UNBONDING_DELAY)
    names = [name for name, _ in stage.ok(CONTROLLER, "DdcStaking", "withdraw_unbonded")]
    assert names.index("DdcStaking.Withdrawn") < names.index("DdcClusters.ClusterNodeRemoved")
    assert names.index("DdcClusters.ClusterNodeRemoved") < names.index("DdcStaking.Left")
    assert stage.read("DdcNodes", "StorageNodes", key().value)["cluster_id"] is None
    assert stage.read("DdcStaking", "LeavingStorages", PROVIDER.id) is None


def test_a_node_that_no_cluster_took_chills_fast(stage):
    """Planned for the next block; NodeHasNoStake while it serves nobody."""
    bond(stage)
    assert refused(stage, CONTROLLER, "fast_chill") == "NodeHasNoStake"
    store(stage)
    events = stage.ok(CONTROLLER, "DdcStaking", "fast_chill")
    assert named(events, "DdcStaking.ChillSoon") == (PROVIDER.id, CLUSTER, stage.chain.head.number + 1)
    assert "DdcStaking.Chilled" in dict(stage.ok(CONTROLLER, "DdcStaking", "chill"))


def test_a_node_in_its_cluster_does_not_chill_fast():
    """FastChillProhibited."""
    assert refused(serving_stage(), CONTROLLER, "fast_chill") == "FastChillProhibited"


def test_broken_pairs_are_told(stage):
    """BadState for a stash without its node, NotNodeController for a node with another stash."""
    bond(stage)
    store(stage)
    stage.set_raw("DdcStaking", "Nodes", key(), raw=CAROL.id)
    assert refused(stage, CONTROLLER, "fast_chill") == "NotNodeController"
    stage.set_raw("DdcStaking", "Providers", PROVIDER.id, raw=None)
    assert refused(stage, CONTROLLER, "fast_chill") == "BadState"


def test_a_stash_takes_another_controller(stage):
    """The ledger goes along; NotStash for who has none, AlreadyPaired for one that controls already."""
    bond(stage)
    assert refused(stage, SARAH, "set_controller", controller=SARAH.address) == "NotStash"
    assert refused(stage, PROVIDER, "set_controller", controller=CONTROLLER.address) == "AlreadyPaired"
    stage.ok(PROVIDER, "DdcStaking", "set_controller", controller=SARAH.address)
    assert (ledger(stage), ledger(stage, SARAH)["stash"]) == (None, PROVIDER.id)


def test_a_stash_takes_another_node(stage):
    """AlreadyPaired for another's node, AlreadyInRole while serving."""
    bond(stage)
    stage.ok(PROVIDER, "DdcStaking", "set_node", new_node=key("second"))
    assert stage.read("DdcStaking", "Providers", PROVIDER.id) == key("second")
    assert refused(stage, SARAH, "set_node", new_node=key("second")) == "AlreadyPaired"
    store(stage)
    assert refused(stage, PROVIDER, "set_node", new_node=key("third")) == "AlreadyInRole"


def test_a_stash_may_be_its_own_controller(stage):
    """As many operators have it."""
    stage.ok(PROVIDER, "DdcStaking", "bond", controller=PROVIDER.address, node=key(), value=BOND)
    stage.ok(PROVIDER, "DdcStaking", "store", cluster_id=CLUSTER)
    assert stage.read("DdcStaking", "Storages", PROVIDER.id) == CLUSTER


def test_an_index_is_no_controller(stage):
    """CannotLookup."""
    call = call_of("DdcStaking", "bond", controller=Chosen("Index", 3), node=key(), value=BOND)
    assert stage.outcome(PROVIDER, call) == "CannotLookup"


def test_the_manager_is_not_asked(stage):
    """A stake can be activated in a cluster that is bonded or not; admission is another matter."""
    bond(stage)
    store(stage)
    bond_cluster(stage)
    assert stage.read("DdcClusters", "ClustersNodes", CLUSTER, key()) is None
