"""Batches of finality proofs: followed as far as they are good, every step with what proves it."""

import pytest

from edge_node.base.errors import RemoteError
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.finality_errors import (
    BehindAnchor,
    BrokenChain,
    ConflictingFinality,
    ForcedChangeSeen,
    TooFewVotes,
)
from edge_node.chain_light.grandpa import AuthoritySet, decode_justification, encode_justification, verify_justification
from edge_node.chain_light.header import encode_header, hash_header
from edge_node.chain_light.proof_steps import TRAIL_MAX, Answer, follow_answers, follow_justification
from edge_node.devnet.runtime import ChangeOrder, finality_proof
from edge_node.wire.scale import MalformedScale, blob, compact
from tests.chain_light import electorate as el
from tests.devnet.runtime.stage import VALIDATORS, make_stage

FOUR = tuple(one.authority for one in VALIDATORS)


def chain_of(orders, length):
    """A chain with changes announced at these heights, all of it final."""
    stage = make_stage()
    for number in range(1, length + 1):
        if number in orders:
            stage.chain.schedule(orders[number])
        stage.write()
    stage.chain.finalize()
    return stage.chain


def answer(chain, number):
    """What a node says of a height."""
    return Answer(finality_proof(chain, number), chain.block_at(number).header)


CHAIN = chain_of({3: ChangeOrder(FOUR[:3], 0), 7: ChangeOrder(FOUR[1:], 5), 13: ChangeOrder(FOUR, 0)}, 20)
GENESIS = Anchor(CHAIN.genesis.header, AuthoritySet(0, FOUR))


def test_hand_offs_with_and_without_delay_are_followed_from_their_announcing_blocks():
    """A proof for the announcing block, with its header, leads to the set's last block whatever the delay."""
    followed = follow_answers(GENESIS, [answer(CHAIN, number) for number in (3, 7, 13, 20)])
    assert followed.fault is None
    assert [step.after.header.number for step in followed.steps] == [3, 12, 13, 20]
    assert [step.is_hand_off for step in followed.steps] == [True, True, True, False]
    assert followed.anchor(GENESIS).voters == AuthoritySet(3, FOUR)
    for step in followed.steps:
        verify_justification(decode_justification(step.justification), step.before.voters)


def test_each_step_begins_where_the_one_before_ended():
    """Steps are a chain, and the trail of each ends with its block."""
    followed = follow_answers(GENESIS, [answer(CHAIN, number) for number in (3, 7, 13, 20)])
    begins = [GENESIS, *(step.after for step in followed.steps[:-1])]
    assert [step.before for step in followed.steps] == begins
    assert all(step.trail[-1] == (step.after.header.number, step.after.hash) for step in followed.steps)
    assert followed.steps[1].trail == tuple((n, CHAIN.block_at(n).hash) for n in range(7, 13))


def test_a_bad_answer_ends_it_where_it_was_good():
    """What was proved before it stays, what comes after it is not looked at."""
    torn = Answer(finality_proof(CHAIN, 7)[:-1], CHAIN.block_at(7).header)
    followed = follow_answers(GENESIS, [answer(CHAIN, 3), torn, answer(CHAIN, 13)])
    assert [step.after.header.number for step in followed.steps] == [3]
    assert isinstance(followed.fault, MalformedScale)


def test_a_skipped_hand_off_is_the_answers_fault():
    """Votes of a set that nobody led to do not count."""
    followed = follow_answers(GENESIS, [answer(CHAIN, 13)])
    assert followed.steps == ()
    assert isinstance(followed.fault, TooFewVotes)


def test_the_header_of_another_block_is_the_answers_fault():
    """A header that its proof does not follow on."""
    followed = follow_answers(GENESIS, [Answer(finality_proof(CHAIN, 7), CHAIN.block_at(2).header)])
    assert followed.steps == ()
    assert isinstance(followed.fault, RemoteError)
    mixed = follow_answers(
        follow_answers(GENESIS, [answer(CHAIN, 3)]).anchor(GENESIS),
        [Answer(finality_proof(CHAIN, 7), CHAIN.block_at(5).header)],
    )
    assert isinstance(mixed.fault, BrokenChain)


def test_old_proofs_and_proofs_without_headers_are_no_progress():
    """A node that has nothing newer says nothing wrong."""
    ahead = follow_answers(GENESIS, [answer(CHAIN, 3)]).anchor(GENESIS)
    assert follow_answers(ahead, [answer(CHAIN, 2), answer(CHAIN, 3)]) == ((), None)
    assert follow_answers(GENESIS, [Answer(finality_proof(CHAIN, 3), None)]) == ((), None)


def test_a_forced_change_is_a_step_and_an_alarm():
    """The block that announces it was final all the same."""
    chain = chain_of({2: ChangeOrder(FOUR[:3], 9, median=0)}, 4)
    start = Anchor(chain.genesis.header, AuthoritySet(0, FOUR))
    followed = follow_answers(start, [answer(chain, 2), answer(chain, 4)])
    assert isinstance(followed.fault, ForcedChangeSeen)
    assert [step.after.header.number for step in followed.steps] == [4]


def test_conflicting_finality_is_told_as_such():
    """A valid justification for another child of the anchor's parent is the chain's fault, and no step."""
    start = el.genesis()
    one, other = el.block(start.header), el.block(start.header, extra=1)
    ahead = follow_justification(start, encode_justification(el.justify(one, range(4))), [one]).anchor(start)
    child = el.block(other)
    followed = follow_justification(ahead, encode_justification(el.justify(child, range(4))), [other, child])
    assert followed.steps == ()
    assert isinstance(followed.fault, ConflictingFinality)


def test_a_live_justification_is_followed_with_its_headers():
    """Each of the headers between counts; torn bytes and a block below the anchor are the answer's fault."""
    start = el.genesis()
    headers = el.blocks(start.header, TRAIL_MAX + 9)
    raw = encode_justification(el.justify(headers[-1], range(3)))
    followed = follow_justification(start, raw, headers)
    assert followed.anchor(start).header == headers[-1]
    assert len(followed.steps[0].trail) == TRAIL_MAX
    assert followed.steps[0].trail[0] == (10, hash_header(headers[9]))
    assert isinstance(follow_justification(start, raw + b"\x00", headers).fault, MalformedScale)
    low = encode_justification(el.justify(headers[0], range(3)))
    assert isinstance(follow_justification(followed.anchor(start), low, headers[:1]).fault, BehindAnchor)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_many_unknown_headers_are_read_as_they_are(count):
    """A proof with headers between, and no header of its own block, is followed too."""
    start = el.genesis()
    headers = el.blocks(start.header, count + 1)
    justification = encode_justification(el.justify(headers[-1], range(4)))
    encoded = [encode_header(header) for header in headers]
    raw = hash_header(headers[-1]) + blob(justification) + compact(len(encoded)) + b"".join(encoded)
    assert follow_answers(start, [Answer(raw, None)]).anchor(start).header == headers[-1]
