"""The node's key is read where the operator keeps it; its TLS certificate is vouched for by it."""

import datetime as dt
import errno
import os
import shutil
import stat
from pathlib import Path

import msgspec
import pytest

from edge_node import identity as module
from edge_node.base.clock import SystemClock
from edge_node.identity import (
    OwnCertificateUnusable,
    load_node_key,
    load_public_key,
    load_receipt_identity,
    load_tls_identity,
)
from edge_node.paths import Paths
from edge_node.serving import fingerprint
from edge_node.settings import HttpSettings, NodeSettings, Settings
from edge_node.trust.keys import KeyUse, SigningKey, open_key_certificate
from edge_node.trust.keystore import CredentialMissing, KeyFileMissing, write_key_file


class LateClock(SystemClock):
    """A clock that has run ahead by `days`."""

    def __init__(self, days: int) -> None:
        super().__init__()
        self._ahead_ms = days * 86_400_000

    def now_ms(self) -> int:
        return super().now_ms() + self._ahead_ms


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path)
    paths.keys.mkdir()
    return paths


@pytest.fixture
def key(paths: Paths) -> SigningKey:
    key = SigningKey.from_seed(b"\x07" * 32)
    write_key_file(paths.node_key, key)
    return key


def settings_of(paths: Paths, http: HttpSettings | None = None) -> Settings:
    return Settings(node=NodeSettings(data_dir=str(paths.root)), http=http or HttpSettings())


def test_the_key_comes_from_the_data_directory_a_file_or_a_credential(paths: Paths, key: SigningKey) -> None:
    """A credential wins over a file, a file over the data directory."""
    directory = paths.root / "credentials"
    directory.mkdir()
    other = SigningKey.from_seed(b"\x08" * 32)
    write_key_file(directory / "node", other)
    assert load_public_key(NodeSettings(), paths, {}) == key.public
    named = NodeSettings(key_file=str(directory / "node"))
    assert load_public_key(named, paths, {}) == other.public
    credential = NodeSettings(key_file=str(paths.node_key), key_credential="node")
    assert load_public_key(credential, paths, {"CREDENTIALS_DIRECTORY": str(directory)}) == other.public


def test_a_key_that_is_not_there_is_a_kind_error(paths: Paths) -> None:
    """Missing files and credentials say what to do."""
    with pytest.raises(KeyFileMissing) as missing:
        load_node_key(NodeSettings(), paths, {})
    assert "edge-node init" in missing.value.remedy
    with pytest.raises(CredentialMissing):
        load_node_key(NodeSettings(key_credential="node"), paths, {})


def test_the_self_signed_certificate_is_vouched_for_by_the_node_key(paths: Paths, key: SigningKey) -> None:
    """Whoever knows the node key can check the certificate's fingerprint; private files have mode 0600."""
    clock = SystemClock()
    identity = load_tls_identity(settings_of(paths), paths, clock, {})
    assert identity is not None
    statement = open_key_certificate(
        (paths.tls / "certificate.json").read_bytes(), key.public, clock.now_ms(), use=KeyUse.TLS
    )
    assert statement.key.hex() == identity.fingerprint
    assert identity.fingerprint == fingerprint((paths.tls / "certificate.pem").read_bytes())
    assert stat.S_IMODE((paths.tls / "key.pem").stat().st_mode) == 0o600


def test_a_box_without_a_battery_is_made_in_1970(paths: Paths, key: SigningKey) -> None:
    """There is no day before the first; with the true time the next start makes a certificate of now."""
    clock = LateClock(0)
    clock._ahead_ms = 3_600_000 - SystemClock().now_ms()
    load_tls_identity(settings_of(paths), paths, clock, {})
    raw = (paths.tls / "certificate.json").read_bytes()
    assert open_key_certificate(raw, key.public, clock.now_ms(), use=KeyUse.TLS).not_before == 0
    load_tls_identity(settings_of(paths), paths, SystemClock(), {})
    raw = (paths.tls / "certificate.json").read_bytes()
    assert open_key_certificate(raw, key.public, SystemClock().now_ms(), use=KeyUse.TLS).not_before > 0


