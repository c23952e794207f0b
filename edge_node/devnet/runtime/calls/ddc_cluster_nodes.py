"""Which nodes a cluster holds, and the cluster's own state: what clusters and stakes both change."""

from typing import Any

from edge_node.chain_light.values import Chosen
from edge_node.devnet.runtime.calls.ddc_nodes import keep_node, node_of
from edge_node.devnet.runtime.work import Work, ensure

PALLET = "DdcClusters"
COUNTERS = {
    "AwaitsValidation": "await_validation",
    "ValidationSucceeded": "validation_succeeded",
    "ValidationFailed": "validation_failed",
}
_U16_MAX = (1 << 16) - 1


def cluster_of(work: Work, cluster_id: bytes) -> Any:
    """The Cluster; PalletRefusal if there is none."""
    cluster = work.get(PALLET, "Clusters", cluster_id)
    ensure(cluster is not None, PALLET, "ClusterDoesNotExist")
    return cluster


def set_status(work: Work, cluster: Any, status: str, event: str) -> None:
    """Move a cluster to another status and say so."""
    work.put(PALLET, "Clusters", cluster["cluster_id"], cluster | {"status": Chosen(status)})
    work.emit(PALLET, event, {"cluster_id": cluster["cluster_id"]})


def attach_node(work: Work, cluster: Any, node_key: Chosen, kind: str, status: str) -> None:
    """Take a node into a cluster that is bonded or activated."""
    cluster_id = cluster["cluster_id"]
    _require_open(cluster)
    node = node_of(work, node_key)
    ensure(node is not None, PALLET, "AttemptToAddNonExistentNode")
    ensure(node["cluster_id"] is None, PALLET, "AttemptToAddAlreadyAssignedNode")
    keep_node(work, node | {"cluster_id": cluster_id})
    state = {"kind": Chosen(kind), "status": Chosen(status), "added_at": work.number}
    work.put(PALLET, "ClustersNodes", cluster_id, node_key, state)
    work.emit(PALLET, "ClusterNodeAdded", {"cluster_id": cluster_id, "node_pub_key": node_key})
    count(work, cluster_id, {COUNTERS[status]: 1})


def detach_node(work: Work, cluster_id: bytes, node_key: Chosen) -> None:
    """Let a node out of its cluster."""
    _require_open(cluster_of(work, cluster_id))
    node = node_of(work, node_key)
    ensure(node is not None, PALLET, "AttemptToRemoveNonExistentNode")
    state = work.get(PALLET, "ClustersNodes", cluster_id, node_key)
    held = node["cluster_id"] == cluster_id and state is not None
    ensure(held, PALLET, "AttemptToRemoveNotAssignedNode")
    keep_node(work, node | {"cluster_id": None})
    work.remove(PALLET, "ClustersNodes", cluster_id, node_key)
    work.emit(PALLET, "ClusterNodeRemoved", {"cluster_id": cluster_id, "node_pub_key": node_key})
    count(work, cluster_id, {COUNTERS[state["status"].name]: -1})


def count(work: Work, cluster_id: bytes, changes: dict[str, int]) -> None:
    """Change the counters of a cluster's nodes; PalletRefusal where a number would leave 16 bits."""
    stats = work.get(PALLET, "ClustersNodesStats", cluster_id)
    ensure(stats is not None, PALLET, "ClusterDoesNotExist")
    stats = {name: number + changes.get(name, 0) for name, number in stats.items()}
    ensure(all(0 <= number <= _U16_MAX for number in stats.values()), PALLET, "ArithmeticOverflow")
    work.put(PALLET, "ClustersNodesStats", cluster_id, stats)


def _require_open(cluster: Any) -> None:
    ensure(cluster["status"].name in ("Bonded", "Activated"), PALLET, "UnexpectedClusterStatus")
