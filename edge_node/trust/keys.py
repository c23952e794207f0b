"""The door to keys: signing, verifying, and the certificates that say what a working key is for."""

from edge_node.trust.key_certificate import (
    CertificateRefused,
    KeyCertificate,
    KeyUse,
    certify_key,
    open_key_certificate,
)
from edge_node.trust.signing_key import SEED_BYTES, KeyClosed, SigningKey, WrongSeedLength, verify_signature

__all__ = [
    "SEED_BYTES",
    "CertificateRefused",
    "KeyCertificate",
    "KeyClosed",
    "KeyUse",
    "SigningKey",
    "WrongSeedLength",
    "certify_key",
    "open_key_certificate",
    "verify_signature",
]
