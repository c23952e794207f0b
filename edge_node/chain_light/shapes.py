"""Questions about a type that decide what its values look like in Python."""

from typing import Final

from edge_node.chain_light.types import (
    CompactOf,
    Composite,
    Primitive,
    PrimitiveKind,
    Registry,
    TupleOf,
    Type,
    Variant,
    references,
)

# The integers: how many bytes, and whether there is a sign.
INTEGERS: Final = {
    PrimitiveKind.U8: (1, False),
    PrimitiveKind.U16: (2, False),
    PrimitiveKind.U32: (4, False),
    PrimitiveKind.U64: (8, False),
    PrimitiveKind.U128: (16, False),
    PrimitiveKind.U256: (32, False),
    PrimitiveKind.I8: (1, True),
    PrimitiveKind.I16: (2, True),
    PrimitiveKind.I32: (4, True),
    PrimitiveKind.I64: (8, True),
    PrimitiveKind.I128: (16, True),
    PrimitiveKind.I256: (32, True),
}
# Wrappers in wrappers: real ones are three deep, so a chain of more is a circle or made to cost time.
_WRAPPERS_MAX: Final = 32


def option_of(entry: Type) -> int | None:
    """The type that an Option holds; None when `entry` is no Option, whatever it calls itself."""
    definition = entry.definition
    if entry.path != ("Option",) or not isinstance(definition, Variant) or len(definition.variants) != 2:
        return None
    none, some = sorted(definition.variants, key=lambda variant: variant.index)
    if (none.name, none.index, none.fields) != ("None", 0, ()) or (some.name, some.index) != ("Some", 1):
        return None
    return some.fields[0].type if len(some.fields) == 1 and some.fields[0].name is None else None


def wrapped_in(entry: Type) -> int | None:
    """The type of the one nameless field of a struct, which is read as that field's value; None for all others."""
    definition = entry.definition
    if isinstance(definition, Composite) and len(definition.fields) == 1 and definition.fields[0].name is None:
        return definition.fields[0].type
    return None


def may_be_none(registry: Registry, type_id: int) -> bool:
    """Whether a value of the type can be None: an Option of such a type needs another form."""
    for _ in range(_WRAPPERS_MAX):
        entry = registry[type_id]
        if option_of(entry) is not None:
            return True
        inner = wrapped_in(entry)
        if inner is None:
            return False
        type_id = inner
    return False


def compact_bytes(registry: Registry, type_id: int) -> int | None:
    """How many bytes wide the integer is that a compact of `type_id` holds: 0 for a unit, None when it has none."""
    for _ in range(_WRAPPERS_MAX):
        match registry[type_id].definition:
            case Primitive(kind) if kind in INTEGERS and not INTEGERS[kind][1]:
                return INTEGERS[kind][0]
            case Composite((field,)):
                type_id = field.type
            case TupleOf(()) | Composite(()):
                return 0
            case _:
                return None
    return None


def is_byte(registry: Registry, type_id: int) -> bool:
    """Whether lists of the type are bytes."""
    return registry[type_id].definition == Primitive(PrimitiveKind.U8)


def takes_no_bytes(registry: Registry, type_id: int) -> bool:
    """Whether every value of the type is encoded in no bytes at all, as units and structs of units are."""
    seen: set[int] = set()
    waiting = [type_id]
    while waiting:
        type_id = waiting.pop()
        definition = registry[type_id].definition
        if isinstance(definition, CompactOf):
            if compact_bytes(registry, definition.type) != 0:
                return False
        elif not isinstance(definition, Composite | TupleOf):
            return False
        elif type_id not in seen:
            seen.add(type_id)
            waiting += references(definition)
    return True
