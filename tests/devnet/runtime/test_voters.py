"""Justifications of in-process voters, judged by the light client's own verifier."""

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light.authority_changes import Forced, Scheduled, change_item
from edge_node.chain_light.finality_errors import TooFewVotes
from edge_node.chain_light.grandpa import AuthoritySet, verify_justification
from edge_node.chain_light.header import Header
from edge_node.devnet.runtime.voters import NotYourVote, Voters
from tests.devnet.runtime.stage import VALIDATORS, seed

ALL = tuple(one.authority for one in VALIDATORS)
NEXT = ALL[:3]
KEYS = [one.grandpa for one in VALIDATORS]
BLOCK = Hash256(seed("block"))


def header(number, *changes):
    """A header that announces something."""
    return Header(BLOCK, number, BLOCK, BLOCK, tuple(change_item(change) for change in changes))


def voters():
    """Four of them, none of whom voted yet."""
    return Voters(AuthoritySet(0, ALL), KEYS)


def test_all_vote_and_it_is_enough():
    """Rounds count up; the verifier accepts each in its set and in no other."""
    electorate = voters()
    for number in (1, 2):
        vote = electorate.finalize(BLOCK, number)
        assert (vote.justification.round, vote.set_id, len(vote.justification.precommits)) == (number, 0, 4)
        verify_justification(vote.justification, AuthoritySet(0, ALL))
        with pytest.raises(TooFewVotes):
            verify_justification(vote.justification, AuthoritySet(1, ALL))


@pytest.mark.parametrize(("silent", "enough"), [(1, True), (2, False)])
def test_votes_can_be_withheld(silent, enough):
    """Three of four are enough, two are not."""
    withheld = [key.public for key in KEYS[:silent]]
    vote = voters().finalize(BLOCK, 1, withheld)
    assert len(vote.justification.precommits) == 4 - silent
    if enough:
        verify_justification(vote.justification, AuthoritySet(0, ALL))
    else:
        with pytest.raises(TooFewVotes):
            verify_justification(vote.justification, AuthoritySet(0, ALL))


def test_the_old_set_signs_its_last_block_and_the_new_one_the_next():
    """A change with a delay: nothing above the last block before that is final."""
    electorate = voters()
    electorate.note(header(3, Scheduled(NEXT, 5)))
    with pytest.raises(NotYourVote):
        electorate.finalize(BLOCK, 9)
    assert electorate.finalize(BLOCK, 8).set_id == 0
    vote = electorate.finalize(BLOCK, 9)
    assert (vote.set_id, vote.justification.round) == (1, 1)
    verify_justification(vote.justification, AuthoritySet(1, NEXT))


def test_a_forced_change_needs_no_vote():
    """The new set votes once the change is due, whatever the old one did."""
    electorate = voters()
    electorate.note(header(3, Forced(0, Scheduled(NEXT, 2))))
    electorate.note(header(4))
    assert electorate.current.id == 0
    electorate.note(header(5))
    assert (electorate.current.id, electorate.current.authorities) == (1, NEXT)
    verify_justification(electorate.finalize(BLOCK, 5).justification, AuthoritySet(1, NEXT))


def test_strangers_in_the_set_are_silent():
    """A set may name keys that are not in this process."""
    electorate = Voters(AuthoritySet(0, ALL), KEYS[:2])
    assert len(electorate.finalize(BLOCK, 1).justification.precommits) == 2
