"""Values read and written: round trips over random registries, and the forms by example."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.errors import RemoteError
from edge_node.chain_light.codec import decode_value, decode_whole, encode_value
from edge_node.chain_light.types import (
    ArrayOf,
    CompactOf,
    Composite,
    Field,
    PrimitiveKind,
    SequenceOf,
    TupleOf,
    Variant,
    VariantOf,
)
from edge_node.chain_light.values import Chosen
from edge_node.wire.scale import MalformedScale, Scale
from tests.chain_light.registries import Types, registries, values_of
from tests.chain_light.runtimes import VECTORS, metadata_of


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read(data):
    """Any value of any type comes back, in the same form, and the cursor stands behind it."""
    registry = data.draw(registries())
    last = len(registry) - 1
    value = data.draw(values_of(registry, last))
    raw = encode_value(registry, last, value)
    scale = Scale(raw + b"after")
    assert decode_value(registry, last, scale) == value
    assert scale.take(scale.left) == b"after"


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_what_is_read_is_written(data):
    """Bytes are refused as a remote's, or are the one form of their value: encoding it gives them back."""
    registry = data.draw(registries())
    last = len(registry) - 1
    raw = data.draw(st.binary(max_size=40))
    scale = Scale(raw)
    try:
        value = decode_value(registry, last, scale)
    except RemoteError:
        return
    assert encode_value(registry, last, value) == raw[: scale.at]


def forms():
    """(type, value, SCALE in hex) by name, in the registry that comes with them."""
    t = Types()
    u8, u16, u32, u128 = (t.primitive(PrimitiveKind[name]) for name in ("U8", "U16", "U32", "U128"))
    text, flag, char = (t.primitive(PrimitiveKind[name]) for name in ("STR", "BOOL", "CHAR"))
    unit, key = t.add(TupleOf(())), t.add(ArrayOf(4, u8))
    account = t.add(Composite((Field(None, key),)), "sp_core", "crypto", "AccountId32")
    cases = {
        "wrapped": (account, b"abcd", "61626364"),
        "bytes": (t.add(SequenceOf(u8)), b"ab", "086162"),
        "list": (t.add(SequenceOf(u16)), [1, 258], "0801000201"),
        "array": (t.add(ArrayOf(2, u16)), [1, 258], "01000201"),
        "tuple": (t.add(TupleOf((u8, flag))), (7, True), "0701"),
        "tuple of one": (t.add(TupleOf((u8,))), (7,), "07"),
        "unit": (unit, (), ""),
        "empty struct": (t.add(Composite(()), "PhantomData"), (), ""),
        "struct": (t.named("a::S", host=text, port=u16), {"host": "h", "port": 80}, "04685000"),
        "tuple struct": (t.add(Composite((Field(None, u8), Field(None, u8))), "a", "P"), (1, 2), "0102"),
        "character": (char, "é", "e9000000"),
        "compact": (t.add(CompactOf(u128)), 1 << 40, "0b000000000001"),
        "compact of a wrapper": (t.add(CompactOf(t.add(Composite((Field(None, u32),)), "Perbill"))), 64, "0101"),
        "compact unit": (t.add(CompactOf(unit)), (), ""),
        "none": (t.option(u8), None, "00"),
        "some": (t.option(u8), 5, "0105"),
        "none of an option": (t.option(t.option(u8)), Chosen("None"), "00"),
        "some none": (t.option(t.option(u8)), Chosen("Some", None), "0100"),
        "some some": (t.option(t.option(u8)), Chosen("Some", 5), "010105"),
        "option in a wrapper": (
            t.option(t.add(Composite((Field(None, t.option(u8)),)), "W")),
            Chosen("Some", None),
            "0100",
        ),
        "some unit": (t.option(unit), (), "01"),
    }
    enum = t.add(
        Variant(
            (
                VariantOf("Full", 1),
                VariantOf("One", 2, (Field(None, u8),)),
                VariantOf("Two", 3, (Field(None, u8), Field(None, u8))),
                VariantOf("Named", 9, (Field("a", u8),)),
            )
        ),
        "a",
        "Mode",
    )
    cases |= {
        "variant of nothing": (enum, Chosen("Full"), "01"),
        "variant of one": (enum, Chosen("One", 7), "0207"),
        "variant of two": (enum, Chosen("Two", (7, 8)), "030708"),
        "variant with names": (enum, Chosen("Named", {"a": 7}), "0907"),
    }
    return t.registry(), cases


REGISTRY, FORMS = forms()


@pytest.mark.parametrize("name", FORMS)
def test_the_forms_by_example(name):
    """Each kind of type has one Python form and one encoding."""
    type_id, value, expected = FORMS[name]
    assert encode_value(REGISTRY, type_id, value).hex() == expected
    assert decode_whole(REGISTRY, type_id, bytes.fromhex(expected)) == value


def test_bytes_behind_a_value_are_refused():
    """A whole value is the whole of its bytes."""
    type_id, _, raw = FORMS["struct"]
    with pytest.raises(MalformedScale):
        decode_whole(REGISTRY, type_id, bytes.fromhex(raw) + b"\0")


ORACLE = json.loads((VECTORS / "scalecodec-values.json").read_text())["values"]


def same(ours, theirs):
    """Whether another implementation's value says the same: it shows bytes as hex or text, enums as dicts."""
    if isinstance(ours, bytes):
        return theirs in ("0x" + ours.hex(), ours.decode(errors="replace"))
    if isinstance(ours, Chosen):
        held = ours.value is not None
        return same(ours.value, theirs[ours.name]) and len(theirs) == 1 if held else theirs == ours.name
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same(ours[name], theirs[name]) for name in ours)
    if isinstance(ours, list | tuple):
        return (not ours and not theirs) or (len(ours) == len(theirs) and all(map(same, ours, theirs)))
    return ours == theirs


@pytest.mark.parametrize("vector", ORACLE, ids=lambda vector: str(vector["type"]))
def test_values_are_read_as_another_implementation_reads_them(vector):
    """One of nearly every type of a public chain's runtime, and written again they are the same bytes."""
    registry, raw = metadata_of("contracts-v14").registry, bytes.fromhex(vector["raw"])
    value = decode_whole(registry, vector["type"], raw)
    assert same(value, vector["value"])
    assert encode_value(registry, vector["type"], value) == raw
