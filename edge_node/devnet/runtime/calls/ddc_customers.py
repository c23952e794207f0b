"""What the calls of DdcCustomers do: buckets, which anyone may make, and deposits, which a cluster's vault holds."""

import hashlib
from typing import Any

from edge_node.devnet.pallets.balances import EXISTENTIAL_DEPOSIT
from edge_node.devnet.pallets.ddc_customers import PALLET_ID, UNLOCKING_DELAY_BLOCKS, UNLOCKING_MAX
from edge_node.devnet.runtime.accounts import add_consumer, drop_consumer, free_balance, transfer
from edge_node.devnet.runtime.calls.unlocking import Ledger, is_spent, settle_unlocked, start_unlocking
from edge_node.devnet.runtime.handler import Handler
from edge_node.devnet.runtime.origin import Origin
from edge_node.devnet.runtime.refusals import CallRefused, PalletRefusal
from edge_node.devnet.runtime.work import Work, ensure

PALLET = "DdcCustomers"


def vault_of(cluster_id: bytes) -> bytes:
    """The account that holds a cluster's deposits: `modl`, the pallet's id, BLAKE2-128 of the cluster, zeros."""
    return (b"modl" + PALLET_ID + hashlib.blake2b(cluster_id, digest_size=16).digest()).ljust(32, b"\0")


def create_bucket(work: Work, origin: Origin, cluster_id: bytes, bucket_params: dict[str, bool]) -> None:
    """Make a bucket in a cluster; the first has id 1."""
    owner, bucket_id = origin.signer(), work.get(PALLET, "BucketsCount") + 1
    _require_cluster(work, cluster_id)
    bucket = {
        "bucket_id": bucket_id,
        "owner_id": owner,
        "cluster_id": cluster_id,
        "is_public": bucket_params["is_public"],
        "is_removed": False,
    }
    work.put(PALLET, "BucketsCount", bucket_id)
    work.put(PALLET, "Buckets", bucket_id, bucket)
    _tell(work, "BucketCreated", bucket)


def set_bucket_params(work: Work, origin: Origin, bucket_id: int, bucket_params: dict[str, bool]) -> None:
    """Make a bucket public or private."""
    bucket = _own_bucket(work, origin, bucket_id)
    work.put(PALLET, "Buckets", bucket_id, bucket | {"is_public": bucket_params["is_public"]})
    _tell(work, "BucketUpdated", bucket)


def remove_bucket(work: Work, origin: Origin, bucket_id: int) -> None:
    """Mark a bucket as removed; its entry stays."""
    bucket = _own_bucket(work, origin, bucket_id)
    ensure(not bucket["is_removed"], PALLET, "AlreadyRemoved")
    work.put(PALLET, "Buckets", bucket_id, bucket | {"is_removed": True})
    _tell(work, "BucketRemoved", bucket)


def deposit(work: Work, origin: Origin, cluster_id: bytes, value: int) -> None:
    """Open a ledger with a first deposit; a value above the free balance is cut down to it."""
    owner = origin.signer()
    _require_cluster(work, cluster_id)
    ensure(not work.has(PALLET, "ClusterLedger", cluster_id, owner), PALLET, "AlreadyPaired")
    ensure(value >= EXISTENTIAL_DEPOSIT, PALLET, "InsufficientDeposit")
    _refer_to(work, owner)
    _pay_in(work, owner, owner, cluster_id, min(value, free_balance(work, owner)))


def deposit_extra(work: Work, origin: Origin, cluster_id: bytes, max_additional: int) -> None:
    """Add to a ledger that there is."""
    owner = origin.signer()
    _require_cluster(work, cluster_id)
    ledger = _ledger(work, cluster_id, owner)
    extra = min(max_additional, free_balance(work, owner))
    ensure(ledger["active"] + extra >= EXISTENTIAL_DEPOSIT, PALLET, "InsufficientDeposit")
    _pay_in(work, owner, owner, cluster_id, extra)


def deposit_for(work: Work, origin: Origin, owner: bytes, cluster_id: bytes, value: int) -> None:
    """Pay into another's ledger; an owner without an account is given one out of the value."""
    funder = origin.signer()
    _require_cluster(work, cluster_id)
    if not work.has(PALLET, "ClusterLedger", cluster_id, owner):
        ensure(value >= EXISTENTIAL_DEPOSIT, PALLET, "InsufficientDeposit")
        ensure(free_balance(work, funder) >= value, PALLET, "NotEnoughBalance")
        if free_balance(work, owner) < EXISTENTIAL_DEPOSIT:
            ensure(value >= 2 * EXISTENTIAL_DEPOSIT, PALLET, "InsufficientDeposit")
            transfer(work, funder, owner, EXISTENTIAL_DEPOSIT, keep=True)
            value -= EXISTENTIAL_DEPOSIT
        _refer_to(work, owner)
    else:
        ensure(free_balance(work, funder) >= value, PALLET, "NotEnoughBalance")
        active = _ledger(work, cluster_id, owner)["active"]
        ensure(active + value >= EXISTENTIAL_DEPOSIT, PALLET, "InsufficientDeposit")
    _pay_in(work, funder, owner, cluster_id, value)


