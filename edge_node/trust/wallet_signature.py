"""Signatures of wallets: ed25519 and sr25519, plain or wrapped as browser wallets sign (docs/specs/ddc-access.md)."""

import enum
from dataclasses import dataclass

import sr25519  # type: ignore[import-untyped]  # a compiled module without stubs

from edge_node.base.ids import PublicKey, Signature
from edge_node.trust.keys import verify_signature
from edge_node.wire.protobuf_fields import MalformedProtobuf, WireType
from edge_node.wire.protobuf_message import Shape, read_exact_message

SIGNER_BYTES = 32
VALUE_BYTES = 64

_OPEN, _CLOSE = b"<Bytes>", b"</Bytes>"
_SHAPE = Shape({1: WireType.VARINT, 2: WireType.BYTES, 3: WireType.BYTES}, required=(2, 3))

# The identity of sr25519's group. Under this "key" a signature over anything can be made without a secret.
_NOBODY = bytes(SIGNER_BYTES)


class Algorithm(enum.IntEnum):
    """How an account signs, by its number on the wire."""

    ED25519 = 0
    SR25519 = 1


class SignedForm(enum.IntEnum):
    """What a signature turned out to cover; false when it covers nothing."""

    NOT = 0
    PLAIN = 1
    WRAPPED = 2


@dataclass(frozen=True, slots=True)
class WalletSignature:
    """`common.Signature` as received: who is said to have signed, how, and the signature's 64 bytes."""

    algorithm: Algorithm
    signer: PublicKey
    value: Signature


def read_wallet_signature(raw: bytes | memoryview) -> WalletSignature:
    """Read the message `common.Signature`; MalformedProtobuf unless it has exactly its fields in their lengths.

    The signer is an account: a key of either algorithm. Nothing is verified.
    """
    fields = read_exact_message(raw, _SHAPE)
    algorithm = fields.uint(1)
    if algorithm > Algorithm.SR25519:
        raise MalformedProtobuf(f"signature algorithm {algorithm}, known are 0 (ed25519) and 1 (sr25519)")
    return WalletSignature(
        Algorithm(algorithm),
        PublicKey(fields.exact(2, SIGNER_BYTES, "a signer")),
        Signature(fields.exact(3, VALUE_BYTES, "a signature")),
    )


def verify_wallet(algorithm: Algorithm, signer: bytes, message: bytes, value: bytes) -> SignedForm:
    """Say what `value` is `signer`'s signature of: `message`, `<Bytes>message</Bytes>`, or neither (false).

    ed25519 as strictly as verify_signature, sr25519 in the context "substrate". Up to two verifications, about 50 us
    each; the wrapped form is tried second since nothing on the wire tells it apart.
    """
    if signer == _NOBODY or len(signer) != SIGNER_BYTES or len(value) != VALUE_BYTES:
        return SignedForm.NOT
    if _verify(algorithm, signer, message, value):
        return SignedForm.PLAIN
    return SignedForm.WRAPPED if _verify(algorithm, signer, _OPEN + message + _CLOSE, value) else SignedForm.NOT


def verify_signed(signature: WalletSignature, message: bytes) -> SignedForm:
    """verify_wallet for a signature that was read."""
    return verify_wallet(signature.algorithm, signature.signer, message, signature.value)


def _verify(algorithm: Algorithm, signer: bytes, message: bytes, value: bytes) -> bool:
    if algorithm is Algorithm.ED25519:
        return verify_signature(PublicKey(signer), message, Signature(value))
    try:
        return bool(sr25519.verify(value, message, signer))
    except ValueError:  # bytes that are no point or no scalar
        return False
