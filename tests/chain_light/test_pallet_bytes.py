"""Pallets and APIs as bytes: round trips, with and without the documentation that V15 brings."""

from dataclasses import replace

import pytest

from edge_node.chain_light.metadata_scale import MetadataScale
from edge_node.chain_light.pallet_bytes import read_apis, read_pallets, write_apis, write_pallets
from edge_node.wire.scale import MalformedScale
from tests.chain_light.runtimes import mini_parts

PARTS = mini_parts()


@pytest.mark.parametrize("documented", [True, False])
def test_pallets_come_back(documented):
    """Every kind of storage, constants, and the pallets' own documentation where the version has it."""
    first, *rest = PARTS["pallets"]
    pallets = (replace(first, docs=("It counts.",)), *rest)
    scale = MetadataScale(write_pallets(pallets, documented=documented))
    found = read_pallets(scale, documented=documented)
    scale.end()
    assert found == (pallets if documented else PARTS["pallets"])


def test_apis_come_back():
    """Methods with their inputs and outputs."""
    scale = MetadataScale(write_apis(PARTS["apis"]))
    assert read_apis(scale) == PARTS["apis"]
    scale.end()


@pytest.mark.parametrize(
    "raw",
    [
        "04 04 50 01 04 50 04 04 45 02 00 00 00 00 00 00 00 00 00",  # a modifier of 2
        "04 04 50 01 04 50 04 04 45 00 01 04 07 00 00 00 00 00 00 00 00 00",  # a hasher of 7
        "04 04 50 01 04 50 04 04 45 00 00 00 fe ff ff ff",  # a default of a thousand million bytes
        "fe ff ff ff",
    ],
)
def test_bytes_that_are_no_pallet_are_refused(raw):
    """Modifiers and hashers that are not known, and lengths that cannot be."""
    with pytest.raises(MalformedScale):
        read_pallets(MetadataScale(bytes.fromhex(raw)), documented=False)
