"""Extrinsics: the same bytes as another implementation's, their signatures valid, and what is refused."""

from dataclasses import replace

import pytest
import sr25519

from edge_node.base.errors import RemoteError
from edge_node.base.ids import Hash256, PublicKey, Signature
from edge_node.chain_light.era import IMMORTAL, era_at
from edge_node.chain_light.extensions import ChainFacts, Terms, terms_of, write_additional
from edge_node.chain_light.extrinsic import (
    MalformedExtrinsic,
    SignatureKind,
    UnknownExtrinsicVersion,
    bare_extrinsic,
    decode_extrinsic,
    encode_call,
    extrinsic_hash,
    payload_of,
    signed_extrinsic,
    signing_payload,
)
from edge_node.chain_light.metadata import NotInMetadata
from edge_node.chain_light.metadata_bytes import parse_metadata, write_metadata
from edge_node.chain_light.types import Registry, Type, Variant
from edge_node.chain_light.values import Chosen, ValueMisfit
from edge_node.trust.keys import verify_signature
from edge_node.wire.scale import MalformedScale, blob
from tests.chain_light.runtimes import JS, metadata_of, mini_metadata, mini_parts

MINI = mini_metadata()
ALICE = bytes.fromhex("d43593c715fdd31c61141abd04a99fd6822c8557854ccde39a5684e7a56da27d")
VECTORS = JS["extrinsics"]
CALLS = {
    "remark": ("System", "remark", {"remark": b"\x2a" * 5}),
    "remark-mortal": ("System", "remark", {"remark": b""}),
    "transfer": ("Balances", "transfer_keep_alive", {"dest": Chosen("Id", ALICE), "value": 12345678901234}),
    "remark-long": ("System", "remark", {"remark": b"\7" * 300}),
    "batch": (
        "Utility",
        "batch_all",
        {
            "calls": [
                Chosen("System", Chosen("remark", {"remark": b"\1"})),
                Chosen("Balances", Chosen("transfer_keep_alive", {"dest": Chosen("Id", ALICE), "value": 1})),
            ]
        },
    ),
}


def raw_of(text):
    return bytes.fromhex(text[2:])


def terms_in(vector):
    era = era_at(vector["current"], vector["period"]) if vector["period"] else IMMORTAL
    return Terms(nonce=vector["nonce"], tip=int(vector["tip"]), era=era)


def facts_in(vector):
    return ChainFacts(
        genesis=Hash256(raw_of(vector["genesis"])),
        spec_version=vector["spec_version"],
        transaction_version=vector["transaction_version"],
        era_block=Hash256(raw_of(vector["era_block"])),
    )


each = pytest.mark.parametrize(
    "vector", VECTORS, ids=lambda vector: f"{vector['chain']} {vector['kind']} {vector['name']}"
)


@each
def test_an_extrinsic_is_the_one_another_implementation_makes(vector):
    """Call, payload and the signed whole, byte for byte, on two public chains' metadata."""
    metadata = metadata_of(vector["chain"])
    call = encode_call(metadata, *CALLS[vector["name"]])
    assert call == raw_of(vector["call"])
    whole = payload_of(metadata, call, terms_in(vector), facts_in(vector))
    payload = raw_of(vector["payload"])
    assert whole == signing_payload(payload, b"", b"")
    assert len(whole) == (len(payload) if len(payload) <= 256 else 32)
    kind = SignatureKind(vector["kind"].capitalize())
    raw = signed_extrinsic(
        metadata, call, raw_of(vector["account"]), kind, raw_of(vector["signature"]), terms_in(vector)
    )
    assert raw == raw_of(vector["raw"])
    assert f"0x{extrinsic_hash(raw)}" == vector["hash"]


@each
def test_an_extrinsic_is_taken_apart_and_its_signature_holds(vector):
    """What a chain needs to verify it is all in it: the payload is put together from the bytes as received."""
    metadata = metadata_of(vector["chain"])
    found = decode_extrinsic(metadata, raw_of(vector["raw"]))
    pallet, name, arguments = CALLS[vector["name"]]
    assert (found.call_name, found.arguments, found.version) == ((pallet, name), arguments, 4)
    assert found.signed.account == raw_of(vector["account"])
    assert terms_of(found.signed.extra) == terms_in(vector)
    payload = signing_payload(found.call_raw, found.signed.extra_raw, write_additional(metadata, facts_in(vector)))
    key, signature = raw_of(vector["public_key"]), found.signed.signature.value
    assert found.signed.signature.name.lower() == vector["kind"]
    if vector["kind"] == "ed25519":
        assert verify_signature(PublicKey(key), payload, Signature(signature))
        assert not verify_signature(PublicKey(key), payload + b"\0", Signature(signature))
    elif vector["kind"] == "sr25519":
        assert sr25519.verify(signature, payload, key)
        assert not sr25519.verify(signature, payload + b"\0", key)


def test_the_payload_is_hashed_above_256_bytes():
    """At the limit it is signed as it is, one byte more and its hash is."""
    assert signing_payload(b"c" * 200, b"e" * 50, b"a" * 6) == b"c" * 200 + b"e" * 50 + b"a" * 6
    assert len(signing_payload(b"c" * 200, b"e" * 50, b"a" * 7)) == 32


