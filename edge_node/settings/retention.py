"""Retention policies as settings spell them: a default, and rules `prefix age=30d bytes=10GiB keep=1000` (pure)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
UNITS_BYTES = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
NUMBER_MAX = 2**53 - 1  # beyond it JSON readers lose digits; 285 million years, 8 PiB

_PREFIX = re.compile(r"[a-z0-9][a-z0-9._/-]{0,126}")
_TERM = re.compile(r"(age|bytes|keep)=(\d{1,16})([A-Za-z]*)")
_UNITS = {"age": UNITS_S, "bytes": UNITS_BYTES, "keep": {"": 1}}


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPolicy:
    """How much of a stream is kept; None for `age_s` and `bytes_max` is no limit.

    A body may go when its age exceeds `age_s`, or when it and all newer bodies exceed `bytes_max`; the newest
    `events_min` events stay in any case.
    """

    age_s: int | None = None
    bytes_max: int | None = None
    events_min: int = 0

    @property
    def keeps_all(self) -> bool:
        """Whether nothing is ever removed."""
        return self.age_s is None and self.bytes_max is None

    def shown(self) -> dict[str, int | None] | None:
        """The policy as the doors show it; None for one that keeps everything."""
        if self.keeps_all:
            return None
        return {"age_s": self.age_s, "bytes": self.bytes_max, "events_min": self.events_min}

    def __str__(self) -> str:
        terms = [("age", self.age_s, "s"), ("bytes", self.bytes_max, ""), ("keep", self.events_min or None, "")]
        return " ".join(f"{name}={value}{unit}" for name, value, unit in terms if value is not None) or "for ever"


FOR_EVER = RetentionPolicy()


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """A policy for one stream and the streams below it."""

    prefix: str
    policy: RetentionPolicy

    def covers(self, stream: str) -> bool:
        """Whether the rule is about this stream: by whole segments, `a` covers `a/b`, never `ab`."""
        return stream == self.prefix or stream.startswith(self.prefix.rstrip("/") + "/")


def parse_rule(text: str) -> RetentionRule:
    """Read one rule; ValueError says what is wrong. A prefix alone keeps its streams for ever."""
    prefix, *terms = text.split() or [""]
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"{prefix!r} is no stream's name or its beginning")
    found: dict[str, int] = {}
    for term in terms:
        name, value = _parse_term(term)
        if name in found:
            raise ValueError(f"{name} stands twice")
        found[name] = value
    policy = RetentionPolicy(age_s=found.get("age"), bytes_max=found.get("bytes"), events_min=found.get("keep", 0))
    return RetentionRule(prefix, policy)


def parse_rules(texts: Iterable[str]) -> tuple[RetentionRule, ...]:
    """Read all rules; ValueError for a wrong one, and for two about the same prefix."""
    rules = tuple(parse_rule(text) for text in texts)
    prefixes = [rule.prefix.rstrip("/") for rule in rules]
    for prefix in prefixes:
        if prefixes.count(prefix) > 1:
            raise ValueError(f"two rules are about {prefix}")
    return rules


def choose_policy(default: RetentionPolicy, rules: Sequence[RetentionRule], stream: str) -> RetentionPolicy:
    """The policy of the longest prefix that covers `stream`, taken whole; else the default."""
    covering = [rule for rule in rules if rule.covers(stream)]
    return max(covering, key=lambda rule: len(rule.prefix)).policy if covering else default


def _parse_term(term: str) -> tuple[str, int]:
    found = _TERM.fullmatch(term)
    if found is None:
        raise ValueError(f"{term!r} is not age=, bytes= or keep= and a whole number")
    name, digits, unit = found.groups()
    units = _UNITS[name]
    if unit not in units:
        wanted = ", ".join(one for one in units if one) or "none"
        raise ValueError(f"{term!r} has the unit {unit or 'none'}; {name} takes {wanted}")
    value = int(digits) * units[unit]
    if not 1 <= value <= NUMBER_MAX:
        raise ValueError(f"{term!r} is not within 1 and 2^53; leave {name} out for no limit")
    return name, value
