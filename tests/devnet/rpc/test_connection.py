"""One client: order, batches, what is no request, and what a slow or dying one leaves behind."""

import json

import trio

from edge_node.devnet.rpc import connection
from tests.devnet.rpc.desk import connected, serving

ASK = {"jsonrpc": "2.0", "id": 1, "method": "system_chain", "params": []}


async def settled(condition):
    """Wait until something holds."""
    with trio.fail_after(10):
        while not condition():
            await trio.sleep(0.01)


async def test_bad_messages_are_answered():
    """No JSON, no request, an unknown method, wrong parameters: the connection goes on."""
    async with serving() as desk:
        client = desk.client
        assert (await client.raw("{"))["error"]["code"] == -32700
        assert (await client.raw("7"))["error"]["code"] == -32600
        assert (await client.raw(json.dumps(ASK | {"method": "nope"})))["error"]["code"] == -32601
        assert (await client.raw(json.dumps(ASK | {"params": [1]})))["error"]["code"] == -32602
        assert (await client.raw(json.dumps(ASK).encode()))["result"] == "Cere Development"


async def test_a_batch_is_answered_as_one():
    """In its order, errors among results, nothing for notifications; subscriptions in it work."""
    async with serving() as desk:
        batch = [ASK, ASK | {"id": 2, "method": "nope"}, {k: v for k, v in ASK.items() if k != "id"}, 5]
        answers = await desk.client.raw(json.dumps(batch))
        assert [answer["id"] for answer in answers] == [1, 2, None]
        (answer,) = await desk.client.raw(json.dumps([ASK | {"method": "chain_subscribeNewHeads"}]))
        assert (await desk.client.told_header(answer["result"])).number == 0
        await desk.client.socket.send_message(json.dumps([{"jsonrpc": "2.0", "method": "system_chain"}]))
        assert await desk.client.quiet()


async def test_answers_come_in_order():
    """Many at once, and each with its own id."""
    async with serving() as desk:
        for number in range(50):
            await desk.client.socket.send_message(json.dumps(ASK | {"id": number}))
        assert [(await desk.client.answer())["id"] for _ in range(50)] == list(range(50))


async def test_slow_answers_do_not_hold_each_other_up():
    """An endpoint that takes half a second for each answers ten in about that."""
    async with serving() as desk:
        await desk.ask("devnet_lie", "slow", 0.5)
        with trio.fail_after(4):
            for number in range(10):
                await desk.client.socket.send_message(json.dumps(ASK | {"id": number}))
            assert {(await desk.client.answer())["id"] for _ in range(10)} == set(range(10))


async def test_slow_answers_are_late_and_bounded(monkeypatch):
    """What is asked after them of the faults comes before them; no more than a bound are under way, and all come."""
    monkeypatch.setattr(connection, "LATE_MAX", 3)
    async with serving() as desk:
        await desk.ask("devnet_lie", "slow", 0.3)
        for number, method in enumerate(("system_chain", "devnet_faults", *["system_chain"] * 8)):
            await desk.client.socket.send_message(json.dumps(ASK | {"id": number, "method": method}))
        order = [(await desk.client.answer())["id"] for _ in range(10)]
        assert order[0] == 1
        assert sorted(order) == list(range(10))


async def test_a_client_that_dies_leaves_nothing():
    """Its subscriptions and watches end with it, whether it said goodbye or not."""
    async with serving() as desk:
        await desk.ask("devnet_stopBlocks", True)
        async with connected(desk.server) as other:
            for method in ("chain_subscribeNewHeads", "grandpa_subscribeJustifications", "chain_subscribeAllHeads"):
                await other.ask(method)
            await other.ask("state_subscribeStorage", ["0x1234"])
            await other.ask("author_submitAndWatchExtrinsic", desk.transfer())
            assert (desk.server.subscriptions, len(desk.service.watches)) == (4, 1)
            await other.socket._stream.aclose()  # as a cut cable would
        await settled(lambda: desk.server.connections == 1)
        assert (desk.server.subscriptions, len(desk.service.watches)) == (0, 0)
        await desk.ask("devnet_stopBlocks", False)
        await desk.final(1)


async def test_who_reads_too_slowly_is_let_go(monkeypatch):
    """Its queue has a bound; the chain and the others go on."""
    monkeypatch.setattr(connection, "NOTES_MAX", 16)
    async with serving() as desk:
        async with connected(desk.server) as other:
            for _ in range(40):
                await other.ask("chain_subscribeNewHeads")
            # Nobody reads any more: 40 notes a block fill what the system buffers, and then the queue.
            await settled(lambda: desk.server.connections == 2)
            with trio.fail_after(20):
                while desk.server.connections == 2:
                    await desk.ask("devnet_writeBlocks", 50)
        assert await desk.ask("system_chain")
        assert desk.server.subscriptions == 0


async def test_subscriptions_have_a_bound(monkeypatch):
    """One more is refused, and one that ends makes room."""
    monkeypatch.setattr(connection, "SUBSCRIPTIONS_MAX", 2)
    async with serving() as desk:
        first = await desk.ask("grandpa_subscribeJustifications")
        await desk.ask("grandpa_subscribeJustifications")
        assert (await desk.refusal("grandpa_subscribeJustifications")).code == -32006
        await desk.ask("grandpa_unsubscribeJustifications", first)
        await desk.ask("grandpa_subscribeJustifications")


async def test_the_last_word_ends_a_watch(monkeypatch):
    """Who sends all day and ends no watch does not run out of subscriptions."""
    monkeypatch.setattr(connection, "SUBSCRIPTIONS_MAX", 2)
    async with serving() as desk:
        for number in range(1, 6):
            subscription = await desk.ask("author_submitAndWatchExtrinsic", desk.transfer())
            await desk.final(number)
            for _ in range(3):
                await desk.client.told(subscription)
        assert await desk.ask("author_unwatchExtrinsic", subscription) is False


async def test_a_refused_subscription_is_none():
    """Nothing of it stays."""
    async with serving() as desk:
        await desk.refusal("author_submitAndWatchExtrinsic", "0x1234")
        await desk.refusal("state_subscribeStorage", ["0xzz"])
        assert (desk.server.subscriptions, len(desk.service.watches)) == (0, 0)
        assert (await desk.refusal("chain_unsubscribeNewHeads")).code == -32602
        justifications = await desk.ask("grandpa_subscribeJustifications")
        assert await desk.ask("chain_unsubscribeNewHeads", justifications) is False, "it is of another kind"
        assert desk.server.subscriptions == 1
        assert await desk.ask("chain_unsubscribeNewHeads", "none") is False
