"""`chain_*` over a real socket."""

from edge_node.chain_light.header import hash_header, header_of_json
from edge_node.chain_light.justification import decode_justification
from edge_node.devnet.chain_service import Keep
from edge_node.devnet.runtime.block import extrinsics_root
from tests.devnet.rpc.desk import bytes_of, hash_of, serving, shown


async def test_headers_hash_to_what_was_asked_for():
    """By hash, the best without one, none for an unknown hash."""
    async with serving() as desk:
        block = await desk.blocks(3)
        second = desk.chain.block_at(2)
        header = header_of_json(await desk.ask("chain_getHeader", shown(second.hash)))
        assert header == second.header
        assert hash_header(header) == second.hash
        assert header_of_json(await desk.ask("chain_getHeader")) == block.header
        assert header_of_json(await desk.ask("chain_getHeader", None)) == block.header
        assert await desk.ask("chain_getHeader", "0x" + "11" * 32) is None


async def test_blocks_hold_what_their_headers_say():
    """The extrinsics' root is that of the extrinsics; the justification is that of the block, as number lists."""
    async with serving() as desk:
        sent = desk.transfer()
        await desk.ask("author_submitExtrinsic", sent)
        await desk.final(1)
        answer = await desk.ask("chain_getBlock", shown(desk.chain.block_at(1).hash))
        header = header_of_json(answer["block"]["header"])
        assert answer["block"]["extrinsics"][1] == sent
        assert extrinsics_root(bytes_of(raw) for raw in answer["block"]["extrinsics"]) == header.extrinsics_root
        ((engine, raw),) = answer["justifications"]
        assert bytes(engine) == b"FRNK"
        assert decode_justification(bytes(raw)).target_hash == hash_header(header)
        assert await desk.ask("chain_getBlock", "0x" + "11" * 32) is None


async def test_a_block_that_is_not_final_has_no_justification():
    """As real nodes answer: null."""
    async with serving(finality_delay_s=60) as desk:
        await desk.ask("devnet_writeBlocks", 1)
        assert (await desk.ask("chain_getBlock"))["justifications"] is None


async def test_hashes_by_height():
    """One, several at once, the best; null above it."""
    async with serving() as desk:
        await desk.blocks(2)
        hashes = [shown(desk.chain.block_at(number).hash) for number in range(3)]
        assert await desk.ask("chain_getBlockHash", 0) == hashes[0]
        assert await desk.ask("chain_getBlockHash", "0x1") == hashes[1]
        assert await desk.ask("chain_getBlockHash") == await desk.ask("chain_getHead") == hashes[2]
        assert await desk.ask("chain_getBlockHash", [0, 2, 3]) == [hashes[0], hashes[2], None]
        assert await desk.ask("chain_getBlockHash", 3) is None


async def test_the_final_head_lags_the_best_one():
    """By the delay of finality."""
    async with serving(finality_delay_s=60) as desk:
        await desk.ask("devnet_writeBlocks", 2)
        assert hash_of(await desk.ask("chain_getFinalizedHead")) == desk.chain.genesis.hash
        assert await desk.ask("chain_getFinalisedHead") == await desk.ask("chain_getBlockHash", 0)


async def test_heads_are_told_as_they_come():
    """The newest at once, then each; final ones only when they are."""
    async with serving() as desk:
        new, every, final = [await desk.ask(f"chain_subscribe{kind}Heads") for kind in ("New", "All", "Finalized")]
        assert [(await desk.client.told_header(one)).number for one in (new, every, final)] == [0, 0, 0]
        await desk.blocks(2)
        for subscription in (new, every, final):
            headers = [await desk.client.told_header(subscription) for _ in range(2)]
            assert [hash_header(header) for header in headers] == [desk.chain.block_at(n).hash for n in (1, 2)]
        assert await desk.ask("chain_unsubscribeNewHeads", new) is True
        assert await desk.ask("chain_unsubscribeNewHeads", new) is False
        await desk.blocks()
        await desk.client.told_header(every)
        assert not desk.client.notes.get(new)


async def test_a_block_is_told_before_it_is_final():
    """A client never hears that a block is final which it has not heard of."""
    async with serving() as desk:
        new, final = await desk.ask("chain_subscribeNewHead"), await desk.ask("chain_subscribeFinalisedHeads")
        await desk.client.told(new)
        await desk.client.told(final)
        order = []
        for _ in range(3):
            await desk.ask("author_submitExtrinsic", desk.transfer())
            header = await desk.client.told_header(final)
            order.append(header.number)
            assert [item["result"]["number"] for item in desk.client.notes[new]][-1] >= hex(header.number)
        assert order == [1, 2, 3]


async def test_of_an_old_block_the_header_is_kept():
    """Its body is gone, and the answer says so."""
    async with serving(keep=Keep(2, 512)) as desk:
        await desk.blocks(5)
        old = shown(desk.chain.block_at(1).hash)
        assert header_of_json(await desk.ask("chain_getHeader", old)).number == 1
        refused = await desk.refusal("chain_getBlock", old)
        assert refused.code == 4003
        assert "discarded" in refused.message
        assert await desk.ask("chain_getBlock", shown(desk.chain.block_at(0).hash))
