"""Proofs that nobody honest makes: each is refused for what is wrong with it, at its limit and not before."""

import pytest

from edge_node.base.digests import blake2b_256
from edge_node.base.ids import Hash256
from edge_node.chain_light.trie_build import Trie
from edge_node.chain_light.trie_errors import DuplicateEntry, MalformedNode, ProofTooLarge, TooManyKeys, UnusedEntries
from edge_node.chain_light.trie_node import EMPTY_ROOT, KEY_DIGITS_MAX, Node, encode_node
from edge_node.chain_light.trie_proof import Absent, PrefixFound, Present, Proof, encode_proof
from edge_node.wire.scale import MalformedScale

LONG = Trie({blake2b_256(bytes((n,))): bytes((n,)) * 40 for n in range(20)}, 1)
ENTRIES = LONG.prove_prefix(b"")


def top_of(raw: bytes) -> Hash256:
    """The root of a trie whose top node this is."""
    return Hash256(blake2b_256(raw))


def test_nothing_stands_twice() -> None:
    """An entry that is there twice is refused by its hash, a node or a value."""
    for entry in ENTRIES:
        with pytest.raises(DuplicateEntry) as refused:
            Proof([*ENTRIES, entry])
        assert refused.value.entry == blake2b_256(entry)


def test_nothing_is_idle() -> None:
    """An entry that led to nothing read is refused, also the node of the empty trie; after the last read none is."""
    assert Proof(ENTRIES).read(LONG.root, b"k") == Absent()
    proof = Proof([*ENTRIES, b"idle"])
    proof.keys_under(LONG.root, b"")
    with pytest.raises(UnusedEntries) as refused:
        proof.require_all_used()
    assert (refused.value.count, refused.value.first) == (1, blake2b_256(b"idle"))
    with pytest.raises(UnusedEntries):
        Proof([b"\x00"]).require_all_used()
    Proof([]).require_all_used()


def test_the_empty_state() -> None:
    """Nothing is in it, with its node or without."""
    for entries in ([], [b"\x00"]):
        proof = Proof(entries)
        assert proof.read(EMPTY_ROOT, b"k") == Absent()
        assert proof.keys_under(EMPTY_ROOT, b"") == PrefixFound(())
        proof.require_all_used()


def test_a_node_that_should_stand_inside_its_parent() -> None:
    """A short node is read at the top and refused under a hash, also after it was read at the top."""
    short = encode_node(Node("0", b"v", hashed=False, children=()))
    parent = encode_node(Node("", None, hashed=False, children=(top_of(short), short, *[b""] * 14)))
    proof = Proof([parent, short])
    assert proof.read(top_of(parent), b"\x10") == Present(b"v")
    assert proof.read(top_of(short), b"\x00") == Absent()
    with pytest.raises(MalformedNode, match="inside its parent"):
        proof.read(top_of(parent), b"\x00")
    with pytest.raises(MalformedNode, match="inside its parent"):
        proof.keys_under(top_of(parent), b"")


def test_a_value_that_should_stand_inside_its_node() -> None:
    """A value of 32 bytes under a hash is refused, one of 33 is read."""
    for size, refused in ((32, True), (33, False)):
        node = encode_node(Node("00", blake2b_256(bytes(size)), hashed=True, children=()))
        proof = Proof([node, bytes(size)])
        if refused:
            with pytest.raises(MalformedNode, match="stand inside it"):
                proof.read(top_of(node), b"\x00")
        else:
            assert proof.read(top_of(node), b"\x00") == Present(bytes(size))


def test_a_value_at_half_a_byte() -> None:
    """No key ends there: it is in no list."""
    node = encode_node(Node("0", b"v", hashed=False, children=()))
    assert Proof([node]).read(top_of(node), b"\x00") == Absent()
    with pytest.raises(MalformedNode, match="half a byte"):
        Proof([node]).keys_under(top_of(node), b"")


def test_what_is_no_node() -> None:
    """The hash fits and the bytes are none."""
    for ask in (lambda proof, root: proof.read(root, b""), lambda proof, root: proof.keys_under(root, b"")):
        with pytest.raises(MalformedNode):
            ask(Proof([b"\xff" * 40]), top_of(b"\xff" * 40))


def test_one_subtree_in_many_places() -> None:
    """A proof of a few entries that names 16**20 keys is given up at the limit."""
    node = encode_node(Node("", bytes(40), hashed=False, children=()))
    entries = [node]
    for _ in range(20):
        node = encode_node(Node("", None, hashed=False, children=(top_of(node),) * 16))
        entries.append(node)
    with pytest.raises(TooManyKeys):
        Proof(entries).keys_under(top_of(node), b"", keys_max=1_000)


def test_one_long_value_in_many_places() -> None:
    """It is there once in memory, wherever the proof says it is."""
    node = encode_node(Node("0", bytes(100_000), hashed=False, children=()))
    entries = [node]
    for _ in range(3):
        node = encode_node(Node("", None, hashed=False, children=(top_of(node),) * 16))
        entries.append(node)
    found = Proof(entries).keys_under(top_of(node), b"")
    assert isinstance(found, PrefixFound)
    assert len(found.pairs) == 16**3
    assert len({id(value) for _, value in found.pairs}) == 1


def test_keys_without_end() -> None:
    """Branches below each other are followed to the length of the longest key, without recursion."""
    for below, told in ((KEY_DIGITS_MAX // 2, True), (KEY_DIGITS_MAX // 2 + 1, False)):
        node, entries = encode_node(Node("0", bytes(40), hashed=False, children=())), list[bytes]()
        for number in range(below):
            entries.append(node)
            partial = "" if number == below - 1 else "0"
            node = encode_node(Node(partial, b"v", hashed=False, children=(top_of(node), *[b""] * 15)))
        proof = Proof([*entries, node])
        if told:
            found = proof.keys_under(top_of(node), b"")
            assert isinstance(found, PrefixFound)
            assert [len(key) for key, _ in found.pairs] == list(range(below + 1))
        else:
            with pytest.raises(MalformedNode, match="digits"):
                proof.keys_under(top_of(node), b"")


def test_limits() -> None:
    """As many entries, bytes and keys as the limits say are taken, and not one more."""
    count, size = len(ENTRIES), sum(map(len, ENTRIES))
    proof = Proof(ENTRIES, entries_max=count, bytes_max=size)
    assert len(proof.keys_under(LONG.root, b"", keys_max=20).pairs) == 20
    with pytest.raises(TooManyKeys):
        proof.keys_under(LONG.root, b"", keys_max=19)
    for limits in ({"entries_max": count - 1}, {"bytes_max": size - 1}):
        with pytest.raises(ProofTooLarge):
            Proof(ENTRIES, **limits)
        with pytest.raises((ProofTooLarge, MalformedScale)):
            Proof.of_scale(encode_proof(ENTRIES), **limits)
