"""The chain's own state against what headers led to: at every block of a chain that changes its sets."""

from dataclasses import replace

import pytest

from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.authority_changes import set_change_of
from edge_node.chain_light.cross_check import (
    KEYS,
    Agrees,
    Differs,
    Forces,
    GrandpaState,
    ProofShort,
    StateUnreadable,
    StoredChange,
    compare,
    read_grandpa_state,
)
from edge_node.chain_light.errors import BadAnswer
from edge_node.chain_light.grandpa import AuthoritySet, encode_authorities
from edge_node.chain_light.header import genesis_header
from edge_node.chain_light.layouts import WELL_KNOWN_AUTHORITIES
from edge_node.chain_light.pending_changes import PendingChange, PendingChanges
from edge_node.chain_light.trie_build import Trie
from edge_node.chain_light.trie_errors import UnusedEntries
from edge_node.devnet.runtime import ChangeOrder
from edge_node.wire.scale import uint
from tests.devnet.runtime.stage import VALIDATORS, make_stage

NOTHING = PendingChanges()
FOUR = tuple(one.authority for one in VALIDATORS)
THREE, TWO = FOUR[:3], FOUR[:2]


def stated(block, voters, pending=NOTHING):
    """The anchor at a block, and what its state says of the authorities."""
    anchor = Anchor(block.header, voters, pending)
    return anchor, read_grandpa_state(anchor, block.state.prove(KEYS))


def test_state_and_headers_agree_at_every_block():
    """Delays of 0 and 5: before, while and after a change is under way, set and number are the expected ones."""
    stage = make_stage()
    voters, pending = AuthoritySet(0, FOUR), PendingChanges()
    orders = {2: ChangeOrder(THREE, 0), 4: ChangeOrder(TWO, 5), 12: ChangeOrder(FOUR, 0)}
    for number in range(1, 15):
        if number in orders:
            stage.chain.schedule(orders[number])
        block = stage.write()
        if change := set_change_of(block.header):
            pending = pending.announced(number, change)
        voters, pending = pending.after(number, voters)
        anchor, state = stated(block, voters, pending)
        assert compare(anchor, state) == Agrees(anchor), number
    assert voters.id == 3


def test_a_change_announced_unseen_is_learned_from_the_state():
    """Who skipped the announcing header has the change from the state of a later block, and follows the hand-off."""
    stage = make_stage()
    stage.chain.schedule(ChangeOrder(THREE, 5))
    stage.write()
    anchor, state = stated(stage.write(), AuthoritySet(0, FOUR))
    learned = compare(anchor, state)
    assert isinstance(learned, Agrees)
    assert learned.anchor.pending == PendingChanges((PendingChange(6, THREE),))
    assert replace(learned.anchor, pending=PendingChanges()) == anchor


def test_a_change_of_this_very_block_is_over():
    """A state that still holds it, at the block that ends it, has nothing under way."""
    anchor = Anchor(make_stage().write().header, AuthoritySet(1, THREE))
    assert compare(anchor, GrandpaState(1, THREE, StoredChange(1, 0, THREE, forced=False))) == Agrees(anchor)


def test_a_forced_change_shows_in_the_state():
    """Its header need not be seen: the state says that it is under way."""
    stage = make_stage()
    stage.chain.schedule(ChangeOrder(THREE, 4, median=0))
    stage.write()
    assert compare(*stated(stage.write(), AuthoritySet(0, FOUR))) == Forces(5, 4)


@pytest.mark.parametrize(
    ("voters", "pending"),
    [
        (AuthoritySet(1, FOUR), PendingChanges()),
        (AuthoritySet(0, THREE), PendingChanges()),
        (AuthoritySet(0, FOUR), PendingChanges((PendingChange(9, TWO),))),
        (AuthoritySet(0, FOUR), PendingChanges((PendingChange(6, TWO),))),
    ],
)
def test_another_belief_is_told_in_words(voters, pending):
    """Another number, other authorities, another change under way: each differs, and why can be read."""
    stage = make_stage()
    stage.chain.schedule(ChangeOrder(THREE, 5))
    stage.write()
    found = compare(*stated(stage.write(), voters, pending))
    assert isinstance(found, Differs)
    assert "block 2" in found.why


def test_an_answer_cut_short_is_no_absence():
    """A proof without one of its nodes says nothing, whichever is missing; one of nothing at all neither."""
    stage = make_stage()
    stage.chain.schedule(ChangeOrder(THREE, 5))
    block = stage.write()
    anchor = Anchor(block.header, AuthoritySet(0, FOUR))
    entries = block.state.prove(KEYS)
    for place in range(len(entries)):
        with pytest.raises(ProofShort):
            read_grandpa_state(anchor, entries[:place] + entries[place + 1 :])
    with pytest.raises(ProofShort):
        read_grandpa_state(anchor, [])


def test_a_proof_for_other_keys_or_another_block_is_refused():
    """What proves something else proves nothing here; what nobody asked for is not carried along."""
    stage = make_stage()
    block, later = stage.write(), stage.write()
    anchor = Anchor(block.header, AuthoritySet(0, FOUR))
    with pytest.raises(BadAnswer):
        read_grandpa_state(anchor, later.state.prove(KEYS))
    with pytest.raises(BadAnswer):
        read_grandpa_state(anchor, block.state.prove([b"\x00" * 32]))
    with pytest.raises(UnusedEntries):
        read_grandpa_state(anchor, [*block.state.prove(KEYS), b"\x00" * 40])


def old_state(pairs):
    """What a state with just these pairs says to an anchor on it."""
    trie = Trie(pairs, 0)
    anchor = Anchor(genesis_header(trie.root), AuthoritySet(0, FOUR))
    return anchor, read_grandpa_state(anchor, trie.prove(KEYS))


def test_older_runtimes_keep_the_authorities_elsewhere():
    """`:grandpa_authorities` with its version byte is read where the pallet's own item is absent."""
    anchor, state = old_state({WELL_KNOWN_AUTHORITIES.key: b"\x01" + encode_authorities(FOUR)})
    assert compare(anchor, state) == Agrees(anchor)
    assert isinstance(compare(*old_state({b"else": b"x"})), Differs)


@pytest.mark.parametrize("key", KEYS)
def test_a_state_of_another_form_is_nobodys_lie(key):
    """A value that is none of its type is no reason to halt, and none to ban who sent it."""
    good = {KEYS[0]: uint(0, 8), KEYS[1]: encode_authorities(FOUR)}
    if key == WELL_KNOWN_AUTHORITIES.key:
        del good[KEYS[1]]
    with pytest.raises(StateUnreadable):
        old_state({**good, key: b"\xff" * 7})
