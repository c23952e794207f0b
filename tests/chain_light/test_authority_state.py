"""What a chain spec says of the sets: a real one to its last byte, announcements in it, and what is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.errors import RemoteError
from edge_node.base.ids import Hash256
from edge_node.chain_light.authorities import encode_authorities
from edge_node.chain_light.authority_changes import Forced, Scheduled
from edge_node.chain_light.authority_state import (
    NESTING_MAX,
    STATE_BYTES_MAX,
    Announcement,
    decode_authority_state,
)
from edge_node.wire.scale import MalformedScale, compact, uint
from tests.chain_light.electorate import electorate, vector

HEAD = encode_authorities(electorate(4)) + uint(7, 8)
BLOCK = Hash256(b"\x11" * 32)
CHANGE = encode_authorities(electorate(2)) + uint(5, 4) + uint(10, 4) + BLOCK


def polkadot_state() -> tuple[bytes, dict]:
    """Polkadot's, in its spec as npm ships it."""
    facts = vector("light-sync-states")["chains"]["polkadot"]
    return bytes.fromhex(facts["authority_set_scale"].removeprefix("0x")), facts


def node(*then: bytes, change: bytes = CHANGE, kind: bytes = b"\x00") -> bytes:
    """One announcement in the tree."""
    return BLOCK + uint(10, 4) + change + kind + compact(len(then)) + b"".join(then)


def test_a_real_state_to_the_last_byte() -> None:
    """600 authorities, nothing pending, and where each of 2,755 sets ended."""
    raw, facts = polkadot_state()
    state = decode_authority_state(raw)
    assert (state.voters.id, len(state.voters.authorities)) == (facts["set_id"], facts["authority_count"])
    assert encode_authorities(state.voters.authorities).hex() == facts["authority_list_scale"]
    assert (state.standard, state.forced, state.best_finalized) == ((), (), facts["number"])
    assert len(state.set_changes) == facts["set_changes_total"]
    assert [list(change) for change in state.set_changes[:3]] == facts["set_changes_first3"]
    assert [list(change) for change in state.set_changes[-3:]] == facts["set_changes_last3"]


def test_a_real_state_with_a_changed_byte_is_another() -> None:
    """Nothing in it proves itself, but nothing is read over: each byte says something, or is refused."""
    raw, _ = polkadot_state()
    state = decode_authority_state(raw)
    for place in [*range(0, len(raw), 211), *range(24_000, 24_030)]:
        changed = raw[:place] + bytes((raw[place] ^ (1 << place % 8),)) + raw[place + 1 :]
        try:
            assert decode_authority_state(changed) != state
        except RemoteError:
            continue


def test_the_other_chain_has_its_list_only() -> None:
    """Westend's state is not in the file; its set changes count up to its set id."""
    facts = vector("light-sync-states")["chains"]["westend2"]
    assert facts["authority_set_scale"] is None
    assert facts["set_changes_total"] == facts["set_id"]


def test_announcements() -> None:
    """Standard ones hang in a tree, forced ones stand in a list."""
    forced = CHANGE + b"\x01" + uint(3, 4)
    raw = HEAD + compact(1) + node(node()) + b"\x01" + uint(9, 4) + compact(1) + forced + compact(0)
    state = decode_authority_state(raw)
    change = Scheduled(electorate(2), 5)
    assert state.standard == (Announcement(BLOCK, 10, change, (Announcement(BLOCK, 10, change),)),)
    assert state.forced == (Announcement(BLOCK, 10, Forced(3, change)),)
    assert (state.best_finalized, state.set_changes) == (9, ())


def nested(depth: int) -> bytes:
    """A state whose announcements hang below one another."""
    inner = node()
    for _ in range(depth):
        inner = node(inner)
    return HEAD + compact(1) + inner + b"\x00" + compact(0) * 2


def test_nesting_at_its_limit() -> None:
    """Deeper than any chain goes is refused, and no depth of it overflows anything."""
    assert len(decode_authority_state(nested(NESTING_MAX)).standard) == 1
    for depth in (NESTING_MAX + 1, 400):
        with pytest.raises(MalformedScale, match="nested deeper"):
            decode_authority_state(nested(depth))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        HEAD,
        HEAD + compact(0) + b"\x02" + compact(0) * 2,
        HEAD + compact(2**32 - 1) + bytes(100),
        HEAD + compact(0) + b"\x00" + compact(2**20) + bytes(100),
        HEAD + compact(0) + b"\x00" + compact(0) + compact(2**28) + bytes(100),
        HEAD + compact(0) + b"\x00" + compact(0) + compact(1) + bytes(13),
        HEAD + compact(1) + node(change=CHANGE[:-1] + b"\x12") + b"\x00" + compact(0) * 2,
        HEAD + compact(1) + node(kind=b"\x02") + b"\x00" + compact(0) * 2,
        bytes(STATE_BYTES_MAX + 1),
    ],
)
def test_no_state(raw: bytes) -> None:
    """Cut short, going on, huge counts, a block that is not its own, an unknown kind, too large."""
    with pytest.raises(RemoteError):
        decode_authority_state(raw)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(raw: bytes) -> None:
    """Only refusals leave."""
    for tail in (raw, HEAD + raw):
        try:
            decode_authority_state(tail)
        except RemoteError:
            continue
