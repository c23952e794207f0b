"""DDC tokens as they come: the SDK's are read and hold; whatever else bytes may be is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.base58 import ALPHABET, decode_base58
from edge_node.trust.auth_token import TEXT_MAX_CHARACTERS, parse_token
from edge_node.trust.token_chain import Operation
from edge_node.trust.token_errors import (
    TokenError,
    TokenMalformed,
    TokenMissing,
    TokenTooLong,
)
from edge_node.trust.wallet_signature import SignedForm
from edge_node.wire.proto import auth_token_pb2
from tests.trust.test_token_chain import CID, GRANT, opened
from tests.trust.wallets import (
    BOB,
    DAY_MS,
    DELETE,
    EVERYTHING,
    GET,
    NOW_MS,
    OWNER,
    PHONE,
    PUT,
    Wallet,
    bearer,
    bytes_field,
    chain_text,
    number_field,
    payload,
    text_of,
    token,
)

VECTORS = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parents[1] / "vectors/ddc.json").read_text())["vectors"]
}
TOKENS = ["token-sdk-root", "token-bearer-get", "token-grant-parent", "token-sr25519"]


# --- what the SDK makes


@pytest.mark.parametrize("name", TOKENS)
def test_tokens_of_the_sdk_hold(name: str) -> None:
    """Fields, signed bytes and signature are those of the vector."""
    vector = VECTORS[name]
    chain = opened(vector["tokenBase58"])
    link = chain.last
    assert chain.links == (link,)
    assert chain.forms == (SignedForm.PLAIN,)
    assert link.signed.hex() == vector["signedBytesHex"]
    assert link.operations == {Operation(number) for number in vector["params"]["operations"]}
    assert link.expires_ms == vector["params"]["expiresAt"] == chain.expires_ms
    assert link.bucket == (None if name == "token-sdk-root" else 7)
    assert link.subject == (BOB.public if name == "token-grant-parent" else None)
    assert link.signer.hex() == vector.get("signerHex", PHONE.public.hex())
    assert (link.can_delegate, link.piece) == (False, None)


def test_a_grant_of_the_sdk_is_taken_by_its_subject() -> None:
    """The SDK's child: all of the grant but its subject, with the grant before it."""
    grant = bytes.fromhex(VECTORS["token-grant-parent"]["tokenProtoHex"])
    child = payload(prev=grant, bucket=7, operations=(PUT, GET), expires_ms=1_893_456_000_000)
    chain = opened(text_of(token(BOB, child)))
    assert [link.signer for link in chain.links] == [OWNER.public, BOB.public]
    assert (chain.root.subject, chain.holder, chain.bucket) == (BOB.public, BOB.public, 7)


def test_a_wallets_root_may_be_wrapped() -> None:
    """The browser's way: the wallet signs once for a temporary key, in its own form."""
    vector = VECTORS["token-web3-wrapped-signature"]
    signature = bytes_field(2, OWNER.public) + bytes_field(3, bytes.fromhex(vector["signatureHex"]))
    root = bytes_field(1, signature) + bytes.fromhex(vector["signedBytesHex"])
    child = token(BOB, payload(prev=root, expires_ms=1_893_456_000_000))
    assert opened(text_of(child)).forms == (SignedForm.WRAPPED, SignedForm.PLAIN)


def test_our_own_encoding_is_protobufs() -> None:
    """What these tests write by hand is what generated code writes."""
    grant = auth_token_pb2.AuthToken()
    grant.ParseFromString(token(OWNER, payload(subject=BOB.public, bucket=7, operations=(PUT, GET), piece=CID)))
    again = auth_token_pb2.Payload(
        prev=grant, canDelegate=False, bucketId=7, operations=EVERYTHING, expiresAt=NOW_MS + DAY_MS
    )
    assert again.SerializeToString() == payload(prev=grant.SerializeToString(), bucket=7)


