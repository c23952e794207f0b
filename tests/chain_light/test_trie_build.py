"""Tries built and changed: their roots against other people's inputs, a second way to compute one, and themselves."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.digests import blake2b_256
from edge_node.chain_light.trie_build import (
    DEPTH_MAX,
    KeysTooDeep,
    KeyTooLong,
    Trie,
    UnknownStateVersion,
    join_proofs,
)
from edge_node.chain_light.trie_node import EMPTY_ROOT, KEY_BYTES_MAX
from tests.chain_light.trie_cases import ALL_KEYS, keys, naive_root, states, values, versions

W3F = json.loads((Path(__file__).parents[1] / "vectors/chain/w3f-state-trie-inputs.json").read_text())["cases"]
MODEST = settings(max_examples=60, deadline=None)


@pytest.mark.parametrize("case", W3F.values(), ids=W3F)
def test_roots_of_the_web3_foundations_inputs(case: dict) -> None:
    """Both state versions give the recorded root."""
    pairs = dict(zip(map(bytes.fromhex, case["keys_hex"]), map(bytes.fromhex, case["values_hex"]), strict=True))
    assert Trie(pairs, 0).root.hex() == case["root_v0_by_study_code"]
    assert Trie(pairs, 1).root.hex() == case["root_v1_by_study_code"]


@MODEST
@given(states, versions)
def test_a_second_way_to_the_root(pairs: dict, version: int) -> None:
    """A direct reading of the specification, node by node from the keys, comes to the same root."""
    assert Trie(pairs, version).root == naive_root(pairs, version)


@MODEST
@given(states.flatmap(lambda pairs: st.permutations(list(pairs.items()))), versions)
def test_any_order(order: list, version: int) -> None:
    """Keys set one at a time in any order, with others set and taken away between, end in the same root."""
    trie, pairs = Trie({}, version), dict(order)
    for key, value in order:
        passing = {other: b"passing" for other in ALL_KEYS[:5] if other not in pairs}
        trie = trie.updated(passing).updated(dict.fromkeys(passing)).updated({key: value})
    assert trie.root == Trie(pairs, version).root


@MODEST
@given(states, st.lists(st.dictionaries(keys, st.none() | values), max_size=4), versions)
def test_changed_equals_built_anew(pairs: dict, blocks: list, version: int) -> None:
    """After every set of changes the trie has the root and the contents of one made from nothing; no other changed."""
    state, trie, made = dict(pairs), Trie(pairs, version), []
    for changes in blocks:
        made.append((trie, trie.root))
        trie = trie.updated(changes)
        state = {key: value for key, value in (state | changes).items() if value is not None}
        assert trie.root == Trie(state, version).root
        assert dict(trie.pairs()) == state
    for before, root in made:
        assert Trie(dict(before.pairs()), version).root == before.root == root


@given(states, keys)
def test_look_up(pairs: dict, key: bytes) -> None:
    """A trie tells each value, and of a prefix all keys under it in order."""
    trie = Trie(pairs, 0)
    assert {key: trie.get(key) for key in ALL_KEYS} == {key: pairs.get(key) for key in ALL_KEYS}
    assert list(trie.pairs(key)) == sorted(pair for pair in pairs.items() if pair[0].startswith(key))


def test_nothing_changes_nothing() -> None:
    """Changes that say what is already so share the whole trie, down to its top node."""
    trie = Trie({b"a": b"1", b"ab": b"2", b"b": b"3"}, 0)
    for changes in ({}, {b"a": b"1"}, {b"zz": None}, {b"ab": b"2", b"b": b"3", b"c": None}):
        assert trie.updated(changes)._top is trie._top


def test_a_change_shares_what_it_does_not_touch() -> None:
    """One change among many keys makes the nodes on its way and no others."""
    pairs = {blake2b_256(bytes((n, m))): bytes(40) for n in range(32) for m in range(32)}
    trie = Trie(pairs, 0)
    before = set(trie.prove_prefix(b""))
    after = set(trie.updated({next(iter(pairs)): b"other"}).prove_prefix(b""))
    assert len(before) > 1_200
    assert len(after - before) == len(before - after) <= 5


def test_the_empty_trie() -> None:
    """Without keys, and after the last one is gone, the root is the empty one and its proof the empty node."""
    for trie in (Trie({}, 1), Trie({b"k": b"v"}, 1).updated({b"k": None}), Trie({}, 0).updated({b"k": None})):
        assert trie.root == EMPTY_ROOT
        assert trie.prove([b"k"]) == trie.prove_prefix(b"") == [b"\x00"]
        assert list(trie.pairs()) == []


@pytest.mark.parametrize(("size", "entries"), [(32, 1), (33, 2)])
def test_which_values_stand_apart(size: int, entries: int) -> None:
    """In state version 1 a value of 33 bytes is an entry of its own, in version 0 none is."""
    pairs = {b"key": bytes(size)}
    assert len(Trie(pairs, 1).prove([b"key"])) == entries
    assert len(Trie(pairs, 0).prove([b"key"])) == 1


def test_other_state_versions() -> None:
    """There are two: a chain that says another cannot be kept."""
    with pytest.raises(UnknownStateVersion):
        Trie({}, 2)


def test_the_longest_key() -> None:
    """A key is as long as readers of proofs take, and not longer."""
    assert Trie({bytes(KEY_BYTES_MAX): b""}, 0).get(bytes(KEY_BYTES_MAX)) == b""
    with pytest.raises(KeyTooLong):
        Trie({bytes(KEY_BYTES_MAX + 1): b""}, 0)


def test_the_deepest_trie() -> None:
    """Keys may part at so many places on one way, and not at one more; the limit holds for a change too."""
    nested = {b"\x11" * size: b"v" for size in range(DEPTH_MAX + 1)}
    trie = Trie(nested, 0)
    assert trie.root == Trie({}, 0).updated(nested).root
    assert list(trie.pairs()) == sorted(nested.items())
    with pytest.raises(KeysTooDeep):
        trie.updated({b"\x11" * (DEPTH_MAX + 1): b"v"})


def test_proofs_join_without_repeating() -> None:
    """Two proofs of one state share their upper nodes: joined, each stands once."""
    trie = Trie({blake2b_256(bytes((n,))): b"v" * 30 for n in range(64)}, 0)
    one, two = (trie.prove([blake2b_256(bytes((n,)))]) for n in (1, 2))
    assert join_proofs([one, two]) == list(dict.fromkeys(one + two))
    assert len(join_proofs([one, two])) < len(one) + len(two)
