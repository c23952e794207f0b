"""Buckets as settings spell them: `7 owner=<SS58 address or 64 hex digits> public` (pure)."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

BUCKET_MAX = 2**53 - 1  # beyond it JSON readers lose digits; a chain counts its buckets from 1
OWN_VAULT = "node"
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ID = re.compile(r"0|[1-9][0-9]{0,15}")
_HEX = re.compile(r"[0-9a-f]{64}")
_ADDRESS = re.compile(rf"[{_ALPHABET}]{{1,50}}")
_ACCOUNT_BYTES, _CHECK_BYTES = 32, 2


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
    numbers = [rule.id for rule in rules]
    for number in numbers:
        if numbers.count(number) > 1:
            raise ValueError(f"two rules are about bucket {number}")
    return rules


def _parse_owner(text: str) -> bytes | None:
    if text == OWN_VAULT:
        return None
    return bytes.fromhex(text) if _HEX.fullmatch(text) else _parse_address(text)


def _parse_address(text: str) -> bytes:
    # The doors read addresses with wire/ss58, which settings stand beside and not on. A slip of the pen must be found
    # here all the same, before the node starts: a bucket of an account that nobody has refuses everybody.
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"owner={text} is neither an address nor 64 lower-case hex digits nor {OWN_VAULT}")
    value = 0
    for digit in text:
        value = value * 58 + _ALPHABET.index(digit)
    zeros = len(text) - len(text.lstrip(_ALPHABET[0]))  # each stands for a byte of zero
    raw = bytes(zeros) + value.to_bytes((value.bit_length() + 7) // 8, "big")
    head = 2 if raw[0] >= 64 else 1
    if len(raw) != head + _ACCOUNT_BYTES + _CHECK_BYTES or raw[0] >= 128:
        raise ValueError(f"owner={text} is not the address of a 32-byte account")
    body, check = raw[:-_CHECK_BYTES], raw[-_CHECK_BYTES:]
    if hashlib.blake2b(b"SS58PRE" + body).digest()[:_CHECK_BYTES] != check:
        raise ValueError(f"owner={text} has a wrong checksum; copy the address again")
    return body[head:]
