"""What the calls of DdcStaking do for clusters: the reserve account bonds, the manager's account gives back."""

from typing import Any

from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.pallets.ddc_staking import CLUSTER_BOND_CERE, CLUSTER_UNBONDING_BLOCKS
from edge_node.devnet.runtime.accounts import add_consumer, drop_consumer, free_balance, set_lock
from edge_node.devnet.runtime.calls.ddc_cluster_nodes import cluster_of, set_status
from edge_node.devnet.runtime.calls.unlocking import Ledger, is_spent, settle_unlocked, start_unlocking
from edge_node.devnet.runtime.handler import Handler
from edge_node.devnet.runtime.origin import Origin
from edge_node.devnet.runtime.refusals import PalletRefusal
from edge_node.devnet.runtime.work import Work, ensure

PALLET = "DdcStaking"
LOCK = b"clrstake"
CLUSTER_BOND = CLUSTER_BOND_CERE * CERE
_EMPTY = {"await_validation": 0, "validation_succeeded": 0, "validation_failed": 0}


def bond_cluster(work: Work, origin: Origin, cluster_id: bytes) -> None:
    """Bond for a cluster: its reserve account calls, not its manager."""
    reserve, cluster = origin.signer(), cluster_of(work, cluster_id)
    manager = cluster["manager_id"]
    ensure(reserve == cluster["reserve_id"], PALLET, "NotStash")
    ensure(not work.has(PALLET, "ClusterBonded", reserve), PALLET, "AlreadyBonded")
    ensure(not work.has(PALLET, "ClusterLedger", manager), PALLET, "AlreadyPaired")
    ensure(free_balance(work, reserve) >= CLUSTER_BOND, PALLET, "InsufficientBond")
    add_consumer(work, reserve)
    work.put(PALLET, "ClusterBonded", reserve, manager)
    work.emit(PALLET, "Bonded", (reserve, CLUSTER_BOND))
    ledger = {"stash": reserve, "total": CLUSTER_BOND, "active": CLUSTER_BOND, "chilling": None, "unlocking": []}
    _keep(work, manager, ledger)
    _advance(work, cluster, "Unbonded", "Bonded", "ClusterBonded")


def unbond_cluster(work: Work, origin: Origin, cluster_id: bytes) -> None:
    """Begin to give a cluster's bond back; it must hold no node."""
    manager, cluster, ledger = _own_ledger(work, origin, cluster_id)
    stats = work.get("DdcClusters", "ClustersNodesStats", cluster_id)
    status = cluster["status"].name
    ensure(status in ("Bonded", "Activated") and stats == _EMPTY, "DdcClusters", "UnexpectedClusterStatus")
    ledger, amount = start_unlocking(ledger, ledger["active"], work.number + CLUSTER_UNBONDING_BLOCKS)
    _keep(work, manager, ledger)
    work.emit(PALLET, "Unbonded", (ledger["stash"], amount))
    _advance(work, cluster, status, "Unbonding", "ClusterUnbonding")


def withdraw_unbonded_cluster(work: Work, origin: Origin, cluster_id: bytes) -> None:
    """Free a cluster's bond once it is due; before that nothing happens, as on the real chain."""
    manager, cluster, ledger = _own_ledger(work, origin, cluster_id)
    reserve = ledger["stash"]
    ledger, freed = settle_unlocked(ledger, work.number)
    if not is_spent(ledger):
        _keep(work, manager, ledger)
        return
    work.remove(PALLET, "ClusterBonded", reserve)
    work.remove(PALLET, "ClusterLedger", manager)
    drop_consumer(work, reserve)
    set_lock(work, LOCK, reserve, 0)
    _advance(work, cluster, "Unbonding", "Unbonded", "ClusterUnbonded")
    work.emit(PALLET, "Withdrawn", (reserve, freed))


def _own_ledger(work: Work, origin: Origin, cluster_id: bytes) -> tuple[bytes, Any, Ledger]:
    caller, cluster = origin.signer(), cluster_of(work, cluster_id)
    ledger = work.get(PALLET, "ClusterLedger", caller) if caller == cluster["manager_id"] else None
    if ledger is None:
        raise PalletRefusal(PALLET, "NotController")
    return caller, cluster, ledger


def _keep(work: Work, manager: bytes, ledger: Ledger) -> None:
    set_lock(work, LOCK, ledger["stash"], ledger["total"])
    work.put(PALLET, "ClusterLedger", manager, ledger)


def _advance(work: Work, cluster: Any, before: str, after: str, event: str) -> None:
    ensure(cluster["status"] == Chosen(before), "DdcClusters", "UnexpectedClusterStatus")
    set_status(work, cluster, after, event)


HANDLERS: dict[str, Handler] = {
    "bond_cluster": bond_cluster,
    "unbond_cluster": unbond_cluster,
    "withdraw_unbonded_cluster": withdraw_unbonded_cluster,
}
