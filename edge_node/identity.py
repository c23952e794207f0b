"""Who this node is: its key, read where the operator keeps it, and the TLS certificate that key vouches for."""

import datetime as dt
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from edge_node.base.clock import Clock
from edge_node.base.ids import PublicKey
from edge_node.base.log import get_log
from edge_node.paths import Paths
from edge_node.serving import CertificateUnusable, TlsIdentity, expires_at, fingerprint, make_self_signed, store_pair
from edge_node.settings import NodeSettings, Settings
from edge_node.trust.keys import KeyCertificate, KeyUse, SigningKey, certify_key
from edge_node.trust.keystore import read_credential, read_key_file
from edge_node.trust.receipt_key import ReceiptIdentity, load_receipt

CERTIFICATE_DAYS = 825  # what browsers accept at most from a certificate the user trusts by hand
RENEW_DAYS = 30
_DAY = dt.timedelta(days=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")  # a name for people need not be one

log = get_log("node")


class OwnCertificateUnusable(CertificateUnusable):
    """The certificate the node makes for itself, or what belongs to it, can be neither read nor made anew."""

    remedy = (
        "See that the node's user may read and write keys/tls in its data directory and that the disk has room; move"
        " away what is no file there: a missing certificate is made anew."
    )


def load_node_key(settings: NodeSettings, paths: Paths, environ: Mapping[str, str]) -> SigningKey:
    """The node key from its credential, its file or the data directory; the caller closes it."""
    if settings.key_credential:
        return read_credential(settings.key_credential, environ.get("CREDENTIALS_DIRECTORY"))
    return read_key_file(Path(settings.key_file) if settings.key_file else paths.node_key)


def load_public_key(settings: NodeSettings, paths: Paths, environ: Mapping[str, str]) -> PublicKey:
    """The node's public key; the secret is overwritten again at once."""
    with load_node_key(settings, paths, environ) as key:
        return key.public


def load_receipt_identity(
    settings: NodeSettings, paths: Paths, clock: Clock, environ: Mapping[str, str], random: Callable[[int], bytes]
) -> ReceiptIdentity:
    """The receipt key with a certificate that holds now, made where they are missing (trust.receipt_key)."""
    return load_receipt(paths, partial(load_node_key, settings, paths, environ), clock.now_ms(), random)


def load_tls_identity(settings: Settings, paths: Paths, clock: Clock, environ: Mapping[str, str]) -> TlsIdentity | None:
    """The operator's certificate, else the self-signed one (made anew when it is missing or near its end).

    None without a TLS door; CertificateUnusable for either. A self-signed certificate's fingerprint is vouched for by
    the node key in `keys/tls/certificate.json` (docs/specs/signed-document.md).
    """
    http = settings.http
    if not http.listen_tls:
        return None
    if http.certificate_file:
        return TlsIdentity(Path(http.certificate_file), Path(http.certificate_key_file))
    try:
        return _own_identity(settings, paths, clock, environ)
    except CertificateUnusable as unusable:
        raise OwnCertificateUnusable(Path(unusable.path), unusable.why) from None
    except OSError as error:
        place = error.filename2 or error.filename or paths.tls
        raise OwnCertificateUnusable(Path(place), error.strerror or str(error)) from error


def _own_identity(settings: Settings, paths: Paths, clock: Clock, environ: Mapping[str, str]) -> TlsIdentity:
    certificate, key = paths.tls / "certificate.pem", paths.tls / "key.pem"
    now = dt.datetime.fromtimestamp(clock.now_ms() / 1_000, dt.UTC)
    left = _time_left(certificate, key, now)
    if left < RENEW_DAYS * _DAY:
        try:
            with load_node_key(settings.node, paths, environ) as node_key:
                make_certificate(paths, node_key, settings.node.name, now)
        except OSError as error:
            if left < dt.timedelta(0):
                raise
            # A full or read-only disk: the certificate at hand still serves, and the next start tries again.
            log.warning("certificate.not_renewed", reason=str(error), days_left=left.days)
    return TlsIdentity(certificate, key)


def _time_left(certificate: Path, key: Path, now: dt.datetime) -> dt.timedelta:
    """How long the self-signed pair serves; negative for one that is missing or cannot be read."""
    try:
        return expires_at(certificate.read_bytes()) - now if key.exists() else -_DAY
    except (FileNotFoundError, ValueError):
        return -_DAY


def make_certificate(paths: Paths, node_key: SigningKey, name: str, now: dt.datetime) -> None:
    """Make the self-signed certificate, its key and the node key's word for its fingerprint."""
    certificate, key = paths.tls / "certificate.pem", paths.tls / "key.pem"
    paths.tls.mkdir(mode=0o700, parents=True, exist_ok=True)
    drafts = certificate.with_suffix(".pem.new"), key.with_suffix(".pem.new")
    for draft in drafts:
        draft.unlink(missing_ok=True)
    # A day of slack before now: a client whose clock is a little behind must not refuse a new certificate. A box
    # without a battery may be made in 1970, before which there are no times.
    begin, end = max(now - _DAY, _EPOCH), now + CERTIFICATE_DAYS * _DAY
    names = [name, *_LOCAL_NAMES] if _HOST_NAME.fullmatch(name) else [*_LOCAL_NAMES]
    pair = make_self_signed(names, begin, end)
    # Whole beside the former before that one goes: a full disk must not take both.
    store_pair(pair, *drafts)
    statement = KeyCertificate(
        use=KeyUse.TLS,
        key=PublicKey.parse(fingerprint(pair.certificate)),
        not_before=_ms(begin),
        not_after=_ms(end),
        serial=_ms(now),
    )
    _replace(paths.tls / "certificate.json", certify_key(node_key, statement))
    for former in (certificate, key):
        with suppress(FileNotFoundError):
            former.rename(former.with_suffix(".pem.old"))
    drafts[1].rename(key)
    drafts[0].rename(certificate)  # last: without it the next start makes a pair anew


def _ms(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1_000)


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