@pytest.mark.usefixtures("key")
def test_a_certificate_is_kept_until_near_its_end_and_then_made_anew(paths: Paths) -> None:
    """The same fingerprint for years, another in the last month; the former files are kept beside."""
    first = load_tls_identity(settings_of(paths), paths, SystemClock(), {})
    again = load_tls_identity(settings_of(paths), paths, LateClock(700), {})
    later = load_tls_identity(settings_of(paths), paths, LateClock(800), {})
    assert first is not None
    assert again is not None
    assert later is not None
    assert first.fingerprint == again.fingerprint != later.fingerprint
    assert (paths.tls / "certificate.pem.old").exists()


def test_the_operator_s_own_certificate_wins(paths: Paths, key: SigningKey) -> None:
    """With certificate_file set nothing is made; without a TLS door nothing is read."""
    from edge_node.serving import make_self_signed, store_pair

    now = dt.datetime.now(dt.UTC)
    pair = make_self_signed(["barn"], now - dt.timedelta(days=1), now + dt.timedelta(days=1))
    store_pair(pair, paths.root / "c.pem", paths.root / "k.pem")
    own = HttpSettings(certificate_file=str(paths.root / "c.pem"), certificate_key_file=str(paths.root / "k.pem"))
    identity = load_tls_identity(settings_of(paths, own), paths, SystemClock(), {})
    assert identity is not None
    assert identity.fingerprint == fingerprint(pair.certificate)
    assert not paths.tls.exists()
    closed = msgspec.structs.replace(own, listen_tls="")
    assert load_tls_identity(settings_of(paths, closed), paths, SystemClock(), {}) is None
    assert key.public not in (paths.root / "k.pem").read_bytes()


@pytest.mark.usefixtures("key")
def test_a_certificate_that_cannot_be_read_is_made_anew(paths: Paths) -> None:
    """A power cut or a bad sector in a file the node made itself does not keep it from starting."""
    load_tls_identity(settings_of(paths), paths, SystemClock(), {})
    for junk in (b"", b"-----BEGIN CERTIFICATE-----"):
        (paths.tls / "certificate.pem").write_bytes(junk)
        identity = load_tls_identity(settings_of(paths), paths, SystemClock(), {})
        assert identity is not None
        assert identity.fingerprint == fingerprint((paths.tls / "certificate.pem").read_bytes())


@pytest.mark.usefixtures("key")
def test_a_certificate_that_cannot_be_renewed_serves_to_its_end(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full or read-only disk nothing of it is lost, and once it has ended the disk's word is the answer."""
    first = load_tls_identity(settings_of(paths), paths, SystemClock(), {})
    assert first is not None

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "store_pair", full)
    again = load_tls_identity(settings_of(paths), paths, LateClock(800), {})
    assert again is not None
    assert again.fingerprint == first.fingerprint
    with pytest.raises(OwnCertificateUnusable, match="No space"):
        load_tls_identity(settings_of(paths), paths, LateClock(826), {})


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("name", ["certificate.pem", "key.pem", "certificate.json", "certificate.pem.new", ""])
def test_a_directory_in_the_place_of_a_file_is_named(paths: Paths, name: str) -> None:
    """What stands in the way, and where, with what to do; nothing is taken away that was not the node's."""
    load_tls_identity(settings_of(paths), paths, SystemClock(), {})
    place = paths.tls / name
    if name == "":
        shutil.rmtree(place)
        place.write_bytes(b"")
    else:
        place.unlink(missing_ok=True)
        place.mkdir()
    clock = LateClock(826) if name in {"certificate.json", "certificate.pem.new"} else SystemClock()
    with pytest.raises(OwnCertificateUnusable) as refusal:
        load_tls_identity(settings_of(paths), paths, clock, {})
    assert refusal.value.path == str(place)
    assert "keys/tls" in refusal.value.remedy
    assert place.exists()


@pytest.mark.usefixtures("key")
def test_a_name_for_people_needs_not_be_a_host_name(paths: Paths) -> None:
    """The certificate then names only the machine itself."""
    settings = msgspec.structs.replace(settings_of(paths), node=NodeSettings(name="Käserei am Bach"))
    assert load_tls_identity(settings, paths, SystemClock(), {}) is not None


def test_the_node_key_vouches_for_a_receipt_key_of_its_own(paths: Paths, key: SigningKey) -> None:
    """Signing what the node says is another key's work; the node key only certifies it."""
    clock = SystemClock()
    receipt = load_receipt_identity(NodeSettings(), paths, clock, {}, os.urandom)
    held = open_key_certificate(receipt.certificate, key.public, clock.now_ms(), use=KeyUse.RECEIPT)
    assert held.key == receipt.key.public != key.public
