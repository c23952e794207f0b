"""Proofs: what honest ones tell is true, what any others tell is never false, and nothing in them is idle."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.digests import blake2b_256
from edge_node.base.ids import Hash256
from edge_node.chain_light.trie_build import Trie, join_proofs
from edge_node.chain_light.trie_node import EMPTY_ROOT, KEY_DIGITS_MAX, MalformedNode, Node, encode_node
from edge_node.chain_light.trie_proof import (
    Absent,
    BadProof,
    DuplicateEntry,
    Found,
    Incomplete,
    PrefixFound,
    Present,
    Proof,
    ProofTooLarge,
    TooManyKeys,
    UnusedEntries,
    child_root_key,
    encode_proof,
)
from edge_node.wire.scale import MalformedScale
from tests.chain_light.trie_cases import ALL_KEYS, keys, states, versions

GENESIS = json.loads((Path(__file__).parents[1] / "vectors/chain/polkadot-genesis-storage-proof.json").read_text())
ROOT, KEY = Hash256.parse(GENESIS["state_root"]), bytes.fromhex(GENESIS["key"])
VALUE, RAW = bytes.fromhex(GENESIS["value"]), bytes.fromhex(GENESIS["proof_scale_vec_of_nodes"])
MODEST = settings(max_examples=60, deadline=None)
prefixes = st.sampled_from(sorted({key[:size] for key in ALL_KEYS for size in range(4)}))


def truth(pairs: dict, key: bytes) -> Found:
    """What a proof of this state may say of a key, if it says anything."""
    return Present(pairs[key]) if key in pairs else Absent()


def under(pairs: dict, prefix: bytes) -> PrefixFound:
    """The same of a prefix."""
    return PrefixFound(tuple(sorted(pair for pair in pairs.items() if pair[0].startswith(prefix))))


def never_false(pairs: dict, root: Hash256, entries: Sequence[bytes], *, of: Sequence[bytes], prefix: bytes) -> int:
    """Read everything; how often it was refused or not told. What is told is the truth."""
    untold = 0
    try:
        proof = Proof(entries)
    except BadProof:
        return len(of) + 1
    asks: list[tuple[Callable[[], object], object]] = [
        (lambda key=key: proof.read(root, key), truth(pairs, key)) for key in of
    ]
    asks.append((lambda: proof.keys_under(root, prefix), under(pairs, prefix)))
    for ask, answer in asks:
        try:
            told = ask()
        except (BadProof, MalformedNode):
            untold += 1
            continue
        untold += isinstance(told, Incomplete)
        assert isinstance(told, Incomplete) or told == answer
    return untold


# --- a real chain's proof


def test_a_proof_of_polkadots_genesis_state() -> None:
    """The value is found, a key beside it is proved absent, `:code` is not told, and every entry was needed."""
    proof = Proof.of_scale(RAW)
    assert proof.read(ROOT, KEY) == Present(VALUE)
    assert proof.read(ROOT, KEY[:-1] + b"\x4f") == Absent()
    told = proof.read(ROOT, b":code")
    assert isinstance(told, Incomplete)
    assert str(told.missing).startswith("c84590e3")
    assert isinstance(proof.keys_under(ROOT, KEY[:32]), Incomplete)
    assert proof.keys_under(ROOT, KEY) == PrefixFound(((KEY, VALUE),))
    proof.require_all_used()


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_every_byte_of_it_counts(flip: int) -> None:
    """After any byte was changed the value is not told any more, and nothing else is told in its place."""
    for at in range(len(RAW)):
        changed = RAW[:at] + bytes((RAW[at] ^ flip,)) + RAW[at + 1 :]
        try:
            told = Proof.of_scale(changed).read(ROOT, KEY)
        except (MalformedScale, BadProof):
            continue
        assert isinstance(told, Incomplete), f"byte {at}"


def test_every_byte_of_what_is_asked_counts() -> None:
    """Under a changed root nothing is told; of a changed key never the value."""
    proof = Proof.of_scale(RAW)
    for at in range(32):
        root = Hash256(ROOT[:at] + bytes((ROOT[at] ^ 1,)) + ROOT[at + 1 :])
        assert proof.read(root, KEY) == Incomplete(root)
        assert proof.keys_under(root, b"") == Incomplete(root)
    for at in range(len(KEY)):
        key = KEY[:at] + bytes((KEY[at] ^ 1,)) + KEY[at + 1 :]
        assert not isinstance(proof.read(ROOT, key), Present)


@pytest.mark.parametrize("size", [0, 1, 2, len(RAW) // 2, len(RAW) - 1])
def test_it_cut_short_or_longer(size: int) -> None:
    """A part of the proof, or bytes after it, are not its SCALE form."""
    for raw in (RAW[:size], RAW + RAW[-1 - size :]):
        with pytest.raises(MalformedScale):
            Proof.of_scale(raw)


# --- our own, of any state


@MODEST
@given(states, st.lists(keys, min_size=1, max_size=6), versions)
def test_a_proof_tells_all_it_was_made_for(pairs: dict, asked: list, version: int) -> None:
    """Every key reads back, there or not, and no entry is idle; the SCALE form is the same proof."""
    trie = Trie(pairs, version)
    for proof in (Proof(trie.prove(asked)), Proof.of_scale(encode_proof(trie.prove(asked)))):
        assert [proof.read(trie.root, key) for key in asked] == [truth(pairs, key) for key in asked]
        proof.require_all_used()


@MODEST
@given(states, prefixes, versions)
def test_a_prefix_is_told_whole(pairs: dict, prefix: bytes, version: int) -> None:
    """All keys under a prefix with their values, in order, and no entry is idle."""
    trie = Trie(pairs, version)
    proof = Proof(trie.prove_prefix(prefix)[::-1])
    assert proof.keys_under(trie.root, prefix) == under(pairs, prefix)
    proof.require_all_used()
    assert [proof.read(trie.root, key) for key, _ in under(pairs, prefix).pairs] == [
        Present(value) for _, value in under(pairs, prefix).pairs
    ]


@MODEST
@given(states, st.lists(keys, min_size=1, max_size=4), prefixes, versions)
def test_a_proof_without_an_entry(pairs: dict, asked: list, prefix: bytes, version: int) -> None:
    """Whichever entry is left out: something that was told is not any more, and nothing false is told of any key."""
    trie = Trie(pairs, version)
    entries = join_proofs([trie.prove(asked), trie.prove_prefix(prefix)])
    for left_out in entries if pairs else ():
        rest = [entry for entry in entries if entry is not left_out]
        assert never_false(pairs, trie.root, rest, of=asked, prefix=prefix) > 0
        never_false(pairs, trie.root, rest, of=ALL_KEYS[::5], prefix=b"")


@MODEST
@given(states, st.dictionaries(keys, st.sampled_from([b"w", b"x" * 40])), keys, prefixes, versions, st.data())
def test_entries_of_another_state(
    pairs: dict, changes: dict, key: bytes, prefix: bytes, version: int, data: st.DataObject
) -> None:
    """Entries of a state that was, swapped in for some, or changed in one bit, tell nothing false of this one."""
    trie = Trie(pairs, version)
    entries = trie.prove_prefix(b"")
    other = trie.updated(changes).prove_prefix(b"")
    chosen = data.draw(st.lists(st.sampled_from(entries + other), unique=True))
    never_false(pairs, trie.root, chosen, of=[key, *changes], prefix=prefix)
    at, bit = data.draw(st.integers(0, len(entries) - 1)), data.draw(st.integers(0, 7))
    raw, byte = entries[at], data.draw(st.integers(0, min(len(entries[at]), 200) - 1))
    entries[at] = raw[:byte] + bytes((raw[byte] ^ 1 << bit,)) + raw[byte + 1 :]
    never_false(pairs, trie.root, entries, of=[key, *changes], prefix=prefix)


# --- child tries


@MODEST
@given(states, keys, prefixes, versions)
def test_child_tries(pairs: dict, key: bytes, prefix: bytes, version: int) -> None:
    """A child trie's keys are told through the root the state holds for it, and without that are not told."""
    child = Trie(pairs, version)
    state = Trie({child_root_key(b"one"): child.root, b"\x3a": b"v", child_root_key(b"ones"): bytes(32)}, version)
    above = state.prove([child_root_key(b"one"), child_root_key(b"ones")])
    whole = Proof(join_proofs([above, child.prove([key]), child.prove_prefix(prefix)]))
    assert whole.read_child(state.root, b"one", key) == truth(pairs, key)
    assert whole.child_keys_under(state.root, b"one", prefix) == under(pairs, prefix)
    assert whole.read_child(state.root, b"two", key) == Absent()
    assert whole.child_keys_under(state.root, b"two", prefix) == PrefixFound(())
    assert whole.read_child(state.root, b"ones", key) == Incomplete(Hash256(bytes(32)))
    whole.require_all_used()
    part = Proof(child.prove([key]))
    assert part.read_child(state.root, b"one", key) == Incomplete(state.root)
    assert part.child_keys_under(state.root, b"one", prefix) == Incomplete(state.root)


def test_the_root_of_a_child_trie_has_its_size() -> None:
    """A value of another size in its place is the root of nothing."""
    state = Trie({child_root_key(b"one"): bytes(31)}, 0)
    with pytest.raises(MalformedNode, match="root of a child trie"):
        Proof(state.prove([child_root_key(b"one")])).read_child(state.root, b"one", b"")


# --- proofs nobody honest makes


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
