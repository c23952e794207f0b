"""Accounts as people write them: 64 hex digits, or an SS58 address of whichever network."""

from edge_node.base.ids import PublicKey
from edge_node.base.ss58 import format_ss58, parse_ss58

_HEX_DIGITS = 2 * PublicKey.size


def parse_account(text: str) -> PublicKey:
    """The account's 32 bytes; MalformedId for wrong hex, MalformedAddress for any other text that is none.

    `0x` before hex is as the SDK writes it. The network of an address is not looked at: an account is the same on all.
    """
    plain = text.removeprefix("0x").lower()
    return PublicKey.parse(plain) if len(plain) == _HEX_DIGITS else PublicKey(parse_ss58(text)[1])


def address_of(account: bytes) -> str:
    """The address of a 32-byte account on the Cere network, as the SDK shows it."""
    return format_ss58(account)
