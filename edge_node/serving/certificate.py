"""The self-signed certificate a node makes for itself, and the fingerprint people compare (RFC 5280)."""

import ipaddress
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge_node.serving.refusals import ServingError

KEY_MODE = 0o600


class PemPair(NamedTuple):
    """A certificate and its private key, both PEM. The key is secret."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return f"PemPair({fingerprint(self.certificate)[:8]}…)"


class CertificateExists(ServingError):
    """A certificate would overwrite one that is there."""

    slug = "certificate-exists"
    remedy = "Remove the old certificate and key first, or keep them."

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        super().__init__(f"{path} exists")


def make_self_signed(names: Sequence[str], not_before: datetime, not_after: datetime) -> PemPair:
    """A P-256 certificate for host names and literal addresses, at least one; the times are aware (UTC).

    Key and serial number come from the operating system's generator, through `cryptography`.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    builder = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=subject, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256())
    return PemPair(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of the first certificate's DER form, lower-case hex: what `openssl x509 -fingerprint -sha256` shows."""
    return x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256()).hex()


def expires_at(certificate: bytes) -> datetime:
    """When the first certificate of a PEM file ends, UTC."""
    return x509.load_pem_x509_certificate(certificate).not_valid_after_utc


def store_pair(pair: PemPair, certificate_file: Path, key_file: Path) -> None:
    """Write both files, mode 0600, synced, the key first; CertificateExists rather than overwrite either."""
    for path in (key_file, certificate_file):
        if path.exists():
            raise CertificateExists(path)
    _write_new(key_file, pair.key)
    _write_new(certificate_file, pair.certificate)


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, KEY_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
