"""Counting votes: real ones, every changed byte of them, and all that must not count."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.errors import RemoteError
from edge_node.base.ids import PublicKey, Signature
from edge_node.chain_light.authorities import Authority, AuthoritySet
from edge_node.chain_light.finality import verify_justification, vote_message
from edge_node.chain_light.finality_errors import TooFewVotes, TooManyVotes, UnfitAncestry
from edge_node.chain_light.header import genesis_header, hash_header
from edge_node.chain_light.justification import ANCESTRIES_MAX, Justification, decode_justification
from edge_node.trust.keys import verify_signature
from tests.chain_light.electorate import (
    ROOT,
    SMALL_KEY,
    SMALL_SIGNATURE,
    block,
    blocks,
    electorate,
    genesis,
    justify,
    polkadot,
    precommit,
    voter,
)

BLOCK = block(genesis_header(ROOT))
OTHER = block(genesis_header(ROOT), extra=1)
SIX = AuthoritySet(0, electorate(6))


def refusal(justification: Justification, voters: AuthoritySet = SIX) -> TooFewVotes:
    """Why a justification does not do."""
    with pytest.raises(TooFewVotes) as refused:
        verify_justification(justification, voters)
    return refused.value


def with_votes(justification: Justification, *votes: object) -> Justification:
    """The same with other votes."""
    return replace(justification, precommits=tuple(votes))


# --- the real one


def test_the_real_justification_is_enough() -> None:
    """Five of Polkadot's six first authorities, which is the threshold."""
    raw, voters = polkadot()
    verify_justification(decode_justification(raw), voters)
    assert voters.threshold == 5


@pytest.mark.parametrize("bit", [0x01, 0x80])
def test_no_byte_of_the_real_justification_may_change(bit: int) -> None:
    """Round, target, every vote's block, signature and voter, and both counts: each byte is needed."""
    raw, voters = polkadot()
    for place in range(len(raw)):
        changed = raw[:place] + bytes((raw[place] ^ bit,)) + raw[place + 1 :]
        with pytest.raises(RemoteError):
            verify_justification(decode_justification(changed), voters)


def test_the_real_justification_in_another_set() -> None:
    """The set id is signed and not sent: under another one no signature is anybody's."""
    raw, voters = polkadot()
    why = refusal(decode_justification(raw), replace(voters, id=1))
    assert (why.set_id, why.counted, why.threshold) == (1, 0, 5)
    assert (why.unknown, why.invalid, why.astray) == (0, 5, 0)


def test_one_real_vote_short() -> None:
    """Four of six are not enough, whichever is missing; nor is one of them twice."""
    raw, voters = polkadot()
    justification = decode_justification(raw)
    votes = justification.precommits
    for missing in range(5):
        four = votes[:missing] + votes[missing + 1 :]
        assert refusal(with_votes(justification, *four), voters).counted == 4
        assert refusal(with_votes(justification, *four, four[0]), voters).counted == 4


# --- what is signed


def test_the_message_byte_by_byte() -> None:
    """Kind, hash, number in four bytes, round, set id."""
    message = vote_message(hash_header(BLOCK), 0x01020304, 5, 6)
    assert message == b"\x01" + hash_header(BLOCK) + bytes((4, 3, 2, 1)) + b"\x05" + bytes(7) + b"\x06" + bytes(7)
    assert len(message) == 53


# --- what counts, and what does not


def test_exactly_the_threshold() -> None:
    """Five of six, in any order; four are not."""
    verify_justification(justify(BLOCK, [5, 3, 1, 0, 2]), SIX)
    assert refusal(justify(BLOCK, [5, 3, 1, 0])).counted == 4


def test_a_voter_counts_once() -> None:
    """However often it sent the same vote."""
    justification = justify(BLOCK, [0, 1, 2, 3, 3, 3, 2])
    assert refusal(justification).counted == 4


def test_a_second_vote_counts_where_the_first_does_not() -> None:
    """A voter whose vote is written once wrong and once right has voted; the order does not matter."""
    justification = justify(BLOCK, [0, 1, 2, 3, 4])
    votes = justification.precommits
    spoilt = votes[4]._replace(signature=Signature(bytes(64)))
    for order in ((*votes[:4], spoilt, votes[4]), (*votes[:4], votes[4], spoilt)):
        verify_justification(with_votes(justification, *order), SIX)


