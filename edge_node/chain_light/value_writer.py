"""Writing one value as a registry says; what does not fit is refused by its name."""

from collections.abc import Sequence
from typing import Final

from edge_node.chain_light.bits import write_bits
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
from edge_node.chain_light.values import Budget, Chosen, NoValueForm, Value, ValueMisfit
from edge_node.wire.scale import compact

_SURROGATES: Final = range(0xD800, 0xE000)


class ValueWriter:
    """What all steps of writing one value share: the bytes are added to `out`."""

    __slots__ = ("budget", "out", "registry")

    def __init__(self, registry: Registry, out: bytearray) -> None:
        self.registry, self.out, self.budget = registry, out, Budget()

    def write(self, type_id: int, value: Value) -> None:
        """Add one value of type `type_id`; ValueMisfit as `encode_value`."""
        self.budget.enter()
        self._write(type_id, value)
        self.budget.leave()

    def _write(self, type_id: int, value: Value) -> None:
        match self.registry[type_id].definition:
            case Primitive(kind):
                self.out += _primitive(kind, value)
            case Composite(fields):
                self._fields(self.registry.name_of(type_id), fields, value)
            case Variant():
                self._variant(type_id, value)
            case CompactOf(inner):
                self._compact(type_id, inner, value)
            case SequenceOf(element):
                self._sequence(element, value)
            case ArrayOf(length, element):
                self._array(length, element, value)
            case TupleOf(elements):
                self._tuple(elements, value)
            case BitSequence() as bits:
                if not isinstance(value, str) or value.strip("01"):
                    raise ValueMisfit("is no text of 0 and 1")
                self.out += write_bits(self.registry, bits, value)

    def _fields(self, owner: str, fields: Sequence[Field], value: Value) -> None:
        if not fields or fields[0].name is None:
            lone = len(fields) == 1
            self._tuple([field.type for field in fields], (value,) if lone else value, lone=lone)
            return
        if not isinstance(value, dict):
            raise ValueMisfit(f"is no dict of the fields of {owner}")
        known = {str(field.name): field.type for field in fields}
        for name in value:
            if name not in known:
                raise ValueMisfit(f"is no field of {owner}", str(name))
        for name, type_id in known.items():
            if name not in value:
                raise ValueMisfit(f"is missing, a field of {owner}", name)
            self._within(name, type_id, value[name])

    def _variant(self, type_id: int, value: Value) -> None:
        held = option_of(self.registry[type_id])
        if held is not None and not may_be_none(self.registry, held):
            self.out.append(value is not None)
            if value is not None:
                self.write(held, value)
            return
        owner = self.registry.name_of(type_id)
        if not isinstance(value, Chosen):
            raise ValueMisfit(f"is no Chosen of {owner}")
        variant = self.registry.variant_named(type_id, value.name)
        if variant is None:
            raise ValueMisfit(f"is no variant of {owner}", value.name)
        self.out.append(variant.index)
        if not variant.fields and value.value is not None:
            raise ValueMisfit("holds nothing, yet a value is given", value.name)
        try:
            if variant.fields:
                self._fields(f"{owner}::{variant.name}", variant.fields, value.value)
        except ValueMisfit as misfit:
            raise misfit.inside(variant.name) from None

    def _compact(self, type_id: int, inner: int, value: Value) -> None:
        size = compact_bytes(self.registry, inner)
        if size is None:
            raise NoValueForm(self.registry.name_of(type_id), f"a compact of {self.registry.name_of(inner)}")
        if size == 0:
            self._tuple((), value)
        else:
            self.out += compact(_integer(value, size, signed=False))

    def _sequence(self, element: int, value: Value) -> None:
        if is_byte(self.registry, element):
            raw = _bytes(value)
            self.out += compact(len(raw))
            self.out += raw
            return
        items = _items(value)
        self.out += compact(len(items))
        self._list([element] * len(items), items)

    def _array(self, length: int, element: int, value: Value) -> None:
        counted = _bytes(value) if is_byte(self.registry, element) else _items(value)
        if len(counted) != length:
            raise ValueMisfit(f"has {len(counted)} elements, {length} are wanted")
        if isinstance(counted, bytes):
            self.out += counted
        else:
            self._list([element] * length, counted)

    def _tuple(self, elements: Sequence[int], value: Value, *, lone: bool = False) -> None:
        if not isinstance(value, tuple) or len(value) != len(elements):
            raise ValueMisfit(f"is no tuple of {len(elements)}")
        if lone:
            self.write(elements[0], value[0])
        else:
            self._list(elements, value)

    def _list(self, elements: Sequence[int], items: Sequence[Value]) -> None:
        for place, (element, item) in enumerate(zip(elements, items, strict=True)):
            self._within(str(place), element, item)

    def _within(self, name: str, type_id: int, value: Value) -> None:
        try:
            self.write(type_id, value)
        except ValueMisfit as misfit:
            raise misfit.inside(name) from None


def _primitive(kind: PrimitiveKind, value: Value) -> bytes:
    if kind in INTEGERS:
        size, signed = INTEGERS[kind]
        return _integer(value, size, signed=signed).to_bytes(size, "little", signed=signed)
    if kind is PrimitiveKind.BOOL:
        if not isinstance(value, bool):
            raise ValueMisfit("is no bool")
        return bytes((value,))
    if not isinstance(value, str):
        raise ValueMisfit("is no text")
    if kind is PrimitiveKind.STR:
        return _text(value)
    if len(value) != 1 or ord(value) in _SURROGATES:
        raise ValueMisfit("is no single character")
    return ord(value).to_bytes(4, "little")


def _text(value: str) -> bytes:
    try:
        raw = value.encode()
    except UnicodeEncodeError:
        raise ValueMisfit("holds half a character") from None
    return compact(len(raw)) + raw


def _integer(value: Value, size: int, *, signed: bool) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueMisfit("is no integer")
    low, high = (-(1 << 8 * size - 1), 1 << 8 * size - 1) if signed else (0, 1 << 8 * size)
    if not low <= value < high:
        raise ValueMisfit(f"is no {'signed' if signed else 'unsigned'} integer of {8 * size} bits")
    return value


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise ValueMisfit("is no bytes")
    return value


def _items(value: Value) -> Sequence[Value]:
    if not isinstance(value, list | tuple):
        raise ValueMisfit("is no list")
    return value
