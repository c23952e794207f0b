"""Identifiers: bytes of a fixed shape, in one spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import (
    Cid,
    Digest,
    FixedBytes,
    Hash256,
    MalformedId,
    Nonce,
    PublicKey,
    Signature,
    StreamName,
    VaultId,
    shorten,
)  # fmt: skip

KINDS = [PublicKey, Signature, VaultId, Digest, Hash256, Nonce]


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_hex_round_trip(kind: type[FixedBytes], data: st.DataObject) -> None:
    """Bytes of the right length print as lower-case hex and read back as the same type."""
    raw = data.draw(st.binary(min_size=kind.size, max_size=kind.size))
    read = kind.parse(str(kind(raw)))
    assert (read, type(read)) == (raw, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_one_byte_off_is_refused(kind: type[FixedBytes]) -> None:
    """The length is exact, in bytes and in hex."""
    for length in (0, kind.size - 1, kind.size + 1):
        with pytest.raises(MalformedId, match=kind.__name__):
            kind(bytes(length))
        with pytest.raises(MalformedId):
            kind.parse("00" * length)


@pytest.mark.parametrize("digit", ["A", "g", " ", "\u0660", "\n", "_"])
def test_only_one_spelling_is_read(digit: str) -> None:
    """Upper case, white space and foreign digits are refused."""
    with pytest.raises(MalformedId):
        Nonce.parse("0" * 31 + digit)


def test_a_trailing_newline_is_no_digit() -> None:
    """The pattern binds to the end of the text itself."""
    with pytest.raises(MalformedId):
        Nonce.parse("0" * 32 + "\n")


def test_representations_are_short() -> None:
    """A log line or traceback shows enough to recognise and too little to use."""
    assert repr(PublicKey(bytes(range(32)))) == "PublicKey(00010203…)"
    assert shorten(bytes(range(32))) == "00010203…"


def test_a_cid_has_one_of_two_lengths() -> None:
    """36 bytes, or 38 in the legacy form; nothing between or around."""
    assert [len(Cid(bytes(length))) for length in (36, 38)] == [36, 38]
    for length in (0, 35, 37, 39):
        with pytest.raises(MalformedId):
            Cid(bytes(length))


@pytest.mark.parametrize("text", ["a", "0", "a" * 127, "farm/barn.1/temp_c-2"])
def test_stream_names(text: str) -> None:
    """Letters, digits and four signs, a letter or digit first."""
    assert StreamName(text) == text


@pytest.mark.parametrize("text", ["", "a" * 128, "/a", ".a", "-a", "_a", "A", "é", "a b", "a\n", "a\x00"])
def test_other_stream_names_are_refused(text: str) -> None:
    """Too long, a sign first, capitals, spaces, line ends: refused."""
    with pytest.raises(MalformedId):
        StreamName(text)
