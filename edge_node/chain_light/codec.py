"""Values of a chain, read and written as its registry says (SCALE; scale-info's type definitions)."""

from edge_node.chain_light.types import Registry
from edge_node.chain_light.value_reader import ValueReader
from edge_node.chain_light.value_writer import ValueWriter
from edge_node.chain_light.values import Budget, Value
from edge_node.wire.scale import Scale


def decode_value(registry: Registry, type_id: int, scale: Scale, budget: Budget | None = None) -> Value:
    """The value of type `type_id` that `scale` stands before; the cursor then stands behind it.

    MalformedScale for bytes that are none, ValueTooLarge when `budget` (the default one) is used up.
    """
    return ValueReader(registry, scale, Budget() if budget is None else budget).read(type_id)


def decode_whole(registry: Registry, type_id: int, raw: bytes, budget: Budget | None = None) -> Value:
    """As `decode_value` of bytes that must hold the value and nothing else."""
    scale = Scale(raw)
    value = decode_value(registry, type_id, scale, budget)
    scale.end()
    return value


def encode_value(registry: Registry, type_id: int, value: Value) -> bytes:
    """The SCALE form of `value`, in the forms that `decode_value` returns (a list may be a tuple, too).

    ValueMisfit, which says where, for a value of another form: no field is left out, none is filled in.
    """
    out = bytearray()
    ValueWriter(registry, out).write(type_id, value)
    return bytes(out)
