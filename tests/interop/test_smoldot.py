"""smoldot judges the development chain: what it accepts ours accepts, what it refuses ours refuses, byte for byte."""

from dataclasses import replace
from pathlib import Path

import pytest
import trio

from edge_node.base.ids import Hash256
from edge_node.chain_light.finality_errors import EmptyWarp, TooFewVotes, WarpBroken
from edge_node.chain_light.finality_proof import verify_finality_proof
from edge_node.chain_light.grandpa import Authority
from edge_node.chain_light.warp import verify_warp
from edge_node.devnet.runtime import ChangeOrder, finality_proof, warp_proof
from tests.chain_light.electorate import SMALL_KEY, SMALL_SIGNATURE
from tests.interop.forged import (
    FORGERIES,
    Forgery,
    ahead_of,
    beside_enough,
    forge,
    fragments_of,
    keys_of_set,
    proof_of,
)
from tests.interop.judged import (
    WITHIN_S,
    anchor_of,
    grow,
    judged_by_smoldot,
    judged_chain,
    judged_stage,
    order,
    ours_after,
    peer_of,
)
from tests.interop.libp2p.substrate import ChainPeer
from tests.interop.smoldot_sync import long_chain, synced

pytestmark = pytest.mark.needs_node

REFUSED = "Failed to verify warp sync fragment"
FORGED_AT = 3
NOT_WORTH_A_WARP = 32  # blocks that smoldot would rather take one by one


async def warped(peer: ChainPeer, log: Path) -> tuple[str, list[int]]:
    """The block smoldot begins at, and the fragments it verified on the way."""
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, log) as judge:
            await judge.follow()
            begun = await judge.event("initialized")
            return begun["finalizedBlockHashes"][-1], judge.verified()


async def refused(peer: ChainPeer, log: Path) -> tuple[list[int], str]:
    """The fragments smoldot verified before one that it refused, and why it did."""
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, log) as judge:
            await judge.follow()
            why = await judge.logged(REFUSED)
            return judge.verified(), why.partition(": ")[2]


@pytest.mark.parametrize("state_version", [0, 1])
async def test_a_warp_ends_at_our_final_block(tmp_path: Path, state_version: int) -> None:
    """Through every change of set; the same bytes lead ours to the same block."""
    chain = judged_chain(changes=6, state_version=state_version)
    peer = peer_of(chain)
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, tmp_path / "log") as judge:
            await judge.follow()
            begun = await judge.event("initialized")
    assert begun["finalizedBlockHashes"] == [f"0x{chain.final.hash}"]
    assert begun["finalizedBlockRuntime"]["spec"]["specVersion"] == chain.form.profile.version.spec_version
    assert judge.verified() == [*chain.hand_overs, chain.final.number]
    (proof,) = peer.warps
    ours = verify_warp(anchor_of(chain), proof, fragments_max=100)
    assert (ours.anchor.hash, ours.finished, ours.accepted) == (chain.final.hash, True, 7)
    assert ours.anchor.voters == chain.voters.current


async def test_a_cold_start_is_measured_where_it_ends() -> None:
    """The benchmark's baseline: a chain as asked for, followed to its final block."""
    chain = long_chain(blocks=70, set_changes=3, authorities=7)
    told = await synced(chain, authorities=7)
    assert (told.final, told.blocks, told.fragments) == (str(chain.final.hash), 70, 4)
    assert (told.set_changes, len(chain.voters.current.authorities)) == (3, 7)
    assert 0 < told.after_added_s < told.seconds


