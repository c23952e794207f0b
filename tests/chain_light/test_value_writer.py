"""Writing refuses by name: what is missing, unknown, or of another form is said with its place."""

import pytest

from edge_node.chain_light.codec import encode_value
from edge_node.chain_light.types import (
    ArrayOf,
    BitSequence,
    CompactOf,
    Composite,
    Field,
    PrimitiveKind,
    SequenceOf,
    TupleOf,
    Variant,
    VariantOf,
)
from edge_node.chain_light.values import Chosen, NoValueForm, ValueMisfit, ValueTooLarge
from tests.chain_light.registries import Types

TYPES = Types()
U8, U128, I8 = (TYPES.primitive(PrimitiveKind[name]) for name in ("U8", "U128", "I8"))
TEXT, FLAG, CHAR = (TYPES.primitive(PrimitiveKind[name]) for name in ("STR", "BOOL", "CHAR"))
COMPACT = TYPES.add(CompactOf(U128))
BYTES, KEY = TYPES.add(SequenceOf(U8)), TYPES.add(ArrayOf(4, U8))
LIST, PAIR = TYPES.add(SequenceOf(I8)), TYPES.add(TupleOf((U8, I8)))
TRIPLE = TYPES.add(ArrayOf(3, I8))
PARAMS = TYPES.named("ddc::Params", host=BYTES, ssl=FLAG)
NODE = TYPES.add(Variant((VariantOf("Storage", 0, (Field("params", PARAMS),)), VariantOf("Nothing", 4))), "ddc", "Node")
NODES = TYPES.add(SequenceOf(NODE))
LSB = TYPES.add(Composite(()), "bitvec", "order", "Lsb0")
BITS = TYPES.add(BitSequence(U8, LSB))
ODD = TYPES.add(CompactOf(TEXT))
REGISTRY = TYPES.registry()
WHOLE = {"host": b"h", "ssl": True}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"host": b"h"}, "1.Storage.params.ssl is missing, a field of ddc::Params"),
        (WHOLE | {"port": 80}, "1.Storage.params.port is no field of ddc::Params"),
        (WHOLE | {"ssl": 1}, "1.Storage.params.ssl is no bool"),
        (WHOLE | {"host": "h"}, "1.Storage.params.host is no bytes"),
        ((b"h", True), "1.Storage.params is no dict of the fields of ddc::Params"),
        (None, "1.Storage.params is no dict of the fields of ddc::Params"),
    ],
)
def test_a_field_is_refused_by_its_name(value, message):
    """Nothing is filled in, nothing is dropped, and the way to the field is said from the outside."""
    with pytest.raises(ValueMisfit) as refused:
        encode_value(REGISTRY, NODES, [Chosen("Nothing"), Chosen("Storage", {"params": value})])
    assert str(refused.value) == message


def test_the_order_of_a_dict_means_nothing():
    """Bytes follow the registry: a chain that orders its fields otherwise gets what the names say."""
    turned = dict(reversed(WHOLE.items()))
    other = Types()
    byte, flag = other.primitive(PrimitiveKind.U8), other.primitive(PrimitiveKind.BOOL)
    swapped = other.named("ddc::Params", ssl=flag, host=other.add(SequenceOf(byte)))
    assert encode_value(REGISTRY, PARAMS, turned) == encode_value(REGISTRY, PARAMS, WHOLE) == b"\x04h\x01"
    assert encode_value(other.registry(), swapped, WHOLE) == b"\x01\x04h"


@pytest.mark.parametrize(
    ("type_id", "value"),
    [
        (U8, 256),
        (U8, -1),
        (U8, True),
        (U8, 1.0),
        (U8, "1"),
        (I8, 128),
        (I8, -129),
        (COMPACT, 1 << 128),
        (COMPACT, -1),
        (FLAG, 0),
        (TEXT, b"text"),
        (TEXT, "\ud800"),
        (CHAR, "ab"),
        (CHAR, "\ud800"),
        (BYTES, [1, 2]),
        (BYTES, "ab"),
        (KEY, b"abc"),
        (LIST, b"ab"),
        (LIST, {1: 2}),
        (LIST, [1, 200]),
        (TRIPLE, [1, 2]),
        (PAIR, [1, 2]),
        (PAIR, (1,)),
        (PAIR, (1, 2, 3)),
        (NODE, "Nothing"),
        (NODE, Chosen("Other")),
        (NODE, Chosen("Nothing", ())),
        (NODE, Chosen("Storage")),
        (BITS, "012"),
        (BITS, b"01"),
        (LSB, None),
    ],
)
def test_a_value_of_another_form_is_refused(type_id, value):
    """Out of range, of another length, or another Python type: never rounded, cut or turned into what would fit."""
    with pytest.raises(ValueMisfit):
        encode_value(REGISTRY, type_id, value)


def test_a_list_that_holds_itself_is_refused():
    """Depth is bounded when writing, too."""
    types = Types()
    last = types.add(SequenceOf(0))
    circle: list = []
    circle.append(circle)
    with pytest.raises(ValueTooLarge):
        encode_value(types.registry(), last, circle)


def test_a_compact_of_text_is_not_written():
    """The type has no values to write."""
    with pytest.raises(NoValueForm):
        encode_value(REGISTRY, ODD, "text")
