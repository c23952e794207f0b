"""Any calls of anybody in any order: blocks are written, and money and references stay counted."""

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.chain_light.storage_key import prefix_of, split_key, value_of
from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.runtime.dispatch import call_of
from tests.devnet.runtime.ddc import BOND, CLUSTER, OTHER_CLUSTER, cluster_params, ddc_stage, key, params, protocol
from tests.devnet.runtime.stage import ALICE, BOB, CAROL, DAVE, Account

WHO = st.sampled_from([ALICE, BOB, CAROL, DAVE])
ADDRESS = st.sampled_from([ALICE, BOB, CAROL, Account("new")]).map(lambda account: account.address)
AMOUNT = st.sampled_from([0, 1, CERE - 1, CERE, 2 * CERE, BOND, 3 * BOND, 999_998 * CERE, 10**9 * CERE])
CLUSTERS = st.sampled_from([CLUSTER, OTHER_CLUSTER])
KEYS = st.sampled_from([key(), key("second")])
FLAG = st.booleans()


def call(pallet, name, **fields):
    """A call with fields to be drawn."""
    return st.fixed_dictionaries(fields).map(lambda drawn: call_of(pallet, name, **drawn))


CALLS = st.one_of(
    call("Balances", "transfer_allow_death", dest=ADDRESS, value=AMOUNT),
    call("Balances", "transfer_all", dest=ADDRESS, keep_alive=FLAG),
    call("DdcNodes", "create_node", node_pub_key=KEYS, node_params=st.just(params())),
    call("DdcNodes", "delete_node", node_pub_key=KEYS),
    call("DdcStaking", "bond", controller=ADDRESS, node=KEYS, value=AMOUNT),
    call("DdcStaking", "unbond", value=AMOUNT),
    call("DdcStaking", "withdraw_unbonded"),
    call("DdcStaking", "store", cluster_id=CLUSTERS),
    call("DdcStaking", "chill"),
    call("DdcStaking", "fast_chill"),
    call("DdcStaking", "set_controller", controller=ADDRESS),
    call("DdcStaking", "set_node", new_node=KEYS),
    call("DdcStaking", "bond_cluster", cluster_id=CLUSTERS),
    call("DdcStaking", "unbond_cluster", cluster_id=CLUSTERS),
    call("DdcStaking", "withdraw_unbonded_cluster", cluster_id=CLUSTERS),
    call(
        "DdcClusters", "create_cluster", cluster_id=CLUSTERS, cluster_reserve_id=st.just(CAROL.id),
        cluster_params=st.just(cluster_params()),
        initial_protocol_params=st.sampled_from([0, 2]).map(
            lambda delay: protocol(storage_chill_delay=delay, storage_unbonding_delay=delay)
        ),
    ),
    call("DdcClusters", "add_node", cluster_id=CLUSTERS, node_pub_key=KEYS, node_kind=st.just(Chosen("External"))),
    call("DdcClusters", "remove_node", cluster_id=CLUSTERS, node_pub_key=KEYS),
    call("DdcClusters", "validate_node", cluster_id=CLUSTERS, node_pub_key=KEYS, succeeded=FLAG),
    call("DdcCustomers", "create_bucket", cluster_id=CLUSTERS, bucket_params=st.just({"is_public": True})),
    call("DdcCustomers", "deposit", cluster_id=CLUSTERS, value=AMOUNT),
    call("DdcCustomers", "deposit_extra", cluster_id=CLUSTERS, max_additional=AMOUNT),
    call("DdcCustomers", "deposit_for", owner=st.just(BOB.id), cluster_id=CLUSTERS, value=AMOUNT),
    call("DdcCustomers", "unlock_deposit", cluster_id=CLUSTERS, value=AMOUNT),
    call("DdcCustomers", "withdraw_unlocked_deposit", cluster_id=CLUSTERS),
)  # fmt: skip


def entries(stage, pallet, name):
    """Every key and value of a map."""
    item = stage.chain.form.item(pallet, name)
    pairs = stage.chain.head.state.pairs(prefix_of(item))
    return [(split_key(item, raw), value_of(item, value)) for raw, value in pairs]


def require_counted(stage):
    """All balances are what is issued; what is locked is what ledgers say; nodes are where clusters say."""
    accounts = {who: account for (who,), account in entries(stage, "System", "Account")}
    held = sum(account["data"]["free"] for account in accounts.values())
    assert held == stage.read("Balances", "TotalIssuance")
    assert all(account["data"]["free"] >= CERE and account["providers"] == 1 for account in accounts.values())
    for name in ("Ledger", "ClusterLedger"):
        for _, ledger in entries(stage, "DdcStaking", name):
            chunks = sum(chunk["value"] for chunk in ledger["unlocking"])
            assert ledger["total"] == ledger["active"] + chunks <= accounts[ledger["stash"]]["data"]["frozen"]
    for (_, node), _ in entries(stage, "DdcClusters", "ClustersNodes"):
        assert stage.read("DdcNodes", "StorageNodes", node.value)["cluster_id"] is not None


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(WHO, CALLS), min_size=1, max_size=25))
def test_whatever_is_called_everything_stays_counted(calls):
    """No call ends a block, and no order of them makes or loses money."""
    stage = ddc_stage()
    for who, one in calls:
        block = stage.write(stage.signed(who, one))
        assert len(block.extrinsics) + len(block.refused) == 2
    require_counted(stage)
