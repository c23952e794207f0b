"""Wallets' signatures: both algorithms, both forms, and the keys under which anybody could sign."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import PublicKey
from edge_node.trust.wallet_signature import (
    Algorithm,
    SignedForm,
    read_wallet_signature,
    verify_signed,
    verify_wallet,
)
from edge_node.wire.protobuf_fields import MalformedProtobuf
from tests.trust.wallets import OWNER, PHONE, Wallet, bytes_field, number_field

VECTORS = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parents[1] / "vectors/ddc.json").read_text())["vectors"]
}
BOTH = pytest.mark.parametrize("wallet", [OWNER, PHONE], ids=["ed25519", "sr25519"])


def test_the_wallets_are_those_of_the_sdk() -> None:
    """Seeds make the public keys that the SDK makes of them."""
    assert OWNER.public.hex() == VECTORS["key-owner-ed25519"]["publicKeyHex"]
    assert PHONE.public.hex() == VECTORS["key-sr25519"]["publicKeyHex"]


@pytest.mark.parametrize(
    ("vector", "algorithm", "form"),
    [
        ("token-sdk-root", Algorithm.ED25519, SignedForm.PLAIN),
        ("token-bearer-get", Algorithm.ED25519, SignedForm.PLAIN),
        ("token-grant-parent", Algorithm.ED25519, SignedForm.PLAIN),
        ("token-sr25519", Algorithm.SR25519, SignedForm.PLAIN),
        ("token-web3-wrapped-signature", Algorithm.ED25519, SignedForm.WRAPPED),
    ],
)
def test_signatures_of_the_sdk_hold(vector: str, algorithm: Algorithm, form: SignedForm) -> None:
    """Every signed token of the vectors, in the form it was made."""
    given = {name.removesuffix("Hex"): bytes.fromhex(value) for name, value in VECTORS[vector].items() if "Hex" in name}
    signer = given.get("signer", PHONE.public)
    assert verify_wallet(algorithm, signer, given["signedBytes"], given["signature"]) is form


def test_the_cns_record_of_the_sdk_holds() -> None:
    """The same rule over another message."""
    vector = VECTORS["cns-put"]
    message, value = bytes.fromhex(vector["signedBytesHex"]), bytes.fromhex(vector["signatureHex"])
    assert verify_wallet(Algorithm.ED25519, OWNER.public, message, value) is SignedForm.PLAIN


@BOTH
@pytest.mark.parametrize("wrapped", [False, True])
def test_both_algorithms_sign_in_both_forms(wallet: Wallet, wrapped: bool) -> None:
    """What was signed is told apart; another message, signer or algorithm is not signed."""
    value = wallet.sign(b"message", wrapped=wrapped)
    form = SignedForm.WRAPPED if wrapped else SignedForm.PLAIN
    assert verify_wallet(wallet.algorithm, wallet.public, b"message", value) is form
    assert not verify_wallet(wallet.algorithm, wallet.public, b"messagE", value)
    assert not verify_wallet(wallet.algorithm, Wallet.ed(9).public, b"message", value)
    assert not verify_wallet(Algorithm(1 - wallet.algorithm), wallet.public, b"message", value)


@BOTH
def test_a_wrapped_message_is_not_wrapped_again(wallet: Wallet) -> None:
    """One wrapping is stripped, not two."""
    value = wallet.sign(b"<Bytes>message</Bytes>", wrapped=True)
    assert not verify_wallet(wallet.algorithm, wallet.public, b"message", value)


def test_nobody_signs_under_the_zero_key() -> None:
    """32 zero bytes are sr25519's identity: a signature made without a secret holds for every message there."""
    without_secret = bytes(63) + b"\x80"
    for algorithm in Algorithm:
        assert verify_wallet(algorithm, bytes(32), b"anything", without_secret) is SignedForm.NOT


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("signer", [b"", bytes(31), b"\xff" * 32, b"\x01" + bytes(31), bytes(31) + b"\x80"])
@pytest.mark.parametrize("value", [b"", bytes(64), b"\xff" * 64, bytes(63) + b"\x80", bytes(65)])
def test_bytes_that_are_no_key_or_no_signature_sign_nothing(algorithm: Algorithm, signer: bytes, value: bytes) -> None:
    """Wrong lengths, points off the curve, small orders, scalars out of range: false, never an error."""
    assert verify_wallet(algorithm, signer, b"message", value) is SignedForm.NOT


@BOTH
@given(at=st.integers(0, 511))
def test_no_bit_of_a_signature_can_be_turned(wallet: Wallet, at: int) -> None:
    """One message has one signature bytes for bytes, as far as others can make one."""
    value = bytearray(wallet.sign(b"message"))
    value[at // 8] ^= 1 << at % 8
    assert not verify_wallet(wallet.algorithm, wallet.public, b"message", bytes(value))


@BOTH
def test_the_message_is_read_and_verified(wallet: Wallet) -> None:
    """As the SDK writes it: ed25519 leaves the algorithm out."""
    signature = read_wallet_signature(wallet.signature(b"message"))
    assert (signature.algorithm, signature.signer) == (wallet.algorithm, wallet.public)
    assert verify_signed(signature, b"message") is SignedForm.PLAIN


SIGNER, VALUE = bytes_field(2, bytes(32)), bytes_field(3, bytes(64))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "missing"),
        (SIGNER, "field 3 is missing"),
        (VALUE, "field 2 is missing"),
        (bytes_field(2, bytes(31)) + VALUE, "a signer of 31 bytes, wants 32"),
        (bytes_field(2, bytes(33)) + VALUE, "a signer of 33 bytes"),
        (SIGNER + bytes_field(3, bytes(63)), "a signature of 63 bytes, wants 64"),
        (SIGNER + bytes_field(3, bytes(65)), "a signature of 65 bytes"),
        (number_field(1, 2) + SIGNER + VALUE, "algorithm 2"),
        (number_field(1, -1) + SIGNER + VALUE, "algorithm"),
        (SIGNER + SIGNER + VALUE, "twice"),
        (SIGNER + VALUE + number_field(4, 1), "unknown"),
    ],
)
def test_other_messages_are_no_signature(raw: bytes, why: str) -> None:
    """Lengths, algorithms and fields are exact."""
    with pytest.raises(MalformedProtobuf, match=why):
        read_wallet_signature(raw)


def test_an_explicit_ed25519_is_the_same() -> None:
    """Some encoders write the default; it is outside what is signed and changes nothing."""
    assert read_wallet_signature(number_field(1, 0) + SIGNER + VALUE).algorithm is Algorithm.ED25519
    assert read_wallet_signature(SIGNER + VALUE).signer == PublicKey(bytes(32))
