"""Bearers: exactly what was minted comes back, for its time, on its node, and nothing else passes."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.trust.access_capability import Verb
from edge_node.trust.access_resource import Resource, piece_resource, stream_resource, vault_resource
from edge_node.trust.bearer import (
    TOKEN_MAX_CHARACTERS,
    Bearer,
    BearerExpired,
    BearerInvalid,
    BearerMint,
    BearerTooNarrow,
)

VAULT = VaultId(bytes(range(32)))
KEY = PublicKey(b"\x07" * 32)
MINT = BearerMint(b"\x01" * 32)
STREAM = stream_resource(VAULT, StreamName("site/a"))


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**64 - 1), st.booleans())
def test_what_was_minted_comes_back(key: bytes, end: int, narrow: bool) -> None:
    """Key, end and scope, up to the last millisecond and not one more."""
    bearer = Bearer(PublicKey(key), end, STREAM if narrow else Resource(""))
    token = MINT.mint(bearer)
    assert MINT.verify(token, end) == bearer
    with pytest.raises(BearerExpired):
        MINT.verify(token, end + 1)


@given(st.integers(0, 98), st.integers(0, 63))
def test_no_other_character_passes(place: int, other: int) -> None:
    """A token changed anywhere is no bearer."""
    token = MINT.mint(Bearer(KEY, 1_000, Resource("")))
    letter = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[other]
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        with pytest.raises(BearerInvalid):
            MINT.verify(changed, 0)


@given(st.text(max_size=120))
def test_no_text_passes(text: str) -> None:
    """Whatever a stranger makes up is refused, never an error of ours."""
    with pytest.raises(BearerInvalid):
        MINT.verify(text, 0)


def test_hostile_tokens() -> None:
    """Other nodes', shortened, lengthened, padded, standard base64, of another version, or longer than any."""
    bearer = Bearer(KEY, 1_000, STREAM)
    token = MINT.mint(bearer)
    other_node = BearerMint(b"\x02" * 32).mint(bearer)
    said = b"\x02" + KEY + bytes(9)
    other_version = base64.urlsafe_b64encode(said + MINT._mac(said)).rstrip(b"=").decode()
    said = b"\x01" + KEY + bytes(8) + b"\x05oops!"
    no_resource = base64.urlsafe_b64encode(said + MINT._mac(said)).rstrip(b"=").decode()
    said = b"\x01" + KEY + bytes(8) + b"\x09"
    wrong_length = base64.urlsafe_b64encode(said + MINT._mac(said)).rstrip(b"=").decode()
    for hostile in (
        other_node, token[:-1], token + "A", token + "=", " " + token, token.replace("-", "+"), other_version,
        no_resource, wrong_length, "", "é" * 99, "A" * (TOKEN_MAX_CHARACTERS + 1),
    ):  # fmt: skip
        if hostile != token:
            with pytest.raises(BearerInvalid):
                MINT.verify(hostile, 0)


def test_the_longest_token_fits() -> None:
    """A stream of 127 characters makes a token that is still read."""
    scope = stream_resource(VAULT, StreamName("s" * 127))
    token = MINT.mint(Bearer(KEY, 2**63, scope))
    assert len(token) <= TOKEN_MAX_CHARACTERS
    assert MINT.verify(token, 0).scope == scope


def test_a_bearer_only_reads() -> None:
    """No verb that changes anything, whatever the key may do."""
    bearer = Bearer(KEY, 1_000, Resource(""))
    for verb in Verb:
        if verb in {Verb.READ, Verb.LIST, Verb.GET}:
            bearer.require(STREAM, verb)
        else:
            with pytest.raises(BearerTooNarrow):
                bearer.require(STREAM, verb)


def test_a_narrow_bearer_stays_within() -> None:
    """Its stream and those below it; not its neighbours, the list of all, or pieces."""
    bearer = Bearer(KEY, 1_000, STREAM)
    bearer.require(STREAM, Verb.READ)
    bearer.require(stream_resource(VAULT, StreamName("site/a/b")), Verb.READ)
    for outside in (
        stream_resource(VAULT, StreamName("site/ab")),
        stream_resource(VAULT),
        vault_resource(VAULT),
        piece_resource(VAULT, None),
        stream_resource(VaultId(bytes(32)), StreamName("site/a")),
    ):
        with pytest.raises(BearerTooNarrow):
            bearer.require(outside, Verb.READ)


def test_nothing_shows_the_boot_key() -> None:
    """Neither the mint's repr nor a refusal says anything of the key or the token; a short key is refused."""
    assert "01" not in repr(MINT)
    token = MINT.mint(Bearer(KEY, 0, Resource("")))
    with pytest.raises(BearerExpired) as caught:
        MINT.verify(token, 5)
    assert token not in str(caught.value) + repr(vars(caught.value))
    with pytest.raises(ValueError, match="32 bytes"):
        BearerMint(b"short")
