"""A connection with a node that does not behave: every caller learns what was the case, and nothing is left behind."""

import json

import pytest
import trio
import trio.testing

from edge_node.base.ids import Hash256
from edge_node.chain_light.json_rpc import MESSAGE_MAX_BYTES, Call
from edge_node.chain_light.rpc_connection import IN_FLIGHT_MAX, UNASKED_BURST, WAITING_MAX, RpcConnection
from edge_node.chain_light.source_errors import (
    AnswerTooLarge,
    EndpointBusy,
    EndpointGone,
    EndpointRefused,
    EndpointSilent,
    MalformedAnswer,
)
from tests.chain_light.endpoint_rig import GENESIS, Rig, answer_to, connected, eventually, notice, serving

HASH = Hash256(b"\x01" * 32)


async def gone_by(reply, error, match=None) -> None:
    """Two callers wait; the reply ends the connection, and both learn by what."""
    async with serving(Rig()) as rig, connected(rig) as source:

        async def reply_to_the_second(socket, calls, batch):
            if len(rig.asked) == 2:
                await reply(socket, calls)

        async def ask() -> None:
            with pytest.raises(error, match=match):
                await source.finalized()

        rig.reply = reply_to_the_second
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            nursery.start_soon(ask)
        await source.wait_ended()
        assert isinstance(source.ending, error)
        with pytest.raises(error):
            await source.genesis()
        assert source._connection._waiters == {}


async def test_a_close_with_a_code_is_told():
    """The code's name and the words."""
    await gone_by(
        lambda socket, calls: socket.aclose(1008, "too many requests"), EndpointGone, "1008 .*too many requests"
    )


async def test_a_connection_that_breaks_in_the_middle_of_an_answer():
    """Half a frame, then the end."""

    async def half(socket, calls):
        await socket._stream.send_all(b"\x81\x7e\x01\x00" + b'{"jsonrpc"')
        await socket._stream.aclose()

    await gone_by(half, EndpointGone, "closed the connection|broke")


async def test_what_is_no_websocket_frame():
    """Reserved bits and an unknown kind of frame."""
    await gone_by(lambda socket, calls: socket._stream.send_all(b"\xff\xff\xff\xff"), EndpointGone)


async def test_text_that_is_no_utf8():
    """The WebSocket's own rule."""
    await gone_by(lambda socket, calls: socket._stream.send_all(b"\x81\x02\xff\xfe"), EndpointGone)


@pytest.mark.parametrize("text", ["garbage", "[]", "{}", "[" * 5_000, '{"jsonrpc":"2.0","id":1}', ""])
async def test_garbage_is_the_endpoints_fault(text):
    """All who wait are told that it answered, and wrongly."""
    await gone_by(lambda socket, calls: socket.send_message(text), MalformedAnswer)


async def test_a_message_too_large_ends_the_connection():
    """It is not kept until it is whole: the connection ends at the bound."""
    await gone_by(lambda socket, calls: socket.send_message("x" * (MESSAGE_MAX_BYTES + 1)), AnswerTooLarge)


async def test_a_frame_that_says_it_is_endless():
    """A frame may say 2^62 bytes: so many are not waited for."""

    async def endless(socket, calls):
        await socket._stream.send_all(b"\x81\x7f" + (1 << 62).to_bytes(8, "big"))
        try:
            while True:
                await socket._stream.send_all(b"x" * 65_536)
        except trio.BrokenResourceError:
            return

    await gone_by(endless, AnswerTooLarge)


async def test_fragments_without_end_are_cut_off():
    """A message of empty fragments never grows and never ends: its frames are counted."""

    async def fragments(socket, calls):
        try:
            await socket._stream.send_all(b"\x01\x00")
            while True:
                await socket._stream.send_all(b"\x00\x00" * 512_000)
        except trio.BrokenResourceError:
            return

    await gone_by(fragments, MalformedAnswer, "frames without the end")


async def test_a_flood_that_nobody_asked_for():
    """Some are counted and overlooked; without end they end the connection."""

    async def flood(socket, calls):
        for number in range(UNASKED_BURST + 16):
            await socket.send_message(json.dumps({"jsonrpc": "2.0", "id": 9_000 + number, "result": 1}))

    await gone_by(flood, MalformedAnswer, "nobody asked for")


async def test_a_flood_of_notices():
    """Of a subscription that there is not."""

    async def flood(socket, calls):
        for _ in range(UNASKED_BURST + 16):
            await socket.send_message(notice("chain_newHead", "x", {}))

    await gone_by(flood, MalformedAnswer, "nobody asked for")


async def test_other_ids_and_answers_twice_are_counted():
    """Only the first answer with the call's id is the answer."""
    async with serving(Rig()) as rig, connected(rig) as source:

        async def reply(socket, calls, batch):
            good = rig.form(calls[0])
            for form in (good | {"id": 77}, good | {"id": "1"}, good, good | {"result": f"0x{HASH}"}, good):
                await socket.send_message(json.dumps(form))

        rig.reply = reply
        assert await source.genesis() == GENESIS
        assert await source.genesis() == GENESIS
        await eventually(lambda: source._connection.unasked == 8)
        assert source.ending is None


async def test_answers_in_reverse_order_find_their_calls():
    """Four under way at once; the last is answered first."""
    async with serving(Rig()) as rig, connected(rig) as source:
        held = []

        async def hold(socket, calls, batch):
            held.extend(calls)
            if len(held) == IN_FLIGHT_MAX:
                for call in reversed(held):
                    await socket.send_message(json.dumps(answer_to(call, [f"0x{call['params'][0][0]:064x}"])))

        rig.reply = hold
        found = {}

        async def ask(number: int) -> None:
            found[number] = (await source.block_hashes([number]))[0]

        async with trio.open_nursery() as nursery:
            for number in range(IN_FLIGHT_MAX):
                nursery.start_soon(ask, number)
        assert found == {number: Hash256(number.to_bytes(32, "big")) for number in range(IN_FLIGHT_MAX)}


