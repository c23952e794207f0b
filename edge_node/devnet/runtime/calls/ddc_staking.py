"""What the calls of DdcStaking do for storage nodes: a stash bonds for one node, its controller does the rest."""

from typing import Any

from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets.balances import EXISTENTIAL_DEPOSIT
from edge_node.devnet.pallets.ddc_staking import UNLOCKING_MAX
from edge_node.devnet.runtime.accounts import add_consumer, drop_consumer, free_balance, set_lock
from edge_node.devnet.runtime.calls import ddc_staking_cluster
from edge_node.devnet.runtime.calls.ddc_cluster_nodes import detach_node
from edge_node.devnet.runtime.calls.ddc_nodes import node_of
from edge_node.devnet.runtime.calls.unlocking import Ledger, is_spent, settle_unlocked, start_unlocking
from edge_node.devnet.runtime.handler import Handler
from edge_node.devnet.runtime.origin import Origin
from edge_node.devnet.runtime.refusals import CallRefused, PalletRefusal
from edge_node.devnet.runtime.work import Work, ensure

PALLET = "DdcStaking"
LOCK = b"ddcstake"


def bond(work: Work, origin: Origin, controller: Chosen, node: Chosen, value: int) -> None:
    """Lock money for a node. A value above the free balance is silently cut down to it, as on the real chain."""
    stash, account = origin.signer(), work.lookup(controller)
    ensure(not work.has(PALLET, "Bonded", stash), PALLET, "AlreadyBonded")
    ensure(not work.has(PALLET, "Ledger", account), PALLET, "AlreadyPaired")
    ensure(value >= EXISTENTIAL_DEPOSIT, PALLET, "InsufficientBond")
    ensure(not work.has(PALLET, "Nodes", node), PALLET, "AlreadyPaired")
    ensure(node_of(work, node) is not None, PALLET, "NodeIsNotFound")
    _refer_to(work, stash)
    work.put(PALLET, "Nodes", node, stash)
    work.put(PALLET, "Providers", stash, node)
    work.put(PALLET, "Bonded", stash, account)
    value = min(value, free_balance(work, stash))
    work.emit(PALLET, "Bonded", (stash, value))
    _keep(work, account, {"stash": stash, "total": value, "active": value, "chilling": None, "unlocking": []})


def _refer_to(work: Work, stash: bytes) -> None:
    try:
        add_consumer(work, stash)
    except CallRefused:
        raise PalletRefusal(PALLET, "BadState") from None


def unbond(work: Work, origin: Origin, value: int) -> None:
    """Begin to give back part of a bond; while the node serves a cluster, its bond size must stay."""
    controller, ledger = _own_ledger(work, origin)
    ensure(len(ledger["unlocking"]) < UNLOCKING_MAX, PALLET, "NoMoreChunks")
    if not min(value, ledger["active"]):
        return
    stash, serves = ledger["stash"], work.get(PALLET, "Storages", ledger["stash"])
    delay = _unbonding_delay(work, stash, serves)
    ledger, amount = start_unlocking(ledger, value, work.number + delay)
    if serves is not None:
        ensure(ledger["active"] >= _rules_of(work, serves)["storage_bond_size"], PALLET, "InsufficientBond")
    _keep(work, controller, ledger)
    work.emit(PALLET, "Unbonded", (stash, amount))


def _unbonding_delay(work: Work, stash: bytes, serves: bytes | None) -> int:
    """In blocks; a node that was chilled but is still in its cluster begins to leave it here."""
    if serves is not None:
        return int(_rules_of(work, serves)["storage_unbonding_delay"])
    node = node_of(work, _node_key(work, stash))
    if node is None or node["cluster_id"] is None:
        return 0
    work.put(PALLET, "LeavingStorages", stash, node["cluster_id"])
    work.emit(PALLET, "LeaveSoon", stash)
    return int(_rules_of(work, node["cluster_id"])["storage_unbonding_delay"])


def withdraw_unbonded(work: Work, origin: Origin) -> None:
    """Free what is due; a node that was leaving has then left its cluster."""
    controller, ledger = _own_ledger(work, origin)
    stash = ledger["stash"]
    ledger, freed = settle_unlocked(ledger, work.number)
    node_key = _node_key(work, stash)
    if is_spent(ledger):
        _forget(work, stash, controller, node_key)
    else:
        _keep(work, controller, ledger)
    if freed:
        work.emit(PALLET, "Withdrawn", (stash, freed))
        _leave(work, stash, node_key)


def _leave(work: Work, stash: bytes, node_key: Chosen) -> None:
    cluster_id = work.get(PALLET, "LeavingStorages", stash)
    if cluster_id is not None:
        detach_node(work, cluster_id, node_key)
        work.remove(PALLET, "LeavingStorages", stash)
        work.emit(PALLET, "Left", stash)


def _forget(work: Work, stash: bytes, controller: bytes, node_key: Chosen) -> None:
    work.remove(PALLET, "Bonded", stash)
    work.remove(PALLET, "Ledger", controller)
    work.remove(PALLET, "Nodes", node_key)
    work.remove(PALLET, "Providers", stash)
    work.remove(PALLET, "Storages", stash)
    drop_consumer(work, stash)
    set_lock(work, LOCK, stash, 0)


