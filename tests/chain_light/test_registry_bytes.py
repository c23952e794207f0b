"""The registry as bytes: round trips, and what is refused."""

import pytest
from hypothesis import given, settings

from edge_node.chain_light.metadata_scale import MetadataScale
from edge_node.chain_light.registry_bytes import read_registry, write_registry
from edge_node.chain_light.types import (
    Composite,
    DanglingType,
    Field,
    MalformedRegistry,
    Registry,
    Type,
    TypeParam,
    Variant,
    VariantOf,
)
from edge_node.wire.scale import MalformedScale
from tests.chain_light.registries import registries


@given(registries())
@settings(max_examples=60, deadline=None)
def test_a_registry_comes_back(registry):
    """Types of every form, by their places."""
    scale = MetadataScale(write_registry(registry))
    assert read_registry(scale) == registry
    scale.end()


def test_every_text_comes_back():
    """Paths, parameters, type names and documentation are kept."""
    fields = (Field("a", 0, "Vec<T>", ("One.", "Two.")), Field("b", 0))
    entry = Type(("a", "B"), (TypeParam("T", 0), TypeParam("U")), Composite(fields), ("Doc.",))
    variants = Variant((VariantOf("V", 7, (Field(None, 1, "B"),), ("Doc.",)),))
    registry = Registry([entry, Type((), (), variants)])
    assert read_registry(MetadataScale(write_registry(registry))) == registry


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        ("04 04 00 00 05 00 00", MalformedRegistry),  # the first type is said to be number 1
        ("08 00 00 00 05 00 00 00 00 00 05 00 00", MalformedRegistry),  # two of number 0
        ("04 00 00 00 02 04 00", DanglingType),
        ("04 00 00 00 08 00 00", MalformedScale),  # a form beyond the last
        ("04 00 00 00 05 0f 00", MalformedScale),  # a primitive beyond the last
        ("04 00 00 00 00 04 02 00 00 00", MalformedScale),  # a flag of 2
        ("fe ff ff ff", MalformedScale),  # a thousand million types in no bytes
        ("04 00 fe ff ff ff", MalformedScale),
    ],
)
def test_bytes_that_are_no_registry_are_refused(raw, refusal):
    """Ids out of order, references out of range, forms that are not known, counts that cannot be."""
    with pytest.raises(refusal):
        read_registry(MetadataScale(bytes.fromhex(raw)))