async def test_no_more_than_four_are_under_way_and_few_wait():
    """The rest wait for their turn, and beyond that are refused at once."""
    async with serving(Rig()) as rig, connected(rig) as source:
        release = trio.Event()

        async def slow(socket, calls, batch):
            rig_calls.append(calls)
            rig_nursery.start_soon(later, socket, calls, batch)

        async def later(socket, calls, batch):
            await release.wait()
            await rig.answer(socket, calls, batch)

        rig_calls = []
        rig.reply = slow
        async with trio.open_nursery() as rig_nursery, trio.open_nursery() as nursery:
            for _ in range(IN_FLIGHT_MAX + WAITING_MAX):
                nursery.start_soon(source.genesis)
            await eventually(lambda: len(rig_calls) == IN_FLIGHT_MAX)
            await trio.testing.wait_all_tasks_blocked(0.02)
            assert len(rig_calls) == IN_FLIGHT_MAX
            with pytest.raises(EndpointBusy):
                await source.genesis()
            release.set()
        assert len(rig_calls) == IN_FLIGHT_MAX + WAITING_MAX


async def test_silence_has_an_end_and_late_answers_do_no_harm():
    """The call that waited too long says so; its answer, when it comes, is nobody's."""
    async with serving(Rig()) as rig, connected(rig) as source:
        late = []

        async def keep(socket, calls, batch):
            late.append((socket, calls, batch))

        rig.reply = keep
        with pytest.raises(EndpointSilent) as caught:
            await source._connection.call(Call("chain_getFinalizedHead"), 0.01)
        assert (caught.value.method, caught.value.waited_s) == ("chain_getFinalizedHead", 0.01)
        await eventually(lambda: late)
        rig.reply = rig.answer
        await rig.answer(*late[0])
        assert await source.genesis() == GENESIS
        assert source._connection.unasked == 1


async def test_a_caller_that_gives_up_leaves_the_line_whole():
    """Cancelled at any moment, also in the middle of a large message, the next call is answered."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table["author_submitExtrinsic"] = f"0x{HASH}"
        for wait_s in (0, 0.0005, 0.002, 0.005):
            with trio.move_on_after(wait_s):
                await source.submit(bytes(200_000))
        assert await source.genesis() == GENESIS
        assert source._connection._waiters == {}


async def test_a_batch_is_refused_where_there_are_none():
    """The refusal has no id; from then on calls go one by one, and single calls under way are left alone."""
    async with serving(Rig()) as rig, connected(rig) as source:
        batches = []

        async def no_batches(socket, calls, batch):
            batches.append(batch)
            refusal = {"jsonrpc": "2.0", "id": None, "error": {"code": -32005, "message": "Batched requests"}}
            await (socket.send_message(json.dumps(refusal)) if batch else rig.answer(socket, calls, batch))

        rig.reply = no_batches
        rig.table["state_getStorage"] = lambda key, block: block
        for _ in range(2):
            assert await source.storage(b"\x01", [HASH, GENESIS]) == [HASH, GENESIS]
        assert batches == [True, False, False, False, False]


async def test_a_refusal_without_an_id_is_meant_for_all():
    """The node could not read which call it was; nobody waits for an answer that will not come."""
    async with serving(Rig()) as rig, connected(rig) as source:
        refusal = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "Invalid request"}}
        rig.reply = lambda socket, calls, batch: socket.send_message(json.dumps(refusal))
        with pytest.raises(EndpointRefused, match="chain_getFinalizedHead was refused with -32600"):
            await source.finalized()
        await rig.sockets[0].send_message(json.dumps(refusal))
        await eventually(lambda: source._connection.unasked == 1)


async def test_one_refused_call_of_a_batch_is_named():
    """The first that was refused; the others' answers are left."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.table["known"] = 1
        with pytest.raises(Exception, match="does not offer unknown"):
            await source._connection.call_all([Call("known"), Call("unknown"), Call("known")])
        assert await source.genesis() == GENESIS


async def test_an_answer_to_half_a_batch_is_silence():
    """What is missing is waited for, and then told."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.reply = lambda socket, calls, batch: rig.answer(socket, calls[:1], batch)
        with pytest.raises(EndpointSilent):
            await source._connection.call_all([Call("chain_getFinalizedHead")] * 2, 0.02)


async def test_binary_messages_are_read_too():
    """Some proxies send JSON so."""
    async with serving(Rig()) as rig, connected(rig) as source:
        rig.reply = lambda socket, calls, batch: socket.send_message(json.dumps(rig.form(calls[0])).encode())
        assert await source.genesis() == GENESIS


async def test_a_cancelled_connection_leaves_no_task():
    """Everything ends with the `with`: the server sees it go."""
    async with serving(Rig()) as rig:
        async with connected(rig) as source:
            assert await source.genesis() == GENESIS
        assert "closed here" in str(source.ending)
        with trio.fail_after(20):
            while rig.sockets:
                await trio.sleep(0.002)


async def test_an_end_is_the_first_reason():
    """Whatever comes after it."""
    connection = RpcConnection("ws://127.0.0.1:1")
    connection.end(EndpointGone("ws://127.0.0.1:1", "one"))
    connection.end(EndpointGone("ws://127.0.0.1:1", "two"))
    await connection.wait_ended()
    with pytest.raises(EndpointGone, match="one"):
        await connection.call(Call("any"))
