"""Key certificates: use, window, serial and form."""

import json
from pathlib import Path

import msgspec
import pytest

from edge_node.base.ids import PublicKey
from edge_node.trust.documents import DocumentNotTrusted, DocumentTag, open_document, sign_document
from edge_node.trust.key_certificate import (
    CertificateRefused,
    KeyCertificate,
    KeyUse,
    certify_key,
    open_key_certificate,
)
from edge_node.trust.signing_key import SigningKey

FILE = json.loads((Path(__file__).parents[1] / "vectors/trust/key_certificate.json").read_text())
NODE = SigningKey.from_seed(b"\x01" * 32)
NOW = FILE["judged"]["at_ms"]
GOOD = KeyCertificate(
    use=KeyUse.RECEIPT, key=PublicKey(b"\x07" * 32), not_before=NOW - 10, not_after=NOW + 10, serial=5
)


@pytest.mark.parametrize("vector", FILE["vectors"], ids=lambda vector: vector["case"])
def test_vectors(vector):
    """Each use's certificate is the independent one byte for byte, and opens."""
    certificate = KeyCertificate(
        use=KeyUse(vector["use"]),
        key=PublicKey.parse(vector["key_hex"]),
        not_before=vector["not_before"],
        not_after=vector["not_after"],
        serial=vector["serial"],
    )
    raw = vector["envelope"].encode()
    assert NODE.public.hex() == vector["node_key_hex"] == FILE["judged"]["node_key_hex"]
    assert certify_key(NODE, certificate) == raw
    assert open_key_certificate(raw, NODE.public, NOW, use=certificate.use) == certificate


@pytest.mark.parametrize("case", FILE["refused"], ids=lambda case: case["why"])
def test_signed_documents_that_are_no_valid_certificate(case):
    """The node key's signature alone does not make a certificate."""
    raw = case["envelope"].encode()
    assert open_document(DocumentTag.KEY_CERTIFICATE, raw, {NODE.public})
    with pytest.raises(CertificateRefused) as refused:
        open_key_certificate(raw, NODE.public, NOW)
    assert refused.value.status == 403


def test_window_is_closed_at_its_beginning_and_open_at_its_end():
    """It holds from not_before on and no longer at not_after."""
    raw = certify_key(NODE, GOOD)
    for moment in (NOW - 10, NOW + 9):
        assert open_key_certificate(raw, NODE.public, moment) == GOOD
    for moment in (NOW - 11, NOW + 10):
        with pytest.raises(CertificateRefused):
            open_key_certificate(raw, NODE.public, moment)


def test_a_key_is_good_for_its_one_use():
    """Asking for another use refuses it."""
    raw = certify_key(NODE, GOOD)
    assert open_key_certificate(raw, NODE.public, NOW, use=KeyUse.RECEIPT) == GOOD
    for use in set(KeyUse) - {KeyUse.RECEIPT}:
        with pytest.raises(CertificateRefused, match="use"):
            open_key_certificate(raw, NODE.public, NOW, use=use)


def test_a_replaced_serial_is_refused():
    """The highest serial seen is accepted again, one below it is not."""
    raw = certify_key(NODE, GOOD)
    assert open_key_certificate(raw, NODE.public, NOW, serial_min=5) == GOOD
    with pytest.raises(CertificateRefused, match="replaced"):
        open_key_certificate(raw, NODE.public, NOW, serial_min=6)


def test_another_node_key_is_not_believed():
    """Only the node key named by the reader vouches."""
    with pytest.raises(DocumentNotTrusted):
        open_key_certificate(certify_key(NODE, GOOD), GOOD.key, NOW)


@pytest.mark.parametrize(
    "change",
    [{"serial": 0}, {"not_after": NOW - 10}, {"not_before": -1}, {"not_after": 2**53}, {"serial": 2**53}],
    ids=str,
)
def test_what_could_never_hold_is_not_signed(change):
    """An empty span or an impossible number is refused before signing."""
    with pytest.raises(CertificateRefused):
        certify_key(NODE, msgspec.structs.replace(GOOD, **change))


def test_another_document_of_the_node_is_no_certificate():
    """A document of other members under the same tag is refused."""
    with pytest.raises(CertificateRefused):
        open_key_certificate(sign_document(DocumentTag.KEY_CERTIFICATE, {"a": 1}, [NODE]), NODE.public, NOW)
