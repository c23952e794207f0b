"""Warp proofs: one that smoldot took, every changed byte of it, and how far a proof with a bad fragment leads."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.ids import Hash256
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.authorities import AuthoritySet
from edge_node.chain_light.authority_changes import Forced, Scheduled
from edge_node.chain_light.finality_errors import (
    BeyondHandOff,
    EmptyWarp,
    ForcedChangeSeen,
    NoSetChange,
    OtherBlock,
    TooFewVotes,
    UnfitAuthorities,
    WarpBroken,
)
from edge_node.chain_light.header import Header, encode_header, hash_header
from edge_node.chain_light.justification import Justification, encode_justification
from edge_node.chain_light.warp import WARP_BYTES_MAX, WarpOutcome, verify_fragment, verify_warp
from edge_node.wire.scale import MalformedScale, compact
from tests.chain_light.electorate import accepted_warp, block, blocks, electorate, genesis, justify, vector

START = genesis(4)
Fragments = Sequence[tuple[Header, Justification]]


def written(fragments: Fragments, *, finished: bool) -> bytes:
    """A proof as its sender writes it."""
    parts = [encode_header(header) + encode_justification(justification) for header, justification in fragments]
    return compact(len(parts)) + b"".join(parts) + bytes((finished,))


def follow(raw: bytes, anchor: Anchor = START, fragments_max: int = 100) -> WarpOutcome:
    """Verify it all."""
    return verify_warp(anchor, raw, fragments_max=fragments_max)


def broken(raw: bytes, anchor: Anchor = START) -> WarpBroken:
    """Why a proof is refused."""
    with pytest.raises(WarpBroken) as refused:
        follow(raw, anchor)
    return refused.value


def hand_overs(count: int, *, delay: int = 0) -> tuple[list[tuple[Header, Justification]], list[Header]]:
    """Fragments through `count` sets of four, each announced by its predecessor's last block, and the blocks."""
    fragments, tip = [], START.header
    for number in range(count):
        tip = block(tip, Scheduled(electorate(4, first=10 * (number + 1)), delay))
        signers = [10 * number + n for n in range(3)]
        fragments.append((tip, justify(tip, signers, set_id=number)))
    return fragments, [header for header, _ in fragments]


# --- the accepted one


def test_the_accepted_proof_leads_to_its_end() -> None:
    """Sets of 4, 7 and 10 up to block 600: what an independent client took, whole."""
    raw, anchor = accepted_warp()
    facts = vector("synthetic-warp-proof")
    assert anchor.hash == Hash256.parse(facts["genesis_hash"])
    outcome = follow(raw, anchor)
    assert (outcome.finished, outcome.accepted) == (True, 3)
    assert outcome.anchor.hash == Hash256.parse(facts["fragments"][2]["hash"])
    assert (outcome.anchor.header.number, outcome.anchor.voters.id) == (600, 2)
    assert len(outcome.anchor.voters.authorities) == 10


def test_no_byte_of_the_accepted_proof_may_change() -> None:
    """Each byte is needed; what stands before the changed fragment is still progress."""
    raw, anchor = accepted_warp()
    facts = vector("synthetic-warp-proof")["fragments"]
    sizes = [len(bytes.fromhex(fragment["header"] + fragment["justification"])) for fragment in facts]
    starts = [1, 1 + sizes[0], 1 + sizes[0] + sizes[1]]
    hashes = [Hash256.parse(fragment["hash"]) for fragment in facts]
    for place in range(len(raw)):
        changed = raw[:place] + bytes((raw[place] ^ (1 << place % 8),)) + raw[place + 1 :]
        refused = broken(changed, anchor)
        before = max(0, sum(start <= place for start in starts) - 1)
        if place:  # the first byte counts the fragments
            assert refused.accepted == before
        assert refused.anchor.hash == (hashes[refused.accepted - 1] if refused.accepted else anchor.hash)


def test_the_accepted_proof_cut_short() -> None:
    """Wherever it ends too early; and nothing follows its end."""
    raw, anchor = accepted_warp()
    for cut in range(0, len(raw), 7):
        assert broken(raw[:cut], anchor).accepted <= 2
    assert isinstance(broken(raw + b"\x00", anchor).cause, MalformedScale)