async def test_a_warp_goes_on_from_where_a_part_of_it_led(tmp_path: Path) -> None:
    """Two steps an answer, each answer asked for from the block before: both clients put them together."""
    chain = judged_chain(changes=6, blocks_per_set=NOT_WORTH_A_WARP + 3)

    def in_parts(start: Hash256) -> bytes:
        steps = fragments_of(warp_proof(chain, start))
        return proof_of(steps[:2], finished=len(steps) <= 2)

    peer = peer_of(chain, warp=in_parts)
    block, verified = await warped(peer, tmp_path / "log")
    assert (block, verified) == (f"0x{chain.final.hash}", [*chain.hand_overs, chain.final.number])
    assert len(peer.warps) == 4
    assert ours_after(chain, peer.warps).hash == chain.final.hash


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.__name__)
async def test_a_forged_step_ends_a_warp_before_it(tmp_path: Path, forgery: Forgery) -> None:
    """Both take the true steps before and not one more; the true ones behind it help nobody."""
    chain = judged_chain(changes=5)
    forged = forge(chain, warp_proof(chain, chain.genesis.hash), FORGED_AT, forgery)
    peer = peer_of(chain, warp=lambda start: forged)
    verified, _ = await refused(peer, tmp_path / "log")
    assert verified == chain.hand_overs[:FORGED_AT]
    with pytest.raises(WarpBroken) as broken:
        verify_warp(anchor_of(chain), peer.warps[0], fragments_max=100)
    assert broken.value.anchor.header.number == verified[-1]
    assert broken.value.accepted == FORGED_AT


