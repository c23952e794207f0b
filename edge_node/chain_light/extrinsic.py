"""Extrinsics: calls written, payloads to sign, signed extrinsics (version 4) put together and taken apart again."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge_node.base.digests import blake2b_256
from edge_node.base.errors import Refusal
from edge_node.base.ids import Hash256
from edge_node.chain_light.codec import decode_value, encode_value
from edge_node.chain_light.errors import BadAnswer, ChainError
from edge_node.chain_light.extensions import ChainFacts, Terms, read_extra, write_additional, write_extra
from edge_node.chain_light.metadata import Metadata
from edge_node.chain_light.types import Variant
from edge_node.chain_light.values import Chosen, Value
from edge_node.wire.scale import Scale, blob

PAYLOAD_BYTES_MAX: Final = 256  # what is longer is signed by its hash
_SIGNED: Final = 0x80
_VERSION: Final = 4
_BARE: Final = (4, 5)  # a chain's own inherents; both versions have the same form


class SignatureKind(enum.StrEnum):
    """How an account signs, by the name of its variant in MultiSignature."""

    ED25519 = "Ed25519"
    SR25519 = "Sr25519"
    ECDSA = "Ecdsa"


class UnknownExtrinsicVersion(ChainError, Refusal):
    """Extrinsics of another version than those known here."""

    slug = "unknown-extrinsic-version"
    status = 501
    remedy = "Update the node: this runtime's extrinsics have a form that this release does not know."

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(f"an extrinsic of version byte {version:#04x}")


class MalformedExtrinsic(BadAnswer):
    """Bytes or a value are no extrinsic."""

    slug = "malformed-extrinsic"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"no extrinsic: {why}")


@dataclass(frozen=True, slots=True)
class SignedPart:
    """Who signs, how, and under which terms; `extra_raw` is what the payload holds of it. Nothing is verified."""

    address: Value
    signature: Value
    extra: Mapping[str, Value]
    extra_raw: bytes

    @property
    def account(self) -> bytes | None:
        """The signer's 32 bytes; None when the address is of another kind, such as an index."""
        address = self.address
        if isinstance(address, Chosen):
            address = address.value if address.name == "Id" else None
        return address if isinstance(address, bytes) else None


@dataclass(frozen=True, slots=True)
class Extrinsic:
    """An extrinsic taken apart; `signed` is None for a bare one, such as an inherent."""

    version: int
    signed: SignedPart | None
    call: Chosen
    call_raw: bytes

    @property
    def call_name(self) -> tuple[str, str]:
        """Pallet and call."""
        inner = self.call.value
        return self.call.name, inner.name if isinstance(inner, Chosen) else ""

    @property
    def arguments(self) -> Mapping[str, Value]:
        """What the call was given, by name."""
        inner = self.call.value
        held = inner.value if isinstance(inner, Chosen) else None
        return held if isinstance(held, dict) else {}


def encode_call(metadata: Metadata, pallet: str, call: str, arguments: Mapping[str, Value]) -> bytes:
    """A call's bytes; NotInMetadata when the runtime has none such, ValueMisfit unless it gets its arguments."""
    takes_some = bool(metadata.find_call(pallet, call).fields)
    held = dict(arguments) if arguments or takes_some else None
    return encode_value(metadata.registry, metadata.extrinsic.call, Chosen(pallet, Chosen(call, held)))


def signing_payload(call: bytes, extra: bytes, additional: bytes) -> bytes:
    """What is signed: all three, by their BLAKE2b-256 when they are longer than 256 bytes."""
    whole = call + extra + additional
    return whole if len(whole) <= PAYLOAD_BYTES_MAX else blake2b_256(whole)


def payload_of(metadata: Metadata, call: bytes, terms: Terms, facts: ChainFacts) -> bytes:
    """What a signer of `call` signs; UnknownExtension when the runtime wants something that is not known here."""
    return signing_payload(call, write_extra(metadata, terms), write_additional(metadata, facts))


def signed_extrinsic(
    metadata: Metadata, call: bytes, account: bytes, kind: SignatureKind, signature: bytes, terms: Terms
) -> bytes:
    """The extrinsic of `account` (32 bytes), whose `signature` over `payload_of` is 64 bytes (65 for ECDSA)."""
    form = metadata.extrinsic
    if form.version != _VERSION:
        raise UnknownExtrinsicVersion(form.version)
    registry = metadata.registry
    address = Chosen("Id", account) if isinstance(registry[form.address].definition, Variant) else account
    signed = Chosen(kind, signature) if isinstance(registry[form.signature].definition, Variant) else signature
    return blob(
        bytes((_SIGNED | _VERSION,))
        + encode_value(registry, form.address, address)
        + encode_value(registry, form.signature, signed)
        + write_extra(metadata, terms)
        + call
    )


def bare_extrinsic(call: bytes, version: int = _VERSION) -> bytes:
    """The extrinsic that nobody signs: what a block's author puts in."""
    if version not in _BARE:
        raise UnknownExtrinsicVersion(version)
    return blob(bytes((version,)) + call)


def decode_extrinsic(metadata: Metadata, raw: bytes) -> Extrinsic:
    """An extrinsic as it stands in a block, with its length before it. No signature is verified.

    MalformedExtrinsic or MalformedScale for bytes that are none, UnknownExtrinsicVersion for one of another version.
    """
    scale = Scale(raw)
    if scale.compact() != scale.left:
        raise MalformedExtrinsic("its length is not the one before it")
    version = scale.u8()
    if version not in (_SIGNED | _VERSION, *_BARE):
        raise UnknownExtrinsicVersion(version)
    signed = _read_signed(metadata, scale) if version & _SIGNED else None
    start = scale.at
    call = decode_value(metadata.registry, metadata.extrinsic.call, scale)
    scale.end()
    if not isinstance(call, Chosen):
        raise MalformedExtrinsic("the runtime's calls are no enum")
    return Extrinsic(version & ~_SIGNED, signed, call, scale.since(start))


def extrinsic_hash(raw: bytes) -> Hash256:
    """What an extrinsic is known by: BLAKE2b-256 of its bytes, length included."""
    return Hash256(blake2b_256(raw))


def _read_signed(metadata: Metadata, scale: Scale) -> SignedPart:
    address = decode_value(metadata.registry, metadata.extrinsic.address, scale)
    signature = decode_value(metadata.registry, metadata.extrinsic.signature, scale)
    start = scale.at
    extra = read_extra(metadata, scale)
    return SignedPart(address, signature, extra, scale.since(start))
