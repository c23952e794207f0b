"""Layers of changes over a settled state."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.chain_light.trie_build import Trie
from edge_node.devnet.runtime.state import NoOpenLayer, State


def test_a_layer_is_kept_or_dropped_whole():
    """What a refused call wrote is as if never written."""
    state = State(Trie({b"a": b"1"}, 0))
    state.begin()
    state.put(b"a", None)
    state.put(b"b", b"2")
    assert (state.get(b"a"), state.get(b"b")) == (None, b"2")
    state.rollback()
    assert (state.get(b"a"), state.get(b"b")) == (b"1", None)
    state.begin()
    state.put(b"a", b"3")
    state.commit()
    assert state.settle().get(b"a") == b"3"


def test_what_was_settled_before_stays_as_it_was():
    """Old blocks can still be read and proved."""
    before = Trie({b"a": b"1"}, 0)
    root, state = before.root, State(before)
    state.put(b"a", b"2")
    after = state.settle()
    assert (before.get(b"a"), before.root, after.root != root) == (b"1", root, True)


def test_layers_are_closed_in_pairs():
    """Closing one too many, and settling over an open one, are refused."""
    state = State(Trie({}, 0))
    for close in (state.commit, state.rollback):
        with pytest.raises(NoOpenLayer):
            close()
    state.begin()
    with pytest.raises(NoOpenLayer):
        state.settle()


_KEYS = st.sampled_from([b"a", b"ab", b"b", b"c"])
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), _KEYS, st.one_of(st.none(), st.binary(min_size=1, max_size=3))),
        st.sampled_from([("begin",), ("commit",), ("rollback",)]),
    ),
    max_size=30,
)


@settings(max_examples=80, deadline=None)
@given(_STEPS)
def test_it_is_a_dict_with_copies(steps):
    """Whatever the order of layers and writes, it reads as plain copies of dicts would."""
    state, model = State(Trie({b"a": b"0"}, 0)), [{b"a": b"0"}]
    for step in steps:
        match step:
            case ("put", key, value):
                state.put(key, value)
                model[-1][key] = value
            case ("begin",):
                state.begin()
                model.append(dict(model[-1]))
            case (close,) if len(model) > 1:
                getattr(state, close)()
                top = model.pop()
                if close == "commit":
                    model[-1] = top
    while len(model) > 1:
        state.rollback()
        model.pop()
    held = {key: value for key, value in model[0].items() if value is not None}
    assert state.settle().root == Trie(held, 0).root