@pytest.mark.parametrize(
    ("pallet", "call", "arguments", "refusal", "message"),
    [
        ("Bank", "rob", {}, NotInMetadata, "no call Bank.rob"),
        ("Till", "pay", {}, NotInMetadata, "no pallet Till"),
        ("Bank", "pay", {"to": ALICE}, ValueMisfit, r"Bank\.pay\.planck is missing"),
        ("Bank", "pay", {}, ValueMisfit, r"Bank\.pay\.to is missing"),
        ("Bank", "pay", {"to": ALICE, "planck": 1, "memo": b""}, ValueMisfit, r"Bank\.pay\.memo is no field"),
        ("Bank", "pay", {"to": ALICE, "planck": "1"}, ValueMisfit, r"Bank\.pay\.planck is no integer"),
        ("System", "noop", {"why": 1}, ValueMisfit, "noop holds nothing"),
    ],
)
def test_a_call_gets_exactly_its_arguments(pallet, call, arguments, refusal, message):
    """By name: one missing, one too many, one of another form; a call the runtime has not."""
    with pytest.raises(refusal, match=message):
        encode_call(MINI, pallet, call, arguments)


def test_a_call_of_no_arguments():
    """Two bytes."""
    assert encode_call(MINI, "System", "noop", {}) == b"\0\3"
    assert decode_extrinsic(MINI, bare_extrinsic(b"\0\3")).arguments == {}


def test_permuted_indexes_and_fields_follow_the_registry():
    """Another order in another runtime's metadata is another encoding of the same names."""
    parts = mini_parts()
    types = list(parts["registry"])
    place = parts["pallets"][1].calls
    entry = types[place]
    (pay,) = entry.definition.variants
    types[place] = Type(entry.path, (), Variant((replace(pay, index=200, fields=tuple(reversed(pay.fields))),)))
    other = mini_metadata(registry=Registry(types))
    assert encode_call(MINI, "Bank", "pay", {"to": ALICE, "planck": 1}) == b"\6\1" + ALICE + b"\4"
    assert encode_call(other, "Bank", "pay", {"to": ALICE, "planck": 1}) == b"\6\xc8\4" + ALICE
    assert parse_metadata(write_metadata(other, 14)).find_call("Bank", "pay").index == 200


def test_a_bare_extrinsic_has_no_signer():
    """Of either version that has one."""
    for version in (4, 5):
        found = decode_extrinsic(MINI, bare_extrinsic(b"\0\0\4a", version))
        assert (found.signed, found.call_name, found.version) == (None, ("System", "remark"), version)
        assert found.arguments == {"remark": b"a"}
    with pytest.raises(UnknownExtrinsicVersion):
        bare_extrinsic(b"\0\3", 3)


@pytest.mark.parametrize("version", [0x03, 0x06, 0x44, 0x45, 0x83, 0x85, 0xC4, 0xFF])
def test_another_version_is_refused(version):
    """None is tried as the one that is known."""
    with pytest.raises(UnknownExtrinsicVersion):
        decode_extrinsic(MINI, blob(bytes((version,)) + b"\0\3"))


def test_a_runtime_of_another_version_gets_no_signed_extrinsic():
    """What it wants is not known."""
    other = mini_metadata(extrinsic=replace(mini_parts()["extrinsic"], version=5))
    with pytest.raises(UnknownExtrinsicVersion):
        signed_extrinsic(other, b"\0\3", ALICE, SignatureKind.ED25519, bytes(64), Terms(nonce=0))


@pytest.mark.parametrize("raw", [b"", b"\0", b"\x10\x04\0\3", b"\x0c\x04\0\3\0", b"\x10\x04\0\3\0"])
def test_bytes_that_are_no_extrinsic_are_refused(raw):
    """Nothing, a length that is not the length, bytes behind the call."""
    with pytest.raises((MalformedExtrinsic, MalformedScale)):
        decode_extrinsic(MINI, raw)


def test_every_change_of_a_byte_is_refused_or_breaks_the_signature():
    """One bit in each byte of a signed extrinsic."""
    vector = next(v for v in VECTORS if v["kind"] == "ed25519" and v["name"] == "transfer")
    metadata, raw = metadata_of(vector["chain"]), raw_of(vector["raw"])
    additional = write_additional(metadata, facts_in(vector))
    for place in range(len(raw)):
        changed = raw[:place] + bytes((raw[place] ^ 1,)) + raw[place + 1 :]
        try:
            found = decode_extrinsic(metadata, changed)
        except (RemoteError, UnknownExtrinsicVersion):
            continue
        signed = found.signed
        payload = signing_payload(found.call_raw, signed.extra_raw, additional)
        holds = signed.signature.name == "Ed25519" and verify_signature(
            PublicKey(signed.account or bytes(32)), payload, Signature(signed.signature.value)
        )
        assert not holds, place


def test_an_address_of_another_kind_names_no_account():
    """An index is no 32 bytes, and none are made of it."""
    signed = b"\x84\1\4" + b"\0" + bytes(64) + b"\0\0\0" + b"\0\3"
    assert decode_extrinsic(MINI, blob(signed)).signed.account is None
