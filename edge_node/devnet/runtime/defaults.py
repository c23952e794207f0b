"""The value a storage item has before anything is written: zero, nothing, or the first variant (Rust's Default)."""

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
    Variant,
    VariantOf,
)
from edge_node.chain_light.values import Chosen, Value


def zero_of(registry: Registry, type_id: int) -> Value:
    """The zero of a type, in the codec's form."""
    match registry[type_id].definition:
        case Primitive(PrimitiveKind.BOOL):
            return False
        case Primitive(PrimitiveKind.STR):
            return ""
        case Primitive() | CompactOf():
            return 0
        case Composite(fields):
            return _fields(registry, fields)
        case Variant(variants):
            return None if registry[type_id].path == ("Option",) else _first(registry, variants)
        case SequenceOf(element):
            return b"" if _is_byte(registry, element) else []
        case ArrayOf(length, element):
            return bytes(length) if _is_byte(registry, element) else [zero_of(registry, element)] * length
        case TupleOf(elements):
            return tuple(zero_of(registry, element) for element in elements)
        case _:
            return ""


def _is_byte(registry: Registry, type_id: int) -> bool:
    return registry[type_id].definition == Primitive(PrimitiveKind.U8)


def _first(registry: Registry, variants: tuple[VariantOf, ...]) -> Chosen:
    """The variant of the lowest index, as the descriptions write Rust's default first."""
    first = min(variants, key=lambda variant: variant.index)
    return Chosen(first.name, _fields(registry, first.fields) if first.fields else None)


def _fields(registry: Registry, fields: tuple[Field, ...]) -> Value:
    if fields and fields[0].name is not None:
        return {str(field.name): zero_of(registry, field.type) for field in fields}
    values = tuple(zero_of(registry, field.type) for field in fields)
    return values[0] if len(values) == 1 else values
