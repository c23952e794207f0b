"""SS58 addresses of 32-byte accounts, with a prefix of one or two bytes (Substrate, "SS58 Address Format")."""

import hashlib

from edge_node.base.base58 import MalformedBase58, decode_base58, encode_base58
from edge_node.base.errors import LocalError, RemoteError

CERE_PREFIX = 54
ACCOUNT_BYTES = 32
_CHECK_BYTES = 2
_ONE_BYTE_PREFIXES = 64  # a first byte from 64 to 127 says that the prefix has two bytes
_TWO_BYTE_PREFIXES = 1 << 14
_CHARACTERS_MAX = 50  # 2 + 32 + 2 bytes are at most 50 digits


class MalformedAddress(RemoteError):
    """Text is not the SS58 address of a 32-byte account; `why` says which rule broke."""

    slug = "malformed-address"
    status = 400
    remedy = "Copy the whole address from the wallet: its last characters are a checksum."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not an SS58 address: {why}")


def format_ss58(account: bytes, prefix: int = CERE_PREFIX) -> str:
    """The address of a 32-byte `account` on the network `prefix` (0 to 16,383); LocalError for other arguments."""
    if len(account) != ACCOUNT_BYTES or not 0 <= prefix < _TWO_BYTE_PREFIXES:
        raise LocalError(f"no address has {len(account)} bytes of account and prefix {prefix}")
    body = _prefix_bytes(prefix) + account
    return encode_base58(body + _checksum(body))


def parse_ss58(text: str) -> tuple[int, bytes]:
    """The network prefix and the account of an address; MalformedAddress for any other text."""
    try:
        raw = decode_base58(text, characters_max=_CHARACTERS_MAX)
    except MalformedBase58 as malformed:
        raise MalformedAddress(malformed.why) from None
    head = 2 if raw[:1] >= bytes((_ONE_BYTE_PREFIXES,)) else 1
    if len(raw) != head + ACCOUNT_BYTES + _CHECK_BYTES:
        raise MalformedAddress(f"{len(raw)} bytes, where an account of 32 wants {head + ACCOUNT_BYTES + _CHECK_BYTES}")
    body = raw[:-_CHECK_BYTES]
    if raw[-_CHECK_BYTES:] != _checksum(body):
        raise MalformedAddress("its checksum does not match")
    prefix = _prefix_of(body[:head])
    # Two bytes for a prefix that fits in one would give an account a second address, as would a first byte above 127.
    if _prefix_bytes(prefix) != body[:head]:
        raise MalformedAddress("its prefix is not in its only form")
    return prefix, body[head:]


def _prefix_bytes(prefix: int) -> bytes:
    if prefix < _ONE_BYTE_PREFIXES:
        return bytes((prefix,))
    return bytes((((prefix & 0xFC) >> 2) | 0x40, (prefix >> 8) | ((prefix & 0x03) << 6)))


def _prefix_of(head: bytes) -> int:
    if len(head) == 1:
        return head[0]
    return ((head[0] & 0x3F) << 2) | (head[1] >> 6) | ((head[1] & 0x3F) << 8)


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(b"SS58PRE" + body).digest()[:_CHECK_BYTES]
