"""Metadata of the profiles, read back as a client reads it."""

import pytest

from edge_node.chain_light.codec import decode_whole
from edge_node.chain_light.metadata_bytes import parse_metadata, write_metadata
from edge_node.chain_light.storage_key import storage_key
from edge_node.devnet.pallets import PROFILES, sdk_profile
from edge_node.devnet.runtime.described import metadata_of

# Keys that any Cere chain has, whatever its line (computed from names; cere-chain.md, storage prefixes).
KEYS = {
    ("Babe", "Authorities"): "1cb6f36e027abb2091cfb5110ab5087f5e0621c4869aa60c02be9adcc98a0d1d",
    ("Grandpa", "CurrentSetId"): "5f9cc45b7a00c5899361e1c6099678dc8a2d09463effcc78a22d75b9cb87dffc",
    ("Grandpa", "Authorities"): "5f9cc45b7a00c5899361e1c6099678dc5e0621c4869aa60c02be9adcc98a0d1d",
    ("DdcNodes", "StorageNodes"): "05b252b2f11d3659f9c143f141249f05834236d0c6681de0896f077c3b4797de",
    ("DdcClusters", "Clusters"): "44a9b62733d623fbf5392ceeaabc54d4554857e1c3a69e607837e04b13b95f60",
}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
@pytest.mark.parametrize("version", [14, 15])
def test_a_client_reads_what_is_described(profile, version):
    """Every call, event, error and storage item of every pallet, at its index."""
    metadata = parse_metadata(write_metadata(metadata_of(profile), version))
    for described in profile.pallets:
        pallet = metadata.find_pallet(described.name)
        assert pallet.index == described.index
        for call in described.calls:
            found = metadata.find_call(described.name, call.name)
            assert (found.index, [field.name for field in found.fields]) == (
                call.index, [field.name for field in call.fields],
            )  # fmt: skip
        for event in described.events:
            assert metadata.find_event(described.name, event.name).index == event.index
        for place, error in enumerate(described.errors):
            assert metadata.find_error(described.index, place).name == error
        for item in described.storage:
            entry = metadata.find_storage(described.name, item.name).entry
            assert (entry.optional, len(entry.hashers)) == (item.optional, len(item.keys))


def test_both_versions_say_the_same():
    """Whichever a client asks for."""
    metadata = metadata_of(sdk_profile())
    older, newer = (parse_metadata(write_metadata(metadata, version)) for version in (14, 15))
    assert (older.registry, older.pallets) == (newer.registry, newer.pallets)
    assert [one.identifier for one in older.extrinsic.extensions] == [
        one.identifier for one in newer.extrinsic.extensions
    ]


def test_storage_lies_where_real_chains_have_it():
    """The prefixes of items that the light client reads."""
    metadata = metadata_of(sdk_profile())
    for (pallet, name), key in KEYS.items():
        item = metadata.find_storage(pallet, name)
        keys = [bytes(32)] if name == "StorageNodes" else [bytes(20)] if name == "Clusters" else []
        assert storage_key(item, *keys)[:32].hex() == key


def test_defaults_and_constants_have_their_types():
    """Each decodes to the last byte."""
    metadata = metadata_of(sdk_profile())
    for pallet in metadata.pallets:
        for entry in pallet.storage.entries if pallet.storage else ():
            if not entry.optional:
                decode_whole(metadata.registry, entry.value, entry.default)
        for constant in pallet.constants:
            decode_whole(metadata.registry, constant.type, constant.value)
    assert metadata.find_constant("Balances", "ExistentialDeposit").value == (10**10).to_bytes(16, "little")
