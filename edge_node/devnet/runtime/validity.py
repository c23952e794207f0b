"""Whether an extrinsic may come into a block: signature, signer, era, nonce, as Substrate's extensions check them."""

from dataclasses import dataclass

from edge_node.base.ids import Hash256
from edge_node.chain_light.era import Era
from edge_node.chain_light.extensions import ChainFacts, Terms, terms_of, write_additional
from edge_node.chain_light.extrinsic import Extrinsic, SignedPart, decode_extrinsic, signing_payload
from edge_node.chain_light.values import Chosen
from edge_node.devnet.runtime.accounts import account_of, liquid_balance
from edge_node.devnet.runtime.fees import fee_of
from edge_node.devnet.runtime.invalid import InvalidExtrinsic
from edge_node.devnet.runtime.work import Work
from edge_node.trust.wallet_signature import VALUE_BYTES, Algorithm, SignedForm, verify_wallet

# Payloads signed by ECDSA are refused as badly signed: nothing here verifies secp256k1.
_ALGORITHMS = {"Ed25519": Algorithm.ED25519, "Sr25519": Algorithm.SR25519}


@dataclass(frozen=True, slots=True)
class Checked:
    """An extrinsic that is valid in one block: who signed it, under which terms, and what it costs in all."""

    signer: bytes
    terms: Terms
    call: Chosen
    length: int

    @property
    def cost(self) -> int:
        """Fee and tip."""
        return fee_of(self.length) + self.terms.tip


def check_extrinsic(work: Work, genesis: Hash256, raw: bytes) -> Checked:
    """Check an extrinsic for the block that `work` makes.

    InvalidExtrinsic for one that is not valid there, MalformedExtrinsic or MalformedScale for bytes that are none.
    """
    extrinsic = decode_extrinsic(work.form.metadata, raw)
    signed = extrinsic.signed
    if signed is None:
        raise InvalidExtrinsic("NoUnsignedValidator")
    if signed.account is None:
        raise InvalidExtrinsic("CannotLookup")
    terms = terms_of(signed.extra)
    _check_signature(work, genesis, extrinsic, signed, terms.era)
    checked = Checked(signed.account, terms, extrinsic.call, len(raw))
    _check_account(work, checked)
    return checked


def _check_signature(work: Work, genesis: Hash256, extrinsic: Extrinsic, signed: SignedPart, era: Era) -> None:
    version = work.form.profile.version
    facts = ChainFacts(
        genesis=genesis,
        spec_version=version.spec_version,
        transaction_version=version.transaction_version,
        era_block=_birth_hash(work, era.birth(work.number)),
    )
    additional = write_additional(work.form.metadata, facts)
    payload = signing_payload(extrinsic.call_raw, signed.extra_raw, additional)
    if not _is_signed(signed, payload):
        raise InvalidExtrinsic("BadProof")


def _is_signed(signed: SignedPart, payload: bytes) -> bool:
    kind, account = signed.signature, signed.account
    if not isinstance(kind, Chosen) or kind.name not in _ALGORITHMS or account is None:
        return False
    value = kind.value
    assert isinstance(value, bytes)
    assert len(value) == VALUE_BYTES
    # What wallets wrap in <Bytes> is for people to read: the chain takes the plain form alone.
    return verify_wallet(_ALGORITHMS[kind.name], account, payload, value) is SignedForm.PLAIN


def _birth_hash(work: Work, number: int) -> Hash256:
    if not work.has("System", "BlockHash", number):
        raise InvalidExtrinsic("AncientBirthBlock")
    return Hash256(work.get("System", "BlockHash", number))


def _check_account(work: Work, checked: Checked) -> None:
    account = account_of(work, checked.signer)
    if not account["providers"] and not account["sufficients"]:
        raise InvalidExtrinsic("Payment")
    if checked.terms.nonce != account["nonce"]:
        raise InvalidExtrinsic("Stale" if checked.terms.nonce < account["nonce"] else "Future")
    if checked.cost > liquid_balance(work, checked.signer, keep=True):
        raise InvalidExtrinsic("Payment")
