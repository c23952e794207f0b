"""The field syntax shared by Edge-Signature and Edge-Request."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.trust.signature_fields import (
    HEADER_MAX_CHARS,
    U64_MAX,
    MalformedSignatureHeader,
    base64_64,
    decimal,
    read_fields,
    read_u64,
)

CHECKS = {"a": decimal, "b": decimal}


@pytest.mark.parametrize("text", ["a=1, b=2", "b=2,a=1", " \ta=1\t ,\tb=2 ", "a=1,b=2"])
def test_order_and_outer_white_space_are_free(text):
    """Fields come in any order with spaces and tabs around the commas."""
    assert read_fields("H", text, CHECKS) == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    "text", ["", "a=1", "a=1,b=2,a=1", "a=1,b=2,c=3", "a=1,b", "a=1;b=2", "a =1,b=2", "a= 1,b=2", "a=1\n,b=2"]
)
def test_anything_else_is_refused(text):
    """A missing, doubled, unknown or misspelled field is refused, and the header is named."""
    with pytest.raises(MalformedSignatureHeader, match="malformed Edge-Test") as refused:
        read_fields("Edge-Test", text, CHECKS)
    assert (refused.value.status, refused.value.slug) == (400, "malformed-signature-header")


def test_limit_of_length():
    """1,024 characters are read and one more is refused."""
    text = "a=1, b=2"
    assert read_fields("H", text + " " * (HEADER_MAX_CHARS - len(text)), CHECKS)
    with pytest.raises(MalformedSignatureHeader, match="1025 characters"):
        read_fields("H", text + " " * (HEADER_MAX_CHARS + 1 - len(text)), CHECKS)


@pytest.mark.parametrize("text", ["a" * 65_536, "," * 65_536, "a=" * 32_768])
def test_64_kib_of_junk_are_not_looked_at(text):
    """A long header is refused by its length alone."""
    with pytest.raises(MalformedSignatureHeader, match="characters"):
        read_fields("H", text, CHECKS)


def test_the_message_does_not_repeat_what_was_sent():
    """An error never carries the hostile text on."""
    with pytest.raises(MalformedSignatureHeader) as refused:
        read_fields("H", "a=1, evil<script>=2", CHECKS)
    assert "evil" not in str(refused.value)


def test_limit_of_u64():
    """2^64 - 1 is read and 2^64 is refused."""
    assert read_u64("H", "seq", str(U64_MAX)) == U64_MAX
    with pytest.raises(MalformedSignatureHeader, match="seq is 2\\^64"):
        read_u64("H", "seq", str(U64_MAX + 1))


def test_decimal_has_one_spelling():
    """No signs, leading zeros, blanks, or digits of other scripts."""
    assert all(map(decimal, ["0", "1", "10", "9" * 20]))
    assert not any(map(decimal, ["", "00", "01", "+1", "-1", " 1", "1 ", "1\n", "1" * 21, "\u0661", "1e1", "0x1"]))


def test_base64_has_one_spelling():
    """The last digit's unused bits are zero: of 64 last digits only four are read."""
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    assert [digit for digit in last if base64_64("A" * 85 + digit + "==")] == ["A", "Q", "g", "w"]


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    """Any text gives the two fields or a refusal."""
    with contextlib.suppress(MalformedSignatureHeader):
        assert read_fields("H", text, CHECKS).keys() == CHECKS.keys()
