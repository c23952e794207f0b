"""Slots of real headers, and digests that no chain of ours can hold."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.errors import LocalError
from edge_node.base.ids import Hash256
from edge_node.chain_light.babe import (
    VRF_BYTES,
    BadPreDigest,
    PreDigest,
    SlotKind,
    pre_digest_item,
    pre_digest_of,
    slot_begins_ms,
    slot_of,
)
from edge_node.chain_light.header import BABE, GRANDPA, DigestItem, DigestKind, Header, decode_header, genesis_header

CHAINS = json.loads((Path(__file__).parents[1] / "vectors/chain/light-sync-states.json").read_text())["chains"]
ROOT = Hash256(bytes(32))
PLAIN = PreDigest(SlotKind.SECONDARY_PLAIN, 3, 290_000_000)
# Slot numbers cut out of the headers by hand: eight bytes, little-endian, behind the kind and the index.
SLOTS = {"polkadot": "520d651100000000"}


def header_with(*items):
    return Header(ROOT, 1, ROOT, ROOT, items)


@pytest.mark.parametrize("name", CHAINS)
def test_slots_of_real_headers(name):
    """Every chain's header was made in a slot between 2024 and 2027, and its digest is written as it stood."""
    header = decode_header(bytes.fromhex(CHAINS[name]["header_scale"].removeprefix("0x")))
    digest = pre_digest_of(header)
    assert slot_of(header) == digest.slot
    assert 1_704_067_200_000 < slot_begins_ms(digest.slot, 6_000) < 1_798_761_600_000
    assert pre_digest_item(digest) == header.digest[0]
    if name in SLOTS:
        assert digest.slot == int.from_bytes(bytes.fromhex(SLOTS[name]), "little")


def test_the_first_block_has_no_slot():
    """Nobody made it; and what another engine says is not BABE's."""
    assert slot_of(genesis_header(ROOT)) is None
    assert slot_of(header_with(DigestItem(DigestKind.PRERUNTIME, GRANDPA, b"\x02"))) is None
    assert slot_of(header_with(DigestItem(DigestKind.CONSENSUS, BABE, b"\x02"))) is None


@settings(max_examples=40)
@given(st.sampled_from(SlotKind), st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1))
def test_round_trip(kind, authority, slot):
    """Each kind is read as it was written."""
    vrf = b"" if kind is SlotKind.SECONDARY_PLAIN else bytes(VRF_BYTES)
    digest = PreDigest(kind, authority, slot, vrf)
    assert pre_digest_of(header_with(pre_digest_item(digest))) == digest


PAYLOAD = pre_digest_item(PLAIN).payload
WRONG = {
    "empty": b"",
    "no such kind": b"\x00" + PAYLOAD[1:],
    "a kind above": b"\x04" + PAYLOAD[1:],
    "cut": PAYLOAD[:-1],
    "longer": PAYLOAD + b"\x00",
    "plain with a VRF": PAYLOAD + bytes(VRF_BYTES),
    "primary without one": b"\x01" + PAYLOAD[1:],
    "primary with half of one": b"\x01" + PAYLOAD[1:] + bytes(VRF_BYTES - 1),
}


@pytest.mark.parametrize("payload", WRONG.values(), ids=WRONG.keys())
def test_wrong_digests_are_refused(payload):
    """What is of no known form is not taken for a time."""
    with pytest.raises(BadPreDigest):
        slot_of(header_with(DigestItem(DigestKind.PRERUNTIME, BABE, payload)))


def test_two_digests_are_refused():
    """A block is made once."""
    item = pre_digest_item(PLAIN)
    with pytest.raises(BadPreDigest, match="2 of them"):
        slot_of(header_with(item, item))


def test_a_vrf_belongs_to_its_kind():
    """Our own code cannot write what it would not read."""
    with pytest.raises(LocalError):
        pre_digest_item(PLAIN._replace(vrf=bytes(VRF_BYTES)))