def test_the_accepted_proof_from_another_set() -> None:
    """Another set id, another first set: nothing of it verifies."""
    raw, anchor = accepted_warp()
    others = (AuthoritySet(1, anchor.voters.authorities), AuthoritySet(0, electorate(4)))
    for voters in others:
        refused = broken(raw, Anchor(anchor.header, voters))
        assert isinstance(refused.cause, TooFewVotes)
        assert refused.accepted == 0


# --- progress


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 6), st.booleans())
def test_as_far_as_it_goes(count: int, finished: bool) -> None:
    """Any number of hand-overs, and where finished a block of the last set."""
    fragments, headers = hand_overs(count)
    if finished and count:
        tip = blocks(headers[-1], 3)[-1]
        fragments.append((tip, justify(tip, [10 * count + n for n in range(3)], set_id=count)))
    if not (finished or fragments):
        return
    outcome = follow(written(fragments, finished=finished))
    assert (outcome.finished, outcome.accepted) == (finished, len(fragments))
    assert outcome.anchor.voters.id == count
    if fragments:
        assert outcome.anchor.header == fragments[-1][0]


def test_an_empty_finished_proof_is_no_progress_and_no_error() -> None:
    """Its sender has nothing newer."""
    assert follow(b"\x00\x01") == WarpOutcome(START, finished=True, accepted=0)


def test_an_empty_proof_with_more_to_come_is_refused() -> None:
    """It would be asked for again, for ever."""
    refused = broken(b"\x00\x00")
    assert isinstance(refused.cause, EmptyWarp)
    assert refused.anchor is START


def test_a_forged_fragment_in_the_middle() -> None:
    """What leads up to it is kept; nothing after it is looked at."""
    fragments, headers = hand_overs(4)
    forged = block(headers[1], Scheduled(electorate(4, first=90), 0))
    tip = block(forged)
    for bad in (
        (forged, justify(forged, [90, 91, 92], set_id=2)),
        (forged, justify(forged, [20, 21], set_id=2)),
        (forged, justify(forged, [20, 21, 22], set_id=1)),
        (forged, fragments[2][1]),
    ):
        chain = [*fragments[:2], bad, (tip, justify(tip, [90, 91, 92], set_id=3))]
        refused = broken(written(chain, finished=True))
        assert isinstance(refused.cause, TooFewVotes | OtherBlock)
        assert refused.accepted == 2
        assert refused.anchor == follow(written(fragments[:2], finished=False)).anchor
        assert refused.anchor.hash == hash_header(headers[1])


def test_a_fragment_left_out() -> None:
    """A set that was skipped is not known."""
    fragments, headers = hand_overs(3)
    refused = broken(written([fragments[0], fragments[2]], finished=False))
    assert (refused.accepted, refused.anchor.hash) == (1, hash_header(headers[0]))


def test_a_fragment_without_a_set_change() -> None:
    """Only the last of a finished proof needs none."""
    fragments, headers = hand_overs(1)
    tip = blocks(headers[0], 2)
    plain = [(header, justify(header, [10, 11, 12], set_id=1)) for header in tip]
    assert follow(written([*fragments, plain[0]], finished=True)).accepted == 2
    for chain, finished in (([*fragments, *plain], True), ([*fragments, plain[0]], False)):
        refused = broken(written(chain, finished=finished))
        assert isinstance(refused.cause, NoSetChange)
        assert (refused.accepted, refused.cause.number) == (1, 2)


def test_a_delayed_change_takes_two_fragments() -> None:
    """One that announces it, one that is the old set's last block; past that the old set leads nowhere."""
    announcing = block(START.header, Scheduled(electorate(4, first=10), 3))
    chain = [announcing, *blocks(announcing, 4)]
    old = [(header, justify(header, [0, 1, 2])) for header in chain]
    newer = (chain[4], justify(chain[4], [10, 11, 12], set_id=1))
    outcome = follow(written([old[0], old[3], newer], finished=True))
    assert (outcome.accepted, outcome.anchor.voters.id, outcome.anchor.header.number) == (3, 1, 5)
    refused = broken(written([old[0], newer], finished=True))
    assert isinstance(refused.cause, BeyondHandOff)
    assert (refused.accepted, refused.cause.last) == (1, 4)