@pytest.mark.parametrize("child", [OWNER, PHONE], ids=["ed25519", "sr25519"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_any_link_may_be_signed_in_either_way(child: Wallet, wrapped: bool) -> None:
    """Both algorithms may stand in one chain, each link plain or wrapped."""
    grant = token(PHONE, payload(subject=child.public), wrapped=not wrapped)
    chain = opened(text_of(token(child, payload(prev=grant), wrapped=wrapped)))
    assert [form is SignedForm.WRAPPED for form in chain.forms] == [not wrapped, wrapped]


# --- text


@pytest.mark.parametrize("text", [None, ""])
def test_no_token_is_missing(text: str | None) -> None:
    """Its own refusal: the caller forgot it."""
    with pytest.raises(TokenMissing):
        parse_token(text)


def test_the_text_is_measured_before_it_is_decoded() -> None:
    """2,048 characters are read; one more is not, whatever they are."""
    with pytest.raises(TokenMalformed):
        parse_token("z" * TEXT_MAX_CHARACTERS)
    with pytest.raises(TokenTooLong):
        parse_token("z" * (TEXT_MAX_CHARACTERS + 1))
    with pytest.raises(TokenTooLong):
        parse_token("\N{SNOWMAN}" * 1_000_000)


@pytest.mark.parametrize("text", ["0", "O", "I", "l", " " + "2" * 9, "2\n", "é", "\ud800", "+/=", "1", "1" * 2_048])
def test_text_that_is_no_base58_of_a_token_is_malformed(text: str) -> None:
    """Foreign characters, blanks, surrogates, and zeros without end."""
    with pytest.raises(TokenMalformed):
        parse_token(text)


def test_no_refusal_repeats_the_token() -> None:
    """Neither its text nor its bytes stand in a message, nor in the look of a chain."""
    text = bearer(operations=(GET,))
    raw = decode_base58(text, characters_max=2_048)
    for changed in (text[:-1], text + "0", text_of(raw[:-1]), text_of(raw + b"\x08\x01")):
        with pytest.raises(TokenError) as caught:
            opened(changed)
        said = f"{caught.value!r} {caught.value} {caught.value.remedy}"
        assert not any(changed[at : at + 8] in said for at in range(len(changed) - 8))
    assert opened(text).last.signed.hex() not in repr(opened(text))
    assert repr(opened(text).last.signed) not in repr(opened(text))


# --- structure


def with_payload(extra: bytes, **fields) -> str:
    """A well-signed token whose payload has something more."""
    return text_of(token(OWNER, payload(**fields) + extra))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (text_of(bytes_field(2, payload())), "field 1 is missing"),
        (text_of(bytes_field(1, OWNER.signature(b""))), "field 2 is missing"),
        (text_of(token(OWNER, payload()) + number_field(3, 1)), "field 3 is unknown"),
        (text_of(token(OWNER, payload()) * 2), "stands twice"),
        (text_of(token(OWNER, b"")), "field 6 is missing"),
        (with_payload(number_field(8, 1)), "field 8 is unknown"),
        (with_payload(number_field(3, 0)), "field 3 stands twice"),
        (with_payload(number_field(4, 7), bucket=7), "field 4 stands twice"),
        (with_payload(number_field(6, NOW_MS * 2)), "field 6 stands twice"),
        (with_payload(bytes_field(2, BOB.public), subject=BOB.public), "field 2 stands twice"),
        (with_payload(bytes_field(7, CID), piece=CID), "field 7 stands twice"),
        (with_payload(b"\x20\x87\x00"), "varint"),
        (with_payload(b"\x20" + b"\xff" * 9 + b"\x02"), "varint"),
        (with_payload(b"\x20\x80"), "varint"),
        (with_payload(bytes_field(4, b"\x07")), "another type"),
        (with_payload(b"\x21" + bytes(8)), "another type"),
        (with_payload(b"\x23\x24"), "wire type"),
        (with_payload(bytes_field(1, b"")), "an empty token before it"),
        (with_payload(bytes_field(1, b"\x0a")), "varint"),
        (with_payload(number_field(3, 2), can_delegate=None), "bool"),
        (bearer(subject=b""), "a subject of 0 bytes, wants 32"),
        (bearer(subject=bytes(31)), "a subject of 31 bytes"),
        (bearer(subject=bytes(33)), "a subject of 33 bytes"),
        (bearer(piece=b""), "a pieceCid of 0 bytes, wants 36"),
        (bearer(piece=bytes(CID)[:35]), "a pieceCid of 35 bytes"),
        (bearer(piece=bytes.fromhex("0155a0e40220") + bytes(32)), "a pieceCid of 38 bytes"),
        (bearer(piece=b"\x01\x09" + bytes(CID)[2:]), "no kind 9"),
        (bearer(piece=b"\x02" + bytes(CID)[1:]), "form"),
        (bearer(operations=(0, GET)), "operation 0"),
        (bearer(operations=(GET, 4)), "operation 4"),
        (with_payload(number_field(5, -1)), "operation"),
        (with_payload(number_field(5, 1) * 70), "more than 64"),
        (bearer(expires_ms=None), "field 6 is missing"),
        (bearer(expires_ms=0), "expiresAt"),
        (bearer(expires_ms=-1), "expiresAt"),
        (bearer(expires_ms=-(2**63)), "expiresAt"),
        (bearer(expires_ms=2**53), "expiresAt"),
        (bearer(expires_ms=2**63 - 1), "expiresAt"),
    ],
)  # fmt: skip
def test_a_well_signed_token_must_still_have_its_form(text: str, why: str) -> None:
    """Doubled, unknown, missing, overlong, mistyped fields; wrong lengths, numbers and times."""
    with pytest.raises(TokenMalformed, match=why):
        opened(text)


@pytest.mark.parametrize(
    "operations",
    [
        bytes_field(5, bytes((PUT, GET))),
        number_field(5, PUT) + number_field(5, GET),
        number_field(5, GET) + bytes_field(5, bytes((PUT, GET))),
    ],
)
def test_operations_come_packed_or_not(operations: bytes) -> None:
    """In any form that protobuf has, each once or more."""
    assert opened(with_payload(operations, operations=())).last.operations == {Operation.PUT, Operation.GET}


