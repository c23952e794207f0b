"""DdcCustomers through signed extrinsics: buckets and deposits."""

import pytest

from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.pallets.ddc_customers import UNLOCKING_DELAY_BLOCKS, UNLOCKING_MAX
from edge_node.devnet.runtime.calls import ddc_customers
from edge_node.devnet.runtime.calls.ddc_customers import vault_of
from edge_node.devnet.runtime.dispatch import call_of
from tests.devnet.runtime.ddc import CLUSTER, OTHER_CLUSTER, ddc_stage, named
from tests.devnet.runtime.stage import ALICE, BOB, SARAH, Account

NEW = Account("new")
PRIVATE, PUBLIC = {"is_public": False}, {"is_public": True}


@pytest.fixture
def stage():
    """A chain with a cluster."""
    return ddc_stage()


def refused(stage, call, who=ALICE, **arguments):
    """Why a call was refused, without the pallet's name."""
    return stage.refusal(who, "DdcCustomers", call, **arguments).removeprefix("DdcCustomers.")


def deposit(stage, value=10 * CERE, who=ALICE, call="deposit", **arguments):
    """A deposit into the cluster."""
    return stage.ok(who, "DdcCustomers", call, cluster_id=CLUSTER, value=value, **arguments)


def ledger(stage, who=ALICE):
    """Someone's ledger in the cluster."""
    return stage.read("DdcCustomers", "ClusterLedger", CLUSTER, who.id)


def free(stage, account):
    """A free balance."""
    return stage.read("System", "Account", account)["data"]["free"]


def test_buckets_count_from_one(stage):
    """Anyone makes them, without a deposit; events name the id as clients look for it."""
    for bucket_id in (1, 2):
        events = stage.ok(ALICE, "DdcCustomers", "create_bucket", cluster_id=CLUSTER, bucket_params=PUBLIC)
        assert named(events, "DdcCustomers.BucketCreated") == {"cluster_id": CLUSTER, "bucket_id": bucket_id}
    assert stage.read("DdcCustomers", "BucketsCount") == 2
    assert stage.read("DdcCustomers", "Buckets", 2) == {
        "bucket_id": 2, "owner_id": ALICE.id, "cluster_id": CLUSTER, "is_public": True, "is_removed": False,
    }  # fmt: skip


def test_a_bucket_is_its_owners(stage):
    """NotBucketOwner for others, NoBucketWithId for none."""
    stage.ok(ALICE, "DdcCustomers", "create_bucket", cluster_id=CLUSTER, bucket_params=PRIVATE)
    for call, arguments in (("set_bucket_params", {"bucket_params": PUBLIC}), ("remove_bucket", {})):
        assert refused(stage, call, BOB, bucket_id=1, **arguments) == "NotBucketOwner"
        assert refused(stage, call, bucket_id=2, **arguments) == "NoBucketWithId"
    events = stage.ok(ALICE, "DdcCustomers", "set_bucket_params", bucket_id=1, bucket_params=PUBLIC)
    assert named(events, "DdcCustomers.BucketUpdated")["bucket_id"] == 1
    assert stage.read("DdcCustomers", "Buckets", 1)["is_public"]