def test_the_anchor_itself_as_last_fragment() -> None:
    """A sender may answer with the very block that was asked about."""
    assert follow(written([(START.header, justify(START.header, []))], finished=True)).anchor is START


def test_a_forced_change_stops_with_what_was_proved() -> None:
    """It is no endpoint's fault, so not a broken proof: the anchor comes with the fact."""
    fragments, headers = hand_overs(1)
    forcing = block(headers[0], Forced(1, Scheduled(electorate(4, first=50), 7)))
    chain = [*fragments, (forcing, justify(forcing, [10, 11, 12], set_id=1))]
    with pytest.raises(ForcedChangeSeen) as seen:
        follow(written(chain, finished=True))
    assert (seen.value.anchor.header, seen.value.anchor.voters.id) == (forcing, 1)


@pytest.mark.parametrize("delay", [0, 3])
def test_an_empty_set_or_one_that_cannot_vote_is_never_followed(delay: int) -> None:
    """However well its announcement is signed: what was proved before it is kept."""
    fragments, headers = hand_overs(1)
    for unfit in ((), electorate(1) * 2):
        last = block(headers[0], Scheduled(unfit, delay))
        refused = broken(written([*fragments, (last, justify(last, [10, 11, 12], set_id=1))], finished=True))
        assert isinstance(refused.cause, UnfitAuthorities)
        assert (refused.anchor.hash, refused.accepted) == (hash_header(headers[0]), 1)


def test_a_set_of_the_same_voters_has_the_next_number() -> None:
    """A change that changes nobody is one: votes under the old number do not count any more."""
    same = block(START.header, Scheduled(electorate(4), 0))
    then = block(same)
    first = (same, justify(same, [0, 1, 2]))
    outcome = follow(written([first, (then, justify(then, [0, 1, 2], set_id=1))], finished=True))
    assert (outcome.anchor.header, outcome.anchor.voters) == (then, AuthoritySet(1, electorate(4)))
    refused = broken(written([first, (then, justify(then, [0, 1, 2], set_id=0))], finished=True))
    assert isinstance(refused.cause, TooFewVotes)


# --- bounds


def test_fragments_at_their_limit() -> None:
    """No more than asked for are looked at: the rest is asked for again, from where they led."""
    fragments, headers = hand_overs(4)
    raw = written(fragments, finished=False)
    assert follow(raw, fragments_max=4).accepted == 4
    part = follow(raw, fragments_max=3)
    assert (part.finished, part.accepted, part.anchor.hash) == (False, 3, hash_header(headers[2]))
    assert follow(raw, fragments_max=0) == WarpOutcome(START, finished=False, accepted=0)
    rest = written(fragments[3:], finished=True)
    assert follow(rest, part.anchor).finished


def test_bytes_at_their_limit() -> None:
    """Above 8 MiB nothing is read."""
    at_limit = broken(b"\x00" * WARP_BYTES_MAX).cause
    assert isinstance(at_limit, MalformedScale)
    assert "above" not in at_limit.why
    above = broken(b"\x00" * (WARP_BYTES_MAX + 1)).cause
    assert isinstance(above, MalformedScale)
    assert "above" in above.why


@pytest.mark.parametrize("count", [1, 64, 2**14, 2**32 - 1])
def test_a_count_without_its_bytes_costs_nothing(count: int) -> None:
    """Huge counts in few bytes are refused before anything is made of them."""
    refused = broken(compact(count) + bytes(143))
    assert isinstance(refused.cause, MalformedScale)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_the_anchor_kept(raw: bytes) -> None:
    """Whatever comes: no progress without votes."""
    kept: WarpBroken | WarpOutcome
    try:
        kept = follow(raw)
        assert (kept.finished, kept.accepted) == (True, 0)
    except WarpBroken as refused:
        kept = refused
    assert kept.anchor is START


def test_one_fragment_by_itself() -> None:
    """As it comes from elsewhere than a proof."""
    ((header, justification),), _ = hand_overs(1)
    assert verify_fragment(START, header, justification).voters.id == 1
