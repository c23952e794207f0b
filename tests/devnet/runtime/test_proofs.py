"""Proofs of finality as nodes answer them, followed by the light client's own readers."""

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light.anchor import Anchor, advance
from edge_node.chain_light.finality_errors import ConflictingFinality, ForcedChangeSeen, WarpBroken
from edge_node.chain_light.finality_proof import decode_finality_proof, verify_finality_proof
from edge_node.chain_light.grandpa import AuthoritySet, decode_justification, find_equivocations
from edge_node.chain_light.warp import verify_warp
from edge_node.devnet.runtime.chain import NoSuchBlock
from edge_node.devnet.runtime.grandpa_block import ChangeOrder
from edge_node.devnet.runtime.proofs import NotYetFinal, finality_proof, warp_proof
from tests.devnet.runtime.stage import VALIDATORS, make_stage

ALL = tuple(one.authority for one in VALIDATORS)
SETS = (ALL[:3], ALL[1:], ALL)


def grown(*delays):
    """A chain with a change of set for each delay, ten blocks each, final to its head."""
    stage = make_stage()
    for place, delay in enumerate(delays):
        stage.write()
        stage.chain.schedule(ChangeOrder(SETS[place % 3], delay))
        stage.skip(9)
    stage.chain.finalize()
    return stage.chain


def genesis_anchor(chain):
    """What a client begins with."""
    return Anchor(chain.genesis.header, AuthoritySet(0, ALL))


def test_a_warp_leads_from_genesis_to_the_newest_final_block():
    """Through every set, in as many fragments as sets ended and one more."""
    chain = grown(0, 0, 0)
    outcome = verify_warp(genesis_anchor(chain), warp_proof(chain, chain.genesis.hash), fragments_max=100)
    assert (outcome.anchor.hash, outcome.finished, outcome.accepted) == (chain.final.hash, True, 4)
    assert outcome.anchor.voters == AuthoritySet(3, ALL)


def test_a_warp_goes_on_from_where_one_is():
    """Nothing that is known is told again; at the end it is empty and finished."""
    chain = grown(0, 0)
    halfway = verify_warp(genesis_anchor(chain), warp_proof(chain, chain.genesis.hash), fragments_max=1).anchor
    outcome = verify_warp(halfway, warp_proof(chain, halfway.hash), fragments_max=100)
    assert (outcome.anchor.hash, outcome.accepted) == (chain.final.hash, 2)
    assert warp_proof(chain, chain.final.hash) == b"\x00\x01"
    with pytest.raises(NoSuchBlock):
        warp_proof(chain, Hash256(bytes(32)))


def test_a_delay_ends_a_warp_as_on_real_nodes():
    """Its last block does not announce the next set: not finished, and nothing told beyond it."""
    chain = grown(0, 5)
    proof = warp_proof(chain, chain.genesis.hash)
    outcome = verify_warp(genesis_anchor(chain), proof, fragments_max=100)
    assert (outcome.finished, outcome.accepted, outcome.anchor.voters.id) == (False, 1, 1)


@pytest.mark.parametrize("delay", [0, 5])
def test_finality_is_proved_step_by_step(delay):
    """Asking for the block above what is known leads over each hand-over, whatever its delay."""
    chain = grown(delay, delay)
    anchor, reached = genesis_anchor(chain), []
    while anchor.hash != chain.final.hash:
        asked = anchor.header.number + 1
        proof = decode_finality_proof(finality_proof(chain, asked))
        headers = (chain.block_at(asked).header, *proof.unknown_headers)
        anchor = advance(anchor, headers, proof.justification)
        reached.append(anchor.header.number)
    assert reached == [*chain.hand_overs, chain.final.number] == [2 + delay, 12 + delay, 20]
    assert anchor.voters.id == 2


def test_what_is_not_final_is_not_proved():
    """NotYetFinal above the last final block; genesis alone needs no proof and has none."""
    stage = make_stage()
    assert finality_proof(stage.chain, 0) is None
    stage.write()
    with pytest.raises(NotYetFinal):
        finality_proof(stage.chain, 1)
    stage.chain.finalize()
    assert decode_finality_proof(finality_proof(stage.chain, 1)).unknown_headers == ()


def test_a_forced_change_stops_who_follows_headers():
    """No proof leads over it: the client says that it needs a checkpoint."""
    stage = make_stage()
    stage.write()
    stage.chain.finalize()
    stage.chain.schedule(ChangeOrder(SETS[1], 2, median=1))
    stage.skip(1)
    stage.chain.finalize()
    with pytest.raises(ForcedChangeSeen):
        verify_finality_proof(genesis_anchor(stage.chain), finality_proof(stage.chain, 0))
    stage.skip(4)
    stage.chain.finalize()
    with pytest.raises((ForcedChangeSeen, WarpBroken)):
        verify_warp(genesis_anchor(stage.chain), warp_proof(stage.chain, stage.chain.genesis.hash), fragments_max=9)


def test_two_chains_of_one_genesis_conflict():
    """The same authorities sign two histories: the fault a client halts on, with the proof of who did it."""
    one, other = make_stage(), make_stage(now_ms=1_800_000_000_000)
    for stage in (one, other):
        stage.write()
        stage.chain.finalize()
    assert one.chain.genesis.hash == other.chain.genesis.hash
    justifications = [decode_justification(stage.chain.finalities[1].justification) for stage in (one, other)]
    assert len(find_equivocations(*justifications, AuthoritySet(0, ALL))) == 4
    anchor = verify_warp(
        genesis_anchor(one.chain), warp_proof(one.chain, one.chain.genesis.hash), fragments_max=1
    ).anchor
    other.write()
    other.chain.finalize()
    with pytest.raises(ConflictingFinality):
        verify_finality_proof(anchor, finality_proof(other.chain, 1))
