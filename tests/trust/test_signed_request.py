"""The signed request: its bytes, its header, and what it binds."""

import contextlib
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import Digest, Nonce, PublicKey, Signature
from edge_node.trust import signed_request
from edge_node.trust.signature_fields import MalformedSignatureHeader
from edge_node.trust.signed_request import (
    RequestProof,
    UnsignableRequest,
    format_request_header,
    parse_request_header,
    request_message,
    sign_request,
    verify_request,
)
from edge_node.trust.signing_key import SigningKey

FILE = json.loads((Path(__file__).parents[1] / "vectors/trust/signed_request.json").read_text())
FIRST = FILE["vectors"][0]
KEY = SigningKey.from_seed(b"\x02" * 32)
NODE = PublicKey(SigningKey.from_seed(b"\x01" * 32).public)
OTHER = {
    "key": PublicKey(SigningKey.from_seed(b"\x09" * 32).public),
    "to": PublicKey(b"\x09" * 32),
    "t_ms": 1,
    "nonce": Nonce(b"\x09" * 16),
    "body": Digest(b"\x09" * 32),
    "signature": Signature(b"\x09" * 64),
}

calls = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE", "X-OWN"]),
        "target": st.from_regex(r"/[!-~]{0,80}", fullmatch=True),
        "body_digest": st.binary(min_size=32, max_size=32).map(Digest),
        "t_ms": st.integers(0, 2**64 - 1),
        "nonce": st.binary(min_size=16, max_size=16).map(Nonce),
    }
)


@pytest.mark.parametrize("vector", FILE["vectors"], ids=lambda vector: vector["case"])
def test_vectors(vector):
    """Message, signature and header are the independent ones byte for byte, and verify."""
    to, method, target = PublicKey.parse(vector["to_hex"]), vector["method"], vector["target"]
    text = sign_request(
        SigningKey.from_seed(bytes.fromhex(vector["seed_hex"])),
        to=to,
        method=method,
        target=target,
        body_digest=Digest.parse(vector["body_digest_hex"]),
        t_ms=int(vector["t_ms"]),
        nonce=Nonce.parse(vector["nonce_hex"]),
    )
    assert text == vector["header"]
    proof = parse_request_header(text)
    assert request_message(proof, method, target).hex() == vector["message_hex"]
    assert proof.signature.hex() == vector["signature_hex"]
    assert format_request_header(proof) == text
    assert verify_request(proof, method, target, to)


@pytest.mark.parametrize("case", FILE["refused_headers"], ids=lambda case: case["why"])
def test_hostile_headers_are_refused(case):
    """No other spelling is read."""
    with pytest.raises(MalformedSignatureHeader):
        parse_request_header(case["header"])


@given(calls)
def test_round_trip(call):
    """What is signed is read back and verifies, for this node only."""
    proof = parse_request_header(sign_request(KEY, to=NODE, **call))
    assert (proof.key, proof.to, proof.t_ms, proof.nonce, proof.body) == (
        KEY.public,
        NODE,
        call["t_ms"],
        call["nonce"],
        call["body_digest"],
    )
    assert verify_request(proof, call["method"], call["target"], NODE)
    assert not verify_request(proof, call["method"], call["target"], KEY.public)


@pytest.mark.parametrize("name", RequestProof.__struct_fields__)
def test_every_field_is_signed(name):
    """Changing any one field of a proof breaks it, even when the reader changes with it."""
    proof = msgspec.structs.replace(parse_request_header(FIRST["header"]), **{name: OTHER[name]})
    assert not verify_request(proof, FIRST["method"], FIRST["target"], proof.to)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("HEAD", FIRST["target"]),
        ("get", FIRST["target"]),
        ("GET", FIRST["target"] + "&x"),
        ("GET", FIRST["target"].replace("/api", "//api")),
        ("GET", FIRST["target"].replace("site/", "site%2F")),
        ("GET/", FIRST["target"][1:]),
        ("GET", FIRST["target"] + "\u20ac"),
        ("G\u00cbT", FIRST["target"]),
        ("", ""),
        ("G" * 256, FIRST["target"]),
        ("GET", "/" * 65_536),
    ],
)
def test_another_request_does_not_verify(method, target):
    """Method and target are bound as they were sent; what cannot be signed does not verify."""
    assert not verify_request(parse_request_header(FIRST["header"]), method, target, NODE)


@pytest.mark.parametrize(
    ("method", "target", "t_ms"),
    [("G" * 256, "/", 0), ("GET", "/" * 65_536, 0), ("GET", "/\u20ac", 0), ("G\u00cbT", "/", 0), ("GET", "/", 2**64)],
)
def test_what_no_layout_holds_is_our_own_fault(method, target, t_ms):
    """Signing a request that cannot be laid out is a local error."""
    with pytest.raises(UnsignableRequest):
        sign_request(
            KEY, to=NODE, method=method, target=target, body_digest=OTHER["body"], t_ms=t_ms, nonce=OTHER["nonce"]
        )


def test_limits_of_method_and_target():
    """255 and 65,535 characters are signed and verify."""
    text = sign_request(
        KEY, to=NODE, method="G" * 255, target="/" * 65_535, body_digest=OTHER["body"], t_ms=0, nonce=OTHER["nonce"]
    )
    assert verify_request(parse_request_header(text), "G" * 255, "/" * 65_535, NODE)


@given(st.data())
def test_any_changed_character_is_refused(data):
    """One character changed in the header, and it is malformed or does not verify."""
    text = FIRST["header"]
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + data.draw(st.characters(max_codepoint=0x17F)) + text[place + 1 :]
    if changed.split() == text.split():
        return
    with contextlib.suppress(MalformedSignatureHeader):
        assert not verify_request(parse_request_header(changed), FIRST["method"], FIRST["target"], NODE)


def test_any_cut_is_refused():
    """A header cut short anywhere is refused."""
    for length in range(len(FIRST["header"])):
        with pytest.raises(MalformedSignatureHeader):
            parse_request_header(FIRST["header"][:length])


def test_the_door_names_what_it_offers():
    """Everything the door lists is there."""
    for name in signed_request.__all__:
        assert hasattr(signed_request, name)
