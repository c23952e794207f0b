"""Bits in words, either end first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.chain_light.bits import read_bits, write_bits
from edge_node.chain_light.types import BitSequence, Composite, PrimitiveKind
from edge_node.chain_light.values import NoValueForm
from edge_node.wire.scale import MalformedScale, Scale
from tests.chain_light.registries import Types

TYPES = Types()
U8, U16, U64, I8, TEXT = (TYPES.primitive(PrimitiveKind[name]) for name in ("U8", "U16", "U64", "I8", "STR"))
LSB, MSB, OTHER = (TYPES.add(Composite(()), "bitvec", "order", name) for name in ("Lsb0", "Msb0", "Odd0"))
REGISTRY = TYPES.registry()


@pytest.mark.parametrize(
    ("store", "order", "bits", "raw"),
    [
        (U8, LSB, "1", "0401"),
        (U8, MSB, "1", "0480"),
        (U8, LSB, "1011", "100d"),
        (U8, MSB, "1011", "10b0"),
        (U8, LSB, "000000001", "240001"),
        (U16, LSB, "000000001", "240001"),
        (U16, MSB, "000000001", "248000"),
        (U8, LSB, "", "00"),
    ],
)
def test_bits_by_example(store, order, bits, raw):
    """Words are little-endian; Lsb0 fills them from the lowest bit, Msb0 from the highest."""
    assert write_bits(REGISTRY, BitSequence(store, order), bits).hex() == raw
    assert read_bits(REGISTRY, BitSequence(store, order), Scale(bytes.fromhex(raw))) == bits


@given(st.sampled_from([U8, U16, U64]), st.sampled_from([LSB, MSB]), st.text("01", max_size=200))
def test_bits_come_back(store, order, bits):
    """Of any number, in any words."""
    scale = Scale(write_bits(REGISTRY, BitSequence(store, order), bits))
    assert read_bits(REGISTRY, BitSequence(store, order), scale) == bits
    scale.end()


@pytest.mark.parametrize("raw", ["0402", "0c08", "24", "2400", "fe", "feffffff00"])
def test_bits_after_the_last_one_and_bits_that_are_not_there_are_refused(raw):
    """Padding is zero, and no length is believed beyond what is left."""
    with pytest.raises(MalformedScale):
        read_bits(REGISTRY, BitSequence(U8, LSB), Scale(bytes.fromhex(raw)))


@pytest.mark.parametrize(("store", "order"), [(I8, LSB), (TEXT, LSB), (LSB, LSB), (U8, OTHER), (U8, U8)])
def test_words_of_another_kind_have_no_form(store, order):
    """Words are unsigned integers, and one of two orders is named."""
    with pytest.raises(NoValueForm):
        read_bits(REGISTRY, BitSequence(store, order), Scale(b"\0"))
