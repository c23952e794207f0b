"""Commits as they are gossiped: a real one, and the same votes in both forms."""

import pytest
from hypothesis import given, settings

from edge_node.chain_light.authorities import Authority, AuthoritySet
from edge_node.chain_light.commit import CompactCommit, decode_commit, encode_commit
from edge_node.chain_light.finality import verify_justification, vote_message
from edge_node.chain_light.finality_errors import TooFewVotes
from edge_node.chain_light.justification import JUSTIFICATION_BYTES_MAX, Justification
from edge_node.trust.keys import verify_signature
from edge_node.wire.scale import MalformedScale, compact
from tests.chain_light.electorate import vector
from tests.chain_light.test_justification import JUSTIFICATIONS

FACTS = vector("westend-commit-5105457")
RAW = bytes.fromhex(FACTS["commit_scale"])
HEAD = RAW[: 8 + 8 + 32 + 4]


def signers(commit: CompactCommit, set_id: int) -> AuthoritySet:
    """A set of exactly those who voted: every vote is needed for two thirds of eight."""
    return AuthoritySet(set_id, tuple(Authority(vote.voter, 1) for vote in commit.precommits))


def test_a_real_commit() -> None:
    """Westend's block 5105457: every signature is its voter's, under the set id that it names."""
    commit = decode_commit(RAW)
    assert (commit.round, commit.set_id, commit.target_number) == (FACTS["round"], FACTS["set_id"], 5_105_457)
    assert encode_commit(commit) == RAW
    for vote in commit.precommits:
        alone = Justification(commit.round, commit.target_hash, commit.target_number, (vote,))
        verify_justification(alone, AuthoritySet(commit.set_id, (Authority(vote.voter, 1),)))


def test_a_real_commit_under_another_set() -> None:
    """The next set's number makes all of its signatures somebody else's."""
    commit = decode_commit(RAW)
    with pytest.raises(TooFewVotes) as refused:
        verify_justification(commit.justification(), signers(commit, commit.set_id + 1))
    assert (refused.value.counted, refused.value.invalid) == (0, 7)


def test_no_byte_of_the_real_commit_may_change() -> None:
    """Head, blocks, signatures, keys and counts: with any byte changed it is no commit, or a vote of it is nobody's."""
    for place in range(len(RAW)):
        changed = RAW[:place] + bytes((RAW[place] ^ (1 << place % 8),)) + RAW[place + 1 :]
        try:
            commit = decode_commit(changed)
        except MalformedScale:
            continue
        target = vote_message(commit.target_hash, commit.target_number, commit.round, commit.set_id)
        signed = [verify_signature(vote.voter, target, vote.signature) for vote in commit.precommits]
        own = {(vote.target_hash, vote.target_number) for vote in commit.precommits}
        assert not all(signed) or own != {(commit.target_hash, commit.target_number)}


@settings(max_examples=40, deadline=None)
@given(JUSTIFICATIONS)
def test_the_same_votes_in_both_forms(justification: Justification) -> None:
    """A commit is a justification with its set's number and without headers, there and back."""
    commit = CompactCommit.of(justification, 7)
    assert decode_commit(encode_commit(commit)) == commit
    assert commit.justification(justification.ancestries) == justification


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        RAW[:-1],
        RAW + b"\x00",
        HEAD + compact(2**32 - 1),
        HEAD + compact(1) + bytes(36) + compact(0),
        HEAD + compact(0) + compact(1) + bytes(96),
        HEAD + compact(0) + compact(2**30) + bytes(96),
        bytes(JUSTIFICATION_BYTES_MAX + 1),
    ],
)
def test_no_commit(raw: bytes) -> None:
    """Cut short, going on, votes without signatures or the other way round, huge counts in few bytes."""
    with pytest.raises(MalformedScale):
        decode_commit(raw)
