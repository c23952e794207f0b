"""Notices find their reader, early and late; a slow reader holds up nobody, and nothing is kept without a bound."""

import json

import msgspec
import pytest
import trio

from edge_node.base.ids import Hash256
from edge_node.chain_light.json_rpc import read_message
from edge_node.chain_light.rpc_feeds import (
    BACKLOG,
    EARLY_MAX,
    EARLY_MAX_BYTES,
    INLINE_MAX_BYTES,
    Feed,
    Topic,
    read_result,
)
from edge_node.chain_light.source_errors import EndpointGone, MalformedAnswer
from tests.chain_light.endpoint_rig import GENESIS, Rig, answer_to, connected, eventually, notice, serving

HASH = Hash256(b"\x01" * 32)
TOPIC = Topic("begin", "end", "said")


async def test_long_answers_are_read_in_a_thread():
    """The loop goes on meanwhile; what comes of it is the same."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table["state_getMetadata"] = "0x" + "6d" * INLINE_MAX_BYTES
        assert await source.metadata(HASH) == b"m" * INLINE_MAX_BYTES
        (frame,) = read_message(json.dumps(answer_to({"id": 1}, "x" * INLINE_MAX_BYTES)).encode())
        assert await read_result(lambda _: trio.lowlevel.in_trio_run(), frame.result) is False
        (frame,) = read_message(json.dumps(answer_to({"id": 1}, "x")).encode())
        assert await read_result(lambda _: trio.lowlevel.in_trio_run(), frame.result) is True


async def subscribed(rig, source, count=0):
    """What a subscription delivers, up to `count`."""
    async with source._connection.subscribe(TOPIC, bytes) as channel:
        return [await channel.receive() for _ in range(count)]


async def test_notices_before_the_subscriptions_id_are_kept():
    """Nodes send the first ones at once; those of others are nobody's."""
    async with serving(Rig()) as rig, connected(rig) as source:

        async def eager(socket, calls, batch):
            if calls[0]["method"] == "begin":
                for subscription, value in (("a", 1), ("b", 9), ("a", 2)):
                    await socket.send_message(notice("said", subscription, value))
                await socket.send_message(json.dumps(answer_to(calls[0], "a")))
                await socket.send_message(notice("said", "a", 3))

        rig.reply = eager
        assert await subscribed(rig, source, 3) == [b"1", b"2", b"3"]
        assert source._connection.unasked == 1
        assert not source._connection._feeds._early


