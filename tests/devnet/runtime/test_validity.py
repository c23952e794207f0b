"""Whether extrinsics come in: signed as clients sign, refused as a real node refuses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.digests import blake2b_256
from edge_node.base.ids import Hash256
from edge_node.chain_light.era import Mortal, era_at, era_value
from edge_node.chain_light.extensions import ChainFacts, Terms, write_additional, write_extra
from edge_node.chain_light.extrinsic import (
    MalformedExtrinsic,
    SignatureKind,
    UnknownExtrinsicVersion,
    bare_extrinsic,
    signed_extrinsic,
)
from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.runtime.dispatch import call_of
from edge_node.devnet.runtime.invalid import InvalidExtrinsic
from edge_node.wire.scale import MalformedScale, blob
from tests.devnet.runtime.stage import ALICE, BOB, SARAH, Account, make_stage

CALL = call_of("Balances", "transfer_keep_alive", dest=BOB.address, value=CERE)


@pytest.fixture
def stage():
    """A chain of three blocks."""
    stage = make_stage()
    stage.skip(3)
    return stage


def why(stage, raw):
    """The rule an extrinsic breaks; that the block is without it, and a check says the same."""
    with pytest.raises(InvalidExtrinsic) as refused:
        stage.chain.check(raw)
    before = stage.chain.head.number
    block = stage.write(raw)
    assert [(one.raw, one.why.kind) for one in block.refused] == [(raw, refused.value.kind)]
    assert (len(block.extrinsics), block.number) == (1, before + 1)
    return refused.value.kind


@pytest.mark.parametrize("who", [ALICE, SARAH], ids=["ed25519", "sr25519"])
def test_both_kinds_of_accounts_sign(stage, who):
    """And the check tells who, and what it costs."""
    raw = stage.signed(who, CALL, tip=5)
    checked = stage.chain.check(raw)
    assert (checked.signer, checked.terms.tip, checked.call) == (who.id, 5, CALL)
    assert checked.cost > 5
    assert not stage.write(raw).refused


def test_long_payloads_are_signed_by_their_hash(stage):
    """Above 256 bytes; who signs the bytes themselves is refused, as some clients do."""
    long = call_of("System", "remark", remark=bytes(300))
    chain, terms = stage.chain, Terms(nonce=0)
    facts = ChainFacts(
        genesis=chain.genesis.hash,
        spec_version=chain.form.profile.version.spec_version,
        transaction_version=chain.form.profile.version.transaction_version,
        era_block=chain.genesis.hash,
    )
    metadata, call = chain.form.metadata, chain.form.encode_call(long)
    whole = call + write_extra(metadata, terms) + write_additional(metadata, facts)
    assert len(whole) > 256
    by_itself, by_its_hash = (
        signed_extrinsic(metadata, call, ALICE.id, ALICE.kind, ALICE.sign(payload), terms)
        for payload in (whole, blake2b_256(whole))
    )
    assert why(stage, by_itself) == "BadProof"
    assert not stage.write(by_its_hash).refused


@pytest.mark.parametrize(
    "facts",
    [
        {"genesis": Hash256(bytes(32))},
        {"spec_version": 1},
        {"transaction_version": 1},
        {"era_block": Hash256(bytes(32))},
    ],
    ids=lambda facts: next(iter(facts)),
)
def test_a_signature_is_for_one_chain_and_runtime(stage, facts):
    """BadProof for another genesis, spec version, transaction version or birth block."""
    assert why(stage, stage.signed(ALICE, CALL, facts=facts)) == "BadProof"


def test_a_signature_names_its_kind(stage):
    """An sr25519 signature given out as ed25519 is none; ECDSA is verified by nobody here."""
    assert why(stage, stage.signed(SARAH, CALL, kind=SignatureKind.ED25519)) == "BadProof"
    long = Account("alice")
    long.sign = lambda payload: ALICE.sign(payload) + b"\0"
    assert why(stage, stage.signed(long, CALL, kind=SignatureKind.ECDSA)) == "BadProof"


def test_nonces_count(stage):
    """Stale for a used one, Future for one that is ahead; the same extrinsic comes in once."""
    raw = stage.signed(ALICE, CALL)
    assert not stage.write(raw).refused
    assert why(stage, raw) == "Stale"
    assert why(stage, stage.signed(ALICE, CALL, nonce=5)) == "Future"


def test_nonces_count_within_a_block(stage):
    """Several of one account, in order; the one that is out of order waits."""
    raws = [stage.signed(ALICE, CALL, nonce=nonce) for nonce in (0, 1, 3, 2)]
    block = stage.write(*raws)
    assert block.extrinsics[1:] == (raws[0], raws[1], raws[3])
    assert [one.why.kind for one in block.refused] == ["Future"]


def test_an_account_that_cannot_pay_does_not_come_in(stage):
    """Payment for one that does not exist, and for a tip beyond what keeps it alive."""
    assert why(stage, stage.signed(Account("nobody"), CALL)) == "Payment"
    held = stage.read("System", "Account", ALICE.id)["data"]["free"]
    assert why(stage, stage.signed(ALICE, CALL, tip=held - CERE)) == "Payment"


def test_an_era_begins_and_ends(stage):
    """Valid from its birth on; after its last block the same bytes are signed for another birth: BadProof."""
    era = era_at(stage.chain.head.number, 4)
    raw = stage.signed(ALICE, CALL, era=era)
    stage.chain.check(raw)
    while stage.chain.head.number + 1 < era.death(era.birth(3)):
        stage.chain.check(raw)
        stage.write()
    assert why(stage, raw) == "AncientBirthBlock", "the next era's first block is not known in itself"
    assert why(stage, raw) == "BadProof"


def test_an_era_that_begins_with_no_known_block_is_refused(stage):
    """AncientBirthBlock for one whose first block is still to come."""
    raw = stage.signed(ALICE, CALL)
    era = Mortal(64, 63)
    signed = _with_era(stage, raw, era)
    assert why(stage, signed) == "AncientBirthBlock"


def _with_era(stage, raw, era):
    """An immortal extrinsic with its era byte replaced: nobody could have signed it."""
    value = era_value(era)
    first, second = int(value.name.removeprefix("Mortal")), value.value
    body = raw[2:] if raw[0] & 3 == 1 else raw[1:]
    at = 1 + 33 + 65
    assert body[at] == 0
    return blob(body[:at] + bytes((first, second)) + body[at + 1 :])


def test_what_nobody_signed_is_the_authors_own(stage):
    """NoUnsignedValidator for a bare extrinsic from outside."""
    call = stage.chain.form.encode_call(call_of("Timestamp", "set", now=1))
    assert why(stage, bare_extrinsic(call)) == "NoUnsignedValidator"


def test_an_index_is_no_signer(stage):
    """CannotLookup."""
    raw = stage.signed(ALICE, CALL)
    body = raw[2:]
    indexed = stage.chain.form.encode("sp_runtime::multiaddress::MultiAddress", Chosen("Index", 0))
    assert why(stage, blob(body[:1] + indexed + body[34:])) == "CannotLookup"


def test_nobodys_account_signs_nothing(stage):
    """A signature under the all-zero key is refused, though algebra would let it pass."""
    nobody = Account("alice")
    nobody.id, nobody.sign = bytes(32), lambda _payload: bytes(64)
    assert why(stage, stage.signed(nobody, CALL, nonce=0)) == "BadProof"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_changed_byte_is_refused(data):
    """Whatever byte is changed, the extrinsic is malformed or invalid."""
    stage = make_stage()
    raw = stage.signed(ALICE, CALL)
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:at] + bytes((raw[at] ^ data.draw(st.integers(1, 255)),)) + raw[at + 1 :]
    with pytest.raises((InvalidExtrinsic, MalformedScale, MalformedExtrinsic, UnknownExtrinsicVersion)):
        stage.chain.check(changed)
