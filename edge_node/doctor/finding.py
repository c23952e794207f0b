"""What one check found: evidence, a verdict, and what to do about it."""

import enum
from collections.abc import Iterable
from typing import Any

import msgspec


class Verdict(enum.StrEnum):
    """How well it is; UNKNOWN: it could not be looked at, which is not well."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARN = "warn"
    BAD = "bad"


_GRAVITY = {Verdict.OK: 0, Verdict.UNKNOWN: 1, Verdict.WARN: 2, Verdict.BAD: 3}
EXIT_CODES = {Verdict.OK: 0, Verdict.UNKNOWN: 1, Verdict.WARN: 1, Verdict.BAD: 2}


class Finding(msgspec.Struct, frozen=True):
    """One sentence of evidence and its verdict. `check` is `subject.what`, `facts` are the figures it rests on."""

    check: str
    verdict: Verdict
    evidence: str
    remedy: str = ""
    facts: dict[str, Any] = {}

    @property
    def subject(self) -> str:
        """What was looked at: `disk` of `disk.free`."""
        return self.check.partition(".")[0]


def worst(findings: Iterable[Finding]) -> Verdict:
    """The gravest verdict; OK of none."""
    return max((finding.verdict for finding in findings), key=_GRAVITY.__getitem__, default=Verdict.OK)


def ok(check: str, evidence: str, **facts: Any) -> Finding:
    """All is well."""
    return Finding(check, Verdict.OK, evidence, facts=facts)


def unknown(check: str, evidence: str, remedy: str, **facts: Any) -> Finding:
    """It could not be looked at."""
    return Finding(check, Verdict.UNKNOWN, evidence, remedy, facts)


def warn(check: str, evidence: str, remedy: str, **facts: Any) -> Finding:
    """It works, and something should be done."""
    return Finding(check, Verdict.WARN, evidence, remedy, facts)


def bad(check: str, evidence: str, remedy: str, **facts: Any) -> Finding:
    """It does not work, or will not for long."""
    return Finding(check, Verdict.BAD, evidence, remedy, facts)


def in_bytes(count: int) -> str:
    """A size for people: `3.2 GiB`."""
    size, unit = float(count), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{count} bytes" if unit == "bytes" else f"{size:.1f} {unit}"


def in_time(seconds: float) -> str:
    """A span for people: `45 s`, `12 min`, `3.5 h`, `8 days`."""
    for limit, size, unit in ((120, 1, "s"), (7_200, 60, "min"), (172_800, 3_600, "h")):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} days"
