"""smoldot follows the development chain block by block, as ours does by the same votes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from edge_node.chain_light.anchor import advance
from edge_node.chain_light.finality_errors import TooFewVotes
from edge_node.chain_light.grandpa import decode_authorities, decode_justification
from edge_node.chain_light.header import Header
from edge_node.chain_light.justification import encode_justification
from edge_node.devnet.pallets.babe import EPOCH_SLOTS, SLOT_MS
from tests.devnet.runtime.stage import Stage
from tests.interop.forged import Fragment, keys_of_set, signed
from tests.interop.judged import WITHIN_S, grow, judged_by_smoldot, judged_stage, key_of, order, ours_after, peer_of
from tests.interop.libp2p.substrate import ChainPeer
from tests.interop.smoldot import Smoldot

pytestmark = pytest.mark.needs_node


async def test_a_chain_is_followed_as_it_grows(tmp_path: Path) -> None:
    """Block by block: seals and turns of authors, an epoch's change, changes of set at once and after five blocks.

    What finalizes a block there finalizes it here: the same votes, as a justification.
    """
    stage = judged_stage(8)
    grow(stage, 4)
    chain, peer = stage.chain, peer_of(stage.chain)
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, tmp_path / "log") as judge:
            await judge.follow()
            await judge.event("initialized")
            anchor = ours_after(chain, peer.warps)
            for number, delay in ((5, 0), (6, 5), (7, 0)):
                stage.now_ms += EPOCH_SLOTS * SLOT_MS if number == 7 else 0
                chain.schedule(order(number, delay))
                for _ in range(7):
                    block = stage.write()
                    peer.news()
                    await judge.event("newBlock", blockHash=f"0x{block.hash}")
                    (finality,) = chain.finalize()
                    peer.news()
                    await judge.event("finalized", finalizedBlockHashes=[f"0x{block.hash}"])
                    anchor = advance(anchor, [block.header], decode_justification(finality.justification))
                    held = block.state.get(key_of(chain, "Grandpa", "Authorities"))
                    assert decode_authorities(held or b"") == anchor.voters.authorities
    assert stage.read("Babe", "EpochIndex") == 1
    assert chain.hand_overs[-3:] == [41, 53, 55]
    assert (anchor.hash, anchor.voters) == (chain.final.hash, chain.voters.current)


async def test_a_commit_of_too_few_votes_finalizes_nothing(tmp_path: Path) -> None:
    """Two of four: a block is final with the next one, whose commit is whole, and not before, for both."""
    stage = judged_stage(4)
    grow(stage, 4)
    chain, peer = stage.chain, peer_of(stage.chain)
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, tmp_path / "log") as judge:
            await judge.follow()
            await judge.event("initialized")
            forged = await told_of_a_forged_commit(
                stage, peer, judge, lambda block: signed(block, keys_of_set(4)[:2], 4)
            )
            block = stage.write()
            peer.news()
            await judge.event("newBlock", blockHash=f"0x{block.hash}")
            chain.finalize()
            peer.news()
            await judge.event("finalized", finalizedBlockHashes=[f"0x{block.hash}"])
    (success,) = [message for _, message in judge.logs if message.startswith("finality-proof-verify-success")]
    assert "finalized_blocks=2" in success
    with pytest.raises(TooFewVotes):
        advance(ours_after(chain, peer.warps), [forged.header], forged.justification)


@pytest.mark.parametrize("set_and_id", [(5, 4), (4, 5)], ids=["other-voters", "other-id"])
async def test_a_commit_of_another_set_finalizes_nothing(tmp_path: Path, set_and_id: tuple[int, int]) -> None:
    """Voters who have no say, or who signed in another set's name: smoldot bans who sent it, ours refuses it."""
    stage = judged_stage(5)
    grow(stage, 4)
    peer, (voters, set_id) = peer_of(stage.chain), set_and_id
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, tmp_path / "log") as judge:
            await judge.follow()
            await judge.event("initialized")
            forged = await told_of_a_forged_commit(
                stage, peer, judge, lambda block: signed(block, keys_of_set(voters), set_id)
            )
            await judge.logged("user_reason=bad-grandpa-commit")
    assert [event for event in judge.events if event["event"] == "finalized"] == []
    with pytest.raises(TooFewVotes):
        advance(ours_after(stage.chain, peer.warps), [forged.header], forged.justification)


async def told_of_a_forged_commit(
    stage: Stage, peer: ChainPeer, judge: Smoldot, forge_it: Callable[[Header], Fragment]
) -> Fragment:
    """A new block, and the commit for it that was sent."""
    block = stage.write()
    peer.news()
    await judge.event("newBlock", blockHash=f"0x{block.hash}")
    forged = forge_it(block.header)
    (finality,) = stage.chain.finalize()
    raw = encode_justification(forged.justification)
    stage.chain.finalities[block.number] = replace(finality, justification=raw)
    peer.news()
    return forged
