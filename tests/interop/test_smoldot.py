"""smoldot judges the development chain: what it accepts ours accepts, and what it refuses ours refuses, byte for byte."""

from pathlib import Path

import pytest
import trio

from edge_node.chain_light.warp import verify_warp
from tests.interop.judged import anchor_of, judged_by_smoldot, judged_chain, peer_of

pytestmark = pytest.mark.needs_node

WITHIN_S = 60


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
