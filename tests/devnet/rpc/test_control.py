"""`devnet_*`: every fault set over the socket, and what clients then see."""

import pytest
from trio_websocket import ConnectionClosed

from edge_node.chain_light.anchor import Anchor, advance
from edge_node.chain_light.authority_changes import Forced, set_change_of
from edge_node.chain_light.equivocation import find_equivocations
from edge_node.chain_light.finality_errors import ConflictingFinality
from edge_node.chain_light.grandpa import AuthoritySet, decode_justification
from edge_node.chain_light.header import header_of_json
from edge_node.devnet.faults import Lie
from tests.devnet.rpc.desk import bytes_of, connected, hash_of, serving, shown
from tests.devnet.runtime.stage import VALIDATORS


async def test_finality_is_withheld_and_let_go():
    """Blocks go on; then all of them are final at once, in their order."""
    async with serving() as desk:
        await desk.ask("devnet_withholdFinality", True)
        final = await desk.ask("chain_subscribeFinalizedHeads")
        await desk.client.told(final)
        await desk.ask("devnet_writeBlocks", 3)
        assert await desk.client.quiet()
        assert (await desk.ask("devnet_faults"))["withhold_finality"] is True
        await desk.ask("devnet_withholdFinality", False)
        assert [(await desk.client.told_header(final)).number for _ in range(3)] == [1, 2, 3]


async def test_blocks_are_stopped_and_let_go():
    """What was sent in between comes then."""
    async with serving() as desk:
        await desk.ask("devnet_stopBlocks", True)
        await desk.ask("author_submitExtrinsic", desk.transfer())
        assert await desk.client.quiet()
        assert desk.chain.head.number == 0
        await desk.ask("devnet_stopBlocks", False)
        await desk.final(1)


async def test_time_jumps():
    """The chain's own time is ahead by so much, and its slots with it."""
    async with serving() as desk:
        await desk.blocks(1)
        before = desk.stage.read("Timestamp", "Now")
        await desk.ask("devnet_jumpTime", 28 * 86_400_000)
        await desk.blocks(1)
        assert desk.stage.read("Timestamp", "Now") - before >= 28 * 86_400_000
        assert (desk.stage.read("Babe", "CurrentSlot") + 1) * 6_000 > before + 28 * 86_400_000


async def test_sets_change_when_they_are_told_to():
    """At once or after a delay; a second change waits for the first."""
    async with serving() as desk:
        assert await desk.ask("devnet_scheduleChange", 3, 2) == 1
        await desk.blocks(1)
        assert (await desk.refusal("devnet_scheduleChange", 0)).code == 9000
        await desk.blocks(4)
        assert desk.chain.voters.current.id == 1
        assert [one.key for one in desk.chain.voters.current.authorities] == [
            one.grandpa.public for place, one in enumerate(VALIDATORS) if place != 2
        ]
        assert desk.chain.hand_overs == [4]


async def test_a_forced_change_stands_in_a_header():
    """With the median it was given; the old set's word plays no part."""
    async with serving() as desk:
        await desk.ask("devnet_forceChange", 0, 0)
        block = await desk.blocks(1)
        change = set_change_of(block.header)
        assert isinstance(change, Forced)
        assert change.median == 0
        assert desk.chain.voters.current.id == 1


async def test_two_truths_are_both_proved():
    """The forged block's justification holds, its header is served, and it conflicts with what is final."""
    async with serving() as desk:
        block = await desk.blocks(2)
        subscription = await desk.ask("grandpa_subscribeJustifications")
        forged = await desk.ask("devnet_forgeFinality")
        assert forged["number"] == block.number
        assert await desk.client.told(subscription) == forged["justification"]
        header = header_of_json(await desk.ask("chain_getHeader", forged["hash"]))
        justification = decode_justification(bytes_of(forged["justification"]))
        voters = AuthoritySet(0, tuple(one.authority for one in VALIDATORS))
        with pytest.raises(ConflictingFinality):
            advance(Anchor(block.header, voters), (header,), justification)
        honest = decode_justification(desk.chain.finalities[block.number].justification)
        assert len(find_equivocations(honest, justification, voters)) == 4
        assert hash_of(await desk.ask("chain_getBlockHash", block.number)) == block.hash
        assert (await desk.refusal("devnet_forgeFinality", 99)).code == -32602


async def test_an_endpoint_lies_and_stops():
    """Another endpoint of the same chain is not touched; what is lied about is told."""
    async with serving() as desk:
        await desk.blocks(1)
        honest = await desk.ask("state_getReadProof", ["0x1234"])
        await desk.ask("devnet_lie", "wrong-proof")
        assert (await desk.ask("devnet_faults"))["lies"] == {"wrong-proof": None}
        assert await desk.ask("state_getReadProof", ["0x1234"]) != honest
        await desk.ask("devnet_beHonest", "wrong-proof")
        assert await desk.ask("state_getReadProof", ["0x1234"]) == honest
        for name, much in (("white", None), ("slow", "x")):
            assert (await desk.refusal("devnet_lie", name, much)).code == -32602


async def test_a_stale_endpoint_shows_the_past():
    """Heads stay, nothing is told, until it is honest again."""
    async with serving() as desk:
        await desk.blocks(1)
        await desk.ask("devnet_lie", Lie.STALE_HEAD)
        new = await desk.ask("chain_subscribeNewHeads")
        assert (await desk.client.told_header(new)).number == 1
        await desk.blocks(2)
        assert await desk.client.quiet()
        assert header_of_json(await desk.ask("chain_getHeader")).number == 1
        assert await desk.ask("chain_getFinalizedHead") == shown(desk.chain.block_at(1).hash)
        assert await desk.ask("chain_getBlockHash", 3) is None
        await desk.ask("devnet_beHonest")
        assert header_of_json(await desk.ask("chain_getHeader")).number == 3


async def test_silent_slow_huge_and_gone():
    """What a client's deadlines and bounds are for; the faults themselves are always answered."""
    async with serving() as desk:
        await desk.ask("devnet_lie", "silent")
        await desk.client.socket.send_message('{"jsonrpc":"2.0","id":"lost","method":"system_chain"}')
        await desk.client.socket.send_message('{"jsonrpc":"2.0","id":2,"method":"chain_subscribeNewHeads"}')
        await desk.client.socket.send_message('[{"jsonrpc":"2.0","id":3,"method":"system_chain"}]')
        assert await desk.client.quiet()
        assert desk.server.subscriptions == 0, "nobody will ever know their ids"
        await desk.ask("devnet_beHonest")
        await desk.ask("devnet_lie", "slow", 0.05)
        assert await desk.ask("system_chain")
        await desk.ask("devnet_beHonest")
        await desk.ask("devnet_lie", "huge")
        assert len(await desk.ask("system_chain")) > 40_000_000
        await desk.ask("devnet_beHonest")
        async with connected(desk.server) as other:
            await desk.ask("devnet_lie", "hangs-up")
            await other.socket.send_message('{"jsonrpc":"2.0","id":1,"method":"system_chain"}')
            with pytest.raises(ConnectionClosed):
                await other.socket.get_message()
            assert await desk.ask("devnet_beHonest")


async def test_how_many_blocks_at_once():
    """As many as are asked for, within a bound."""
    async with serving() as desk:
        assert await desk.ask("devnet_writeBlocks", 20) == 20
        assert await desk.ask("devnet_writeBlocks") == 21
        assert (await desk.refusal("devnet_writeBlocks", 10_001)).code == -32602
