"""Buckets as settings spell them: `7 owner=<SS58 address or 64 hex digits> public` (pure)."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from edge_node.base.limits import NUMBER_EXACT_IN_JSON
from edge_node.base.ss58 import MalformedAddress, parse_ss58

BUCKET_MAX = NUMBER_EXACT_IN_JSON - 1  # a chain counts its buckets from 1
OWN_VAULT = "node"
_ID = re.compile(r"0|[1-9][0-9]{0,15}")
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class BucketRule:
    """One bucket: its number, its owner's account (32 bytes; None: this node's own vault), whether anybody may read."""

    id: int
    owner: bytes | None
    public: bool


def parse_bucket(text: str) -> BucketRule:
    """Read one rule; ValueError says what is wrong. Terms stand in any order behind the number."""
    number, *terms = text.split() or [""]
    if not _ID.fullmatch(number) or int(number) > BUCKET_MAX:
        raise ValueError(f"{number!r} is no bucket's number")
    public = terms.count("public")
    owners = [term.removeprefix("owner=") for term in terms if term.startswith("owner=")]
    if len(owners) != 1 or public > 1 or len(terms) != 1 + public:
        raise ValueError(f"bucket {number} wants owner= once and may have public, nothing else")
    return BucketRule(int(number), _parse_owner(owners[0]), bool(public))


def parse_buckets(texts: Iterable[str]) -> tuple[BucketRule, ...]:
    """Read all rules; ValueError for a wrong one, and for two about the same bucket."""
    rules = tuple(parse_bucket(text) for text in texts)
    for number, count in Counter(rule.id for rule in rules).items():
        if count > 1:
            raise ValueError(f"two rules are about bucket {number}")
    return rules


def _parse_owner(text: str) -> bytes | None:
    if text == OWN_VAULT:
        return None
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    # A slip of the pen must be found before the node starts: a bucket of an account that nobody has refuses everybody.
    try:
        return parse_ss58(text)[1]
    except MalformedAddress as malformed:
        raise ValueError(f"owner={text} is neither {OWN_VAULT} nor 64 lower-case hex digits, and {malformed}") from None
