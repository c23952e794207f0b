"""What the calls of DdcClusters do: the manager decides, unless an auth contract does."""

from typing import Any

from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets.ddc_clusters import ERASURE_REQUIRED_MIN, ERASURE_TOTAL_MIN, REPLICATION_MIN
from edge_node.devnet.runtime.calls.ddc_cluster_nodes import (
    COUNTERS,
    PALLET,
    attach_node,
    cluster_of,
    count,
    detach_node,
)
from edge_node.devnet.runtime.calls.ddc_nodes import node_of
from edge_node.devnet.runtime.handler import Handler
from edge_node.devnet.runtime.origin import Origin
from edge_node.devnet.runtime.refusals import PalletRefusal
from edge_node.devnet.runtime.work import Work, ensure


def create_cluster(
    work: Work,
    origin: Origin,
    cluster_id: bytes,
    cluster_reserve_id: bytes,
    cluster_params: Any,
    initial_protocol_params: Any,
) -> None:
    """Make a cluster that whoever calls manages; nothing checks that the required parts are fewer than all."""
    manager = origin.signer()
    ensure(not work.has(PALLET, "Clusters", cluster_id), PALLET, "ClusterAlreadyExists")
    _check_params(cluster_params)
    cluster = {
        "cluster_id": cluster_id,
        "manager_id": manager,
        "reserve_id": cluster_reserve_id,
        "props": cluster_params,
        "status": Chosen("Unbonded"),
        "last_paid_era": 0,
    }
    work.put(PALLET, "Clusters", cluster_id, cluster)
    work.emit(PALLET, "ClusterCreated", {"cluster_id": cluster_id})
    work.put(PALLET, "ClustersGovParams", cluster_id, initial_protocol_params)
    work.emit(PALLET, "ClusterProtocolParamsSet", {"cluster_id": cluster_id})
    work.put(PALLET, "ClustersNodesStats", cluster_id, dict.fromkeys(COUNTERS.values(), 0))


def add_node(work: Work, origin: Origin, cluster_id: bytes, node_pub_key: Chosen, node_kind: Chosen) -> None:
    """Take a node in that has activated its stake for this cluster; it then awaits validation."""
    cluster = _managed(work, origin, cluster_id)
    _require_stake(work, cluster_id, node_pub_key)
    ensure(node_of(work, node_pub_key) is not None, PALLET, "AttemptToAddNonExistentNode")
    contract = cluster["props"]["node_provider_auth_contract"]
    if work.form.profile.contract_asked and contract is not None:
        _ask_contract(work, contract, node_pub_key)
    attach_node(work, cluster, node_pub_key, node_kind.name, "AwaitsValidation")


def join_cluster(work: Work, origin: Origin, cluster_id: bytes, node_pub_key: Chosen) -> None:
    """Come in as a node's provider, where the cluster has a contract and that says yes; validated at once."""
    cluster, provider = cluster_of(work, cluster_id), origin.signer()
    node = node_of(work, node_pub_key)
    ensure(node is not None, PALLET, "AttemptToAddNonExistentNode")
    ensure(node["provider_id"] == provider, PALLET, "OnlyNodeProvider")
    _require_stake(work, cluster_id, node_pub_key)
    contract = cluster["props"]["node_provider_auth_contract"]
    ensure(contract is not None, PALLET, "NodeIsNotAuthorized")
    _ask_contract(work, contract, node_pub_key)
    attach_node(work, cluster, node_pub_key, "External", "ValidationSucceeded")


def remove_node(work: Work, origin: Origin, cluster_id: bytes, node_pub_key: Chosen) -> None:
    """Let a node out."""
    _managed(work, origin, cluster_id)
    detach_node(work, cluster_id, node_pub_key)


def set_cluster_params(work: Work, origin: Origin, cluster_id: bytes, cluster_params: Any) -> None:
    """Change what a manager may change without governance."""
    cluster = _managed(work, origin, cluster_id)
    _check_params(cluster_params)
    work.put(PALLET, "Clusters", cluster_id, cluster | {"props": cluster_params})
    work.emit(PALLET, "ClusterParamsSet", {"cluster_id": cluster_id})


def validate_node(
    work: Work,
    origin: Origin,
    cluster_id: bytes,
    node_pub_key: Chosen,
    succeeded: bool,  # noqa: FBT001 (the call's own)
) -> None:
    """Note the verdict on a node; the manager gives it."""
    _managed(work, origin, cluster_id)
    state = work.get(PALLET, "ClustersNodes", cluster_id, node_pub_key)
    ensure(state is not None, PALLET, "AttemptToValidateNotAssignedNode")
    status = "ValidationSucceeded" if succeeded else "ValidationFailed"
    if state["status"].name != status:
        count(work, cluster_id, {COUNTERS[state["status"].name]: -1, COUNTERS[status]: 1})
    work.put(PALLET, "ClustersNodes", cluster_id, node_pub_key, state | {"status": Chosen(status)})
    verdict = {"cluster_id": cluster_id, "node_pub_key": node_pub_key, "succeeded": succeeded}
    work.emit(PALLET, "ClusterNodeValidated", verdict)


def _managed(work: Work, origin: Origin, cluster_id: bytes) -> Any:
    caller, cluster = origin.signer(), cluster_of(work, cluster_id)
    ensure(cluster["manager_id"] == caller, PALLET, "OnlyClusterManager")
    return cluster


def _check_params(params: Any) -> None:
    required, total = params["erasure_coding_required"], params["erasure_coding_total"]
    ensure(required >= ERASURE_REQUIRED_MIN, PALLET, "ErasureCodingRequiredDidNotMeetMinimum")
    ensure(total >= ERASURE_TOTAL_MIN, PALLET, "ErasureCodingTotalNotMeetMinimum")
    ensure(params["replication_total"] >= REPLICATION_MIN, PALLET, "ReplicationTotalDidNotMeetMinimum")


def _require_stake(work: Work, cluster_id: bytes, node_pub_key: Chosen) -> None:
    stash = work.get("DdcStaking", "Nodes", node_pub_key)
    active = stash is not None and work.get("DdcStaking", "Storages", stash) == cluster_id
    ensure(active, PALLET, "NodeHasNoActivatedStake")
    controller = work.get("DdcStaking", "Bonded", stash)
    ledger = None if controller is None else work.get("DdcStaking", "Ledger", controller)
    if ledger is None:
        raise PalletRefusal(PALLET, "NodeStakeIsInvalid")
    ensure(ledger["chilling"] is None, PALLET, "NodeChillingIsProhibited")


def _ask_contract(work: Work, contract: bytes, node_pub_key: Chosen) -> None:
    answer = work.contracts.get(contract)
    node = node_of(work, node_pub_key)
    ensure(answer is not None, PALLET, "NodeAuthContractCallFailed")
    ensure(answer is not None and answer(node["provider_id"], node["pub_key"]), PALLET, "NodeIsNotAuthorized")


HANDLERS: dict[str, Handler] = {
    "create_cluster": create_cluster,
    "add_node": add_node,
    "join_cluster": join_cluster,
    "remove_node": remove_node,
    "set_cluster_params": set_cluster_params,
    "validate_node": validate_node,
}
