"""What tests of the DDC pallets begin with: a node, a cluster, bonds for both, each made by real extrinsics."""

from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets.balances import CERE
from tests.devnet.runtime.stage import ALICE, BOB, CAROL, DAVE, make_stage, seed

CLUSTER, OTHER_CLUSTER = seed("cluster")[:20], seed("other cluster")[:20]
BOND = 100 * CERE
CHILL_DELAY, UNBONDING_DELAY = 3, 5

# Who does what: DAVE manages clusters, CAROL is their reserve, ALICE provides nodes and bonds, BOB controls her bond.
PROVIDER, CONTROLLER, MANAGER, RESERVE = ALICE, BOB, DAVE, CAROL


def key(name="node"):
    """A node's key."""
    return Chosen("StoragePubKey", seed(name))


def params(**changes):
    """How a node is reached."""
    fields = {
        "mode": Chosen("Full"), "host": b"node.example", "domain": b"", "ssl": True, "http_port": 8080,
        "grpc_port": 9090, "p2p_port": 9070,
    }  # fmt: skip
    return Chosen("StorageParams", fields | changes)


def cluster_params(profile="sdk", **changes):
    """What a manager may change."""
    fields = {
        "node_provider_auth_contract": None, "erasure_coding_required": 4, "erasure_coding_total": 6,
        "replication_total": 3,
    }  # fmt: skip
    return fields | ({} if profile == "sdk" else {"inspection_dry_run_params": None}) | changes


def protocol(profile="sdk", **changes):
    """What governance may change."""
    fields = {
        "treasury_share": 10**16, "validators_share": 10**16, "cluster_reserve_share": 10**16,
        "storage_bond_size": BOND, "storage_chill_delay": CHILL_DELAY, "storage_unbonding_delay": UNBONDING_DELAY,
    }  # fmt: skip
    word, whats = ("unit", ()) if profile == "sdk" else ("cost", ("gpu_unit", "cpu_unit", "ram_unit"))
    whats = ("mb_stored", "mb_streamed", "put_request", "get_request", *whats)
    fields |= {f"{word}_per_{what}": 10 for what in whats}
    return fields | ({} if profile == "sdk" else {"customer_deposit_contract": bytes(32)}) | changes


def ddc_stage(profile=None, **changes):
    """A chain with a node and a cluster that is not bonded."""
    stage = make_stage(profile, **changes)
    stage.ok(PROVIDER, "DdcNodes", "create_node", node_pub_key=key(), node_params=params())
    make_cluster(stage)
    return stage


def make_cluster(stage, cluster_id=CLUSTER, manager=MANAGER, reserve=RESERVE, given=None, **rules):
    """A cluster."""
    name = stage.chain.form.profile.name
    arguments = {
        "cluster_params": given or cluster_params(name),
        "initial_protocol_params": protocol(name, **rules),
    }
    stage.ok(
        manager, "DdcClusters", "create_cluster", cluster_id=cluster_id, cluster_reserve_id=reserve.id, **arguments
    )


def bond_cluster(stage, cluster_id=CLUSTER, reserve=RESERVE):
    """Its reserve bonds."""
    return stage.ok(reserve, "DdcStaking", "bond_cluster", cluster_id=cluster_id)


def bond(stage, value=2 * BOND, node=None):
    """The provider bonds for its node."""
    return stage.ok(PROVIDER, "DdcStaking", "bond", controller=CONTROLLER.address, node=node or key(), value=value)


def store(stage, cluster_id=CLUSTER):
    """The controller says that the node wants to serve."""
    return stage.ok(CONTROLLER, "DdcStaking", "store", cluster_id=cluster_id)


def add_node(stage, cluster_id=CLUSTER, node=None):
    """The manager takes the node in."""
    return stage.ok(
        MANAGER, "DdcClusters", "add_node",
        cluster_id=cluster_id, node_pub_key=node or key(), node_kind=Chosen("Genesis"),
    )  # fmt: skip


def serving_stage(profile=None, **changes):
    """A chain whose node is in a bonded cluster."""
    stage = ddc_stage(profile, **changes)
    bond_cluster(stage)
    bond(stage)
    store(stage)
    add_node(stage)
    return stage


def named(events, name):
    """What the one event of this name holds."""
    (value,) = (value for found, value in events if found == name)
    return value
