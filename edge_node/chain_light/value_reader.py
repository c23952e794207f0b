"""Reading one value as a registry says, step by step and within a budget."""

from typing import Final

from edge_node.chain_light.bits import read_bits
from edge_node.chain_light.shapes import INTEGERS, compact_bytes, is_byte, may_be_none, option_of
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
)
from edge_node.chain_light.values import Budget, Chosen, NoValueForm, Value
from edge_node.wire.scale import MalformedScale, Scale

_CHAR_MAX: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)


class ValueReader:
    """What all steps of reading one value share: the cursor is moved on, the budget used up."""

    __slots__ = ("budget", "registry", "scale")

    def __init__(self, registry: Registry, scale: Scale, budget: Budget) -> None:
        self.registry, self.scale, self.budget = registry, scale, budget

    def read(self, type_id: int) -> Value:
        """The next value, one of type `type_id`."""
        self.budget.enter()
        value = self._read(type_id)
        self.budget.leave()
        return value

    def _read(self, type_id: int) -> Value:
        match self.registry.types[type_id].definition:
            case Primitive(kind):
                return _read_primitive(self.scale, kind)
            case Composite(fields):
                return self._fields(fields)
            case Variant():
                return self._variant(type_id)
            case CompactOf(inner):
                return self._compact(type_id, inner)
            case SequenceOf(element):
                return self._sequence(element)
            case ArrayOf(length, element):
                return self.scale.take(length) if is_byte(self.registry, element) else self._list(length, element)
            case TupleOf(elements):
                return tuple([self.read(element) for element in elements])
            case BitSequence() as bits:
                return read_bits(self.registry, bits, self.scale)

    def _fields(self, fields: tuple[Field, ...]) -> Value:
        if not fields:
            return ()
        if fields[0].name is not None:
            return {str(field.name): self.read(field.type) for field in fields}
        if len(fields) == 1:
            return self.read(fields[0].type)
        return tuple([self.read(field.type) for field in fields])

    def _variant(self, type_id: int) -> Value:
        held = option_of(self.registry.types[type_id])
        if held is not None and not may_be_none(self.registry, held):
            return self.read(held) if self.scale.flag() else None
        start = self.scale.at
        index = self.scale.u8()
        variant = self.registry.variant_at(type_id, index)
        if variant is None:
            raise MalformedScale(f"{self.registry.name_of(type_id)} has no variant {index}", start)
        return Chosen(variant.name, self._fields(variant.fields) if variant.fields else None)

    def _compact(self, type_id: int, inner: int) -> int | tuple[()]:
        size = compact_bytes(self.registry, inner)
        if size is None:
            raise NoValueForm(self.registry.name_of(type_id), f"a compact of {self.registry.name_of(inner)}")
        return self.scale.compact((1 << 8 * size) - 1) if size else ()

    def _sequence(self, element: int) -> bytes | list[Value]:
        if is_byte(self.registry, element):
            return self.scale.take(self.scale.length())
        return self._list(self.scale.compact(), element)

    def _list(self, count: int, element: int) -> list[Value]:
        self.budget.afford(count)
        return [self.read(element) for _ in range(count)]


def _read_primitive(scale: Scale, kind: PrimitiveKind) -> Value:
    if kind in INTEGERS:
        size, signed = INTEGERS[kind]
        return int.from_bytes(scale.take(size), "little", signed=signed)
    if kind is PrimitiveKind.BOOL:
        return scale.flag()
    if kind is PrimitiveKind.STR:
        return scale.text(scale.left)
    start, code = scale.at, scale.u32()
    if code > _CHAR_MAX or code in _SURROGATES:
        raise MalformedScale(f"{code:#x} is no character", start)
    return chr(code)
