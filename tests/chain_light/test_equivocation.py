"""Who signed both sides: found by name with both votes, and nobody else."""

from dataclasses import replace

import pytest

from edge_node.base.ids import PublicKey, Signature
from edge_node.chain_light.authorities import AuthoritySet
from edge_node.chain_light.equivocation import find_equivocations
from edge_node.chain_light.finality import verify_justification, vote_message
from edge_node.chain_light.finality_errors import TooManyVotes
from edge_node.chain_light.header import genesis_header, hash_header
from edge_node.trust.keys import verify_signature
from tests.chain_light.electorate import ROOT, block, electorate, justify, precommit, voter

ONE, OTHER = block(genesis_header(ROOT)), block(genesis_header(ROOT), extra=1)
VOTERS = AuthoritySet(2, electorate(4))


def test_both_sides_of_a_split_chain() -> None:
    """Two blocks finalized in one round: those who signed both are found, with what they signed."""
    one, other = justify(ONE, [0, 1, 2], set_id=2), justify(OTHER, [1, 2, 3], set_id=2)
    for justification in (one, other):
        verify_justification(justification, VOTERS)
    found = find_equivocations(one, other, VOTERS)
    assert [evidence.voter for evidence in found] == [voter(1).public, voter(2).public]
    for evidence in found:
        assert (evidence.set_id, evidence.round) == (2, 1)
        assert {evidence.first.target_hash, evidence.second.target_hash} == {hash_header(ONE), hash_header(OTHER)}
        for vote in (evidence.first, evidence.second):
            message = vote_message(vote.target_hash, vote.target_number, evidence.round, evidence.set_id)
            assert verify_signature(evidence.voter, message, vote.signature)


def test_within_one_justification() -> None:
    """A voter with two different votes in it is found as well."""
    one = justify(ONE, [0, 1, 2], set_id=2)
    double = replace(one, precommits=(*one.precommits, precommit(voter(0), OTHER, set_id=2)))
    assert [evidence.voter for evidence in find_equivocations(double, one, VOTERS)] == [voter(0).public]


def test_nobody_is_accused_of_what_they_did_not_sign() -> None:
    """Another round, another set's signature, a spoilt one, a stranger, the same vote twice: no equivocation."""
    one, other = justify(ONE, [0, 1, 2], set_id=2), justify(OTHER, [0, 1, 2], set_id=2)
    assert find_equivocations(one, justify(OTHER, [0, 1, 2], set_id=2, round_number=2), VOTERS) == ()
    assert find_equivocations(one, justify(OTHER, [0, 1, 2], set_id=3), VOTERS) == ()
    spoilt = [vote._replace(signature=Signature(bytes(64))) for vote in other.precommits]
    assert find_equivocations(one, replace(other, precommits=tuple(spoilt)), VOTERS) == ()
    assert find_equivocations(justify(ONE, [7], set_id=2), justify(OTHER, [7], set_id=2), VOTERS) == ()
    assert find_equivocations(one, one, VOTERS) == ()


def test_a_spoilt_vote_hides_no_signed_one() -> None:
    """Junk before the two signed votes does not save who signed both."""
    one, other = justify(ONE, [0], set_id=2), justify(OTHER, [0], set_id=2)
    junk = one.precommits[0]._replace(signature=Signature(bytes(64)))
    padded = replace(one, precommits=(junk, *one.precommits))
    assert len(find_equivocations(padded, other, VOTERS)) == 1


def test_votes_for_one_block_are_not_verified() -> None:
    """Honest voters cost no signature check, and no list is longer than voters make it."""

    def never(key: PublicKey, message: bytes, signature: Signature) -> bool:
        raise AssertionError

    one = justify(ONE, [0, 1, 2], set_id=2)
    assert find_equivocations(one, justify(ONE, [1, 2, 3], set_id=2), VOTERS, verify=never) == ()
    later = justify(OTHER, [0, 1, 2], set_id=2, round_number=2)
    assert find_equivocations(one, later, VOTERS, verify=never) == ()
    with pytest.raises(TooManyVotes):
        find_equivocations(one, justify(OTHER, [0] * 9, set_id=2), VOTERS, verify=never)
