"""The self-signed certificate and its files."""

import hashlib
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from edge_node.serving.certificate import CertificateExists, expires_at, fingerprint, make_self_signed, store_pair

FROM, TO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)


def test_a_certificate_names_what_it_is_for() -> None:
    """P-256, the given times, names and addresses, no authority."""
    certificate = x509.load_pem_x509_certificate(
        make_self_signed(["node.local", "127.0.0.1", "::1"], FROM, TO).certificate
    )
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    assert (certificate.not_valid_before_utc, certificate.not_valid_after_utc) == (FROM, TO)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["node.local"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_every_certificate_is_another() -> None:
    """Keys and serial numbers are fresh."""
    one, two = (make_self_signed(["a"], FROM, TO) for _ in range(2))
    assert one.key != two.key
    assert fingerprint(one.certificate) != fingerprint(two.certificate)


def test_the_fingerprint_is_that_of_the_der_form() -> None:
    """SHA-256 over what travels in the handshake."""
    pair = make_self_signed(["a"], FROM, TO)
    assert (
        fingerprint(pair.certificate) == hashlib.sha256(ssl.PEM_cert_to_DER_cert(pair.certificate.decode())).hexdigest()
    )
    assert expires_at(pair.certificate) == TO


def test_a_pair_is_never_shown() -> None:
    """Its repr is the beginning of the fingerprint."""
    pair = make_self_signed(["a"], FROM, TO)
    assert "KEY" not in repr(pair)
    assert fingerprint(pair.certificate)[:8] in repr(pair)


def test_files_are_private_and_never_overwritten(tmp_path: Path) -> None:
    """Mode 0600 for both; an existing file stops it before anything is written."""
    pair = make_self_signed(["a"], FROM, TO)
    certificate, key = tmp_path / "node.crt", tmp_path / "node.key"
    store_pair(pair, certificate, key)
    assert (certificate.read_bytes(), key.read_bytes()) == tuple(pair)
    assert [path.stat().st_mode & 0o777 for path in (certificate, key)] == [0o600, 0o600]
    with pytest.raises(CertificateExists):
        store_pair(pair, tmp_path / "other.crt", key)
    assert not (tmp_path / "other.crt").exists()
