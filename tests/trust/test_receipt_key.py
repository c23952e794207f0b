"""The receipt key is made once, mode 0600, and its certificate is renewed before it ends."""

import os
from functools import partial
from pathlib import Path

import pytest

from edge_node.paths import Paths
from edge_node.trust.key_certificate import KeyUse, open_key_certificate
from edge_node.trust.keystore import KeyFileExposed
from edge_node.trust.receipt_key import CERTIFICATE_MS, DAY_MS, RENEW_MS, ReceiptIdentity, load_receipt
from edge_node.trust.signing_key import SigningKey

NODE = b"\x01" * 32
NOW = 1_790_000_000_000
open_node_key = partial(SigningKey.from_seed, NODE)
NODE_KEY = open_node_key().public


def load(root: Path, now_ms: int = NOW) -> ReceiptIdentity:
    return load_receipt(Paths(root), open_node_key, now_ms, os.urandom)


def test_a_node_without_one_gets_a_key_the_node_key_vouches_for(tmp_path):
    """A private file, a certificate for use `receipt`, and both again at the next start."""
    made = load(tmp_path)
    path = Paths(tmp_path).receipt_key
    assert path.stat().st_mode & 0o777 == 0o600
    held = open_key_certificate(made.certificate, NODE_KEY, NOW, use=KeyUse.RECEIPT)
    assert held == made.vouched
    assert held.key == made.key.public != NODE_KEY
    again = load(tmp_path, NOW + 1)
    assert (again.key.public, again.certificate) == (made.key.public, made.certificate)


@pytest.mark.parametrize(("left_ms", "renewed"), [(RENEW_MS + 1, False), (RENEW_MS, True), (0, True), (-DAY_MS, True)])
def test_a_certificate_near_its_end_is_replaced(tmp_path, left_ms, renewed):
    """The same key, a higher serial, and a span that still covers everything signed before."""
    made = load(tmp_path)
    then = NOW + CERTIFICATE_MS - left_ms
    again = load(tmp_path, then)
    assert (again.certificate != made.certificate) == renewed
    assert again.key.public == made.key.public
    assert again.vouched.serial == made.vouched.serial if not renewed else again.vouched.serial > made.vouched.serial
    assert again.vouched.not_before == made.vouched.not_before
    assert again.vouched.not_after > then or not renewed


def test_a_certificate_of_a_wrong_clock_is_replaced(tmp_path):
    """A clock that was years ahead leaves no certificate that begins in the future; serials rise all the same."""
    ahead = load(tmp_path, NOW + 20 * CERTIFICATE_MS)
    back = load(tmp_path, NOW)
    assert back.vouched.not_before <= NOW < back.vouched.not_after
    assert back.vouched.serial > ahead.vouched.serial


def test_a_clock_at_its_beginning_makes_a_certificate(tmp_path):
    """A box without a battery begins in 1970."""
    made = load(tmp_path, 0)
    assert made.vouched.not_before == 0
    assert made.vouched.serial == 1


@pytest.mark.parametrize("spoil", [b"", b"{}", None])
def test_a_certificate_that_cannot_be_believed_is_made_anew(tmp_path, spoil):
    """Emptied, foreign or by another node's key: the key stays, the certificate is new."""
    made, path = load(tmp_path), Paths(tmp_path).receipt_certificate
    other = load_receipt(Paths(tmp_path / "other"), partial(SigningKey.from_seed, b"\x02" * 32), NOW, os.urandom)
    path.write_bytes(other.certificate if spoil is None else spoil)
    again = load(tmp_path, NOW + 5)
    assert again.key.public == made.key.public
    assert open_key_certificate(again.certificate, NODE_KEY, NOW + 5).key == made.key.public


def test_a_new_key_gets_a_certificate_of_its_own(tmp_path):
    """Who moves the key file away rotates the key: the former certificate's span is not carried over."""
    made = load(tmp_path)
    Paths(tmp_path).receipt_key.rename(tmp_path / "old.key")
    again = load(tmp_path, NOW + 10 * DAY_MS)
    assert again.key.public != made.key.public
    assert again.vouched.serial > made.vouched.serial
    assert again.vouched.not_before > made.vouched.not_before


def test_an_exposed_key_is_not_used(tmp_path):
    """What others may read is not believed, and nothing is written over it."""
    load(tmp_path)
    Paths(tmp_path).receipt_key.chmod(0o644)
    with pytest.raises(KeyFileExposed):
        load(tmp_path)
