"""What a type's values look like: Options, wrappers, compacts, units."""

import pytest

from edge_node.chain_light.shapes import compact_bytes, is_byte, may_be_none, option_of, takes_no_bytes, wrapped_in
from edge_node.chain_light.types import (
    CompactOf,
    Composite,
    Field,
    Primitive,
    PrimitiveKind,
    Registry,
    SequenceOf,
    TupleOf,
    Type,
    Variant,
    VariantOf,
)
from tests.chain_light.registries import Types

NONE, SOME = VariantOf("None", 0), VariantOf("Some", 1, (Field(None, 7),))


@pytest.mark.parametrize(
    ("path", "variants", "held"),
    [
        (("Option",), (NONE, SOME), 7),
        (("Option",), (SOME, NONE), 7),
        (("core", "Option"), (NONE, SOME), None),
        (("Option",), (NONE,), None),
        (("Option",), (NONE, SOME, VariantOf("More", 2)), None),
        (("Option",), (NONE, VariantOf("Some", 2, SOME.fields)), None),
        (("Option",), (NONE, VariantOf("Some", 1)), None),
        (("Option",), (NONE, VariantOf("Some", 1, (Field("named", 7),))), None),
        (("Option",), (VariantOf("None", 0, SOME.fields), SOME), None),
    ],
)
def test_an_option_is_told_by_what_it_is(path, variants, held):
    """The name alone makes none: an enum that only calls itself so is read as an enum."""
    assert option_of(Type(path, (), Variant(variants))) == held


def test_wrappers():
    """One nameless field is looked through, a named one or several are not."""
    assert wrapped_in(Type((), (), Composite((Field(None, 3),)))) == 3
    assert wrapped_in(Type((), (), Composite((Field("a", 3),)))) is None
    assert wrapped_in(Type((), (), Composite(()))) is None
    assert wrapped_in(Type((), (), TupleOf((3,)))) is None


def test_what_may_be_none():
    """An Option, also in wrappers; a circle of wrappers has no value at all and is not looked through for ever."""
    types = Types()
    byte = types.primitive(PrimitiveKind.U8)
    option = types.option(byte)
    wrapped = types.add(Composite((Field(None, option),)), "W")
    registry = types.registry()
    assert [may_be_none(registry, type_id) for type_id in (byte, option, wrapped)] == [False, True, True]
    assert not may_be_none(Registry([Type((), (), Composite((Field(None, 0),)))]), 0)


def test_compacts():
    """An unsigned integer, or a struct of one, has a width, a unit has none to write, and nothing else is compact."""
    types = Types()
    wide, signed = types.primitive(PrimitiveKind.U128), types.primitive(PrimitiveKind.I64)
    named = types.named("Perbill", parts=types.primitive(PrimitiveKind.U32))
    unit, both = types.add(TupleOf(())), types.add(TupleOf((wide, wide)))
    registry = types.registry()
    assert [compact_bytes(registry, type_id) for type_id in (wide, named, unit)] == [16, 4, 0]
    assert [compact_bytes(registry, type_id) for type_id in (signed, both)] == [None, None]
    assert compact_bytes(Registry([Type((), (), Composite((Field(None, 0),)))]), 0) is None


def test_bytes_are_told_by_u8_alone():
    """A struct of u8 is no byte: a list of such is a list."""
    types = Types()
    byte = types.primitive(PrimitiveKind.U8)
    wrapped = types.add(Composite((Field(None, byte),)), "W")
    assert [is_byte(types.registry(), type_id) for type_id in (byte, wrapped)] == [True, False]


def test_what_takes_no_bytes():
    """Units, structs and tuples of units, and circles that could never be written anyway; lists and enums do."""
    types = Types()
    unit, byte = types.add(TupleOf(())), types.primitive(PrimitiveKind.U8)
    nothing = [unit, types.add(Composite((Field(None, unit), Field(None, unit)))), types.add(CompactOf(unit))]
    something = [
        byte,
        types.add(SequenceOf(unit)),
        types.add(CompactOf(byte)),
        types.add(Variant((VariantOf("A", 0),))),
        types.add(TupleOf((unit, byte))),
    ]
    registry = types.registry()
    assert all(takes_no_bytes(registry, type_id) for type_id in nothing)
    assert not any(takes_no_bytes(registry, type_id) for type_id in something)
    circle = Registry([Type((), (), TupleOf((0, 1))), Type((), (), Primitive(PrimitiveKind.U8))])
    assert not takes_no_bytes(circle, 0)
