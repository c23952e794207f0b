"""What the calls of DdcNodes do: a node is registered by its provider, who alone changes and deletes it."""

from typing import Any

from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets.ddc_nodes import DOMAIN_MAX, HOST_MAX
from edge_node.devnet.runtime.handler import Handler
from edge_node.devnet.runtime.origin import Origin
from edge_node.devnet.runtime.work import Work, ensure

PALLET = "DdcNodes"


def create_node(work: Work, origin: Origin, node_pub_key: Chosen, node_params: Chosen) -> None:
    """Register a node; whoever calls becomes its provider, whosever key it is."""
    provider = origin.signer()
    props = _props_of(node_params)
    ensure(node_of(work, node_pub_key) is None, PALLET, "NodeAlreadyExists")
    node = {"pub_key": node_pub_key.value, "provider_id": provider, "cluster_id": None, "props": props}
    keep_node(work, node)
    work.emit(PALLET, "NodeCreated", {"node_pub_key": node_pub_key})


def delete_node(work: Work, origin: Origin, node_pub_key: Chosen) -> None:
    """Forget a node that is in no cluster and has no stake."""
    node = _own_node(work, origin, node_pub_key)
    ensure(node["cluster_id"] is None, PALLET, "NodeIsAssignedToCluster")
    ensure(not work.has("DdcStaking", "Nodes", node_pub_key), PALLET, "NodeHasDanglingStake")
    work.remove(PALLET, "StorageNodes", node["pub_key"])
    work.emit(PALLET, "NodeDeleted", {"node_pub_key": node_pub_key})


def set_node_params(work: Work, origin: Origin, node_pub_key: Chosen, node_params: Chosen) -> None:
    """Change how a node is reached."""
    node = _own_node(work, origin, node_pub_key)
    keep_node(work, node | {"props": _props_of(node_params)})
    work.emit(PALLET, "NodeParamsChanged", {"node_pub_key": node_pub_key})


def node_of(work: Work, node_pub_key: Chosen) -> Any:
    """The StorageNode under a key; None if there is none."""
    return work.get(PALLET, "StorageNodes", node_pub_key.value)


def keep_node(work: Work, node: Any) -> None:
    """Store a StorageNode under its own key."""
    work.put(PALLET, "StorageNodes", node["pub_key"], node)


def _own_node(work: Work, origin: Origin, node_pub_key: Chosen) -> Any:
    caller, node = origin.signer(), node_of(work, node_pub_key)
    ensure(node is not None, PALLET, "NodeDoesNotExist")
    ensure(node["provider_id"] == caller, PALLET, "OnlyNodeProvider")
    return node


def _props_of(node_params: Chosen) -> Any:
    """The stored form of the parameters: the same fields, whose order is the registry's matter."""
    params: Any = node_params.value
    ensure(len(params["host"]) <= HOST_MAX, PALLET, "HostLenExceedsLimit")
    ensure(len(params["domain"]) <= DOMAIN_MAX, PALLET, "DomainLenExceedsLimit")
    return params


HANDLERS: dict[str, Handler] = {
    "create_node": create_node,
    "delete_node": delete_node,
    "set_node_params": set_node_params,
}
