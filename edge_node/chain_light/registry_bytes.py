"""The registry as it stands in metadata (scale-info, PortableRegistry; the same in V14 and V15)."""

from collections.abc import Sequence

from edge_node.chain_light.metadata_scale import MetadataScale, write_maybe_id, write_text, write_texts
from edge_node.chain_light.types import (
    ArrayOf,
    BitSequence,
    CompactOf,
    Composite,
    Definition,
    Field,
    MalformedRegistry,
    Primitive,
    PrimitiveKind,
    Registry,
    SequenceOf,
    TupleOf,
    Type,
    TypeParam,
    Variant,
    VariantOf,
)
from edge_node.wire.scale import MalformedScale, compact, uint

# The fewest bytes that one of them takes, which bounds how many there can be in what is left.
_TYPE_BYTES, _FIELD_BYTES, _VARIANT_BYTES, _PARAM_BYTES = 6, 4, 4, 2


def read_registry(scale: MetadataScale) -> Registry:
    """The types; MalformedRegistry when their ids are not 0, 1, 2 … or what they say of each other cannot be."""
    types: list[Type] = []
    for place in scale.many(_TYPE_BYTES):
        type_id = scale.id()
        if type_id != place:
            raise MalformedRegistry(type_id, f"stands at place {place}")
        types.append(_read_type(scale))
    return Registry(types)


def write_registry(registry: Registry) -> bytes:
    """The other way."""
    parts = [compact(len(registry))]
    for type_id, entry in enumerate(registry):
        parts += (compact(type_id), write_texts(entry.path), compact(len(entry.params)))
        parts += [write_text(param.name) + write_maybe_id(param.type) for param in entry.params]
        parts += (_write_definition(entry.definition), write_texts(entry.docs))
    return b"".join(parts)


def _read_type(scale: MetadataScale) -> Type:
    path = scale.names()
    params = tuple([TypeParam(scale.name(), scale.maybe_id()) for _ in scale.many(_PARAM_BYTES)])
    definition = _read_definition(scale)
    return Type(path, params, definition, scale.docs())


def _read_definition(scale: MetadataScale) -> Definition:
    start = scale.at
    match scale.u8():
        case 0:
            return Composite(_read_fields(scale))
        case 1:
            return Variant(tuple([_read_variant(scale) for _ in scale.many(_VARIANT_BYTES)]))
        case 2:
            return SequenceOf(scale.id())
        case 3:
            return ArrayOf(scale.u32(), scale.id())
        case 4:
            return TupleOf(tuple([scale.id() for _ in scale.many(1)]))
        case 5:
            return Primitive(_read_primitive(scale))
        case 6:
            return CompactOf(scale.id())
        case 7:
            return BitSequence(scale.id(), scale.id())
        case other:
            raise MalformedScale(f"a type of an unknown form {other}", start)


def _read_primitive(scale: MetadataScale) -> PrimitiveKind:
    start, kind = scale.at, scale.u8()
    if kind > max(PrimitiveKind):
        raise MalformedScale(f"an unknown primitive {kind}", start)
    return PrimitiveKind(kind)


def _read_fields(scale: MetadataScale) -> tuple[Field, ...]:
    return tuple(
        [
            Field(
                scale.name() if scale.flag() else None,
                scale.id(),
                scale.name() if scale.flag() else None,
                scale.docs(),
            )
            for _ in scale.many(_FIELD_BYTES)
        ]
    )


def _read_variant(scale: MetadataScale) -> VariantOf:
    name, fields, index = scale.name(), _read_fields(scale), scale.u8()
    return VariantOf(name, index, fields, scale.docs())


def _write_definition(definition: Definition) -> bytes:
    match definition:
        case Composite(fields):
            return b"\0" + _write_fields(fields)
        case Variant(variants):
            return b"\1" + compact(len(variants)) + b"".join([_write_variant(variant) for variant in variants])
        case SequenceOf(element):
            return b"\2" + compact(element)
        case ArrayOf(length, element):
            return b"\3" + uint(length, 4) + compact(element)
        case TupleOf(elements):
            return b"\4" + compact(len(elements)) + b"".join([compact(element) for element in elements])
        case Primitive(kind):
            return bytes((5, kind))
        case CompactOf(inner):
            return b"\6" + compact(inner)
        case BitSequence(store, order):
            return b"\7" + compact(store) + compact(order)


def _write_variant(variant: VariantOf) -> bytes:
    return write_text(variant.name) + _write_fields(variant.fields) + uint(variant.index, 1) + write_texts(variant.docs)


def _write_fields(fields: Sequence[Field]) -> bytes:
    parts = [compact(len(fields))]
    for field in fields:
        parts += (_write_maybe_text(field.name), compact(field.type))
        parts += (_write_maybe_text(field.type_name), write_texts(field.docs))
    return b"".join(parts)


def _write_maybe_text(text: str | None) -> bytes:
    return b"\0" if text is None else b"\1" + write_text(text)
