"""A whole chain: blocks, finality over changes of authorities, and the light client that follows it."""

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light.anchor import Anchor, advance
from edge_node.chain_light.babe import slot_of
from edge_node.chain_light.finality_errors import ForcedChangeSeen, TooFewVotes
from edge_node.chain_light.grandpa import AuthoritySet, decode_justification, verify_justification
from edge_node.devnet.runtime.chain import NoSuchBlock, SlotNotAhead
from edge_node.devnet.runtime.grandpa_block import ChangeOrder
from tests.devnet.runtime.stage import VALIDATORS, make_stage

ALL = tuple(one.authority for one in VALIDATORS)
NEXT, THIRD = ALL[:3], ALL[1:]


@pytest.fixture
def stage():
    """A fresh chain."""
    return make_stage()


def follow(chain):
    """Where the light client gets from genesis, by every justification and all headers between."""
    anchor = Anchor(chain.genesis.header, AuthoritySet(0, ALL))
    for number, finality in sorted(chain.finalities.items()):
        headers = [chain.block_at(height).header for height in range(anchor.header.number + 1, number + 1)]
        anchor = advance(anchor, headers, decode_justification(finality.justification))
    assert anchor.hash == chain.final.hash
    return anchor


def test_a_chain_begins_final(stage):
    """Genesis is head and final; blocks are found by height and by hash."""
    chain = stage.chain
    assert chain.head is chain.final is chain.genesis is chain.block(chain.genesis.hash) is chain.block_at(0)
    for ask in (lambda: chain.block_at(1), lambda: chain.block_at(-1), lambda: chain.block(Hash256(bytes(32)))):
        with pytest.raises(NoSuchBlock):
            ask()


def test_finality_follows_at_its_own_pace(stage):
    """Blocks wait for it; one justification covers those below; finalizing nothing new makes none."""
    stage.skip(3)
    assert stage.chain.final.number == 0
    (one,) = stage.chain.finalize(2)
    assert (one.number, one.hash, stage.chain.final.number) == (2, stage.chain.block_at(2).hash, 2)
    assert [made.number for made in stage.chain.finalize()] == [3]
    assert stage.chain.finalize() == []
    follow(stage.chain)


@pytest.mark.parametrize("delay", [0, 5])
def test_a_set_signs_its_own_last_block(stage, delay):
    """With a change pending, finality stops at the set's last block first, whatever is asked for."""
    stage.write()
    stage.chain.schedule(ChangeOrder(NEXT, delay))
    stage.skip(8)
    made = stage.chain.finalize()
    assert [(one.number, one.set_id) for one in made] == [(2 + delay, 0), (9, 1)]
    assert follow(stage.chain).voters == AuthoritySet(1, NEXT)
    assert stage.read("Grandpa", "CurrentSetId") == 1


def test_many_sets_follow_one_another(stage):
    """Each hand-over is signed by who hands over."""
    for order in (ChangeOrder(NEXT, 0), ChangeOrder(THIRD, 5), ChangeOrder(ALL, 0)):
        stage.chain.schedule(order)
        stage.skip(7)
        stage.chain.finalize()
    assert follow(stage.chain).voters == AuthoritySet(3, ALL)
    assert stage.read("Grandpa", "CurrentSetId") == 3


def test_a_pending_change_is_known(stage):
    """Between announcement and hand-over the client knows what is to come."""
    stage.chain.schedule(ChangeOrder(NEXT, 5))
    stage.skip(2)
    stage.chain.finalize()
    anchor = follow(stage.chain)
    assert (anchor.voters.id, anchor.pending.last_of_set) == (0, 6)


def test_a_forced_change_breaks_the_proofs_of_who_trusted_the_old_set(stage):
    """The new set finalizes without the old one's word: a fault that a light client must see."""
    stage.write()
    stage.chain.finalize()
    stage.chain.schedule(ChangeOrder(THIRD, 1, median=1))
    stage.skip(3)
    (finality,) = stage.chain.finalize()
    assert finality.set_id == 1
    verify_justification(decode_justification(finality.justification), AuthoritySet(1, THIRD))
    with pytest.raises((ForcedChangeSeen, TooFewVotes)):
        follow(stage.chain)


def test_votes_can_be_withheld(stage):
    """What is made then is too little for a verifier."""
    stage.write()
    (finality,) = stage.chain.finalize(withheld=[key for key, _ in ALL[:2]])
    with pytest.raises(TooFewVotes):
        verify_justification(decode_justification(finality.justification), AuthoritySet(0, ALL))


def test_slots_go_up(stage):
    """Blocks faster than slots take the next ones; an explicit slot must be ahead."""
    slots = [slot_of(stage.chain.write(stage.now_ms).header) for _ in range(3)]
    assert slots == [slots[0], slots[0] + 1, slots[0] + 2]
    with pytest.raises(SlotNotAhead):
        stage.chain.write_in_slot(slots[-1], stage.now_ms)