def test_a_removed_bucket_stays_marked(stage):
    """AlreadyRemoved the second time."""
    stage.ok(ALICE, "DdcCustomers", "create_bucket", cluster_id=CLUSTER, bucket_params=PRIVATE)
    events = stage.ok(ALICE, "DdcCustomers", "remove_bucket", bucket_id=1)
    assert named(events, "DdcCustomers.BucketRemoved") == {"cluster_id": CLUSTER, "bucket_id": 1}
    assert stage.read("DdcCustomers", "Buckets", 1)["is_removed"]
    assert refused(stage, "remove_bucket", bucket_id=1) == "AlreadyRemoved"


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("create_bucket", {"bucket_params": PUBLIC}),
        ("deposit", {"value": CERE}),
        ("deposit_extra", {"max_additional": CERE}),
        ("deposit_for", {"owner": BOB.id, "value": CERE}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_cluster_must_be_there(stage, call, arguments):
    """ClusterDoesNotExist."""
    assert refused(stage, call, cluster_id=OTHER_CLUSTER, **arguments) == "ClusterDoesNotExist"


def test_a_deposit_lies_in_the_clusters_vault(stage):
    """Its account is made of the pallet's id and the cluster's hash."""
    events = deposit(stage)
    vault = vault_of(CLUSTER)
    assert (vault[:12], len(vault), vault[28:]) == (b"modlaccounts", 32, bytes(4))
    assert named(events, "DdcCustomers.Deposited") == {"cluster_id": CLUSTER, "owner_id": ALICE.id, "amount": 10 * CERE}
    assert free(stage, vault) == 10 * CERE
    assert ledger(stage) == {"owner": ALICE.id, "total": 10 * CERE, "active": 10 * CERE, "unlocking": []}
    assert stage.read("System", "Account", ALICE.id)["consumers"] == 1


def test_a_ledger_is_opened_once(stage):
    """AlreadyPaired: deposit_extra adds; NotOwner for who has none."""
    assert refused(stage, "deposit_extra", cluster_id=CLUSTER, max_additional=CERE) == "NotOwner"
    deposit(stage)
    assert refused(stage, "deposit", cluster_id=CLUSTER, value=CERE) == "AlreadyPaired"
    stage.ok(ALICE, "DdcCustomers", "deposit_extra", cluster_id=CLUSTER, max_additional=2 * CERE)
    assert ledger(stage)["active"] == 12 * CERE


def test_dust_is_no_deposit(stage):
    """InsufficientDeposit below 1 CERE, where it would open or leave a ledger so."""
    assert refused(stage, "deposit", cluster_id=CLUSTER, value=CERE - 1) == "InsufficientDeposit"
    assert refused(stage, "deposit_for", cluster_id=CLUSTER, owner=BOB.id, value=CERE - 1) == "InsufficientDeposit"
    deposit(stage, CERE)
    stage.ok(ALICE, "DdcCustomers", "unlock_deposit", cluster_id=CLUSTER, value=CERE)
    assert refused(stage, "deposit_extra", cluster_id=CLUSTER, max_additional=CERE - 1) == "InsufficientDeposit"
    assert refused(stage, "deposit_for", BOB, cluster_id=CLUSTER, owner=ALICE.id, value=1) == "InsufficientDeposit"


def test_the_payer_must_live_on(stage):
    """TransferFailed for a deposit of all there is, whichever call makes it."""
    everything = free(stage, ALICE.id)
    assert refused(stage, "deposit", cluster_id=CLUSTER, value=everything) == "TransferFailed"
    assert ledger(stage) is None
    assert stage.read("System", "Account", ALICE.id)["consumers"] == 0
    deposit(stage)
    assert refused(stage, "deposit_extra", cluster_id=CLUSTER, max_additional=everything) == "TransferFailed"


def test_nobody_pays_for_others_what_they_have_not(stage):
    """NotEnoughBalance, with and without a ledger there."""
    more = free(stage, ALICE.id) + CERE
    assert refused(stage, "deposit_for", cluster_id=CLUSTER, owner=BOB.id, value=more) == "NotEnoughBalance"
    deposit(stage, who=BOB)
    assert refused(stage, "deposit_for", cluster_id=CLUSTER, owner=BOB.id, value=more) == "NotEnoughBalance"


def test_a_deposit_for_somebody_new_makes_their_account(stage):
    """1 CERE of it becomes theirs; with less than 2 it is refused."""
    given = {"cluster_id": CLUSTER, "owner": NEW.id}
    assert refused(stage, "deposit_for", **given, value=2 * CERE - 1) == "InsufficientDeposit"
    deposit(stage, 5 * CERE, call="deposit_for", owner=NEW.id)
    assert (free(stage, NEW.id), ledger(stage, NEW)["total"]) == (CERE, 4 * CERE)
    deposit(stage, CERE, who=SARAH, call="deposit_for", owner=NEW.id)
    assert ledger(stage, NEW)["active"] == 5 * CERE


def test_an_owner_who_cannot_be_referred_to_gets_no_ledger(stage):
    """BadState."""
    account = stage.read("System", "Account", ALICE.id) | {"consumers": 16}
    raw = stage.chain.form.encode("frame_system::AccountInfo", account)
    stage.set_raw("System", "Account", ALICE.id, raw=raw)
    assert refused(stage, "deposit", cluster_id=CLUSTER, value=CERE) == "BadState"


def test_money_comes_out_after_the_delay(stage, monkeypatch):
    """Unlocked, waited for, withdrawn; the last of it ends the ledger."""
    assert UNLOCKING_DELAY_BLOCKS * 6 == 7 * 24 * 3600
    monkeypatch.setattr(ddc_customers, "UNLOCKING_DELAY_BLOCKS", 2)
    deposit(stage)
    events = stage.ok(ALICE, "DdcCustomers", "unlock_deposit", cluster_id=CLUSTER, value=4 * CERE)
    assert named(events, "DdcCustomers.InitialDepositUnlock")["amount"] == 4 * CERE
    early = stage.ok(ALICE, "DdcCustomers", "withdraw_unlocked_deposit", cluster_id=CLUSTER)
    assert "DdcCustomers.Withdrawn" not in dict(early)
    events = stage.ok(ALICE, "DdcCustomers", "withdraw_unlocked_deposit", cluster_id=CLUSTER)
    assert named(events, "DdcCustomers.Withdrawn")["amount"] == 4 * CERE
    assert free(stage, vault_of(CLUSTER)) == 6 * CERE
    stage.ok(ALICE, "DdcCustomers", "unlock_deposit", cluster_id=CLUSTER, value=6 * CERE)
    stage.skip(1)
    stage.ok(ALICE, "DdcCustomers", "withdraw_unlocked_deposit", cluster_id=CLUSTER)
    assert (ledger(stage), free(stage, vault_of(CLUSTER))) == (None, 0)
    assert stage.read("System", "Account", ALICE.id)["consumers"] == 0


def test_only_who_deposited_takes_out(stage):
    """NotOwner."""
    deposit(stage)
    assert refused(stage, "unlock_deposit", BOB, cluster_id=CLUSTER, value=CERE) == "NotOwner"
    assert refused(stage, "withdraw_unlocked_deposit", BOB, cluster_id=CLUSTER) == "NotOwner"


def test_chunks_are_counted(stage):
    """NoMoreChunks at 32; nothing is unlocked of nothing."""
    deposit(stage)
    quiet = stage.ok(ALICE, "DdcCustomers", "unlock_deposit", cluster_id=CLUSTER, value=0)
    assert "DdcCustomers.InitialDepositUnlock" not in dict(quiet)
    chunks = [{"value": 1, "block": 10_000 + place} for place in range(UNLOCKING_MAX)]
    raw = stage.chain.form.encode("pallet_ddc_customers::CustomerLedger", ledger(stage) | {"unlocking": chunks})
    stage.set_raw("DdcCustomers", "ClusterLedger", CLUSTER, ALICE.id, raw=raw)
    assert refused(stage, "unlock_deposit", cluster_id=CLUSTER, value=CERE) == "NoMoreChunks"


def test_a_batch_of_buckets_is_one_extrinsic(stage):
    """As the SDK removes several."""
    make = call_of("DdcCustomers", "create_bucket", cluster_id=CLUSTER, bucket_params=PUBLIC)
    stage.ok(ALICE, "Utility", "batch", calls=[make, make, make])
    remove = [call_of("DdcCustomers", "remove_bucket", bucket_id=bucket_id) for bucket_id in (1, 3)]
    stage.ok(ALICE, "Utility", "batch", calls=remove)
    assert [stage.read("DdcCustomers", "Buckets", one)["is_removed"] for one in (1, 2, 3)] == [True, False, True]
