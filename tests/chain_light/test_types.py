"""The registry: what it finds, and what it refuses to hold."""

import pytest

from edge_node.chain_light.types import (
    ArrayOf,
    BitSequence,
    CompactOf,
    Composite,
    DanglingType,
    Field,
    MalformedRegistry,
    NoSuchType,
    Primitive,
    PrimitiveKind,
    Registry,
    SequenceOf,
    TupleOf,
    Type,
    Variant,
    VariantOf,
    references,
)

U8 = Type((), (), Primitive(PrimitiveKind.U8))
ACCOUNT = Type(("sp_core", "crypto", "AccountId32"), (), Composite((Field(None, 2, "[u8; 32]"),)))
BYTES32 = Type((), (), ArrayOf(32, 0))


def test_a_type_is_found_by_its_path():
    """The path is written as in Rust, the id is the type's place."""
    registry = Registry([U8, ACCOUNT, BYTES32])
    assert registry.find("sp_core::crypto::AccountId32") == 1
    assert registry[1] is ACCOUNT
    assert len(registry) == 3
    assert list(registry) == [U8, ACCOUNT, BYTES32]


@pytest.mark.parametrize(("path", "count"), [("a::B", 0), ("Option", 2)])
def test_a_path_without_one_type_is_refused(path, count):
    """A path that leads nowhere, or to several, is said to with the number found; all of several can be had."""
    option = Type(("Option",), (), Variant((VariantOf("None", 0), VariantOf("Some", 1, (Field(None, 0),)))))
    registry = Registry([U8, option, option])
    with pytest.raises(NoSuchType) as refused:
        registry.find(path)
    assert (refused.value.asked, refused.value.found) == (path, count)
    assert len(registry.find_all(path)) == count


@pytest.mark.parametrize(
    "definition",
    [
        Composite((Field("a", 7),)),
        Variant((VariantOf("A", 0), VariantOf("B", 9, (Field(None, 0), Field(None, 7))))),
        SequenceOf(7),
        ArrayOf(2, 7),
        TupleOf((0, 7)),
        CompactOf(7),
        BitSequence(0, 7),
    ],
    ids=lambda definition: type(definition).__name__,
)
def test_a_reference_that_leads_nowhere_is_refused(definition):
    """Each form of type is looked through, and the error names who refers to what."""
    with pytest.raises(DanglingType) as refused:
        Registry([U8, Type((), (), definition)])
    assert (refused.value.referrer, refused.value.wanted) == (1, 7)


@pytest.mark.parametrize("type_id", [-1, 1])
def test_an_id_outside_the_registry_is_refused(type_id):
    """No id counts from the end."""
    with pytest.raises(NoSuchType):
        Registry([U8])[type_id]


def test_a_type_may_refer_to_itself():
    """Recursion is legal in a registry: what bounds it is the reader of a value."""
    registry = Registry([Type((), (), SequenceOf(0))])
    assert references(registry[0].definition) == (0,)


def test_forms_of_the_same_numbers_differ():
    """A sequence of a type is not a compact of it, and equal registries are equal."""
    assert Registry([U8, Type((), (), SequenceOf(0))]) != Registry([U8, Type((), (), CompactOf(0))])
    assert Registry([U8]) == Registry([U8])
    assert hash(Registry([U8])) == hash(Registry([U8]))


@pytest.mark.parametrize(
    ("definition", "why"),
    [
        (Composite((Field("a", 0), Field("a", 0))), "two fields of one name"),
        (Composite((Field("a", 0), Field(None, 0))), "a name and fields without"),
        (Variant((VariantOf("A", 0), VariantOf("A", 1))), "two variants"),
        (Variant((VariantOf("A", 0), VariantOf("B", 0))), "two variants"),
        (Variant((VariantOf("A", 0, (Field("b", 0), Field("b", 0))),)), "two fields of one name"),
    ],
)
def test_names_that_stand_twice_are_refused(definition, why):
    """A value of such a type could be read in two ways: which field or variant a name means would be chance."""
    with pytest.raises(MalformedRegistry, match=why) as refused:
        Registry([U8, Type((), (), definition)])
    assert refused.value.type_id == 1


def test_a_variant_is_found_by_index_and_by_name():
    """Indexes need not begin at 0; a type that is no enum has no variants."""
    full = VariantOf("Full", 1)
    registry = Registry([U8, Type(("Mode",), (), Variant((full,)))])
    assert registry.variant_at(1, 1) is registry.variant_named(1, "Full") is full
    assert registry.variant_at(1, 0) is registry.variant_named(1, "Half") is registry.variant_at(0, 1) is None
    assert (registry.name_of(0), registry.name_of(1)) == ("type 0", "Mode")