def test_two_different_votes_of_one_voter() -> None:
    """Who also votes for a rival block counts once for the target; with the rival alone, not at all."""
    justification = justify(BLOCK, [0, 1, 2, 3, 4])
    rival = precommit(voter(4), OTHER)
    verify_justification(with_votes(justification, rival, *justification.precommits), SIX)
    twice = with_votes(justification, *justification.precommits[:4], rival, rival)
    assert (refusal(twice).counted, refusal(twice).astray) == (4, 2)
    both = with_votes(justification, *justification.precommits[:4], justification.precommits[0], rival)
    assert refusal(both).counted == 4


def test_strangers_do_not_count_and_do_no_harm() -> None:
    """Votes of others, well signed, are passed over."""
    assert refusal(justify(BLOCK, [0, 1, 2, 3, 6, 7])).unknown == 2
    verify_justification(justify(BLOCK, [6, 0, 7, 1, 2, 3, 4]), SIX)


def test_a_vote_of_small_order_neither_counts_nor_harms() -> None:
    """The key and signature that a lenient verifier takes for any message: one authority cannot stop us with them."""
    message = vote_message(hash_header(BLOCK), 1, 1, 0)
    Ed25519PublicKey.from_public_bytes(SMALL_KEY).verify(SMALL_SIGNATURE, message)  # OpenSSL is lenient, as nodes are
    assert not verify_signature(SMALL_KEY, message, SMALL_SIGNATURE)
    voters = AuthoritySet(0, (*electorate(5), Authority(SMALL_KEY, 1)))
    four, five = justify(BLOCK, [0, 1, 2, 3]), justify(BLOCK, [0, 1, 2, 3, 4])
    small = four.precommits[0]._replace(voter=SMALL_KEY, signature=SMALL_SIGNATURE)
    assert refusal(with_votes(four, small, *four.precommits), voters).invalid == 1
    verify_justification(with_votes(five, small, *five.precommits), voters)


@pytest.mark.parametrize(
    "signature",
    [
        Signature(bytes(64)),
        Signature(b"\xff" * 64),
        SMALL_SIGNATURE,
        Signature(b"\x01" + bytes(31) + voter(0).sign(b"")[32:]),
    ],
)
def test_a_bad_signature_neither_counts_nor_harms(signature: Signature) -> None:
    """Of zeros, of ones, of small order, of a small-order half."""
    voters, justification = AuthoritySet(0, electorate(4)), justify(BLOCK, [0, 1, 2, 3])
    bad = justification.precommits[0]._replace(signature=signature)
    verify_justification(with_votes(justification, bad, *justification.precommits[1:]), voters)
    assert refusal(with_votes(justification, bad, *justification.precommits[1:3]), voters).invalid == 1


def test_a_vote_of_another_round_or_height_is_not_signed() -> None:
    """Signatures move neither to another round nor to another height."""
    justification = justify(BLOCK, [0, 1, 2, 3, 4])
    assert refusal(replace(justification, round=2)).invalid == 5
    assert refusal(replace(justification, target_number=2)).astray == 5
    higher = [vote._replace(target_number=2) for vote in justification.precommits]
    assert refusal(replace(with_votes(justification, *higher), target_number=2)).invalid == 5


# --- weights


