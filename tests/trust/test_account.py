"""Accounts as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.errors import Refusal
from edge_node.base.ids import PublicKey
from edge_node.base.ss58 import format_ss58
from edge_node.trust.account import address_of, parse_account

ALICE = PublicKey(bytes.fromhex("2c1a7cde" * 8))


@given(st.binary(min_size=32, max_size=32), st.sampled_from([0, 42, 54, 16_383]))
def test_hex_and_every_network_s_address_mean_the_same_account(raw: bytes, prefix: int) -> None:
    """Whichever a person copied."""
    assert parse_account(raw.hex()) == parse_account("0x" + raw.hex().upper()) == PublicKey(raw)
    assert parse_account(format_ss58(raw, prefix)) == parse_account(address_of(raw)) == PublicKey(raw)


@pytest.mark.parametrize(
    "text", ["", "abc", "zz" * 32, "ab" * 31, address_of(ALICE)[:-1], address_of(ALICE) + "1", "é" * 48]
)
def test_a_slip_of_the_pen_is_found(text: str) -> None:
    """Too short, no digits, a checksum that does not hold: refused, never another account."""
    with pytest.raises(Refusal):
        parse_account(text)
