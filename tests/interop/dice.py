"""Random values of a chain's types: any type, however it nests, with values that stay small."""

from collections.abc import Collection
from random import Random  # noqa: TID251 - seeded, so that every run is the same

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
    Variant,
    VariantOf,
    references,
)
from edge_node.chain_light.values import Chosen, Value

DEPTH = 5  # below it, whatever ends soonest
_ENDLESS = 1_000


class Dice:
    """Rolls values of one registry's types in the codec's forms, in none of which is a value of the types `without`."""

    def __init__(self, registry: Registry, chance: Random, without: Collection[int] = ()) -> None:
        self.registry, self.chance = registry, chance
        self._heights = _heights(registry, without)

    def has_values(self, type_id: int) -> bool:
        """Whether any value of this type may be rolled: an enum without variants has none."""
        return self._heights[type_id] < _ENDLESS

    def value(self, type_id: int, depth: int = DEPTH) -> Value:  # noqa: C901 - one case for each form of type
        """A value of this type; below `depth` lists are empty and enums end as soon as they can."""
        entry, chance = self.registry[type_id], self.chance
        match entry.definition:
            case Primitive(kind):
                return self._primitive(kind)
            case CompactOf(inner):
                width = compact_bytes(self.registry, inner)
                return self._integer(8 * width) if width else ()
            case BitSequence():
                return "".join(chance.choice("01") for _ in range(chance.randrange(1, 40)))
            case SequenceOf(element) if self._is_u8(element):
                return chance.randbytes(chance.randrange(70))
            case ArrayOf(length, element) if self._is_u8(element):
                return chance.randbytes(length)
            case SequenceOf(element):
                able = depth > 0 and self.has_values(element)
                return [self.value(element, depth - 1) for _ in range(chance.randrange(3) if able else 0)]
            case ArrayOf(length, element):
                return [self.value(element, depth - 1) for _ in range(length)]
            case TupleOf(elements):
                return tuple(self.value(element, depth - 1) for element in elements)
            case Composite(fields):
                return self._fields(fields, depth)
            case Variant(variants):
                held = option_of(entry)
                if held is not None and not may_be_none(self.registry, held):
                    some = depth > 0 and self.has_values(held) and chance.randrange(3)
                    return self.value(held, depth - 1) if some else None
                one = self._variant(variants, depth)
                return Chosen(one.name, self._fields(one.fields, depth) if one.fields else None)

    def _variant(self, variants: tuple[VariantOf, ...], depth: int) -> VariantOf:
        able = [one for one in variants if all(self.has_values(field.type) for field in one.fields)]
        if depth > 0:
            return self.chance.choice(able)
        return min(able, key=lambda one: max((self._heights[field.type] for field in one.fields), default=0))

    def _fields(self, fields: tuple[Field, ...], depth: int) -> Value:
        if fields and fields[0].name is not None:
            return {str(field.name): self.value(field.type, depth - 1) for field in fields}
        if len(fields) == 1:
            return self.value(fields[0].type, depth - 1)
        return tuple(self.value(field.type, depth - 1) for field in fields)

    def _is_u8(self, type_id: int) -> bool:
        return self.registry[type_id].definition == Primitive(PrimitiveKind.U8)

    def _primitive(self, kind: PrimitiveKind) -> Value:
        if kind in INTEGERS:
            size, signed = INTEGERS[kind]
            number = self._integer(8 * size)
            return number - (1 << 8 * size - 1) if signed else number
        if kind is PrimitiveKind.BOOL:
            return self.chance.random() < 0.5
        text = "".join(self.chance.choice("aé漢 7") for _ in range(self.chance.randrange(8)))
        return text if kind is PrimitiveKind.STR else (text or "x")[0]

    def _integer(self, bits: int) -> int:
        """Of any length: compacts have a form for each."""
        return self.chance.getrandbits(bits) >> self.chance.randrange(bits + 1)


def _heights(registry: Registry, without: Collection[int]) -> list[int]:
    """How many levels the least value of each type has: what is needed to end."""
    heights = [_ENDLESS] * len(registry)
    changed = True
    while changed:
        changed = False
        for type_id, entry in enumerate(registry):
            least = _height(entry.definition, heights)
            if least < heights[type_id] and type_id not in without:
                heights[type_id], changed = least, True
    return heights


def _height(definition: object, heights: list[int]) -> int:
    match definition:
        case Variant(variants):
            return 1 + min(
                (max((heights[field.type] for field in one.fields), default=0) for one in variants), default=_ENDLESS
            )
        case SequenceOf():
            return 1
        case Composite() | TupleOf() | ArrayOf() | CompactOf():
            return 1 + max((heights[one] for one in references(definition)), default=0)
        case _:
            return 1
