"""Endpoints of a chain as settings spell them: `own=ws://127.0.0.1:9944` (pure)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

ENDPOINTS_MAX = 16  # each is a connection that is kept, as in a specification
_RULE = re.compile(r"(?P<group>[a-z0-9][a-z0-9.-]{0,62})=(?P<url>wss?://[!-~]{1,2000})")


@dataclass(frozen=True, slots=True)
class EndpointRule:
    """One endpoint: who runs it, and where it is."""

    group: str
    url: str


def parse_endpoint(text: str) -> EndpointRule:
    """Read one; ValueError says what is wrong, without the address: there may be a key in it."""
    found = _RULE.fullmatch(text.strip())
    if found is None:
        raise ValueError("one is not a group's name, =, and an address that begins with ws:// or wss://")
    return EndpointRule(found["group"], found["url"])


def parse_endpoints(texts: Iterable[str]) -> tuple[EndpointRule, ...]:
    """Read all, in their order; ValueError for a wrong one, for two at one address, and for too many."""
    rules = tuple(parse_endpoint(text) for text in texts)
    if len({rule.url for rule in rules}) != len(rules):
        raise ValueError("two are at one address")
    if len(rules) > ENDPOINTS_MAX:
        raise ValueError(f"{ENDPOINTS_MAX} are the most")
    return rules
