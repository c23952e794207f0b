"""Metadata that lies."""

from edge_node.chain_light.metadata_bytes import parse_metadata, write_metadata
from edge_node.devnet.pallets import sdk_profile
from edge_node.devnet.rpc.permuted import permuted
from edge_node.devnet.runtime.form import Form


def test_calls_and_fields_change_their_places():
    """It is well-formed, has every name, and means something else."""
    honest = Form(sdk_profile()).metadata
    lied = parse_metadata(write_metadata(permuted(honest), 15))
    names = [(one.name, one.index) for one in honest.registry[honest.find_pallet("Balances").calls].definition.variants]
    (first, place), (second, other) = names[:2]
    assert lied.find_call("Balances", first).index == other
    assert lied.find_call("Balances", second).index == place
    fields = {
        name: [
            field.name
            for one in metadata.registry
            if one.path[-1:] == ("AccountData",)
            for field in one.definition.fields
        ]
        for name, metadata in (("honest", honest), ("lied", lied))
    }
    assert fields["lied"][:2] == fields["honest"][1::-1]
    assert fields["lied"][2:] == fields["honest"][2:]
