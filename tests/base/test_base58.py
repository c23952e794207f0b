"""Base58 against the DDC SDK's tokens and Bitcoin's own examples, against itself, and against hostile text."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.base58 import ALPHABET, MalformedBase58, decode_base58, encode_base58

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/ddc.json").read_text())["vectors"]
TOKENS = {v["id"]: (v["tokenProtoHex"], v["tokenBase58"]) for v in VECTORS if "tokenBase58" in v}

# draft-msporny-base58-03, section 5, and Bitcoin's base58_encode_decode.json.
KNOWN = {
    "empty": ("", ""),
    "hello": ("48656c6c6f20576f726c6421", "2NEpo7TZRRrLZSi2U"),
    "fox": (b"The quick brown fox jumps over the lazy dog.".hex(),
            "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"),
    "leading zeros": ("0000287fb4cd", "11233QC4"),
    "one byte": ("61", "2g"),
    "ten zeros": ("00000000000000000000", "1111111111"),
}  # fmt: skip

HOSTILE = {
    "zero": "0",
    "capital o": "O",
    "capital i": "I",
    "small l": "l",
    "blank": "2NEpo7 ",
    "line end": "2NEpo7\n",
    "null": "\0",
    "padding": "2g==",
    "full-width digit": "\uff11\uff12",
    "letter outside ASCII": "2NEpo7é",
    "lone surrogate": "\ud800",
}


@pytest.mark.parametrize(("raw_hex", "text"), (KNOWN | TOKENS).values(), ids=(KNOWN | TOKENS).keys())
def test_text_and_bytes_are_those_of_the_sdk(raw_hex, text):
    """Each vector encodes to its text and decodes to its bytes."""
    assert encode_base58(bytes.fromhex(raw_hex)) == text
    assert decode_base58(text, characters_max=2_048).hex() == raw_hex


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_foreign_characters_are_refused(text):
    """No character outside the alphabet is read, and the message does not show the text."""
    with pytest.raises(MalformedBase58) as refused:
        decode_base58(text, characters_max=100)
    assert (refused.value.status, refused.value.slug) == (400, "malformed-base58")
    assert len(text) == 1 or text not in str(refused.value)


def test_the_length_is_checked_before_decoding():
    """A text at the limit is read; one character more is refused, and so is a bomb, whatever stands in it."""
    assert decode_base58("z" * 64, characters_max=64)
    for text in ("z" * 65, "z" * 50_000_000, "\0" * 65):
        with pytest.raises(MalformedBase58, match="64 are allowed"):
            decode_base58(text, characters_max=64)


@given(st.binary(max_size=300))
def test_bytes_round_trip(raw):
    """What is encoded is decoded to the same bytes, leading zeros included."""
    assert decode_base58(encode_base58(raw), characters_max=1_000) == raw


@given(st.text(ALPHABET, max_size=300))
def test_every_text_of_the_alphabet_names_its_bytes_in_one_way(text):
    """No two texts decode to the same bytes: what is remembered by its text cannot come back as another."""
    assert encode_base58(decode_base58(text, characters_max=300)) == text


@given(st.text(max_size=100))
def test_any_text_is_read_or_refused(text):
    """Whatever the text, only MalformedBase58 leaves, and what is read is written in no other way."""
    with contextlib.suppress(MalformedBase58):
        assert encode_base58(decode_base58(text, characters_max=100)) == text


def test_digits_join_as_schoolbook_arithmetic_says():
    """At every length up to two powers of two the lanes give what digit by digit would."""
    for length in range(130):
        text = ("z2y3" * 40)[:length]
        number = 0
        for character in text:
            number = number * 58 + ALPHABET.index(character)
        assert int.from_bytes(decode_base58(text, characters_max=130), "big") == number
