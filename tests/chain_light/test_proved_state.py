"""What a proof shows: all of it, or nothing; and whose fault it is otherwise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.chain_light.cross_check import ProofShort
from edge_node.chain_light.errors import BadAnswer
from edge_node.chain_light.proved_state import (
    MoreUnderPrefix,
    child_value_of,
    is_unchanged,
    marked_value_of,
    pairs_under,
    values_of,
)
from edge_node.chain_light.trie_build import Trie, join_proofs
from edge_node.chain_light.trie_errors import DuplicateEntry, UnusedEntries
from edge_node.chain_light.trie_node import EMPTY_ROOT
from tests.chain_light.view_rig import child_tries

CHILD = Trie({b"a": b"1", b"b" * 40: bytes(50)}, 1)
PAIRS = {bytes((place % 5, place)) * 20: bytes((place,)) * (place * 3) for place in range(60)}


@pytest.fixture(params=[0, 1], ids=["state version 0", "state version 1"])
def trie(request):
    return Trie(PAIRS | child_tries({b"kid": CHILD}), request.param)


def test_values_and_absences(trie):
    """Both are told, of one proof."""
    keys = [*list(PAIRS)[:9], b"not there", bytes(40)]
    assert values_of(trie.root, keys, trie.prove(keys)) == {key: PAIRS.get(key) for key in keys}
    assert values_of(trie.root, [], []) == {}
    assert values_of(EMPTY_ROOT, [b"a"], []) == {b"a": None}


def test_a_proof_cut_short_is_no_absence(trie):
    """Whichever entry is left out."""
    keys = list(PAIRS)[:3]
    entries = trie.prove(keys)
    for place in range(len(entries)):
        with pytest.raises(ProofShort):
            values_of(trie.root, keys, entries[:place] + entries[place + 1 :])
    with pytest.raises(ProofShort):
        values_of(trie.root, keys, [])


def test_a_proof_of_another_key_or_state_tells_nothing(trie):
    """Of its own, it would be good."""
    one, other = list(PAIRS)[1], list(PAIRS)[33]
    with pytest.raises(BadAnswer):
        values_of(trie.root, [one], trie.prove([other]))
    later = trie.updated({one: b"changed"})
    with pytest.raises(ProofShort):
        values_of(trie.root, [one], later.prove([one]))


def test_entries_that_belong_to_nothing_are_refused(trie):
    """Twice the same, or of another key beside the right ones."""
    keys = list(PAIRS)[:2]
    entries = trie.prove(keys)
    with pytest.raises(DuplicateEntry):
        values_of(trie.root, keys, [*entries, entries[0]])
    with pytest.raises(UnusedEntries):
        values_of(trie.root, keys, [*entries, b"some entry that nothing leads to"])
    for check in (
        lambda more: pairs_under(trie.root, b"", [*trie.prove_prefix(b""), *more]),
        lambda more: child_value_of(trie.root, b"kid", b"a", [*child_entries(trie, b"a"), *more]),
    ):
        check([])
        with pytest.raises(UnusedEntries):
            check([b"some entry that nothing leads to"])


def child_entries(trie, key):
    return join_proofs([trie.prove(child_tries({b"kid": CHILD})), CHILD.prove([key])])


@given(st.integers(0, 59), st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_a_prefix_is_told_whole_or_not_at_all(place, length):
    """Every key under it with its value, or that the proof is short, whichever entry is withheld."""
    trie, prefix = Trie(PAIRS, 1), list(PAIRS)[place][:length]
    entries = trie.prove_prefix(prefix)
    wanted = tuple(sorted((key, value) for key, value in PAIRS.items() if key.startswith(prefix)))
    assert pairs_under(trie.root, prefix, entries) == wanted
    for left_out in range(0, len(entries), 7):
        with pytest.raises(ProofShort):
            pairs_under(trie.root, prefix, entries[:left_out] + entries[left_out + 1 :])


def test_more_keys_than_the_asker_takes_are_nobodys_fault():
    """They hang on the root: the state has them. At the bound all are told."""
    trie = Trie(PAIRS, 0)
    entries = trie.prove_prefix(b"")
    assert len(pairs_under(trie.root, b"", entries, keys_max=60)) == 60
    with pytest.raises(MoreUnderPrefix) as more:
        pairs_under(trie.root, b"", entries, keys_max=59)
    assert not isinstance(more.value, BadAnswer)


LONG = {b":code": bytes(100_000), b":heappages": b"8", b":grandpa": bytes(50), b"other": b"x" * 40}


@pytest.fixture(params=[0, 1], ids=["state version 0", "state version 1"])
def long(request):
    return Trie(PAIRS | LONG, request.param)


def test_a_mark_shows_that_a_long_value_is_the_same(long):
    """By a few nodes, whatever else has changed; and that it is another, or gone."""
    value, mark = marked_value_of(long.root, b":code", long.prove([b":code"]))
    assert value == LONG[b":code"]
    later = long.updated({b"other": b"y", b":heappages": b"9", **dict.fromkeys(list(PAIRS)[:30], b"z")})
    for state in (long, later):
        short = state.prove([mark.beside])
        assert sum(map(len, short)) < 2_000
        assert is_unchanged(state.root, mark, short)
        with pytest.raises(UnusedEntries):
            is_unchanged(state.root, mark, [*short, b"more than that " * 9])
        with pytest.raises(ProofShort):
            is_unchanged(state.root, mark, short[:-1])
    for change in ({b":code": bytes(99_999)}, {b":code": None}, {b":code": bytes(100_001)}):
        other = long.updated(change)
        assert not is_unchanged(other.root, mark, other.prove([mark.beside]))


def test_a_marked_value_is_proved_like_any_other(long):
    """Whole, and with nothing beside."""
    entries = long.prove([b":code"])
    with pytest.raises(UnusedEntries):
        marked_value_of(long.root, b":code", [*entries, b"an entry that nothing leads to"])
    for place in range(len(entries)):
        with pytest.raises(ProofShort):
            marked_value_of(long.root, b":code", entries[:place] + entries[place + 1 :])


def test_a_value_right_below_the_root_has_its_mark():
    """Which parts from it in the root already."""
    trie = Trie({b"\x10": bytes(40), b"\x20": bytes(50)}, 0)
    mark = marked_value_of(trie.root, b"\x10", trie.prove([b"\x10"])).mark
    assert (mark.depth, mark.beside) == (1, b"\x00")
    assert is_unchanged(trie.root, mark, trie.prove([mark.beside]))


def test_what_has_no_mark():
    """An absence, a value that stands in the root, and one whose parent has no digit free."""
    alone, full = Trie({b"a": bytes(40)}, 0), Trie({bytes((n * 16,)): bytes(40) for n in range(16)}, 0)
    assert marked_value_of(alone.root, b"b", alone.prove([b"b"])) == (None, None)
    assert marked_value_of(alone.root, b"a", alone.prove([b"a"])) == (bytes(40), None)
    assert marked_value_of(full.root, b"\x30", full.prove([b"\x30"])) == (bytes(40), None)
    assert marked_value_of(EMPTY_ROOT, b"a", []) == (None, None)


KEYS = st.binary(min_size=1, max_size=3)
STATES = st.dictionaries(KEYS, st.integers(0, 60).map(bytes), min_size=1, max_size=25)


@given(
    STATES, st.dictionaries(KEYS, st.none() | st.integers(0, 60).map(bytes), max_size=6), st.integers(0, 1), st.data()
)
@settings(max_examples=150, deadline=None)
def test_a_mark_never_says_the_same_of_another_value(pairs, changes, version, data):
    """In any two states: what it calls unchanged is; and of one state it says so of each value that has a mark."""
    trie, key = Trie(pairs, version), data.draw(st.sampled_from(sorted(pairs)))
    value, mark = marked_value_of(trie.root, key, trie.prove([key]))
    assert value == pairs[key]
    if mark is not None:
        assert is_unchanged(trie.root, mark, trie.prove([mark.beside]))
        later = trie.updated(changes)
        assert not is_unchanged(later.root, mark, later.prove([mark.beside])) or later.get(key) == value


def test_child_tries(trie):
    """A value, an absence in it, and a trie that is not there."""
    assert child_value_of(trie.root, b"kid", b"a", child_entries(trie, b"a")) == b"1"
    assert child_value_of(trie.root, b"kid", b"b" * 40, child_entries(trie, b"b" * 40)) == bytes(50)
    assert child_value_of(trie.root, b"kid", b"c", child_entries(trie, b"c")) is None
    absent = trie.prove(child_tries({b"none": CHILD}))
    assert child_value_of(trie.root, b"none", b"a", absent) is None
    with pytest.raises(ProofShort):
        child_value_of(trie.root, b"kid", b"a", trie.prove(child_tries({b"kid": CHILD})))
