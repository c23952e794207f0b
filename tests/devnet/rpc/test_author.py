"""`author_*` over a real socket: sent, watched, refused."""

from edge_node.chain_light.era import era_at
from edge_node.chain_light.extrinsic import extrinsic_hash
from edge_node.devnet.runtime import call_of
from tests.devnet.rpc.desk import ALICE, BOB, bytes_of, hash_of, serving, shown


async def words(desk, subscription):
    """What is told of an extrinsic, to the last word."""
    told = []
    while not told or not isinstance(told[-1], dict) or "inBlock" in told[-1]:
        told.append(await desk.client.told(subscription))
    return told


async def test_an_extrinsic_is_ready_then_in_a_block_then_final():
    """In this order, with the block's hash, and the block holds it."""
    async with serving() as desk:
        sent = desk.transfer()
        ready, included, final = await words(desk, await desk.ask("author_submitAndWatchExtrinsic", sent))
        assert ready == "ready"
        assert included["inBlock"] == final["finalized"]
        assert bytes_of(sent) in desk.chain.block(hash_of(final["finalized"])).extrinsics
        assert len(desk.service.watches) == 0


async def test_a_refused_call_is_in_a_block_too():
    """Its nonce and fee are spent, and its event tells why: only then does finality follow."""
    async with serving() as desk:
        call = call_of("Balances", "transfer_allow_death", dest=BOB.address, value=10**30)
        told = await words(desk, await desk.ask("author_submitAndWatchExtrinsic", desk.signed(ALICE, call)))
        assert [next(iter(word)) for word in told[1:]] == ["inBlock", "finalized"]
        assert desk.stage.events(1)[-1][0] == "System.ExtrinsicFailed"


async def test_in_block_is_told_before_finality_whatever_the_delay():
    """Even where no delay is asked for: a client that got both at once would take a failure for success."""
    async with serving(finality_delay_s=0) as desk:
        new = await desk.ask("chain_subscribeFinalizedHeads")
        await desk.client.told(new)
        for _ in range(5):
            subscription = await desk.ask("author_submitAndWatchExtrinsic", desk.transfer())
            assert await desk.client.told(subscription) == "ready"
            assert "inBlock" in await desk.client.told(subscription)
            assert not desk.client.notes.get(new), "finality is another moment"
            assert "finalized" in await desk.client.told(subscription)
            await desk.client.told(new)


async def test_submitting_answers_the_hash():
    """BLAKE2b-256 of the bytes."""
    async with serving() as desk:
        sent = desk.transfer()
        assert hash_of(await desk.ask("author_submitExtrinsic", sent)) == extrinsic_hash(bytes_of(sent))
        await desk.final(1)
        assert desk.chain.block_at(1).extrinsics[1] == bytes_of(sent)


async def test_what_waits_is_shown():
    """And counts for the next nonce; a gap waits until it is filled."""
    async with serving() as desk:
        await desk.ask("devnet_stopBlocks", True)
        first, third = desk.transfer(nonce=0), desk.transfer(nonce=2)
        future = await desk.ask("author_submitAndWatchExtrinsic", third)
        assert await desk.client.told(future) == "future"
        await desk.ask("author_submitExtrinsic", first)
        assert await desk.ask("author_pendingExtrinsics") == [third, first]
        assert await desk.ask("system_accountNextIndex", shown(ALICE.id)) == 1
        await desk.ask("author_submitExtrinsic", desk.transfer(nonce=1))
        assert await desk.client.told(future) == "ready"
        await desk.ask("devnet_stopBlocks", False)
        assert "inBlock" in await desk.client.told(future)
        assert desk.chain.head.number == 1
        assert await desk.ask("author_pendingExtrinsics") == []


