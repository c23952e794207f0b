"""What headers announce about the set: each kind byte by byte, which one counts, and what is no announcement."""

import pytest

from edge_node.chain_light.authority_changes import (
    Change,
    Disabled,
    Forced,
    Pause,
    Resume,
    Scheduled,
    change_item,
    changes_of,
    set_change_of,
)
from edge_node.chain_light.header import (
    BABE,
    GRANDPA,
    DigestItem,
    DigestKind,
    Header,
    decode_header,
    genesis_header,
)
from edge_node.wire.scale import MalformedScale, compact
from tests.chain_light.electorate import ROOT, block, electorate, vector

GENESIS = genesis_header(ROOT)
NOW, LATER = Scheduled(electorate(2), 0), Scheduled(electorate(3), 5)
FORCED = Forced(9, Scheduled(electorate(4), 7))
KEYS = b"".join(key + b"\x01" + bytes(7) for key, _ in electorate(2))


def announcing(*payloads: bytes, kind: DigestKind = DigestKind.CONSENSUS, engine: bytes = GRANDPA) -> Header:
    """A header with raw payloads."""
    return Header(GENESIS.parent, 1, ROOT, ROOT, tuple(DigestItem(kind, engine, payload) for payload in payloads))


@pytest.mark.parametrize(
    ("change", "payload"),
    [
        (NOW, b"\x01\x08" + KEYS + bytes(4)),
        (Forced(0x0102, NOW), b"\x02\x02\x01\x00\x00\x08" + KEYS + bytes(4)),
        (Disabled(3), b"\x03\x03" + bytes(7)),
        (Pause(4), b"\x04\x04" + bytes(3)),
        (Resume(5), b"\x05\x05" + bytes(3)),
    ],
)
def test_each_kind_byte_by_byte(change: Change, payload: bytes) -> None:
    """Written and read; cut short, or going on, it is no announcement."""
    assert change_item(change) == DigestItem(DigestKind.CONSENSUS, GRANDPA, payload)
    assert changes_of(announcing(payload)) == (change,)
    for cut in range(len(payload)):
        with pytest.raises(MalformedScale):
            changes_of(announcing(payload[:cut]))
    with pytest.raises(MalformedScale):
        changes_of(announcing(payload + b"\x00"))


def test_changes_in_headers_that_smoldot_accepted() -> None:
    """Sets of 7 and 10 follow, at once; the last header announces nothing."""
    headers = [
        decode_header(bytes.fromhex(fragment["header"])) for fragment in vector("synthetic-warp-proof")["fragments"]
    ]
    seven, ten, nothing = (set_change_of(header) for header in headers)
    assert isinstance(seven, Scheduled)
    assert isinstance(ten, Scheduled)
    assert (len(seven.authorities), seven.delay) == (7, 0)
    assert (len(ten.authorities), ten.delay) == (10, 0)
    assert nothing is None


def test_the_first_scheduled_change_counts_and_a_forced_one_before_all() -> None:
    """As nodes choose when a block announces several."""
    assert set_change_of(block(GENESIS, Disabled(1), LATER, NOW)) == LATER
    assert set_change_of(block(GENESIS, LATER, FORCED, NOW)) == FORCED
    assert set_change_of(block(GENESIS, Pause(1), Resume(1), Disabled(1))) is None
    assert changes_of(block(GENESIS, Pause(1), LATER)) == (Pause(1), LATER)


def test_other_engines_and_kinds_announce_nothing() -> None:
    """What BABE says, or who sealed the block, is no matter of the set; nor is a kind from the future."""
    payload = change_item(NOW).payload
    assert changes_of(announcing(payload, engine=BABE)) == ()
    assert changes_of(announcing(payload, kind=DigestKind.PRERUNTIME)) == ()
    assert changes_of(announcing(payload, kind=DigestKind.SEAL)) == ()
    assert changes_of(announcing(b"\x06anything", b"\x00", payload)) == (NOW,)


def test_a_count_without_its_bytes_costs_nothing() -> None:
    """A huge list in few bytes is refused."""
    for count in (2, 10_000, 2**32 - 1):
        with pytest.raises(MalformedScale):
            changes_of(announcing(b"\x01" + compact(count) + bytes(44)))
