"""Certificates that are over, near their end, not begun, absent or without their key."""

import datetime as dt
from pathlib import Path

import pytest

from edge_node.doctor.certificate import check_certificate, judge_certificate
from edge_node.serving import make_self_signed, store_pair
from tests.doctor.rig import ShiftedClock, made, settings_of, site_of

DAY_S = 86_400


@pytest.mark.parametrize(
    ("days", "verdict", "word"),
    [
        (0, "ok", "good"),
        (800, "ok", "good"),
        (810, "warn", "expires in"),
        (900, "bad", "expired"),
        (-30, "bad", "begins"),
    ],
)
def test_the_nodes_own_over_time(tmp_path: Path, days: int, verdict: str, word: str) -> None:
    """It lasts 825 days; the clock moves."""
    (found,) = check_certificate(made(tmp_path / "n", clock=ShiftedClock(days * DAY_S)))
    assert found.verdict == verdict
    assert word in found.evidence


@pytest.mark.parametrize("damage", ["gone", "key gone", "other key", "scribbled"])
def test_a_pair_that_cannot_be_used(tmp_path: Path, damage: str) -> None:
    """OpenSSL's own word is the evidence."""
    site = made(tmp_path / "n")
    other = made(tmp_path / "m")
    certificate, key = site.paths.tls / "certificate.pem", site.paths.tls / "key.pem"
    match damage:
        case "gone":
            certificate.unlink()
        case "key gone":
            key.unlink()
        case "other key":
            key.write_bytes((other.paths.tls / "key.pem").read_bytes())
        case "scribbled":
            certificate.write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    (found,) = check_certificate(site)
    assert found.verdict == "bad"
    assert "cannot be used" in found.evidence
    assert "it makes a new one" in found.remedy


def test_the_operators_own_is_renewed_by_the_operator(tmp_path: Path) -> None:
    """A certificate that really is over."""
    now = dt.datetime.now(dt.UTC)
    pair = make_self_signed(["box.example"], now - dt.timedelta(days=90), now - dt.timedelta(hours=1))
    store_pair(pair, tmp_path / "c.pem", tmp_path / "k.pem")
    lines = f'[http]\ncertificate_file = "{tmp_path}/c.pem"\ncertificate_key_file = "{tmp_path}/k.pem"'
    (found,) = check_certificate(site_of(settings_of(tmp_path / "n", lines)))
    assert found.verdict == "bad"
    assert "expired 60 min ago" in found.evidence
    assert "Renew it" in found.remedy


def test_without_a_tls_door_there_is_none(tmp_path: Path) -> None:
    """And nothing to say against it."""
    (found,) = check_certificate(site_of(settings_of(tmp_path / "n", '[http]\nlisten_tls = ""')))
    assert found.verdict == "ok"
    assert judge_certificate(None).verdict == "ok"
