"""From one finalized block to the next: hand-overs at once and later, forced changes, and proofs that lead nowhere."""

from dataclasses import replace

import pytest

from edge_node.base.ids import PublicKey, Signature
from edge_node.chain_light.anchor import Anchor, advance
from edge_node.chain_light.authorities import AuthoritySet
from edge_node.chain_light.authority_changes import Forced, Pause, Scheduled
from edge_node.chain_light.finality_errors import (
    BehindAnchor,
    BeyondHandOff,
    BrokenChain,
    ConflictingFinality,
    ForcedChangeSeen,
    OtherBlock,
    TooFewVotes,
)
from edge_node.chain_light.header import DigestItem, DigestKind, Header, hash_header
from edge_node.chain_light.pending_changes import PendingChange, PendingChanges
from edge_node.wire.scale import MalformedScale
from tests.chain_light.electorate import block, blocks, electorate, genesis, justify

START = genesis(4)
OLD, NEW = [0, 1, 2], [10, 11, 12]  # enough of four each
NEXT = electorate(4, first=10)
SECOND_SET = AuthoritySet(1, NEXT)


def never(key: PublicKey, message: bytes, signature: Signature) -> bool:
    """A verification that is not to be reached."""
    raise AssertionError


def to(anchor: Anchor, *headers: Header, signers: list[int], set_id: int) -> Anchor:
    """Advance to the last of `headers`."""
    return advance(anchor, headers, justify(headers[-1], signers, set_id=set_id))


def test_a_block_further_on() -> None:
    """The same set finalizes a later block: the header moves, the set stays."""
    target = blocks(START.header, 5)[-1]
    ahead = to(START, target, signers=OLD, set_id=0)
    assert ahead == replace(START, header=target)
    assert ahead.hash == hash_header(target)


def test_a_hand_over_without_delay() -> None:
    """The announcing block is the old set's last; from then on the new one signs, under the next id."""
    last = block(START.header, Scheduled(NEXT, 0))
    ahead = to(START, last, signers=OLD, set_id=0)
    assert (ahead.voters, ahead.pending) == (SECOND_SET, PendingChanges())
    child = block(last)
    assert to(ahead, child, signers=NEW, set_id=1).header == child
    for signers, set_id in ((OLD, 0), (OLD, 1), (NEW, 0), (NEW, 2)):
        with pytest.raises(TooFewVotes):
            to(ahead, child, signers=signers, set_id=set_id)


def test_the_new_set_does_not_finalize_its_own_announcement() -> None:
    """The last block of a set is finalized by that set."""
    last = block(START.header, Scheduled(NEXT, 0))
    for set_id in (0, 1):
        with pytest.raises(TooFewVotes):
            to(START, last, signers=NEW, set_id=set_id)


def test_a_hand_over_with_delay() -> None:
    """Announced in block 1 with delay 5, the set ends with block 6: until then the old one signs, above it the new."""
    chain = [block(START.header, Scheduled(NEXT, 5))]
    chain += blocks(chain[0], 7)
    announced = to(START, chain[0], signers=OLD, set_id=0)
    assert announced.voters == START.voters
    assert announced.pending == PendingChanges((PendingChange(6, NEXT),))
    between = to(announced, chain[3], signers=OLD, set_id=0)
    assert (between.voters, between.pending) == (START.voters, announced.pending)
    handed_over = to(between, chain[5], signers=OLD, set_id=0)
    assert (handed_over.voters, handed_over.pending) == (SECOND_SET, PendingChanges())
    assert to(handed_over, chain[6], signers=NEW, set_id=1).header.number == 7


def test_no_set_finalizes_beyond_its_last_block() -> None:
    """Neither set's votes lead past the hand-over: its own proof comes first, and no signature is looked at."""
    chain = [block(START.header, Scheduled(NEXT, 5))]
    chain += blocks(chain[0], 7)
    announced = to(START, chain[0], signers=OLD, set_id=0)
    for signers, set_id in ((OLD, 0), (NEW, 1)):
        with pytest.raises(BeyondHandOff) as refused:
            advance(announced, [chain[6]], justify(chain[6], signers, set_id=set_id), verify=never)
        assert (refused.value.number, refused.value.last) == (7, 6)


def test_an_announcement_among_the_headers_between_is_seen() -> None:
    """With all headers given a delayed change is known although its own block was never proved by itself."""
    chain = blocks(START.header, 2)
    chain.append(block(chain[-1], Scheduled(NEXT, 2)))
    chain += blocks(chain[-1], 3)
    to_five = to(START, *chain[:5], signers=OLD, set_id=0)
    assert to_five.voters == SECOND_SET
    to_four = to(START, *chain[:4], signers=OLD, set_id=0)
    assert to_four.pending.last_of_set == 5
    with pytest.raises(BeyondHandOff):
        to(START, *chain[:6], signers=OLD, set_id=0)
    unseen = to(START, chain[3], signers=OLD, set_id=0)
    assert unseen.pending == PendingChanges()


def test_announcements_up_to_the_anchor_are_not_seen_twice() -> None:
    """Headers that begin below the anchor bring nothing new up to it."""
    chain = [block(START.header, Scheduled(NEXT, 5))]
    chain += blocks(chain[0], 3)
    for seen in (1, 2):
        announced = to(START, *chain[:seen], signers=OLD, set_id=0)
        assert to(announced, *chain, signers=OLD, set_id=0).pending == announced.pending


def test_two_hand_overs_one_after_the_other() -> None:
    """Ids count up; the last set of the two signs."""
    first = block(START.header, Scheduled(NEXT, 0))
    second = block(first, Scheduled(electorate(3, first=20), 0))
    ahead = to(to(START, first, signers=OLD, set_id=0), second, signers=NEW, set_id=1)
    assert ahead.voters == AuthoritySet(2, electorate(3, first=20))