def test_what_is_left_out_has_its_default() -> None:
    """canDelegate false, no bucket, no subject, no piece."""
    link = opened(bearer(bucket=None, can_delegate=None, operations=(DELETE,))).last
    assert (link.can_delegate, link.bucket, link.subject, link.piece) == (False, None, None, None)
    assert opened(bearer(bucket=0)).bucket == 0
    assert opened(bearer(bucket=2**64 - 1)).bucket == 2**64 - 1
    assert opened(bearer(expires_ms=2**53 - 1)).expires_ms == 2**53 - 1


def test_fields_in_another_order_are_the_same_token() -> None:
    """The signature covers what was sent; what it does not cover changes neither meaning nor hash."""
    raw = token(OWNER, payload(bucket=7))
    signed = bytes_field(2, payload(bucket=7))
    signature = bytes_field(3, OWNER.sign(signed)) + bytes_field(2, OWNER.public) + number_field(1, 0)
    turned = signed + bytes_field(1, signature)
    assert turned != raw
    assert opened(text_of(turned)).last.digest == opened(text_of(raw)).last.digest


# --- whatever comes


VALID: dict[str, Callable[[], str]] = {
    "bearer": lambda: bearer(piece=CID),
    "sr25519": lambda: text_of(token(PHONE, payload(bucket=7))),
    "wrapped": lambda: text_of(token(PHONE, payload(bucket=7), wrapped=True)),
    "chain": lambda: chain_text(3),
}


@pytest.mark.parametrize("name", VALID)
def test_no_byte_of_a_token_can_be_changed(name: str) -> None:
    """Every single bit of every byte turned: always refused, whatever the bit was for."""
    raw = decode_base58(VALID[name](), characters_max=2_048)
    for at in range(len(raw)):
        for bit in range(0, 8, 1 if len(raw) < 200 else 3):
            changed = bytearray(raw)
            changed[at] ^= 1 << bit
            with pytest.raises(TokenError):
                opened(text_of(bytes(changed)), over_web=True)


@pytest.mark.parametrize("name", VALID)
@given(data=st.data())
def test_no_character_of_a_text_can_be_changed(name: str, data: st.DataObject) -> None:
    """Changed, cut or put in: refused; and no second text stands for the same bytes."""
    text = VALID[name]()
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(ALPHABET))
    for changed in (text[:at] + other + text[at + 1 :], text[:at] + text[at + 1 :], text[:at] + other + text[at:]):
        if changed != text:
            with pytest.raises(TokenError):
                opened(changed, over_web=True)


@given(raw=st.binary(max_size=300), signed=st.booleans())
def test_no_bytes_do_anything_but_be_refused(raw: bytes, signed: bool) -> None:
    """Any bytes, also as the payload of a well-signed token: a refusal of ours or a token that says what it says."""
    try:
        opened(text_of(token(OWNER, raw) if signed else raw))
    except TokenError:
        return
    assert signed


def mutated(draw: st.DrawFn, raw: bytes) -> bytes:
    """A few bytes changed, put in, taken out or doubled."""
    changed = bytearray(raw)
    for _ in range(draw(st.integers(0, 3))):
        at, length = draw(st.integers(0, len(changed))), draw(st.integers(0, 12))
        piece = draw(st.sampled_from([b"", draw(st.binary(max_size=4)), bytes(changed[at : at + length]) * 2]))
        changed[at : at + length] = piece
    return bytes(changed)


@st.composite
def odd_payloads(draw: st.DrawFn) -> bytes:
    """Payloads of every field, mutated."""
    whole = payload(
        prev=draw(st.sampled_from([None, GRANT])),
        subject=draw(st.sampled_from([None, BOB.public])),
        can_delegate=draw(st.sampled_from([None, False, True])),
        bucket=draw(st.sampled_from([None, 7, 300])),
        operations=draw(st.sampled_from([(GET,), EVERYTHING])),
        piece=draw(st.sampled_from([None, CID])),
    )
    return mutated(draw, whole)


@settings(max_examples=300)
@given(odd_payloads())
def test_what_is_taken_means_what_protobuf_reads(content: bytes) -> None:
    """No payload, well signed and written in whatever way, means one thing here and another to the SDK."""
    try:
        link = parse_token(text_of(token(BOB, content))).last
    except TokenError:
        return
    read = auth_token_pb2.Payload()
    read.ParseFromString(content)
    assert link.operations == set(read.operations)
    assert (link.can_delegate, link.expires_ms) == (read.canDelegate, read.expiresAt)
    assert link.bucket == (read.bucketId if read.HasField("bucketId") else None)
    assert link.subject == (read.subject if read.HasField("subject") else None)
    assert link.piece == (read.pieceCid if read.HasField("pieceCid") else None)


@given(st.text(max_size=80))
def test_no_text_does_anything_but_be_refused(text: str) -> None:
    """Any text."""
    with pytest.raises(TokenError):
        opened(text)
