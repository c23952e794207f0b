"""Types made of their text."""

import pytest

from edge_node.chain_light.types import CompactOf, Composite, Field, SequenceOf, TupleOf, Variant
from edge_node.devnet.pallets import sdk_profile
from edge_node.devnet.runtime.type_book import TypeBook, UndescribedType


@pytest.fixture
def book():
    """A book of the default profile."""
    return TypeBook(sdk_profile())


def test_a_text_is_one_type(book):
    """Asked twice, it has one id; other texts have others."""
    assert book.id_of("Vec<u8>") == book.id_of("Vec<u8>")
    assert book.id_of("Vec<u8>") != book.id_of("Vec<u16>")


def test_an_alias_is_what_it_stands_for(book):
    """Balance has no entry of its own."""
    assert book.id_of("Balance") == book.id_of("u128")
    assert book.id_of("Vec<ClusterId>") != book.id_of("Vec<u8>")


def test_a_bounded_list_carries_its_path(book):
    """Without it clients show a struct around the list."""
    kind = book.id_of("BoundedVec<Compact<u32>>")
    entry = book.registry()[kind]
    assert entry.path == ("bounded_collections", "bounded_vec", "BoundedVec")
    assert entry.definition == Composite((Field(None, book.id_of("Vec<Compact<u32>>")),))


def test_generics_have_their_parameters(book):
    """Clients read an Option's by name."""
    kinds = {
        text: book.id_of(text) for text in ("Option<u32>", "Result<(), u8>", "Compact<u64>", "[u8; 4]", "(u8, u16)")
    }
    registry = book.registry()
    assert [param.name for param in registry[kinds["Option<u32>"]].params] == ["T"]
    assert [param.name for param in registry[kinds["Result<(), u8>"]].params] == ["T", "E"]
    assert registry[kinds["Compact<u64>"]].definition == CompactOf(book.id_of("u64"))
    assert registry[kinds["[u8; 4]"]].definition.length == 4
    assert registry[kinds["(u8, u16)"]].definition == TupleOf((book.id_of("u8"), book.id_of("u16")))


def test_a_call_may_hold_calls(book):
    """A batch refers to the enum that holds it."""
    call = book.id_of("RuntimeCall")
    registry = book.registry()
    (utility,) = (one for one in registry[call].definition.variants if one.name == "Utility")
    batch = registry[utility.fields[0].type].definition.variants[0]
    assert registry[batch.fields[0].type].definition == SequenceOf(call)


def test_the_runtimes_enums_have_the_pallets_indexes(book):
    """A pallet without calls is not among the calls."""
    call = book.id_of("RuntimeCall")
    variants = {one.name: one.index for one in book.registry()[call].definition.variants}
    assert variants["DdcNodes"] == 37
    assert "Grandpa" not in variants
    assert isinstance(book.registry()[call].definition, Variant)


def test_fields_keep_the_name_they_are_described_with(book):
    """`ClusterId` stands in the metadata, though its type is H160."""
    bucket = book.id_of("Bucket")
    named = {field.name: field.type_name for field in book.registry()[bucket].definition.fields}
    assert named["cluster_id"] == "ClusterId"


@pytest.mark.parametrize("text", ["Nothing", "HashMap<u8>", "Result<u8>"])
def test_what_nobody_describes_is_refused(book, text):
    """A typing error in a description ends the start."""
    with pytest.raises(UndescribedType):
        book.id_of(text)
