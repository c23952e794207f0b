"""DdcCustomers' description."""

from edge_node.devnet.pallets.ddc_customers import PALLET


def test_its_index_and_calls():
    """Buckets at 0, 6 and 7, deposits between."""
    assert PALLET.index == 36
    assert [call.name for call in PALLET.calls] == [
        "create_bucket", "deposit", "deposit_extra", "deposit_for", "unlock_deposit", "withdraw_unlocked_deposit",
        "set_bucket_params", "remove_bucket",
    ]  # fmt: skip


def test_events_name_their_fields_in_snake_case():
    """The SDK reads `bucket_id` by this name."""
    fields = {event.name: [field.name for field in event.fields] for event in PALLET.events}
    assert fields["BucketCreated"] == ["cluster_id", "bucket_id"]
    assert fields["Charged"][-1] == "expected_to_charge"


def test_ledgers_are_found_by_hashes_alone():
    """Who owns a ledger cannot be read of its key."""
    (ledger,) = (item for item in PALLET.storage if item.name == "ClusterLedger")
    assert [hasher for hasher, _ in ledger.keys] == ["Blake2_256", "Blake2_256"]


def test_its_errors_and_delay():
    """16 errors; deposits are seven days on their way out."""
    assert (len(PALLET.errors), PALLET.errors[13]) == (16, "TransferFailed")
    assert {one.name: one.value for one in PALLET.constants}["UnlockingDelay"] == 100_800