async def test_one_that_pays_more_takes_the_place():
    """The first one's watcher is told so; one that pays no more is refused."""
    async with serving() as desk:
        await desk.ask("devnet_stopBlocks", True)
        first = await desk.ask("author_submitAndWatchExtrinsic", desk.transfer(nonce=0))
        assert await desk.client.told(first) == "ready"
        dearer = await desk.ask("author_submitExtrinsic", desk.transfer(nonce=0, tip=5))
        assert await desk.client.told(first) == {"usurped": dearer}
        refused = await desk.refusal("author_submitExtrinsic", desk.transfer(nonce=0, value=5))
        assert (refused.code, refused.message) == (1014, "Priority is too low: (5 vs 0)")


async def test_refusals_in_a_nodes_words():
    """Each with its code: bad signature, outdated, unable to pay, no format, known already, refused before."""
    async with serving() as desk:
        good = desk.transfer()
        await desk.ask("author_submitExtrinsic", good)
        known = await desk.refusal("author_submitExtrinsic", good)
        assert known.code == 1013
        await desk.final(1)
        assert (await desk.refusal("author_submitExtrinsic", good)).data == "Transaction is outdated"
        assert (await desk.refusal("author_submitExtrinsic", good)).code == 1012
        forged = bytearray(bytes_of(desk.transfer()))
        forged[60] ^= 1
        bad = await desk.refusal("author_submitExtrinsic", shown(forged))
        assert (bad.code, bad.message, bad.data) == (1010, "Invalid Transaction", "Transaction has a bad signature")
        poor = await desk.refusal("author_submitExtrinsic", desk.transfer(tip=10**30))
        assert "Inability to pay" in poor.data
        for raw in ("0x", "0x00", "0x1234", good[:-2], good + "00"):
            assert (await desk.refusal("author_submitExtrinsic", raw)).code == 1001
        other = await desk.refusal("author_submitExtrinsic", desk.transfer(facts={"spec_version": 1}))
        assert other.data == "Transaction has a bad signature"
        unsigned = desk.chain.block_at(1).extrinsics[0]
        assert (await desk.refusal("author_submitAndWatchExtrinsic", shown(unsigned))).code == 1011


async def test_a_mortal_one_dies():
    """One that waits for another is told when it is too old; one that came late is refused."""
    async with serving() as desk:
        era = era_at(0, 4)
        waiting, late = desk.transfer(nonce=1, era=era), desk.transfer(nonce=0, era=era)
        subscription = await desk.ask("author_submitAndWatchExtrinsic", waiting)
        assert await desk.client.told(subscription) == "future"
        await desk.blocks(4)
        assert await desk.client.told(subscription) == "invalid"
        assert await desk.ask("author_pendingExtrinsics") == []
        assert not desk.service._future, "nothing is kept of one that waited in vain"
        # An era's first block is what was signed: four blocks on, these two bytes mean another era.
        assert (await desk.refusal("author_submitExtrinsic", late)).data == "Transaction has a bad signature"


async def test_one_that_others_made_invalid_is_told():
    """Two that each could pay, and not both."""
    async with serving() as desk:
        await desk.ask("devnet_stopBlocks", True)
        have = desk.stage.read("System", "Account", ALICE.id)["data"]["free"]
        await desk.ask("author_submitExtrinsic", desk.transfer(value=have - 10**10))
        poor = desk.transfer(tip=10**12)
        subscription = await desk.ask("author_submitAndWatchExtrinsic", poor)
        await desk.ask("devnet_stopBlocks", False)
        assert await desk.client.told(subscription) == "ready"
        assert await desk.client.told(subscription) == "invalid"
        assert (await desk.refusal("author_submitExtrinsic", poor)).code == 1012


async def test_who_stops_watching_hears_no_more():
    """And nothing is kept for them."""
    async with serving() as desk:
        await desk.ask("devnet_stopBlocks", True)
        subscription = await desk.ask("author_submitAndWatchExtrinsic", desk.transfer())
        assert await desk.client.told(subscription) == "ready"
        assert await desk.ask("author_unwatchExtrinsic", subscription) is True
        assert len(desk.service.watches) == 0
        await desk.ask("devnet_stopBlocks", False)
        await desk.final(1)
        assert await desk.client.quiet()
