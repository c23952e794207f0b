"""Storage keys: as other implementations make them, read back, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.chain_light.metadata_parts import Hasher
from edge_node.chain_light.storage_key import (
    ForeignKey,
    KeyNotKept,
    hash_key,
    item_prefix,
    prefix_of,
    split_key,
    storage_key,
    twox,
    value_of,
)
from edge_node.chain_light.values import ValueMisfit
from edge_node.wire.scale import MalformedScale
from tests.chain_light.runtimes import JS, metadata_of, mini_metadata

MINI = mini_metadata()
ALICE = bytes.fromhex("d43593c715fdd31c61141abd04a99fd6822c8557854ccde39a5684e7a56da27d")
GIVEN = {
    "System.Account(alice)": (ALICE,),
    "System.BlockHash(7)": (7,),
    "System.Number": (),
    "System.Events": (),
    "Contracts.CodeInfoOf(0x22..)": (b"\x22" * 32,),
    "Staking.ErasStakersOverview(1,alice)": (1, ALICE),
    "Staking.Bonded(alice)": (ALICE,),
    "Multisig.Multisigs(alice,0x22..)": (ALICE, b"\x22" * 32),
}
PAIRS, BALANCE, WHOLE, HIDDEN = (MINI.find_storage("Bank", name) for name in ("Pairs", "Balance", "Whole", "Hidden"))


@pytest.mark.parametrize("vector", JS["keys"], ids=lambda vector: f"{vector['chain']} {vector['label']}")
def test_keys_are_those_of_another_implementation(vector):
    """On two public chains, with each of the hashers they use; read back, they give what was put in."""
    pallet, name = vector["label"].partition("(")[0].split(".")
    item, keys = metadata_of(vector["chain"]).find_storage(pallet, name), GIVEN[vector["label"]]
    raw = bytes.fromhex(vector["key"][2:])
    assert storage_key(item, *keys) == raw
    assert split_key(item, raw) == keys
    for some in range(len(keys)):
        assert raw.startswith(prefix_of(item, *keys[:some]))


@pytest.mark.parametrize(
    ("prefix", "name", "raw"),
    [
        ("Babe", "Authorities", "1cb6f36e027abb2091cfb5110ab5087f5e0621c4869aa60c02be9adcc98a0d1d"),
        ("Grandpa", "CurrentSetId", "5f9cc45b7a00c5899361e1c6099678dc8a2d09463effcc78a22d75b9cb87dffc"),
        ("DdcNodes", "StorageNodes", "05b252b2f11d3659f9c143f141249f05834236d0c6681de0896f077c3b4797de"),
        ("DdcClusters", "Clusters", "44a9b62733d623fbf5392ceeaabc54d4554857e1c3a69e607837e04b13b95f60"),
    ],
)
def test_well_known_prefixes(prefix, name, raw):
    """Two hashes of names."""
    assert item_prefix(prefix, name).hex() == raw


@pytest.mark.parametrize(
    ("hasher", "raw"),
    [
        (Hasher.TWOX_64_CONCAT, "990977adf52cbc44616263"),
        (Hasher.TWOX_128, "990977adf52cbc440889329981caa9be"),
        (Hasher.TWOX_256, "990977adf52cbc440889329981caa9bef7da5770b2b8a05303b75d95360dd62b"),
        (Hasher.BLAKE2_128, "cf4ab791c62b8d2b2109c90275287816"),
        (Hasher.BLAKE2_128_CONCAT, "cf4ab791c62b8d2b2109c90275287816616263"),
        (Hasher.BLAKE2_256, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
        (Hasher.IDENTITY, "616263"),
    ],
)
def test_hashers_by_example(hasher, raw):
    """Of "abc": the twox values and the BLAKE2 ones are @polkadot/util-crypto's."""
    assert hash_key(hasher, b"abc").hex() == raw


@given(st.integers(0, 2**32 - 1), st.binary(min_size=32, max_size=32))
def test_keys_come_back(number, account):
    """Parts with one hasher each, and a pair under one hasher."""
    assert split_key(PAIRS, storage_key(PAIRS, number, account)) == (number, account)
    assert split_key(WHOLE, storage_key(WHOLE, (number, account))) == ((number, account),)


@pytest.mark.parametrize("keys", [(), (1,), (1, ALICE, 2), ("1", ALICE), (1, ALICE[:31])])
def test_keys_of_another_form_are_refused(keys):
    """Each hasher has its key, in its type; the item is named."""
    with pytest.raises(ValueMisfit, match=r"Vault\.Pairs"):
        storage_key(PAIRS, *keys)


def test_a_prefix_takes_fewer_keys_but_not_more():
    """None is the whole item."""
    assert prefix_of(PAIRS) == item_prefix("Vault", "Pairs")
    assert storage_key(PAIRS, 1, ALICE).startswith(prefix_of(PAIRS, 1))
    with pytest.raises(ValueMisfit):
        prefix_of(PAIRS, 1, ALICE, 2)


def test_a_key_of_something_else_is_refused():
    """Another item's, a hash that is not the key's, one cut short or too long."""
    raw = storage_key(BALANCE, ALICE)
    with pytest.raises(ForeignKey, match="begins otherwise"):
        split_key(PAIRS, raw)
    for place in range(32, len(raw)):
        with pytest.raises(ForeignKey, match="a hash is not"):
            split_key(BALANCE, raw[:place] + bytes((raw[place] ^ 1,)) + raw[place + 1 :])
    for end in (raw[:20], raw[:40], raw[:-1], raw + b"\0"):
        with pytest.raises((ForeignKey, MalformedScale)):
            split_key(BALANCE, end)


def test_a_hash_alone_keeps_no_key():
    """It can be asked for, and not read back."""
    with pytest.raises(KeyNotKept):
        split_key(HIDDEN, storage_key(HIDDEN, ALICE))


def test_what_is_not_there():
    """Absent is None, or the runtime's default: never a default of ours."""
    number, events = MINI.find_storage("System", "Number"), MINI.find_storage("System", "Events")
    assert (value_of(number, None), value_of(number, b"\1\0\0\0")) == (7, 1)
    assert (value_of(events, None), value_of(events, b"\4a")) == (None, b"a")
    with pytest.raises(MalformedScale):
        value_of(number, b"\1\0\0")


def test_twox_grows_by_words():
    """A longer one begins with the shorter."""
    assert twox(b"abc", 32)[:16] == twox(b"abc", 16)
    assert twox(b"abc", 16)[:8] == twox(b"abc", 8)