def test_weight_counts_not_heads() -> None:
    """One heavy voter decides; all the light ones together do not."""
    voters = AuthoritySet(0, electorate(5, weights=(96, 1, 1, 1, 1)))
    assert voters.threshold == 67
    verify_justification(justify(BLOCK, [0]), voters)
    assert refusal(justify(BLOCK, [1, 2, 3, 4]), voters).counted == 4


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(1, 2**40), min_size=1, max_size=8), st.data())
def test_random_sets_and_votes(weights: list[int], data: st.DataObject) -> None:
    """Accepted if and only if the voters who signed for the target or above it have two thirds and more."""
    voters = AuthoritySet(3, electorate(len(weights), weights=weights))
    ahead = blocks(BLOCK, 2)
    headers = (BLOCK, *ahead, OTHER)
    kinds = st.tuples(st.integers(0, len(weights)), st.sampled_from(headers), st.sampled_from(["signed", "spoilt"]))
    cast = data.draw(st.lists(kinds, max_size=2 * len(weights)))
    votes, good = [], set()
    for number, header, how in cast:
        vote = precommit(voter(number), header, set_id=3)
        votes.append(vote if how == "signed" else vote._replace(signature=voter(number).sign(b"else")))
        if how == "signed" and header is not OTHER and number < len(weights):
            good.add(number)
    highest = max((header.number for _, header, _ in cast if header is not OTHER), default=0)
    along = tuple(header for header in ahead if header.number <= highest)
    justification = Justification(1, hash_header(BLOCK), BLOCK.number, tuple(votes), along)
    weight = sum(weights[number] for number in good)
    if weight >= voters.threshold:
        verify_justification(justification, voters)
    else:
        assert refusal(justification, voters).counted == weight


# --- ancestries


def test_votes_for_descendants_count_through_their_headers() -> None:
    """A vote three blocks ahead is one for the target; without one of the headers between it is not."""
    ahead = blocks(BLOCK, 3)
    justification = justify(BLOCK, [0, 1, 2, 3, 4], ahead=ahead)
    verify_justification(justification, SIX)
    for missing in range(3):
        why = refusal(replace(justification, ancestries=tuple(ahead[missing + 1 :])))
        assert (why.counted, why.astray) == (4, 1)


def test_headers_of_another_chain_lead_nowhere() -> None:
    """A vote ahead on a fork does not count for the target, whatever the headers."""
    fork = [OTHER, *blocks(OTHER, 2)]
    justification = justify(BLOCK, [0, 1, 2, 3, 4], ahead=fork)
    assert refusal(justification).astray == 1


def test_unused_and_repeated_headers_are_refused() -> None:
    """Whoever answers adds nothing to a proof."""
    ahead = blocks(BLOCK, 2)
    justification = justify(BLOCK, [0, 1, 2, 3, 4], ahead=ahead)
    for headers in ([*ahead, OTHER], [*ahead, *blocks(ahead[-1], 1)], [*ahead, ahead[0]]):
        with pytest.raises(UnfitAncestry):
            verify_justification(replace(justification, ancestries=tuple(headers)), SIX)


def test_headers_at_their_limit() -> None:
    """512 headers lead a vote to the target; one more is not looked at."""
    ahead = blocks(BLOCK, ANCESTRIES_MAX + 1)
    verify_justification(justify(BLOCK, [0, 1, 2, 3, 4], ahead=ahead[:-1]), SIX)
    with pytest.raises(UnfitAncestry, match="512 are the most"):
        verify_justification(justify(BLOCK, [0, 1, 2, 3, 4], ahead=ahead), SIX)


# --- bounds


def test_votes_at_their_limit() -> None:
    """Twice as many votes as voters are looked at, one more is refused unseen."""
    votes = [0, 1, 2, 3] * 3
    assert refusal(justify(BLOCK, votes)).counted == 4
    with pytest.raises(TooManyVotes) as refused:
        verify_justification(justify(BLOCK, [*votes, 4]), SIX, verify=never)
    assert (refused.value.votes, refused.value.most) == (13, 12)


def test_only_what_can_count_is_verified() -> None:
    """No signature of a stranger, of one who has counted, for another block, or after enough is looked at."""
    looked_at: list[PublicKey] = []

    def verify(key: PublicKey, message: bytes, signature: Signature) -> bool:
        looked_at.append(key)
        return verify_signature(key, message, signature)

    justification = justify(BLOCK, [7, 0, 0, 1, 2, 3, 4, 5])
    rival = precommit(voter(0), OTHER)
    verify_justification(with_votes(justification, rival, *justification.precommits), SIX, verify=verify)
    assert looked_at == [voter(number).public for number in (0, 1, 2, 3, 4)]


def never(key: PublicKey, message: bytes, signature: Signature) -> bool:
    """A verification that is not to be reached."""
    raise AssertionError


def test_no_votes_at_all() -> None:
    """Nothing is final by nobody."""
    assert refusal(justify(BLOCK, []), genesis(1).voters).threshold == 1
