"""The signed request: proof of who asks for what, for everything but event posts (docs/specs/signed-request.md).

ARCHITECTURE section 5. That a nonce is used once is kept by trust/nonce_window.
"""

import base64
import binascii
import struct

import msgspec

from edge_node.base.errors import LocalError
from edge_node.base.ids import Digest, Nonce, PublicKey, Signature
from edge_node.trust.documents import REQUEST_TAG
from edge_node.trust.nonce_window import NonceWindow, NonceWindowFull
from edge_node.trust.signature_fields import FieldCheck, base64_64, decimal, hex_16, hex_32, read_fields, read_u64
from edge_node.trust.signing_key import SigningKey, verify_signature

__all__ = [
    "HEADER_NAME",
    "NonceWindow",
    "NonceWindowFull",
    "RequestProof",
    "UnsignableRequest",
    "format_request_header",
    "parse_request_header",
    "request_message",
    "sign_request",
    "verify_request",
]

HEADER_NAME = "Edge-Request"

_HEAD = REQUEST_TAG + b"\x00"
_TARGET_LENGTH = struct.Struct("<H")
_TIME = struct.Struct("<Q")

_CHECKS: dict[str, FieldCheck] = {
    "key": hex_32,
    "to": hex_32,
    "t": decimal,
    "nonce": hex_16,
    "body": hex_32,
    "sig": base64_64,
}


class UnsignableRequest(LocalError):
    """Our own code asked to sign a request whose parts no field layout holds."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"no signed request can say this: {why}")


class RequestProof(msgspec.Struct, frozen=True, kw_only=True):
    """What an `Edge-Request` header says: `key` asks the node `to`, at `t_ms` (ms UTC), once (`nonce`).

    `body` is the BLAKE3-256 of the request's body (of no bytes when there is none); who reads the body compares it.
    """

    key: PublicKey
    to: PublicKey
    t_ms: int
    nonce: Nonce
    body: Digest
    signature: Signature


def request_message(proof: RequestProof, method: str, target: str) -> bytes:
    """The bytes to be signed, for the method and the request target as they are on the wire.

    UnsignableRequest for anything but ASCII, a method over 255 or a target over 65,535 characters.
    """
    try:
        return b"".join(
            (
                _HEAD,
                proof.key,
                proof.to,
                bytes((len(method),)),
                method.encode("ascii"),
                _TARGET_LENGTH.pack(len(target)),
                target.encode("ascii"),
                proof.body,
                _TIME.pack(proof.t_ms),
                proof.nonce,
            )
        )
    except (ValueError, struct.error) as error:
        raise UnsignableRequest(str(error)) from error


def sign_request(
    key: SigningKey, *, to: PublicKey, method: str, target: str, body_digest: Digest, t_ms: int, nonce: Nonce
) -> str:
    """The `Edge-Request` value that proves this request; UnsignableRequest if it cannot be signed."""
    unsigned = RequestProof(
        key=key.public, to=to, t_ms=t_ms, nonce=nonce, body=body_digest, signature=Signature(bytes(Signature.size))
    )
    signature = key.sign(request_message(unsigned, method, target))
    return format_request_header(msgspec.structs.replace(unsigned, signature=signature))


def verify_request(proof: RequestProof, method: str, target: str, to: PublicKey) -> bool:
    """Say whether the proof's key signed this method and target for the node `to`.

    Time, nonce and body are not judged here: NonceWindow and the reader of the body do that. What cannot be signed
    (a target that is not ASCII) was not signed.
    """
    if proof.to != to or not method.isascii() or not target.isascii():
        return False
    if len(method) > 0xFF or len(target) > 0xFFFF:
        return False
    return verify_signature(proof.key, request_message(proof, method, target), proof.signature)


def parse_request_header(text: str) -> RequestProof:
    """Read an `Edge-Request` value; MalformedSignatureHeader otherwise. Nothing is verified."""
    fields = read_fields(HEADER_NAME, text, _CHECKS)
    return RequestProof(
        key=PublicKey(bytes.fromhex(fields["key"])),
        to=PublicKey(bytes.fromhex(fields["to"])),
        t_ms=read_u64(HEADER_NAME, "t", fields["t"]),
        nonce=Nonce(bytes.fromhex(fields["nonce"])),
        body=Digest(bytes.fromhex(fields["body"])),
        signature=Signature(binascii.a2b_base64(fields["sig"])),
    )


def format_request_header(proof: RequestProof) -> str:
    """The `Edge-Request` value of a proof."""
    return (
        f"key={proof.key}, to={proof.to}, t={proof.t_ms}, nonce={proof.nonce}, body={proof.body},"
        f" sig={base64.b64encode(proof.signature).decode('ascii')}"
    )