def unlock_deposit(work: Work, origin: Origin, cluster_id: bytes, value: int) -> None:
    """Begin to take money out: it is due after the unlocking delay."""
    owner = origin.signer()
    ledger = _ledger(work, cluster_id, owner)
    ensure(len(ledger["unlocking"]) < UNLOCKING_MAX, PALLET, "NoMoreChunks")
    if not min(value, ledger["active"]):
        return
    ledger, amount = start_unlocking(ledger, value, work.number + UNLOCKING_DELAY_BLOCKS)
    work.put(PALLET, "ClusterLedger", cluster_id, owner, ledger)
    _tell_amount(work, "InitialDepositUnlock", cluster_id, owner, amount)


def withdraw_unlocked_deposit(work: Work, origin: Origin, cluster_id: bytes) -> None:
    """Take out what is due."""
    owner = origin.signer()
    ledger, freed = settle_unlocked(_ledger(work, cluster_id, owner), work.number)
    if is_spent(ledger):
        work.remove(PALLET, "ClusterLedger", cluster_id, owner)
        drop_consumer(work, owner)
    else:
        work.put(PALLET, "ClusterLedger", cluster_id, owner, ledger)
    if freed:
        transfer(work, vault_of(cluster_id), owner, freed, keep=False)
        _tell_amount(work, "Withdrawn", cluster_id, owner, freed)


def _pay_in(work: Work, funder: bytes, owner: bytes, cluster_id: bytes, amount: int) -> None:
    """Move money to the vault and note it; the payer must be able to live on."""
    try:
        if amount:
            transfer(work, funder, vault_of(cluster_id), amount, keep=True)
    except CallRefused:
        raise PalletRefusal(PALLET, "TransferFailed") from None
    ledger = work.get(PALLET, "ClusterLedger", cluster_id, owner)
    ledger = ledger or {"owner": owner, "total": 0, "active": 0, "unlocking": []}
    ledger |= {"total": ledger["total"] + amount, "active": ledger["active"] + amount}
    work.put(PALLET, "ClusterLedger", cluster_id, owner, ledger)
    _tell_amount(work, "Deposited", cluster_id, owner, amount)


def _refer_to(work: Work, owner: bytes) -> None:
    try:
        add_consumer(work, owner)
    except CallRefused:
        raise PalletRefusal(PALLET, "BadState") from None


def _require_cluster(work: Work, cluster_id: bytes) -> None:
    ensure(work.has("DdcClusters", "Clusters", cluster_id), PALLET, "ClusterDoesNotExist")


def _ledger(work: Work, cluster_id: bytes, owner: bytes) -> Ledger:
    ledger = work.get(PALLET, "ClusterLedger", cluster_id, owner)
    ensure(ledger is not None, PALLET, "NotOwner")
    return dict(ledger)


def _own_bucket(work: Work, origin: Origin, bucket_id: int) -> Any:
    caller, bucket = origin.signer(), work.get(PALLET, "Buckets", bucket_id)
    ensure(bucket is not None, PALLET, "NoBucketWithId")
    ensure(bucket["owner_id"] == caller, PALLET, "NotBucketOwner")
    return bucket


def _tell(work: Work, event: str, bucket: Any) -> None:
    work.emit(PALLET, event, {"cluster_id": bucket["cluster_id"], "bucket_id": bucket["bucket_id"]})


def _tell_amount(work: Work, event: str, cluster_id: bytes, owner: bytes, amount: int) -> None:
    work.emit(PALLET, event, {"cluster_id": cluster_id, "owner_id": owner, "amount": amount})


HANDLERS: dict[str, Handler] = {
    "create_bucket": create_bucket,
    "deposit": deposit,
    "deposit_extra": deposit_extra,
    "deposit_for": deposit_for,
    "unlock_deposit": unlock_deposit,
    "withdraw_unlocked_deposit": withdraw_unlocked_deposit,
    "set_bucket_params": set_bucket_params,
    "remove_bucket": remove_bucket,
}
