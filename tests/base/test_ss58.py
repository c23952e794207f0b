"""SS58 addresses against the DDC SDK's keys and Substrate's accounts, against themselves, and against typing errors."""

import contextlib
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.base58 import decode_base58, encode_base58
from edge_node.base.errors import LocalError
from edge_node.base.ss58 import CERE_PREFIX, MalformedAddress, format_ss58, parse_ss58

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/ddc.json").read_text())["vectors"]
CERE = {v["id"]: (v["publicKeyHex"], v["addressSs58Prefix54"]) for v in VECTORS if "addressSs58Prefix54" in v}
# Substrate's well-known account //Alice, generic (42) and Polkadot (0).
ALICE = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"
WELL_KNOWN = {
    42: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
    0: "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5",
}

accounts = st.binary(min_size=32, max_size=32)
prefixes = st.integers(0, 16_383)


@pytest.mark.parametrize(("key_hex", "address"), CERE.values(), ids=CERE.keys())
def test_addresses_are_those_of_the_sdk(key_hex, address):
    """Each key of the SDK prints as its address and is read back from it."""
    assert format_ss58(bytes.fromhex(key_hex)) == address
    assert parse_ss58(address) == (CERE_PREFIX, bytes.fromhex(key_hex))


@pytest.mark.parametrize(("prefix", "address"), WELL_KNOWN.items())
def test_addresses_of_other_networks_are_read(prefix, address):
    """An account has one address per network, and the prefix says which."""
    assert parse_ss58(address) == (prefix, bytes.fromhex(ALICE))
    assert format_ss58(bytes.fromhex(ALICE), prefix) == address


@given(accounts, prefixes)
def test_addresses_round_trip(account, prefix):
    """Every account on every network prints and reads back."""
    assert parse_ss58(format_ss58(account, prefix)) == (prefix, account)


@given(accounts, prefixes, st.data())
def test_a_mistyped_address_is_refused(account, prefix, data):
    """One changed character is refused, or (once in 65,536) is at least not taken for the same account."""
    address = format_ss58(account, prefix)
    place = data.draw(st.integers(0, len(address) - 1))
    changed = address[:place] + data.draw(st.sampled_from("19AZazOl0 ")) + address[place + 1 :]
    with contextlib.suppress(MalformedAddress):
        assert changed == address or parse_ss58(changed) != (prefix, account)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    """Whatever the text, only MalformedAddress leaves, and what is read is written in no other way."""
    with contextlib.suppress(MalformedAddress):
        prefix, account = parse_ss58(text)
        assert format_ss58(account, prefix) == text


def resealed(body: bytes) -> str:
    """An address of any body, with the checksum it wants."""
    return encode_base58(body + hashlib.blake2b(b"SS58PRE" + body).digest()[:2])


@pytest.mark.parametrize(
    "address",
    [
        "",
        "1",
        "z" * 50,
        "z" * 51,
        "z" * 1_000_000,
        resealed(b"\x36" + bytes(31)),
        resealed(b"\x36" + bytes(33)),
        resealed(b"\x36"),
        resealed(b"\x80\x00" + bytes(32)),  # a first byte that no prefix has
        resealed(b"\xff\xff" + bytes(32)),
        resealed(b"\x4d\x80" + bytes(32)),  # 54 written in two bytes
    ],
    ids=lambda text: text[:12],
)
def test_hostile_addresses_are_refused(address):
    """Short, long, and second forms of a prefix are refused even with a matching checksum."""
    with pytest.raises(MalformedAddress) as refused:
        parse_ss58(address)
    assert (refused.value.status, refused.value.slug) == (400, "malformed-address")


def test_a_checksum_of_another_account_is_refused():
    """The last bytes belong to the account before them."""
    raw = bytearray(decode_base58(format_ss58(bytes(32)), characters_max=50))
    raw[5] ^= 1
    with pytest.raises(MalformedAddress, match="checksum"):
        parse_ss58(encode_base58(bytes(raw)))


@pytest.mark.parametrize(
    ("account", "prefix"), [(bytes(31), 54), (bytes(33), 54), (bytes(32), -1), (bytes(32), 16_384)]
)
def test_what_has_no_address_is_our_own_error(account, prefix):
    """Another length of account, or a prefix of more than 14 bits, is misuse by the caller."""
    with pytest.raises(LocalError):
        format_ss58(account, prefix)
