"""A runtime's form in use."""

import pytest

from edge_node.chain_light.metadata import NotInMetadata
from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets import sdk_profile
from edge_node.devnet.runtime.form import Form
from edge_node.devnet.runtime.refusals import CallRefused, PalletRefusal, token_refusal

FORM = Form(sdk_profile())


def test_an_error_is_its_pallets_index_and_its_own_in_four_bytes():
    """As clients take it apart."""
    value = FORM.error_value(PalletRefusal("DdcClusters", "NodeHasNoActivatedStake"))
    assert value == Chosen("Module", {"index": 38, "error": bytes((10, 0, 0, 0))})
    assert FORM.encode("sp_runtime::DispatchError", value) == bytes((3, 38, 10, 0, 0, 0))


def test_other_refusals_are_named():
    """With what they hold, or nothing."""
    assert FORM.error_value(token_refusal("Frozen")) == Chosen("Token", Chosen("Frozen"))
    assert FORM.error_value(CallRefused("BadOrigin")) == Chosen("BadOrigin")


def test_values_by_their_path():
    """Written and read back."""
    info = {"spec_version": 7, "spec_name": "node"}
    raw = FORM.encode("frame_system::LastRuntimeUpgradeInfo", info)
    assert FORM.decode("frame_system::LastRuntimeUpgradeInfo", raw) == info


def test_a_call_begins_with_its_two_indexes():
    """Pallet, then call."""
    call = Chosen("DdcCustomers", Chosen("remove_bucket", {"bucket_id": 5}))
    assert FORM.encode_call(call) == bytes((36, 7)) + (5).to_bytes(8, "little")


def test_metadata_is_answered_in_two_versions():
    """Each begins with its mark."""
    assert FORM.written(14)[:5] == b"meta\x0e"
    assert FORM.written(15)[:5] == b"meta\x0f"


def test_an_item_nobody_describes_is_refused():
    """A typing error in a handler is not an absent value."""
    with pytest.raises(NotInMetadata):
        FORM.item("System", "Accounts")
