"""Trie nodes: every form there is reads back, and no second form of any is read."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.digests import blake2b_256
from edge_node.chain_light.trie_errors import MalformedNode
from edge_node.chain_light.trie_node import (
    EMPTY_ROOT,
    HASH_BYTES,
    KEY_DIGITS_MAX,
    Node,
    decode_node,
    encode_node,
    reference_of,
)
from edge_node.wire.scale import Scale

GENESIS = json.loads((Path(__file__).parents[1] / "vectors/chain/polkadot-genesis-storage-proof.json").read_text())

partials = st.text("0123456789abcdef", max_size=8) | st.sampled_from([n * "a" for n in (14, 15, 30, 31, 62, 63, 64)])
hashes = st.binary(min_size=HASH_BYTES, max_size=HASH_BYTES)
values = st.none() | st.tuples(st.binary(max_size=70), st.just(value=False)) | st.tuples(hashes, st.just(value=True))
references = st.just(b"") | st.binary(min_size=1, max_size=31) | hashes


@st.composite
def nodes(draw: st.DrawFn) -> Node:
    """Leaves and branches with from no to sixteen children."""
    partial, value = draw(partials), draw(values)
    children: tuple[bytes, ...] = ()
    if value is None or draw(st.booleans()):
        children = tuple(draw(st.lists(references, min_size=16, max_size=16)))
        missing = 2 - (value is not None) - sum(map(bool, children))
        if missing > 0:
            children = (b"\x01" * 32,) * missing + (b"\x41\x00\x00",) * (16 - missing)
    held, hashed = value or (None, False)
    return Node(partial, held, hashed, children)


def leaf(digits: int, *, value: bytes = b"\x04v") -> bytes:
    """A leaf with a partial key of zeros, written by hand."""
    head = bytes((0x40 | digits,)) if digits < 63 else b"\x7f" + b"\xff" * ((digits - 63) // 255)
    if digits >= 63:
        head += bytes(((digits - 63) % 255,))
    return head + bytes((digits + 1) // 2) + value


CHILD = b"\x80" + b"\xaa" * 32
REFUSED = {
    "nothing": b"",
    "the empty trie's node": b"\x00",
    "a compact node's escape": b"\x01",
    "a reserved header": b"\x0f\x00\x00",
    "no value": b"\x40",
    "a byte after the value": b"\x40\x04vv",
    "a value cut short": b"\x40\x08v",
    "a length in a longer form than it needs": b"\x40\x05\x00v",
    "a length of four bytes that says one": b"\x40\x06\x00\x00\x00v",
    "a length in the big form": b"\x40\x03\x01\x00\x00\x00v",
    "a partial key cut short": b"\x44\x12",
    "a partial key whose length does not end": b"\x7f\xff\xff",
    "a set half byte before the partial key": b"\x41\x1a\x04v",
    "a partial key longer than keys are": leaf(KEY_DIGITS_MAX + 1),
    "a partial key of a million digits": b"\x7f" + b"\xff" * 4_000 + b"\x00" + bytes(600_000),
    "a branch without children": b"\xc0\x00\x00\x04v",
    "a branch without children and value": b"\x80\x00\x00",
    "a branch that leads one way": b"\x80\x01\x00" + CHILD,
    "a branch of a hashed value without children": b"\x10\x00\x00" + bytes(32),
    "a bitmap cut short": b"\x80\x03",
    "a child fewer than the bitmap says": b"\x80\x03\x00" + CHILD,
    "a child more than the bitmap says": b"\x80\x03\x00" + CHILD * 3,
    "a child of no bytes": b"\x80\x03\x00" + CHILD + b"\x00",
    "a child of 33 bytes": b"\x80\x03\x00" + CHILD + b"\x84" + bytes(33),
    "a value's hash cut short": b"\x20" + bytes(31),
    "a byte after a value's hash": b"\x20" + bytes(33),
}


@given(nodes())
def test_every_node_reads_back(node: Node) -> None:
    """What is written is read as the same node."""
    assert decode_node(encode_node(node)) == node


@given(st.binary(max_size=120) | nodes().map(encode_node).flatmap(lambda raw: st.integers(0, 8 * len(raw) - 1).map(
    lambda bit: raw[: bit // 8] + bytes((raw[bit // 8] ^ 1 << bit % 8,)) + raw[bit // 8 + 1 :]
)))  # fmt: skip
def test_a_node_has_one_form(raw: bytes) -> None:
    """Whatever bytes are read as a node are its one encoding."""
    try:
        node = decode_node(raw)
    except MalformedNode:
        return
    assert encode_node(node) == raw


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED)
def test_other_forms_are_refused(raw: bytes) -> None:
    """Bytes no writer would write are refused with what is wrong."""
    with pytest.raises(MalformedNode, match="not a node of a state trie"):
        decode_node(raw)


@pytest.mark.parametrize("digits", [0, 1, 62, 63, 64, 63 + 254, 63 + 255, 63 + 256, KEY_DIGITS_MAX])
def test_lengths_of_a_partial_key(digits: int) -> None:
    """Each length up to that of the longest key has the form the specification gives it."""
    node = decode_node(leaf(digits))
    assert node == Node("0" * digits, b"v", hashed=False, children=())
    assert encode_node(node) == leaf(digits)


@pytest.mark.parametrize(("size", "apart"), [(31, False), (32, True)])
def test_short_nodes_stand_inside_their_parent(size: int, *, apart: bool) -> None:
    """A parent holds encodings of up to 31 bytes, and the hash of longer ones."""
    raw = bytes(size)
    assert reference_of(raw) == (blake2b_256(raw) if apart else raw)


def test_the_root_of_nothing() -> None:
    """The empty trie's root is the one every chain's blocks without extrinsics name."""
    assert EMPTY_ROOT.hex() == "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314"


def test_nodes_of_a_real_chain() -> None:
    """The nodes of a proof of Polkadot's genesis state are read and written as they stand."""
    scale = Scale(bytes.fromhex(GENESIS["proof_scale_vec_of_nodes"]))
    raws = [scale.blob(4_096) for _ in range(scale.length())]
    assert len(raws) == 6
    assert [encode_node(decode_node(raw)) for raw in raws] == raws
