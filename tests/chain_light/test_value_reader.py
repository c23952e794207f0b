"""Reading hostile bytes under hostile types: every cost is bounded, every refusal a remote's."""

import pytest

from edge_node.chain_light.codec import decode_value, decode_whole
from edge_node.chain_light.types import (
    ArrayOf,
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
from edge_node.chain_light.values import DEPTH_MAX, VALUES_MAX, Budget, NoValueForm, ValueTooLarge
from edge_node.wire.scale import MalformedScale, Scale
from tests.chain_light.registries import Types


@pytest.mark.parametrize(
    "definition",
    [
        Composite((Field(None, 0),)),
        Composite((Field("a", 0), Field("b", 0))),
        TupleOf((0, 0)),
        ArrayOf(2**32 - 1, 0),
        ArrayOf(1, 0),
        Variant((VariantOf("Again", 0, (Field(None, 0),)),)),
        Variant((VariantOf("None", 0), VariantOf("Some", 1, (Field(None, 0),)))),
    ],
    ids=lambda definition: type(definition).__name__,
)
def test_a_type_of_itself_ends(definition):
    """A circle of types is read until the budget ends, with or without bytes that feed it."""
    for path in ((), ("Option",)):
        registry = Registry([Type(path, (), definition)])
        for raw in (b"", b"\0" * 500, b"\1" * 500):
            with pytest.raises((ValueTooLarge, MalformedScale)):
                decode_whole(registry, 0, raw)


def test_a_list_of_itself_ends():
    """One byte for each level: the depth is what refuses it."""
    registry = Registry([Type((), (), SequenceOf(0))])
    deepest = b"\4" * (DEPTH_MAX - 1) + b"\0"
    decode_whole(registry, 0, deepest)
    with pytest.raises(ValueTooLarge, match="levels"):
        decode_whole(registry, 0, b"\4" + deepest)


@pytest.mark.parametrize("form", ["sequence", "array", "doubling"])
def test_many_values_in_few_bytes_are_refused(form):
    """Four thousand million units take five bytes, or none: refused before one is made."""
    types = Types()
    unit = types.add(TupleOf(()))
    if form == "sequence":
        last, raw = types.add(SequenceOf(unit)), b"\3\xff\xff\xff\xff"
    elif form == "array":
        last, raw = types.add(ArrayOf(2**32 - 1, unit)), b""
    else:  # each type holds the one before twice: 40 types, 2**40 units
        last, raw = unit, b""
        for _ in range(40):
            last = types.add(TupleOf((last, last)))
    with pytest.raises(ValueTooLarge, match=f"{VALUES_MAX} values" if form != "doubling" else "9999 values"):
        decode_whole(types.registry(), last, raw, Budget(9_999) if form == "doubling" else None)


def test_units_are_afforded_to_the_budget():
    """So many values, the list among them, and not one more."""
    types = Types()
    last = types.add(SequenceOf(types.add(TupleOf(()))))
    assert decode_value(types.registry(), last, Scale(b"\x10"), Budget(5)) == [()] * 4
    with pytest.raises(ValueTooLarge):
        decode_value(types.registry(), last, Scale(b"\x14"), Budget(5))


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (PrimitiveKind.BOOL, "02"),
        (PrimitiveKind.CHAR, "00d80000"),
        (PrimitiveKind.CHAR, "00001100"),
        (PrimitiveKind.STR, "04ff"),
        (PrimitiveKind.STR, "0861"),
        (PrimitiveKind.U256, "00" * 31),
    ],
)
def test_bytes_that_are_no_primitive_are_refused(kind, raw):
    """A bool of 2, half a character, text that is no UTF-8 or too short, an integer cut short."""
    registry = Registry([Type((), (), Primitive(kind))])
    with pytest.raises(MalformedScale):
        decode_whole(registry, 0, bytes.fromhex(raw))


def test_an_unknown_variant_is_refused_by_name():
    """The enum and the byte are said; an Option's byte is 0 or 1."""
    types = Types()
    mode = types.add(Variant((VariantOf("Full", 1),)), "ddc", "Mode")
    option = types.option(mode)
    with pytest.raises(MalformedScale, match="ddc::Mode has no variant 0"):
        decode_whole(types.registry(), mode, b"\0")
    with pytest.raises(MalformedScale):
        decode_whole(types.registry(), option, b"\2\1")


@pytest.mark.parametrize("kind", [PrimitiveKind.STR, PrimitiveKind.I32, PrimitiveKind.BOOL])
def test_a_compact_of_no_integer_has_no_values(kind):
    """Such a type may stand in a registry, unused; nothing is read of it."""
    types = Types()
    last = types.add(CompactOf(types.primitive(kind)))
    with pytest.raises(NoValueForm):
        decode_whole(types.registry(), last, b"\0")


def test_a_compact_is_no_wider_than_its_integer():
    """A compact u8 of 256 is refused, as is a form longer than it needs to be."""
    types = Types()
    last = types.add(CompactOf(types.primitive(PrimitiveKind.U8)))
    assert decode_whole(types.registry(), last, bytes.fromhex("fd03")) == 255
    for raw in ("0104", "0100"):
        with pytest.raises(MalformedScale):
            decode_whole(types.registry(), last, bytes.fromhex(raw))
