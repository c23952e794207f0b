"""What a log entry may hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.log_text import (
    FIELDS_MAX,
    TRACEBACK_MAX_CHARS,
    VALUE_MAX_CHARS,
    bound_entry,
    bound_value,
    cut,
    inert,
)


def test_small_and_plain_values_stay_what_they_are() -> None:
    """Numbers, flags, nothing, short texts and short lists of them."""
    for value in (1, -2.5, True, None, "site/a", ["a", 1]):
        assert bound_value(value) == value


def test_ten_megabytes_are_cut_and_say_so() -> None:
    """A long text keeps its beginning and its end, and tells how much is missing."""
    text = bound_value("a" + "x" * 10_000_000 + "z")
    assert isinstance(text, str)
    assert text.startswith("ax")
    assert text.endswith("xz")
    assert "9998978 characters left out" in text
    assert len(text) < VALUE_MAX_CHARS + 50


def test_the_limit_itself_is_whole() -> None:
    """At the limit nothing is cut, one beyond it is."""
    assert cut("x" * 10, 10) == "x" * 10
    assert "1 characters left out" in cut("x" * 11, 10)


@pytest.mark.parametrize("value", [b"seed" * 8, bytearray(b"seed" * 8), memoryview(b"seed" * 8)])
def test_raw_bytes_are_never_shown(value: object) -> None:
    """They may be a key: their number is said, alone or inside a list."""
    assert bound_value(value) == "<32 bytes>"
    assert bound_value([value]) == ["<32 bytes>"]


def test_other_things_are_texts() -> None:
    """Long and nested containers, huge integers and objects become bounded text."""
    assert bound_value(2**70) == "<71 bits>"
    assert bound_value({"a": 1}) == "{'a': 1}"
    long = bound_value(list(range(10_000)))
    assert isinstance(long, str)
    assert len(long) < 200
    assert bound_value(ValueError("why")) == "why"


def test_an_entry_is_bounded_as_a_whole() -> None:
    """Long values are cut, a traceback later than others, fields beyond the last are dropped with a word."""
    entry: dict[str, Any] = {"event": "a.b", "why": "y" * 5_000, "exception": "t" * 5_000}
    bound_entry(None, "", entry)
    assert len(entry["why"]) < 1_100
    assert len(entry["exception"]) == 5_000
    many = {f"f{number}": number for number in range(FIELDS_MAX + 1)}
    assert len(bound_entry(None, "", many)) == FIELDS_MAX
    assert many["fields_cut"] is True
    huge = bound_entry(None, "", {"exception": "t" * 1_000_000})
    assert len(huge["exception"]) < TRACEBACK_MAX_CHARS + 50


@given(st.text())
def test_nothing_inert_can_steer_a_terminal(text: str) -> None:
    """Control and direction characters are escaped, printable text is untouched."""
    shown = inert(text)
    assert shown.isprintable()
    assert shown == text or not text.isprintable()
