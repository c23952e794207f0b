"""The runtime's interfaces, as metadata and versions tell them."""

import pytest

from edge_node.chain_light.metadata_bytes import parse_metadata, write_metadata
from edge_node.devnet.pallets import dev_profile, sdk_profile
from edge_node.devnet.pallets.apis import APIS, api
from edge_node.devnet.pallets.shape import BadDescription
from edge_node.devnet.runtime.form import Form


def test_their_ids_are_those_of_real_runtimes():
    """Eight bytes of a hash of the name: Core, Metadata and the rest as every chain lists them."""
    ids = {one.name: (one.id.hex(), one.version) for one in APIS}
    assert ids["Core"] == ("df6acb689907609b", 5)
    assert ids["Metadata"] == ("37e397fc7c91f5e4", 2)
    assert ids["BabeApi"][0] == "cbca25e39f142387"
    assert ids["GrandpaApi"][0] == "ed99c5acb25eedf5"
    assert ids["AccountNonceApi"][0] == "bc9d89904f5b923f"
    assert ids["TransactionPaymentApi"][0] == "37c8bb1350a9a2a8"


@pytest.mark.parametrize("profile", [sdk_profile(), dev_profile(1)], ids=["sdk", "dev"])
def test_metadata_15_describes_every_method(profile):
    """With its arguments by name; version 14 has no place for them."""
    metadata = parse_metadata(write_metadata(Form(profile).metadata, 15))
    told = {one.name: {method.name: method for method in one.methods} for one in metadata.apis}
    assert {one.name: {method.name for method in one.methods} for one in APIS} == {
        name: set(methods) for name, methods in told.items()
    }
    assert [one.name for one in told["TransactionPaymentApi"]["query_info"].inputs] == ["uxt", "len"]
    assert parse_metadata(write_metadata(Form(profile).metadata, 14)).apis == ()


def test_a_line_that_is_no_method_is_refused():
    """At import, not when a client asks."""
    with pytest.raises(BadDescription):
        api("Odd", 1, "version()")
