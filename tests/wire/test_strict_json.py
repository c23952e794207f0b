"""The strict reader against a hostile corpus, the canonical form against RFC 8785."""

import contextlib
import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.wire.strict_json import (
    MalformedJson,
    NotCanonical,
    NotJsonValue,
    canonical,
    parse_canonical,
    parse_strict,
)

VECTORS = Path(__file__).parents[1] / "vectors"
RFC = json.loads((VECTORS / "rfc8785.json").read_text())
HOSTILE = {case["name"]: case for case in json.loads((VECTORS / "json_hostile.json").read_text())["cases"]}

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def raw_of(case: dict) -> bytes:
    """A corpus case's bytes."""
    return bytes.fromhex(case["hex"]) if "hex" in case else case["text"].encode()


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_corpus(case):
    """Each text of the corpus gets the verdict the corpus says."""
    if case["strict"] == "accepted":
        parse_strict(raw_of(case))
    else:
        with pytest.raises(MalformedJson) as refused:
            parse_strict(raw_of(case))
        assert refused.value.status == 400


@pytest.mark.parametrize("document", RFC["documents"], ids=lambda document: document["section"])
def test_rfc_8785_documents(document):
    """The documents of the RFC get the form the RFC prints."""
    assert canonical(json.loads(document["input"])) == document["canonical"].encode()


@pytest.mark.parametrize(("bits", "text"), RFC["numbers"])
def test_rfc_8785_numbers(bits, text):
    """The doubles of the RFC's appendix B are spelled as it says."""
    assert canonical(struct.unpack(">d", bytes.fromhex(bits))[0]) == text.encode()


@pytest.mark.parametrize("bits", RFC["not_numbers"])
def test_what_is_no_number_has_no_form(bits):
    """NaN and the infinities have no canonical form."""
    with pytest.raises(NotJsonValue):
        canonical(struct.unpack(">d", bytes.fromhex(bits))[0])


@pytest.mark.parametrize("value", [2**53, -(2**53), {1: 2}, "\ud800", {"\ud800": 1}, b"x", object()])
def test_values_json_cannot_hold_are_our_own_fault(value):
    """A value without an exact JSON form is a local error, not a wrong signature."""
    with pytest.raises(NotJsonValue):
        canonical(value)


def test_a_value_that_holds_itself_is_our_own_fault():
    """An endless value ends in a local error."""
    endless: list = []
    endless.append(endless)
    with pytest.raises(NotJsonValue):
        canonical(endless)


@given(values)
def test_canonical_form_round_trips(value):
    """What is written canonically is read back as the same value, by both readers."""
    raw = canonical(value)
    assert parse_canonical(raw) == value
    assert parse_strict(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "raw", [b' {"a":1}', b'{"a":1}\n', b'{"b":1,"a":2}', b'{"a": 1}', b'"\\u0041"', b'"\\/"', b'"\\u000A"']
)
def test_other_spellings_are_not_canonical(raw):
    """Valid JSON in another spelling is refused where the canonical form is wanted."""
    parse_strict(raw)
    with pytest.raises(NotCanonical):
        parse_canonical(raw)


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(raw):
    """Any bytes give a value or MalformedJson, and nothing else is raised."""
    with contextlib.suppress(MalformedJson):
        parse_strict(raw)


@given(values, st.data())
def test_a_canonical_text_has_no_second_spelling(value, data):
    """A canonical text with one byte changed is another value or refused."""
    raw = bytearray(canonical(value))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    try:
        changed = parse_canonical(bytes(raw))
    except MalformedJson:
        return
    assert canonical(changed) == bytes(raw) != canonical(value)


def test_depth_limit_is_the_callers():
    """The depth is an argument: at the limit accepted, one deeper refused."""
    assert parse_strict(b"[[]]", depth_max=2) == [[]]
    with pytest.raises(MalformedJson, match="deeper than 2"):
        parse_strict(b"[[[]]]", depth_max=2)
