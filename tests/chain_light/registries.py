"""Registries and values to test with: a small fixed one, and random ones with values that fit them."""

from hypothesis import strategies as st

from edge_node.chain_light.shapes import INTEGERS, compact_bytes, may_be_none, option_of
from edge_node.chain_light.types import (
    ArrayOf,
    BitSequence,
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
from edge_node.chain_light.values import Chosen


class Types:
    """A registry in the making: `add` returns the new type's id."""

    def __init__(self) -> None:
        self.types = []

    def add(self, definition, *path):
        self.types.append(Type(path, (), definition))
        return len(self.types) - 1

    def primitive(self, kind):
        return self.add(Primitive(kind))

    def option(self, held):
        return self.add(Variant((VariantOf("None", 0), VariantOf("Some", 1, (Field(None, held),)))), "Option")

    def named(self, path, **fields):
        return self.add(Composite(tuple(Field(name, type_id) for name, type_id in fields.items())), *path.split("::"))

    def registry(self):
        return Registry(self.types)


@st.composite
def _definition(draw, ids):
    """The definition of one more type, made of `ids`."""
    one = st.sampled_from(ids)
    fields = draw(st.lists(one, max_size=3))
    named = draw(st.booleans())
    as_fields = tuple(Field(f"f{place}" if named else None, type_id) for place, type_id in enumerate(fields))
    form = draw(st.sampled_from(["struct", "tuple", "list", "array", "option", "enum"]))
    if form == "struct":
        return (), Composite(as_fields)
    if form == "tuple":
        return (), TupleOf(tuple(fields))
    if form == "list":
        return (), SequenceOf(draw(one))
    if form == "array":
        return (), ArrayOf(draw(st.integers(0, 4)), draw(one))
    if form == "option":
        return ("Option",), Variant((VariantOf("None", 0), VariantOf("Some", 1, (Field(None, draw(one)),))))
    indexes = draw(st.lists(st.integers(0, 255), unique=True, min_size=1, max_size=4))
    return ("a", "E"), Variant(
        tuple(VariantOf(f"V{index}", index, as_fields if index % 2 else ()) for index in indexes)
    )


@st.composite
def registries(draw):
    """A random registry; its last type is made of the ones before."""
    types = Types()
    for kind in PrimitiveKind:
        types.primitive(kind)
    for width in (PrimitiveKind.U8, PrimitiveKind.U32, PrimitiveKind.U128, PrimitiveKind.U256):
        types.add(CompactOf(width))
    lsb, msb = types.add(Composite(()), "bitvec", "order", "Lsb0"), types.add(Composite(()), "bitvec", "order", "Msb0")
    for store, order in ((PrimitiveKind.U8, lsb), (PrimitiveKind.U8, msb), (PrimitiveKind.U32, lsb)):
        types.add(BitSequence(store, order))
    for _ in range(draw(st.integers(1, 8))):
        count = len(types.types)
        ids = [*range(count), *range(count - 3, count), *range(count - 3, count)]  # newest more often: deep values
        path, definition = draw(_definition(ids))
        types.add(definition, *path)
    return types.registry()


def values_of(registry, type_id):  # noqa: C901 - one case for each form of type
    """Values that fit a type."""
    entry = registry[type_id]
    match entry.definition:
        case Primitive(kind):
            return _primitives(kind)
        case CompactOf(inner):
            return st.integers(0, (1 << 8 * compact_bytes(registry, inner)) - 1)
        case BitSequence():
            return st.text("01", max_size=70)
        case SequenceOf(PrimitiveKind.U8):
            return st.binary(max_size=70)
        case ArrayOf(length, PrimitiveKind.U8):
            return st.binary(min_size=length, max_size=length)
        case SequenceOf(element):
            return st.lists(values_of(registry, element), max_size=3)
        case ArrayOf(length, element):
            return st.lists(values_of(registry, element), min_size=length, max_size=length)
        case TupleOf(elements):
            return st.tuples(*[values_of(registry, element) for element in elements])
        case Composite(fields):
            return _of_fields(registry, fields)
        case Variant(variants):
            held = option_of(entry)
            if held is not None and not may_be_none(registry, held):
                return st.none() | values_of(registry, held)
            return st.one_of(
                [
                    st.builds(Chosen, st.just(one.name), _of_fields(registry, one.fields) if one.fields else st.none())
                    for one in variants
                ]
            )


def _of_fields(registry, fields):
    if fields and fields[0].name is not None:
        return st.fixed_dictionaries({field.name: values_of(registry, field.type) for field in fields})
    if len(fields) == 1:
        return values_of(registry, fields[0].type)
    return st.tuples(*[values_of(registry, field.type) for field in fields])


def _primitives(kind):
    if kind in INTEGERS:
        size, signed = INTEGERS[kind]
        return (
            st.integers(-(1 << 8 * size - 1), (1 << 8 * size - 1) - 1)
            if signed
            else st.integers(0, (1 << 8 * size) - 1)
        )
    if kind is PrimitiveKind.BOOL:
        return st.booleans()
    return st.characters(codec="utf-8") if kind is PrimitiveKind.CHAR else st.text(max_size=8)
