"""Key certificates: the node key vouches for a working key, for one use and a span of time (ARCHITECTURE section 5)."""

import enum
from typing import Self

import msgspec

from edge_node.base.errors import Refusal
from edge_node.base.ids import MalformedId, PublicKey
from edge_node.base.limits import NUMBER_EXACT_IN_JSON
from edge_node.trust.documents import DocumentTag, Payload, open_document, sign_document
from edge_node.trust.signing_key import SigningKey

_MEMBERS = {"use", "key", "not_before", "not_after", "serial"}


class KeyUse(enum.StrEnum):
    """What a working key may do, and nothing else."""

    SEAL = "seal"
    RECEIPT = "receipt"
    RUNTIME = "runtime"
    PEER = "peer"
    TLS = "tls"


class CertificateRefused(Refusal):
    """The document is signed by the node key and is no valid certificate here and now; `why` says what is wrong."""

    slug = "key-certificate-refused"
    status = 403
    remedy = "Ask the node's operator for its present key certificate."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"key certificate refused: {why}")


class KeyCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of the node key.

    `key` is 32 bytes: an Ed25519 public key, for SEAL an X25519 public key, for TLS the SHA-256 of the certificate in
    DER. Times are ms UTC, `not_after` is the first moment it no longer holds. `serial` grows by at least 1 with every
    certificate of the same use.
    """

    use: KeyUse
    key: PublicKey
    not_before: int
    not_after: int
    serial: int

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read a document's payload; CertificateRefused for a wrong, missing or unknown member."""
        if payload.keys() != _MEMBERS:
            raise CertificateRefused(f"wants exactly {', '.join(sorted(_MEMBERS))}")
        use, key = payload["use"], payload["key"]
        if use not in list(KeyUse) or not isinstance(key, str):
            raise CertificateRefused("use or key is not of a known form")
        try:
            public = PublicKey.parse(key)
        except MalformedId as error:
            raise CertificateRefused(str(error)) from None
        not_before, not_after, serial = (_count(payload, name) for name in ("not_before", "not_after", "serial"))
        return cls(
            use=KeyUse(str(use)), key=public, not_before=not_before, not_after=not_after, serial=serial
        ).checked()

    def checked(self) -> Self:
        """Itself, if its span is not empty and its numbers are in range; CertificateRefused otherwise."""
        if not 0 <= self.not_before < self.not_after < NUMBER_EXACT_IN_JSON:
            raise CertificateRefused("not_before is not before not_after")
        if not 1 <= self.serial < NUMBER_EXACT_IN_JSON:
            raise CertificateRefused("serial is not a number from 1")
        return self

    def to_payload(self) -> Payload:
        """The document's payload."""
        return {
            "use": str(self.use),
            "key": self.key.hex(),
            "not_before": self.not_before,
            "not_after": self.not_after,
            "serial": self.serial,
        }


def certify_key(node_key: SigningKey, certificate: KeyCertificate) -> bytes:
    """The certificate as a document signed by the node key; CertificateRefused if it would not hold at any time."""
    return sign_document(DocumentTag.KEY_CERTIFICATE, certificate.checked().to_payload(), [node_key])


def open_key_certificate(
    raw: bytes, node_key: PublicKey, now_ms: int, *, use: KeyUse | None = None, serial_min: int = 1
) -> KeyCertificate:
    """The certificate in `raw`, if `node_key` signed it and it holds at `now_ms`.

    What every reader of a certificate must do who relies on it now (docs/specs/signed-document.md).
    `use`, when given, is the only use accepted; `serial_min` is the highest serial seen for it, so that an old
    certificate cannot take the place of a newer one. Raises DocumentRefused, MalformedJson, CertificateRefused.
    """
    certificate = read_key_certificate(raw, node_key)
    if use is not None and certificate.use is not use:
        raise CertificateRefused(f"its use is {certificate.use}, not {use}")
    if certificate.serial < serial_min:
        raise CertificateRefused(f"serial {certificate.serial} was replaced by {serial_min}")
    if now_ms < certificate.not_before:
        raise CertificateRefused(f"it begins at {certificate.not_before} ms, and it is {now_ms} ms")
    if now_ms >= certificate.not_after:
        raise CertificateRefused(f"it ended at {certificate.not_after} ms, and it is {now_ms} ms")
    return certificate


def read_key_certificate(raw: bytes, node_key: PublicKey) -> KeyCertificate:
    """The certificate in `raw`, if `node_key` signed it, whether or not it holds now: what was signed under it stays.

    Raises DocumentRefused, MalformedJson, CertificateRefused.
    """
    return KeyCertificate.from_payload(open_document(DocumentTag.KEY_CERTIFICATE, raw, {node_key}))


def _count(payload: Payload, name: str) -> int:
    value = payload[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise CertificateRefused(f"{name} is not an integer")
    return value
