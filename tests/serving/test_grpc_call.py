"""serving.grpc_call: what a handler sends is parted as the windows allow, and credit follows what it takes."""

from contextlib import suppress
from typing import Any

import pytest
import trio
import trio.testing

from edge_node.serving.call import CallEnded, Metadata
from edge_node.serving.credit import CreditRoom, Share, StreamCredit
from edge_node.serving.grpc_call import GrpcCall
from edge_node.serving.limits import NEVER
from edge_node.wire.grpc import MessageTooLarge, Status, message_prefix
from edge_node.wire.http2 import Http2Server
from edge_node.wire.http2_streams import STREAM_WINDOW_BYTES
from tests.wire.test_http2 import FIELDS, hear, new_client, new_server, output

MIB = 1 << 20


class Host:
    """A connection that keeps what is sent."""

    def __init__(self) -> None:
        self.http: Http2Server = new_server()
        self.client = new_client()
        self.client.send_headers(1, FIELDS)
        hear(self.http, self.client.data_to_send())
        self.client.receive_data(output(self.http))
        self.room, self.left, self.waiting = 1 << 30, 0, 0

    def flush_soon(self) -> None:
        """Nothing: the test looks."""

    def queue_room(self) -> int:
        return self.room - self.http.out.size

    def wait_for_room(self, call: GrpcCall) -> None:
        self.waiting += 1

    def idle_deadline(self, patience: float = 1.0) -> float:
        return 60.0 * patience

    def leave(self, call: GrpcCall) -> None:
        self.left += 1


def new_call(host: Host, room: CreditRoom | None = None, **more: Any) -> GrpcCall:
    """A call of stream 1."""
    credit = StreamCredit(Share(room or CreditRoom(), "a"))
    return GrpcCall(
        host, 1, "/a.A/b", Metadata(), peer="a", mode="full", message_max=4 * MIB, credit=credit, not_after=NEVER,
        **more,
    )  # fmt: skip


def windows(raw: bytes) -> int:
    """How much more of stream 1 a client may send, by the WINDOW_UPDATEs in some output."""
    total = 0
    while raw:
        size, kind, stream = int.from_bytes(raw[:3], "big"), raw[3], int.from_bytes(raw[5:9], "big")
        if (kind, stream) == (8, 1):
            total += int.from_bytes(raw[9:13], "big")
        raw = raw[9 + size :]
    return total


async def test_a_message_is_sent_as_the_window_allows():
    """Frames no larger than the client's, and the call waits where the window ends."""
    host = Host()
    call = new_call(host)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(call.send, bytes(50_000), memoryview(bytes(50_000)))
        await trio.testing.wait_all_tasks_blocked()
        events = host.client.receive_data(output(host.http))
        sizes = [len(event.data) for event in events if hasattr(event, "flow_controlled_length")]
        assert sum(sizes) == 65_535
        assert max(sizes) <= 16_384
        assert host.waiting == 1
        host.client.increment_flow_control_window(1 << 20)
        host.client.increment_flow_control_window(1 << 20, 1)
        hear(host.http, host.client.data_to_send())
        call.on_room()
    events = host.client.receive_data(output(host.http))
    assert sum(len(event.data) for event in events if hasattr(event, "flow_controlled_length")) == 100_005 - 65_535


async def test_credit_follows_what_is_taken():
    """Nothing is given back on arrival; small messages are credited together."""
    host = Host()
    call = new_call(host)
    message = message_prefix(20_000) + bytes(20_000)
    for _ in range(3):
        call.on_data(message, len(message), ended=False)
    assert windows(output(host.http)) == 0
    given = []
    for _ in range(3):
        await call.receive()
        given.append(windows(output(host.http)))
    assert given == [0, 40_010, 0]


async def test_a_large_message_is_invited_when_it_is_waited_for():
    """Its prefix alone opens nothing; the handler's wait does, and the next one may begin while it works."""
    host = Host()
    call = new_call(host)
    call.on_data(message_prefix(4 * MIB), 5, ended=False)
    assert windows(output(host.http)) == 0
    async with trio.open_nursery() as nursery:
        nursery.start_soon(call.receive)
        await trio.testing.wait_all_tasks_blocked()
        assert windows(output(host.http)) == 4 * MIB + 5 - STREAM_WINDOW_BYTES
        assert call.deadline == 60
        call.on_data(bytes(4 * MIB), 4 * MIB, ended=False)
    assert windows(output(host.http)) == STREAM_WINDOW_BYTES + MIB
    assert call.deadline == NEVER