@pytest.mark.parametrize(("count", "size"), [(EARLY_MAX + 3, 1), (6, EARLY_MAX_BYTES // 4)])
async def test_what_is_kept_early_has_a_bound(count, size):
    """In number and in bytes; the rest is counted."""
    async with serving(Rig()) as rig, connected(rig) as source:

        async def eager(socket, calls, batch):
            if calls[0]["method"] == "begin":
                for _ in range(count):
                    await socket.send_message(notice("said", "a", "x" * size))
                await socket.send_message(json.dumps(answer_to(calls[0], "a")))

        rig.reply = eager
        await subscribed(rig, source)
        assert source._connection.unasked == 3


async def test_two_subscriptions_of_one_family_are_told_apart():
    """By their ids, also while only one of the two is known."""
    async with serving(Rig()) as rig, connected(rig) as source:
        begun = []

        async def both(socket, calls, batch):
            if calls[0]["method"] == "begin":
                begun.append(calls[0])
                if len(begun) == 2:
                    for name in "ab":
                        await socket.send_message(notice("said", name, name))
                    for name, call in zip("ab", begun, strict=True):
                        await socket.send_message(json.dumps(answer_to(call, name)))

        rig.reply = both
        found = []

        async def listen() -> None:
            found.extend(await subscribed(rig, source, 1))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen)
            nursery.start_soon(listen)
        assert sorted(found) == [b'"a"', b'"b"']
        assert source._connection.unasked == 0


async def test_the_same_id_twice_is_refused():
    """Nobody could tell whose a notice is."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table |= {"begin": 7, "end": True}
        async with source._connection.subscribe(TOPIC, bytes):
            with pytest.raises(MalformedAnswer, match="two subscriptions"):
                await subscribed(rig, source)
        assert await subscribed(rig, source) == []


async def test_a_slow_reader_misses_the_oldest():
    """The newest block is what counts."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table |= {"begin": "a", "end": True}
        async with source._connection.subscribe(TOPIC, bytes) as channel:
            for number in range(BACKLOG + 5):
                await rig.sockets[0].send_message(notice("said", "a", number))
            assert await source.genesis() == GENESIS  # so all of them have come
            found = [await channel.receive() for _ in range(BACKLOG)]
            assert found == [str(number).encode() for number in range(5, BACKLOG + 5)]
            with pytest.raises(trio.WouldBlock):
                channel.receive_nowait()


async def test_a_stream_ends_with_its_connection():
    """What had come is still read; then it is the end, not an error."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table |= {"begin": "a", "end": True}
        async with source._connection.subscribe(TOPIC, bytes) as channel:
            await rig.sockets[0].send_message(notice("said", "a", 1))
            await rig.sockets[0].aclose()
            assert [value async for value in channel] == [b"1"]
            await source.wait_ended()


async def test_a_stream_ends_when_the_node_ends_it():
    """The connection goes on."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table |= {"begin": "a", "end": True}
        async with source._connection.subscribe(TOPIC, bytes) as channel:
            ended = {"jsonrpc": "2.0", "method": "said", "params": {"subscription": "a", "error": "too slow"}}
            await rig.sockets[0].send_message(json.dumps(ended))
            assert [value async for value in channel] == []
            await rig.sockets[0].send_message(notice("said", "a", 1))
        assert await source.genesis() == GENESIS


async def test_a_stream_begun_at_the_end_has_ended():
    """The id comes, and with it the end of the connection: nobody waits for what cannot come."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table |= {"begin": "a", "end": True}
        connection = source._connection

        async def last_answer(call, within_s=0):
            connection.end(EndpointGone(rig.url, "now"))
            return read_message(json.dumps(answer_to({"id": 1}, "a")).encode())[0].result

        connection.call = last_answer
        async with connection.subscribe(TOPIC, bytes) as channel:
            assert [value async for value in channel] == []


async def test_a_notice_that_cannot_be_read_ends_the_connection():
    """Its sender says what no node says."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table |= {"grandpa_subscribeJustifications": "a", "grandpa_unsubscribeJustifications": True}
        async with source.justifications() as channel:
            await rig.sockets[0].send_message(notice("grandpa_justifications", "a", "no hex"))
            assert [value async for value in channel] == []
        assert isinstance(source.ending, MalformedAnswer)


async def test_a_listener_that_gives_up_is_forgotten():
    """Cancelled, it leaves nothing behind; the node is told to stop."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table |= {"begin": "a", "end": True}
        with trio.move_on_after(0.05):
            await subscribed(rig, source, 1)
        await eventually(lambda: rig.asked[-1] == ("end", ["a"]))
        assert len(source._connection._feeds) == 0


async def test_what_was_missed_is_counted():
    """Those a reader was too slow for, and those that came after the end."""
    feed = Feed(bytes)
    for number in range(BACKLOG + 2):
        await feed.deliver(msgspec.Raw(str(number).encode()))
    assert feed.missed == 2
    feed.end()
    await feed.deliver(msgspec.Raw(b"late"))
    assert feed.missed == 3
    assert len([value async for value in feed.receive]) == BACKLOG


async def test_whoever_still_reads_after_the_end_is_told():
    """Also a reader that was given the channel by the one who subscribed."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table |= {"begin": "a", "end": True}
        async with source._connection.subscribe(TOPIC, bytes) as channel:
            other = channel.clone()
        with pytest.raises(trio.EndOfChannel):
            await other.receive()
