"""`grandpa_*` over a real socket: every proof is verified as a light client does."""

from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.finality_proof import decode_finality_proof, verify_finality_proof
from edge_node.chain_light.grandpa import AuthoritySet, decode_justification, verify_justification
from edge_node.devnet.rpc import grandpa
from tests.devnet.rpc.desk import bytes_of, serving
from tests.devnet.runtime.stage import VALIDATORS


def first_anchor(desk):
    return Anchor(desk.chain.genesis.header, AuthoritySet(0, tuple(one.authority for one in VALIDATORS)))


async def test_finality_is_proved_up_to_the_newest_block():
    """From genesis within one set, by the headers between."""
    async with serving() as desk:
        await desk.blocks(5)
        anchor = verify_finality_proof(first_anchor(desk), bytes_of(await desk.ask("grandpa_proveFinality", 1)))
        assert anchor.hash == desk.chain.block_at(5).hash
        assert await desk.ask("grandpa_proveFinality", "0x1")


async def test_finality_is_followed_over_changes_of_sets():
    """Hop by hop: each proof ends where its set does, delays included."""
    async with serving() as desk:
        for delay in (0, 5):
            assert await desk.ask("devnet_scheduleChange", delay)
            await desk.blocks(8)
        anchor, hops = first_anchor(desk), 0
        while anchor.header.number < desk.chain.final.number:
            raw = bytes_of(await desk.ask("grandpa_proveFinality", anchor.header.number + 1))
            header = desk.chain.block(decode_finality_proof(raw).block).header
            anchor, hops = verify_finality_proof(anchor, raw, header=header), hops + 1
        assert (hops, anchor.voters.id, anchor.hash) == (3, 2, desk.chain.final.hash)
        assert anchor.voters.authorities == desk.chain.voters.current.authorities


async def test_what_cannot_be_proved():
    """Nothing at all yet: null. Not final yet: an error that says so."""
    async with serving(finality_delay_s=60) as desk:
        assert await desk.ask("grandpa_proveFinality", 0) is None
        await desk.ask("devnet_writeBlocks", 1)
        refused = await desk.refusal("grandpa_proveFinality", 1)
        assert "not yet finalized" in refused.message


async def test_justifications_are_told_as_they_are_made():
    """Each verifies under the set it belongs to."""
    async with serving() as desk:
        subscription = await desk.ask("grandpa_subscribeJustifications")
        await desk.blocks(1)
        justification = decode_justification(bytes_of(await desk.client.told(subscription)))
        assert justification.target_hash == desk.chain.block_at(1).hash
        verify_justification(justification, first_anchor(desk).voters)
        assert await desk.ask("grandpa_unsubscribeJustifications", subscription) is True
        await desk.blocks(1)
        assert await desk.client.quiet()


async def test_who_votes():
    """The set's id and its threshold."""
    async with serving() as desk:
        await desk.ask("devnet_scheduleChange", 0)
        await desk.blocks(2)
        state = await desk.ask("grandpa_roundState")
        assert (state["setId"], state["best"]["thresholdWeight"]) == (1, 3)


async def test_a_long_proof_is_made_beside_the_loop(monkeypatch):
    """And is the same."""
    async with serving() as desk:
        await desk.blocks(9)
        inline = await desk.ask("grandpa_proveFinality", 2)
        monkeypatch.setattr(grandpa, "INLINE_HEADERS_MAX", 3)
        assert await desk.ask("grandpa_proveFinality", 2) == inline