async def test_without_room_a_call_waits_for_its_invitation():
    """And gets it when another gives room back."""
    host, room = Host(), CreditRoom(8 * MIB)
    other = Share(room, "b")
    assert other.charge(4 * MIB)
    call = new_call(host, room)
    assert Share(room, "c").charge(2 * MIB)
    call.on_data(message_prefix(4 * MIB - 100), 5, ended=False)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(call.receive)
        await trio.testing.wait_all_tasks_blocked()
        assert windows(output(host.http)) == 0
        other.release(4 * MIB)
        assert windows(output(host.http)) > 3 * MIB
        nursery.cancel_scope.cancel()
    call.close(Status.CANCELLED, "")
    assert room.used == 2 * MIB


async def test_an_ended_call_refuses_everything():
    """receive, accept and send say so; ending it twice is nothing."""
    host = Host()
    call = new_call(host)
    call.cut(Status.CANCELLED, "gone")
    call.cut(Status.CANCELLED, "gone")
    call.end(Status.OK, "")
    assert host.left == 1
    for attempt in (call.receive, call.accept, call.send):
        with pytest.raises(CallEnded, match="gone"):
            await attempt()


async def test_small_messages_give_others_a_turn():
    """A handler that never waits does not keep the loop."""
    host, turns = Host(), 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    call = new_call(host)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(count)
        for _ in range(320):
            await call.send(b"x")
        nursery.cancel_scope.cancel()
    assert turns >= 9


class Stranger(Exception):
    """Who nobody vouches for."""


async def refuse(_call: object) -> None:
    """Vouch for nobody."""
    raise Stranger


async def test_a_stranger_gets_no_room_for_a_large_first_message():
    """Who may send it is asked once, before the room is touched; what fits the small window asks nobody."""
    room, host = CreditRoom(), Host()
    call = new_call(host, room, vouch=refuse)
    call.on_data(message_prefix(3) + b"abc", 8, ended=False)
    assert await call.receive() == b"abc"
    call = new_call(host, room, vouch=refuse)
    call.on_data(message_prefix(STREAM_WINDOW_BYTES), 5, ended=False)
    with pytest.raises(Stranger):
        await call.receive()
    assert room.used == 0


async def test_who_is_vouched_for_is_asked_once():
    """Then its messages have room, the first and those after it."""
    room, host, asked = CreditRoom(), Host(), []

    async def vouch(call: object) -> None:
        asked.append(call)

    call = new_call(host, room, vouch=vouch)
    for number in range(2):
        call.on_data(message_prefix(MIB), 5, ended=False)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call.receive)
            await trio.testing.wait_all_tasks_blocked()
            assert room.used >= MIB - STREAM_WINDOW_BYTES
            assert not call.silent
            call.on_data(bytes(MIB), MIB, ended=False)
        assert (asked, call.silent, number) == ([call], False, number)


async def test_the_first_message_has_its_own_limit():
    """A put begins with a few hundred bytes; what follows is as large as the method says."""
    call = new_call(Host(), first_max=100)
    call.on_data(message_prefix(100) + bytes(100), 105, ended=False)
    call.on_data(message_prefix(101) + bytes(101), 106, ended=False)
    assert [len(await call.receive()), len(await call.receive())] == [100, 101]
    call = new_call(Host(), first_max=100)
    call.on_data(message_prefix(101), 5, ended=False)
    with pytest.raises(MessageTooLarge):
        await call.receive()


async def test_who_waits_for_room_is_not_idle():
    """The node is what it waits for: it is told so, and much later than a client that sends nothing."""
    room, host = CreditRoom(MIB), Host()
    others = [Share(room, "b"), Share(room, "c")]
    assert all(other.charge(MIB // 2) for other in others)
    call = new_call(host, room)
    call.on_data(message_prefix(MIB // 2), 5, ended=False)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait_for_end, call)
        await trio.testing.wait_all_tasks_blocked()
        assert call.deadline == 600.0
        others[0].release(MIB // 2)
        assert call.deadline == 60.0
        call.expire()
    assert call.ended == (Status.CANCELLED, "the client neither sent nor took anything for too long")
    assert others[0].charge(MIB // 2)
    call = new_call(host, room)
    call.on_data(message_prefix(MIB // 2), 5, ended=False)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait_for_end, call)
        await trio.testing.wait_all_tasks_blocked()
        call.expire()
    assert call.ended is not None
    assert call.ended[0] is Status.UNAVAILABLE


async def wait_for_end(call: GrpcCall) -> None:
    """Receive until the call is over."""
    with call.scope, suppress(CallEnded):
        await call.receive()
