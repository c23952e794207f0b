"""Viewers never see a payload field, at whatever depth and in whatever form it comes."""

import json
from dataclasses import dataclass
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import StreamName
from edge_node.control.payload import PAYLOAD_FIELDS, Standing, encode_for, without_payload

NAMES = st.one_of(st.sampled_from(sorted(PAYLOAD_FIELDS)), st.text(max_size=8))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=20,
)


def names_in(value: Any) -> set[str]:
    match value:
        case dict():
            return set(value) | set().union(*map(names_in, value.values()))
        case list():
            return set().union(*map(names_in, value))
    return set()


@given(VALUES)
def test_no_payload_field_leaves_for_a_viewer(value: Any) -> None:
    """However deep it lies; an operator gets the value as it is."""
    assert not names_in(json.loads(encode_for(Standing.VIEWER, value))) & PAYLOAD_FIELDS
    assert json.loads(encode_for(Standing.OPERATOR, value)) == value


@given(VALUES)
def test_raw_json_is_looked_into(value: Any) -> None:
    """A page that was rendered elsewhere is no way around."""
    raw = msgspec.Raw(json.dumps(value).encode())
    assert not names_in(json.loads(encode_for(Standing.VIEWER, {"page": raw}))) & PAYLOAD_FIELDS
    assert json.loads(encode_for(Standing.OPERATOR, {"page": raw})) == {"page": value}


def test_objects_are_looked_into() -> None:
    """A dataclass's fields are fields."""

    @dataclass
    class Thing:
        cid: str
        event: str

    assert without_payload([Thing("a", "secret")]) == [{"cid": "a"}]


def test_everything_else_stays() -> None:
    """Both sockets show the same beside the payload; our own text types are text."""
    value = {"stream": StreamName("site/a"), "rows": ({"n": 1, "data": {"x": 1}},), "none": None}
    assert json.loads(encode_for(Standing.VIEWER, value)) == {"stream": "site/a", "rows": [{"n": 1}], "none": None}
