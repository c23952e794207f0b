"""The receipt key: made once, kept beside the node key, and vouched for by it (docs/specs/retention.md)."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge_node.base.errors import Refusal
from edge_node.base.ids import PublicKey
from edge_node.paths import Paths
from edge_node.trust.key_certificate import KeyCertificate, KeyUse, certify_key, read_key_certificate
from edge_node.trust.keystore import KeyFileMissing, read_key_file, write_key_file
from edge_node.trust.signing_key import SigningKey

DAY_MS = 86_400_000
CERTIFICATE_MS = 730 * DAY_MS  # two years: who no longer hears of this node stops believing the key some day
RENEW_MS = 90 * DAY_MS  # a node that is off over a winter renews in time


@dataclass(frozen=True, slots=True)
class ReceiptIdentity:
    """The receipt key and the certificate, as a document and as read, that the node key gave it."""

    key: SigningKey
    certificate: bytes
    vouched: KeyCertificate

    def fresh(self, now_ms: int) -> bool:
        """Whether the certificate holds now and for some time to come."""
        return self.vouched.not_before <= now_ms < self.vouched.not_after - RENEW_MS


def load_receipt(
    paths: Paths, open_node_key: Callable[[], SigningKey], now_ms: int, random: Callable[[int], bytes]
) -> ReceiptIdentity:
    """The node's receipt key with a certificate that holds now; both are made where they are missing. Blocking.

    A certificate near its end, or of another time or node, is replaced by one with a higher serial; one for the same
    key keeps its beginning, so that what was signed under it stays covered. OSError when the disk takes no file,
    KeyFileRefused for a key file that is not believed.
    """
    key = _load_key(paths.receipt_key, random)
    with open_node_key() as node_key:
        former = _former(paths.receipt_certificate, node_key.public)
        if former is not None:
            known = ReceiptIdentity(key, *former)
            if known.vouched.key == key.public and known.fresh(now_ms):
                return known
        vouched = _next_certificate(former[1] if former else None, key.public, now_ms)
        raw = certify_key(node_key, vouched)
    _replace(paths.receipt_certificate, raw)
    return ReceiptIdentity(key, raw, vouched)


def _load_key(path: Path, random: Callable[[int], bytes]) -> SigningKey:
    try:
        return read_key_file(path)
    except KeyFileMissing:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = SigningKey.generate(random)
        write_key_file(path, key)
        return key


def _former(path: Path, node_key: PublicKey) -> tuple[bytes, KeyCertificate] | None:
    with suppress(FileNotFoundError, Refusal):  # what cannot be believed is made anew
        raw = path.read_bytes()
        return raw, read_key_certificate(raw, node_key)
    return None


def _next_certificate(former: KeyCertificate | None, key: PublicKey, now_ms: int) -> KeyCertificate:
    begin, serial = max(0, now_ms - DAY_MS), max(1, now_ms)
    if former is not None:
        # Above every serial ever given, and in step with the clock where keys/ was lost and is made anew.
        serial = max(serial, former.serial + 1)
        begin = min(begin, former.not_before) if former.key == key else begin
    end = now_ms + CERTIFICATE_MS
    return KeyCertificate(use=KeyUse.RECEIPT, key=key, not_before=begin, not_after=end, serial=serial)


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