def test_a_change_to_the_same_authorities_is_a_change() -> None:
    """The set's number grows, and the votes are bound to it."""
    last = block(START.header, Scheduled(START.voters.authorities, 0))
    ahead = to(START, last, signers=OLD, set_id=0)
    assert ahead.voters == AuthoritySet(1, START.voters.authorities)
    with pytest.raises(TooFewVotes):
        to(ahead, block(last), signers=OLD, set_id=0)


def test_pauses_change_no_set() -> None:
    """What nodes pass over, so do we."""
    assert to(START, block(START.header, Pause(3)), signers=OLD, set_id=0).voters == START.voters


# --- forced changes


@pytest.mark.parametrize("also", [(), (Scheduled(electorate(2), 0),)])
def test_a_forced_change_is_a_fact_about_the_chain(also: tuple[Scheduled, ...]) -> None:
    """Seen on our chain it stops us, with the block that was proved; a scheduled change beside it does not count."""
    target = block(START.header, *also, Forced(1, Scheduled(NEXT, 9)))
    with pytest.raises(ForcedChangeSeen) as seen:
        to(START, target, signers=OLD, set_id=0)
    assert (seen.value.number, seen.value.delay) == (1, 9)
    assert seen.value.anchor == replace(START, header=target)
    child = block(target)
    assert to(seen.value.anchor, child, signers=OLD, set_id=0).header == child, "an advance takes the alarm back"
    with pytest.raises(TooFewVotes):
        to(seen.value.anchor, child, signers=NEW, set_id=1)


def test_a_forced_change_is_seen_among_the_headers_between() -> None:
    """The first of them is named."""
    chain = blocks(START.header, 1)
    chain += [block(chain[-1], Forced(1, Scheduled(NEXT, 9)))]
    chain += [block(chain[-1], Forced(1, Scheduled(NEXT, 8)))]
    chain += blocks(chain[-1], 1)
    with pytest.raises(ForcedChangeSeen) as seen:
        to(START, *chain, signers=OLD, set_id=0)
    assert (seen.value.number, seen.value.delay, seen.value.anchor.header) == (2, 9, chain[-1])


def test_a_forced_change_that_is_not_proved_says_nothing() -> None:
    """Anybody can write such a header: without enough votes it is just a bad answer."""
    target = block(START.header, Forced(1, Scheduled(NEXT, 9)))
    with pytest.raises(TooFewVotes):
        to(START, target, signers=[0, 1], set_id=0)


# --- proofs that lead nowhere


def test_a_proof_of_the_anchor_is_no_progress() -> None:
    """And no error, nor a reason to look at signatures."""
    assert advance(START, [START.header], justify(START.header, []), verify=never) is START


def test_a_justification_of_another_block() -> None:
    """Its target is the header's hash and height, both."""
    target, other = block(START.header), block(START.header, extra=1)
    for justification in (justify(other, OLD), replace(justify(target, OLD), target_number=2)):
        with pytest.raises(OtherBlock):
            advance(START, [target], justification, verify=never)


def test_a_block_behind_the_anchor() -> None:
    """What is final already is not looked at again."""
    chain = blocks(START.header, 3)
    anchor = to(START, chain[2], signers=OLD, set_id=0)
    with pytest.raises(BehindAnchor) as refused:
        advance(anchor, [chain[1]], justify(chain[1], OLD), verify=never)
    assert (refused.value.number, refused.value.anchor_number) == (2, 3)


def test_headers_that_do_not_follow_one_another() -> None:
    """A gap, a fork, a wrong height."""
    chain = blocks(START.header, 3)
    fork = block(chain[0], extra=1)
    skipping = (chain[0], block(chain[0], number=3))
    for headers in ((chain[0], chain[2]), (fork, chain[2]), (chain[1], chain[0], chain[1], chain[2]), skipping):
        with pytest.raises(BrokenChain):
            to(START, *headers, signers=OLD, set_id=0)


def test_a_malformed_announcement_in_a_proved_block() -> None:
    """No runtime writes one; it is refused rather than passed over."""
    item = DigestItem(DigestKind.CONSENSUS, b"FRNK", b"\x01")
    with pytest.raises(MalformedScale):
        to(START, replace(block(START.header), digest=(item,)), signers=OLD, set_id=0)


# --- conflicts


def conflict(anchor: Anchor, *headers: Header) -> ConflictingFinality:
    """Two finalized chains."""
    with pytest.raises(ConflictingFinality) as found:
        to(anchor, *headers, signers=OLD, set_id=0)
    return found.value


def test_two_finalized_blocks_of_one_height() -> None:
    """Not a bad answer but the end of trust: both sides are kept."""
    anchor = to(START, block(START.header), signers=OLD, set_id=0)
    rival = block(START.header, extra=1)
    found = conflict(anchor, rival)
    assert (found.anchor, found.other) == (anchor, hash_header(rival))
    assert found.justification == justify(rival, OLD)


def test_a_finalized_chain_without_the_anchor() -> None:
    """Headers that lead past the anchor's height beside it show the same, from below or from its own height."""
    anchor = to(START, blocks(START.header, 2)[-1], signers=OLD, set_id=0)
    rivals = [block(START.header, extra=1)]
    rivals += blocks(rivals[0], 3)
    for start in range(3):
        assert conflict(anchor, *rivals[start:]).other == hash_header(rivals[1])


def test_a_rival_that_is_not_proved_is_a_bad_answer() -> None:
    """Votes below the threshold show no conflict."""
    anchor = to(START, block(START.header), signers=OLD, set_id=0)
    with pytest.raises(TooFewVotes):
        to(anchor, block(START.header, extra=1), signers=[0, 1], set_id=0)
