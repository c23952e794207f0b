"""Metadata pins against independent vectors, and against every changed document."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.errors import Refusal
from edge_node.base.ids import Hash256, PublicKey
from edge_node.chain_light.metadata_bytes import metadata_hash
from edge_node.chain_light.metadata_pin import (
    HASHES_MAX,
    MetadataPin,
    Runtime,
    merge_metadata_pins,
    open_metadata_pin,
    sign_metadata_pin,
)
from edge_node.chain_light.metadata_pin_errors import MalformedPin, PinFromFuture, PinNotTrusted
from edge_node.chain_light.vouching import AHEAD_MAX_MS, Signers, VouchKeys
from edge_node.trust.signing_key import SigningKey

FILE = json.loads((Path(__file__).parents[1] / "vectors/chain/metadata-pin.json").read_text())
JUDGED = FILE["judged"]
RELEASE = [SigningKey.from_seed(bytes([number]) * 32) for number in (11, 12, 13)]
OPERATOR = SigningKey.from_seed(bytes([14]) * 32)
KEYS = VouchKeys(
    release=frozenset(PublicKey.parse(key) for key in JUDGED["release_hex"]),
    operator=PublicKey.parse(JUDGED["operator_hex"]),
)
GENESIS, NOW = Hash256.parse(JUDGED["genesis_hex"]), JUDGED["now_ms"]
GOOD = MetadataPin.from_payload(json.loads(FILE["vectors"][0]["payload"]))
HASHES = st.binary(min_size=32, max_size=32).map(Hash256)


def opened(raw, *, keys=KEYS, genesis=GENESIS, now_ms=NOW):
    return open_metadata_pin(raw, keys=keys, genesis=genesis, now_ms=now_ms)


@pytest.mark.parametrize("vector", FILE["vectors"], ids=lambda vector: vector["case"])
def test_vectors(vector):
    """Each is believed, for whom it says, and our writer makes the same payload of it."""
    found = opened(vector["envelope"].encode())
    assert (found.by, found.digest.hex()) == (vector["by"], vector["digest_hex"])
    assert found.pin.to_payload() == json.loads(vector["payload"])
    assert found.pin.revokes is (vector["case"] == "taken back")


@pytest.mark.parametrize("case", FILE["refused"], ids=lambda case: case["why"])
def test_hostile_documents_are_refused(case):
    """Each is refused for what it is refused for, and its words can be shown on any terminal."""
    with pytest.raises(Refusal) as refused:
        opened(case["envelope"].encode())
    assert refused.value.slug == case["slug"]
    assert str(refused.value).isprintable()


def test_our_signatures_are_the_vectors():
    """Our document of the first vector is that vector byte for byte."""
    assert sign_metadata_pin(GOOD, RELEASE[:2]) == FILE["vectors"][0]["envelope"].encode()


def test_the_hashes_are_of_the_bytes():
    """BLAKE2b-256 of metadata as it comes, and of what is under `:code`."""
    assert sorted(metadata_hash(bytes.fromhex(one)) for one in FILE["metadata_hex"]) == list(GOOD.metadata)
    assert metadata_hash(bytes.fromhex(FILE["code_hex"])) == GOOD.runtime.code


@given(HASHES, st.integers(0, 2**32 - 1), HASHES, st.sets(HASHES, max_size=HASHES_MAX), st.integers(0, 2**53 - 1),
       st.integers(1, 2**53 - 1))  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_what_is_written_is_read(genesis, version, code, hashes, issued, counter):
    """Any pin, signed and opened."""
    pin = MetadataPin(
        runtime=Runtime(genesis, version, code), metadata=tuple(sorted(hashes)), issued_ms=issued, counter=counter
    )
    found = opened(sign_metadata_pin(pin, [OPERATOR]), genesis=None, now_ms=None)
    assert (found.pin, found.by) == (pin, Signers.OPERATOR)


@pytest.mark.parametrize(
    "changes",
    [{"counter": 0}, {"counter": 2**53}, {"issued_ms": -1}, {"issued_ms": 2**53}, {"metadata": GOOD.metadata[::-1]},
     {"metadata": GOOD.metadata[:1] * 2}, {"runtime": GOOD.runtime._replace(spec_version=2**32)},
     {"runtime": GOOD.runtime._replace(spec_version=-1)},
     {"metadata": tuple(Hash256(bytes([n]) * 32) for n in range(HASHES_MAX + 1))}],
    ids=str,
)  # fmt: skip
def test_what_no_reader_would_take_cannot_be_made(changes):
    """The same rules for who writes one."""
    with pytest.raises(MalformedPin):
        replace(GOOD, **changes)


def test_every_changed_byte_is_refused():
    """Of the envelope as it came: nothing of it can be altered by who carries it."""
    raw = sign_metadata_pin(GOOD, RELEASE[:2])
    for place in range(len(raw)):
        with pytest.raises(Refusal):
            opened(raw[:place] + bytes((raw[place] ^ 1,)) + raw[place + 1 :])


def test_time():
    """It holds from the moment it was issued, less what clocks differ by, and does not grow old."""
    raw = sign_metadata_pin(GOOD, RELEASE[:2])
    for now_ms in (GOOD.issued_ms - AHEAD_MAX_MS, NOW + 10**13, None):
        opened(raw, now_ms=now_ms)
    with pytest.raises(PinFromFuture):
        opened(raw, now_ms=GOOD.issued_ms - AHEAD_MAX_MS - 1)


def test_two_places_sign_one_pin():
    """Each alone convinces nobody; joined they do."""
    parts = [sign_metadata_pin(GOOD, [key]) for key in RELEASE[1:]]
    for part in parts:
        with pytest.raises(PinNotTrusted):
            opened(part)
    assert opened(merge_metadata_pins(parts)).by is Signers.RELEASE
