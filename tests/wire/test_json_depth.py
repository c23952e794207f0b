"""Nesting counted without a parser, against a parser that counts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.wire.json_depth import nests_within

tricky_text = st.text(alphabet='[]{}"\\,: a\u20ac', max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | tricky_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(tricky_text, inner, max_size=4),
    max_leaves=25,
)


def depth(value: object) -> int:
    """The nesting of a decoded value."""
    match value:
        case dict():
            return 1 + max(map(depth, value.values()), default=0)
        case list():
            return 1 + max(map(depth, value), default=0)
        case _:
            return 0


@given(values, st.sampled_from([None, 1]), st.booleans())
def test_depth_is_the_parsers_depth(value, indent, ascii_only):
    """A text nests within its depth and not within one less, whatever its strings hold."""
    raw = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    assert nests_within(raw, depth(value))
    if depth(value):
        assert not nests_within(raw, depth(value) - 1)


def test_a_scalar_nests_within_nothing():
    """Values without brackets have depth 0."""
    assert nests_within(b'"[[["', 0)


@pytest.mark.parametrize("limit", [1, 32, 100])
def test_limit_and_one_more(limit):
    """The limit itself passes and one level more does not."""
    assert nests_within(b"[" * limit + b"]" * limit, limit)
    assert not nests_within(b"[" * (limit + 1) + b"]" * (limit + 1), limit)


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(raw):
    """Bytes that are no JSON end in an answer, not in an error."""
    assert nests_within(raw, 32) in {True, False}
