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
from edge_node.chain_light.trie_errors import BadProof, MalformedNode, UnusedEntries
from edge_node.chain_light.trie_node import EMPTY_ROOT
from edge_node.chain_light.trie_proof import (
    Absent,
    Found,
    Incomplete,
    PrefixFound,
    Present,
    Proof,
    child_root_key,
    encode_proof,
)
from edge_node.wire.scale import MalformedScale
from tests.chain_light.trie_cases import ALL_KEYS, keys, states, versions

CHAIN = Path(__file__).parents[1] / "vectors/chain"
GENESIS = json.loads((CHAIN / "polkadot-genesis-storage-proof.json").read_text())
REFERENCE = {case["name"]: case for case in json.loads((CHAIN / "trie-reference.json").read_text())["cases"]}
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


# --- what the reference implementation makes, in both state versions


def pairs_of(case: dict) -> dict[bytes, bytes]:
    """The state of a case."""
    return {bytes.fromhex(key): bytes.fromhex(value) for key, value in case["pairs"].items()}


def read_all(proof: Proof, root: Hash256, asked: Sequence[bytes]) -> list[Found]:
    """What a proof tells of each key, all its entries used."""
    told = [proof.read(root, key) for key in asked]
    proof.require_all_used()
    return told


@pytest.mark.parametrize("case", REFERENCE.values(), ids=REFERENCE)
def test_the_reference_implementations_proofs(case: dict) -> None:
    """Our root is theirs, their proof tells the truth of every asked key, and ours has the same entries."""
    pairs, asked = pairs_of(case), [bytes.fromhex(key) for key in case["asked"]]
    trie, entries = Trie(pairs, case["version"]), [bytes.fromhex(entry) for entry in case["proof"]]
    assert str(trie.root) == case["root"]
    assert read_all(Proof(entries), trie.root, asked) == [truth(pairs, key) for key in asked]
    assert sorted(trie.prove(asked)) == entries


@pytest.mark.parametrize("case", REFERENCE.values(), ids=REFERENCE)
def test_every_byte_of_the_references_proofs_counts(case: dict) -> None:
    """After a change of any byte of any entry something is not told, or an entry is idle; nothing false is told."""
    pairs, asked = pairs_of(case), [bytes.fromhex(key) for key in case["asked"]]
    root, entries = Hash256.parse(case["root"]), [bytes.fromhex(entry) for entry in case["proof"]]
    for number, entry in enumerate(entries):
        for at in range(0, len(entry), 1 + len(entry) // 24):
            entries[number] = entry[:at] + bytes((entry[at] ^ 0x10,)) + entry[at + 1 :]
            untold = never_false(pairs, root, entries, of=asked, prefix=asked[0])
            assert untold > 0 or root == EMPTY_ROOT
            with pytest.raises((UnusedEntries, MalformedNode)):
                read_all(Proof(entries), root, asked)
        entries[number] = entry


@pytest.mark.parametrize("version", [0, 1])
def test_the_reference_implementations_child_tries(version: int) -> None:
    """A child trie is read through the state above it, proof and all as the reference made them."""
    above, below = (
        REFERENCE[f"{name}, version {version}"] for name in ("the state above the child trie", "a child trie")
    )
    proof = Proof([bytes.fromhex(entry) for entry in above["proof"] + below["proof"]])
    for key in below["asked"]:
        told = proof.read_child(Hash256.parse(above["root"]), bytes.fromhex(above["child_id"]), bytes.fromhex(key))
        assert told == Present(bytes.fromhex(below["pairs"][key]))
    proof.require_all_used()


# --- our own, of any state


@MODEST
@given(states, st.lists(keys, min_size=1, max_size=6), versions)
def test_a_proof_tells_all_it_was_made_for(pairs: dict, asked: list, version: int) -> None:
    """Every key reads back, there or not, and no entry is idle; the SCALE form is the same proof."""
    trie = Trie(pairs, version)
    for proof in (Proof(trie.prove(asked)), Proof.of_scale(encode_proof(trie.prove(asked)))):
        assert read_all(proof, trie.root, asked) == [truth(pairs, key) for key in asked]


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


def test_the_way_to_a_key() -> None:
    """Each node on it with the digits that lead there, as far as the proof tells or the key leads."""
    trie = Trie({b"\x12\x34": bytes(40), b"\x12\x35": bytes(41), b"\x12\x40": bytes(42), b"\x50": bytes(43)}, 0)
    entries = trie.prove([b"\x12\x34"])
    way = Proof(entries).way_to(trie.root, b"\x12\x34")
    assert [step.depth for step in way] == [0, 1, 3, 4]
    assert [step.node.partial for step in way if step.node] == ["", "2", "", ""]
    assert way[0].reference == trie.root
    assert [step.reference for step in way] == [blake2b_256(entry) for entry in entries]
    short = Proof(entries[:2]).way_to(trie.root, b"\x12\x34")
    assert [(step.depth, step.reference) for step in short] == [(step.depth, step.reference) for step in way[:3]]
    assert short[-1].node is None
    assert [step.depth for step in Proof(entries).way_to(trie.root, b"\x12\x36")] == [0, 1, 3]
    assert [step.depth for step in Proof(entries).way_to(trie.root, b"\x13")] == [0, 1]
    assert Proof([]).way_to(EMPTY_ROOT, b"a") == ()