def store(work: Work, origin: Origin, cluster_id: bytes) -> None:
    """Declare that the node wants to serve a cluster; for the cluster it serves already, cancel a chill."""
    ensure(work.has("DdcClusters", "Clusters", cluster_id), PALLET, "NoCluster")
    controller, ledger = _own_ledger(work, origin)
    stash, serves = ledger["stash"], work.get(PALLET, "Storages", ledger["stash"])
    ensure(ledger["active"] >= _rules_of(work, cluster_id)["storage_bond_size"], PALLET, "InsufficientBond")
    ensure(not work.has(PALLET, "LeavingStorages", stash), PALLET, "NodeIsLeaving")
    ensure(serves in (None, cluster_id), PALLET, "AlreadyInRole")
    if serves is not None:
        work.put(PALLET, "Ledger", controller, ledger | {"chilling": None})
        return
    work.put(PALLET, "Storages", stash, cluster_id)
    work.emit(PALLET, "Activated", stash)


def chill(work: Work, origin: Origin) -> None:
    """Stop serving: at once if the cluster wants no delay, else by calling twice, the delay in between."""
    controller, ledger = _own_ledger(work, origin)
    cluster_id = work.get(PALLET, "Storages", ledger["stash"])
    if cluster_id is None:
        return
    delay, planned = _rules_of(work, cluster_id)["storage_chill_delay"], ledger["chilling"]
    allowed_from = work.number + delay
    if delay and (planned is None or allowed_from < planned):
        _chill_soon(work, controller, ledger, cluster_id, allowed_from)
        return
    ensure(not delay or planned <= work.number, PALLET, "TooEarly")
    work.remove(PALLET, "Storages", ledger["stash"])
    work.put(PALLET, "Ledger", controller, ledger | {"chilling": None})
    work.emit(PALLET, "Chilled", ledger["stash"])


def fast_chill(work: Work, origin: Origin) -> None:
    """Plan the chill of a node that no cluster has taken for the next block."""
    controller, ledger = _own_ledger(work, origin)
    stash = ledger["stash"]
    node_key = _node_key(work, stash)
    ensure(work.get(PALLET, "Nodes", node_key) == stash, PALLET, "NotNodeController")
    cluster_id = work.get(PALLET, "Storages", stash)
    ensure(cluster_id is not None, PALLET, "NodeHasNoStake")
    ensure(not work.has("DdcClusters", "ClustersNodes", cluster_id, node_key), PALLET, "FastChillProhibited")
    _chill_soon(work, controller, ledger, cluster_id, work.number + 1)


def _chill_soon(work: Work, controller: bytes, ledger: Ledger, cluster_id: bytes, block: int) -> None:
    work.put(PALLET, "Ledger", controller, ledger | {"chilling": block})
    work.emit(PALLET, "ChillSoon", (ledger["stash"], cluster_id, block))


def set_controller(work: Work, origin: Origin, controller: Chosen) -> None:
    """Hand a stash to another controller."""
    stash = origin.signer()
    old = work.get(PALLET, "Bonded", stash)
    ensure(old is not None, PALLET, "NotStash")
    new = work.lookup(controller)
    ensure(not work.has(PALLET, "Ledger", new), PALLET, "AlreadyPaired")
    ledger = work.get(PALLET, "Ledger", old)
    work.put(PALLET, "Bonded", stash, new)
    work.remove(PALLET, "Ledger", old)
    work.put(PALLET, "Ledger", new, ledger)


def set_node(work: Work, origin: Origin, new_node: Chosen) -> None:
    """Name another node for a stash, which must serve no cluster."""
    stash = origin.signer()
    ensure(work.get(PALLET, "Nodes", new_node) in (None, stash), PALLET, "AlreadyPaired")
    ensure(not work.has(PALLET, "Storages", stash), PALLET, "AlreadyInRole")
    work.put(PALLET, "Nodes", new_node, stash)
    work.put(PALLET, "Providers", stash, new_node)


def _own_ledger(work: Work, origin: Origin) -> tuple[bytes, Ledger]:
    controller = origin.signer()
    ledger = work.get(PALLET, "Ledger", controller)
    ensure(ledger is not None, PALLET, "NotController")
    return controller, ledger


def _node_key(work: Work, stash: bytes) -> Chosen:
    key = work.get(PALLET, "Providers", stash)
    if not isinstance(key, Chosen):
        raise PalletRefusal(PALLET, "BadState")
    return key


def _rules_of(work: Work, cluster_id: bytes) -> Any:
    rules = work.get("DdcClusters", "ClustersGovParams", cluster_id)
    ensure(rules is not None, PALLET, "NoClusterGovParams")
    return rules


def _keep(work: Work, controller: bytes, ledger: Ledger) -> None:
    set_lock(work, LOCK, ledger["stash"], ledger["total"])
    work.put(PALLET, "Ledger", controller, ledger)


HANDLERS: dict[str, Handler] = {
    "bond": bond,
    "unbond": unbond,
    "withdraw_unbonded": withdraw_unbonded,
    "store": store,
    "chill": chill,
    "set_controller": set_controller,
    "set_node": set_node,
    "fast_chill": fast_chill,
    **ddc_staking_cluster.HANDLERS,
}
