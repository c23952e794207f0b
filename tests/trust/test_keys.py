"""The door to keys."""

from edge_node.trust import key_certificate, keys, signing_key


def test_the_door_names_what_it_offers():
    """The door's list is frozen: adding or losing a name is a decision."""
    assert set(keys.__all__) == {
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
    }
    assert keys.SigningKey is signing_key.SigningKey
    assert keys.certify_key is key_certificate.certify_key