@pytest.mark.parametrize("size", [1, 3, 6, 7])
async def test_both_want_more_than_two_thirds(tmp_path: Path, size: int) -> None:
    """As many votes as it takes are enough, and one less is not, in sets of any size."""
    stage = judged_stage(3, size=size)
    for number in (1, 2, 3):
        stage.chain.schedule(order(number, size=size))
        stage.skip(NOT_WORTH_A_WARP // 2)
    stage.chain.finalize()
    chain, enough = stage.chain, size * 2 // 3 + 1
    honest = warp_proof(chain, chain.genesis.hash)

    def with_votes(count: int) -> bytes:
        steps = fragments_of(honest)
        votes = steps[2].justification.precommits[:count]
        steps[2] = replace(steps[2], justification=replace(steps[2].justification, precommits=votes))
        return proof_of(steps)

    peer = peer_of(chain, warp=lambda start: with_votes(enough))
    assert (await warped(peer, tmp_path / "log"))[0] == f"0x{ours_after(chain, peer.warps).hash}"
    peer = peer_of(chain, warp=lambda start: with_votes(enough - 1))
    verified, _ = await refused(peer, tmp_path / "log")
    assert verified == chain.hand_overs[:2]
    with pytest.raises(WarpBroken) as broken:
        ours_after(chain, peer.warps)
    assert (broken.value.accepted, type(broken.value.__cause__)) == (2, TooFewVotes)


async def test_a_warp_that_is_cut_short_leads_nowhere(tmp_path: Path) -> None:
    """smoldot takes none of it; ours keeps the steps that came whole."""
    chain = judged_chain(changes=5)
    cut = warp_proof(chain, chain.genesis.hash)[:-40]
    peer = peer_of(chain, warp=lambda start: cut)
    with trio.fail_after(WITHIN_S):
        async with judged_by_smoldot(peer, tmp_path / "log") as judge:
            await judge.follow()
            await judge.logged("warp-sync-request-error", "grandpa-warp-sync-request-error")
    assert judge.verified() == []
    with pytest.raises(WarpBroken) as broken:
        ours_after(chain, peer.warps)
    assert broken.value.anchor.header.number == chain.hand_overs[-1]


@pytest.mark.parametrize("name", ["invalid", "stranger", "twice"])
async def test_what_is_needless_beside_enough_votes_is_not_counted(tmp_path: Path, name: str) -> None:
    """smoldot refuses the whole, as nodes do; ours merely does not count it, or one voter could stop it."""
    chain = judged_chain(changes=5)
    forged = forge(chain, warp_proof(chain, chain.genesis.hash), FORGED_AT, beside_enough(name))
    peer = peer_of(chain, warp=lambda start: forged)
    verified, _ = await refused(peer, tmp_path / "log")
    assert verified == chain.hand_overs[:FORGED_AT]
    assert ours_after(chain, peer.warps).hash == chain.final.hash


async def test_votes_ahead_count_with_the_headers_that_lead_there(tmp_path: Path) -> None:
    """One voter was two blocks further: both count the vote."""
    chain = judged_chain(changes=5)
    forged = forge(chain, warp_proof(chain, chain.genesis.hash), FORGED_AT, ahead_of)
    peer = peer_of(chain, warp=lambda start: forged)
    block, _ = await warped(peer, tmp_path / "log")
    assert block == f"0x{ours_after(chain, peer.warps).hash}" == f"0x{chain.final.hash}"


@pytest.mark.parametrize("true_votes", [3, 2])
async def test_a_signature_that_lenient_verifiers_take_stops_nobody_and_counts_for_nothing(
    tmp_path: Path, true_votes: int
) -> None:
    """A voter whose key has no secret: smoldot counts the vote as chains do, ours wants enough true ones beside it."""
    stage = judged_stage(5)
    grow(stage, 1, blocks_per_set=40)
    chain = stage.chain
    chain.schedule(ChangeOrder((*(Authority(key.public, 1) for key in keys_of_set(2)[:3]), Authority(SMALL_KEY, 1)), 0))
    stage.skip(5)
    chain.finalize()
    grow(stage, 1, first=3)
    steps = fragments_of(warp_proof(chain, chain.genesis.hash))
    votes = steps[2].justification.precommits[:true_votes]
    small = votes[0]._replace(voter=SMALL_KEY, signature=SMALL_SIGNATURE)
    steps[2] = replace(steps[2], justification=replace(steps[2].justification, precommits=(*votes, small)))
    peer = peer_of(chain, warp=lambda start: proof_of(steps))
    block, _ = await warped(peer, tmp_path / "log")
    assert block == f"0x{chain.final.hash}"
    if true_votes == 3:
        assert ours_after(chain, peer.warps).hash == chain.final.hash
        return
    with pytest.raises(WarpBroken) as broken:
        ours_after(chain, peer.warps)
    assert isinstance(broken.value.__cause__, TooFewVotes)
    assert broken.value.anchor.header.number == chain.hand_overs[1]


async def test_a_delay_ends_the_warp_of_both_at_the_same_block(tmp_path: Path) -> None:
    """A set whose last block announces nothing is beyond a warp; ours goes on by the proofs of JSON-RPC."""
    stage = judged_stage(6)
    grow(stage, 4)
    grow(stage, 1, first=5, delay=5)
    chain = stage.chain
    peer = peer_of(chain)
    block, verified = await warped(peer, tmp_path / "log")
    anchor = ours_after(chain, peer.warps)
    assert verified == chain.hand_overs[:-1]
    assert block == f"0x{anchor.hash}" == f"0x{chain.block_at(chain.hand_overs[-2]).hash}"
    for _ in range(2):
        proof = finality_proof(chain, anchor.header.number + 1)
        assert proof is not None
        anchor = verify_finality_proof(anchor, proof)
    assert (anchor.hash, anchor.voters) == (chain.final.hash, chain.voters.current)


async def test_a_forced_change_ends_the_warp_of_both(tmp_path: Path) -> None:
    """No set that was voted in signs what follows it: both stop at the last block whose signers they know."""
    stage = judged_stage(5)
    grow(stage, 4)
    chain = stage.chain
    chain.schedule(replace(order(5), median=1, delay=2))
    stage.skip(NOT_WORTH_A_WARP)
    chain.finalize()
    peer = peer_of(chain)
    verified, why = await refused(peer, tmp_path / "log")
    assert "forced GrandPa authorities change" in why
    with pytest.raises(WarpBroken) as broken:
        ours_after(chain, peer.warps)
    assert verified == chain.hand_overs
    assert broken.value.anchor.header.number == verified[-1]


async def test_an_empty_warp_that_is_not_the_end_is_refused(tmp_path: Path) -> None:
    """As a chain answers whose first change has a delay: neither takes it for progress."""
    stage = judged_stage(2)
    grow(stage, 1, delay=5, blocks_per_set=50)
    peer = peer_of(stage.chain)
    verified, why = await refused(peer, tmp_path / "log")
    assert (verified, "empty" in why) == ([], True)
    with pytest.raises(WarpBroken) as broken:
        ours_after(stage.chain, peer.warps)
    assert isinstance(broken.value.__cause__, EmptyWarp)
