"""The TLS certificate: there, with its key, in its time, and vouched for if it is the node's own."""

import datetime as dt
import errno
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from edge_node.doctor.finding import Finding, bad, in_time, ok, warn
from edge_node.doctor.site import Site
from edge_node.serving import CertificateUnusable, TlsIdentity

WARN_DAYS = 21  # time to order another; automatic renewal of public ones comes at 30
_OWN = "Restart the node: it makes a new one; devices that pinned the old fingerprint need the new one."
_THEIRS = "Renew it and put the files in place; `systemctl reload edge-node` (SIGHUP) loads them."


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """Times are aware (UTC). `own`: made by the node itself; `problem` when it cannot be used at all."""

    file: str
    own: bool
    now: dt.datetime
    begins: dt.datetime | None = None
    ends: dt.datetime | None = None
    problem: str = ""


def probe_certificate(site: Site) -> CertificateFacts | None:
    """Load the pair as the door would; None without a TLS door. PermissionError for who may not read it."""
    http = site.settings.http
    if not http.listen_tls:
        return None
    own = not http.certificate_file
    file = site.paths.tls / "certificate.pem" if own else Path(http.certificate_file)
    key = site.paths.tls / "key.pem" if own else Path(http.certificate_key_file)
    now = dt.datetime.fromtimestamp(site.clock.now_ms() / 1_000, dt.UTC)
    for each in (file, key):
        if each.exists() and not os.access(each, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(each))
    try:
        TlsIdentity(file, key)
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except (CertificateUnusable, ValueError) as error:
        return CertificateFacts(file=str(file), own=own, now=now, problem=getattr(error, "why", "") or str(error))
    return CertificateFacts(
        file=str(file), own=own, now=now,
        begins=certificate.not_valid_before_utc, ends=certificate.not_valid_after_utc,
    )  # fmt: skip


def judge_certificate(facts: CertificateFacts | None) -> Finding:
    """One finding."""
    check = "certificate.tls"
    if facts is None:
        return ok(check, "no TLS door is set")
    remedy = _OWN if facts.own else _THEIRS
    if facts.begins is None or facts.ends is None:
        return bad(check, f"{facts.file} and its key cannot be used: {facts.problem}", remedy)
    left_s = (facts.ends - facts.now).total_seconds()
    figures = {"file": facts.file, "ends": facts.ends.isoformat(), "days_left": int(left_s // 86_400)}
    if facts.now < facts.begins:
        early = in_time((facts.begins - facts.now).total_seconds())
        return bad(check, f"{facts.file} begins only in {early}", f"See that the clock is right. {remedy}", **figures)
    if left_s <= 0:
        return bad(check, f"{facts.file} expired {in_time(-left_s)} ago", remedy, **figures)
    if left_s < WARN_DAYS * 86_400:
        return warn(check, f"{facts.file} expires in {in_time(left_s)}", remedy, **figures)
    return ok(check, f"{facts.file} is good for {in_time(left_s)}", **figures)


def check_certificate(site: Site) -> list[Finding]:
    """Probe and judge."""
    return [judge_certificate(probe_certificate(site))]
