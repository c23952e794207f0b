"""serving.grpc_calls: calls begin within a limit, wait for room, and are cut together."""

from itertools import count, islice, repeat

import pytest
import trio

from edge_node.serving.call import Call, CallHandler, MethodUnknown
from edge_node.serving.grpc_call import GrpcCall
from edge_node.serving.grpc_calls import CALLS_KEPT, LEAVING_PER_CALL, SILENT_S, CallCount, GrpcCalls, GrpcService
from edge_node.serving.limits import NEVER, Reaper
from edge_node.settings.tree import GrpcSettings
from edge_node.wire.grpc import Status, TimeoutMalformed
from edge_node.wire.http2_events import Opened
from tests.serving.grpc_rig import path, table_of
from tests.serving.test_grpc_call import MIB, Host
from tests.wire.test_http2 import hear, output

CALLS_MAX = 2
GONE = (Status.CANCELLED, "gone")


class Place(Host):
    """A connection that lets its calls leave."""

    calls: GrpcCalls

    def leave(self, call: GrpcCall) -> None:
        self.calls.leave(call)

    def wait_for_room(self, call: GrpcCall) -> None:
        self.calls.wait_for_room(call)


def new_calls(**handlers: object) -> GrpcCalls:
    """The calls of a connection that allows two."""
    place = Place()
    service = GrpcService(table_of(**handlers), GrpcSettings(streams_max=CALLS_MAX), Reaper(()))
    place.calls = GrpcCalls(service, place, "192.0.2.1", "cache")
    return place.calls


def opened(stream: int) -> Opened:
    """A client's call of a stream."""
    return Opened(stream, [(b"token", b"t")], ended=False)


async def test_a_call_is_found_until_it_leaves():
    """With its method, its door's mode and what the client said."""
    calls = new_calls()
    call, _ = calls.begin(opened(1), path("echo"), b"5S")
    assert (calls.find(1), calls.find(3), list(calls), len(calls)) == (call, None, [call], 1)
    assert (call.method, call.mode, call.peer, call.metadata.get("token")) == (path("echo"), "cache", "192.0.2.1", "t")
    assert 0 < call.not_after - trio.current_time() <= 5
    calls.leave(call)
    calls.leave(call)
    assert (calls.find(1), len(calls)) == (None, 0)


@pytest.mark.parametrize(
    ("method", "timeout", "error"),
    [("/test.T/no", None, MethodUnknown), (path("echo"), b"5", TimeoutMalformed)],
)
async def test_what_cannot_begin_leaves_nothing(method: str, timeout: bytes | None, error: type[Exception]):
    """An unknown method, a timeout without its unit."""
    calls = new_calls()
    with pytest.raises(error):
        calls.begin(opened(1), method, timeout)
    assert len(calls) == 0
    assert not calls.full


async def test_no_more_calls_than_there_may_be():
    """At the limit it is full; when one leaves there is room again."""
    calls = new_calls()
    begun = [calls.begin(opened(stream), path("echo"), None)[0] for stream in (1, 3)]
    assert begun[0].not_after == NEVER
    assert calls.full
    calls.leave(begun[0])
    assert not calls.full


async def test_handlers_that_clean_up_count_too():
    """A client that cancels and calls again cannot pile up handlers that have not ended yet."""
    over = trio.Event()

    async def slow(call: Call) -> None:
        with trio.CancelScope(shield=True):
            await over.wait()

    calls = new_calls(slow=slow)
    async with trio.open_nursery() as nursery:
        for number in range(LEAVING_PER_CALL * CALLS_MAX):
            assert not calls.full
            call, handler = calls.begin(opened(2 * number + 1), path("slow"), None)
            nursery.start_soon(calls.run, call, handler)
            await trio.testing.wait_all_tasks_blocked()
            calls.cut(*GONE)
            assert len(calls) == 0
        assert calls.full
        over.set()
    assert not calls.full


async def test_who_waits_for_room_is_woken():
    """A sender goes on when it is told of room; who has left is not asked."""
    calls = new_calls()
    (first, _), (second, _) = [calls.begin(opened(stream), path("echo"), None) for stream in (1, 3)]
    place = first._host
    async with trio.open_nursery() as nursery:
        nursery.start_soon(first.send, bytes(100_000))
        await trio.testing.wait_all_tasks_blocked()
        calls.wait_for_room(second)
        calls.leave(second)
        place.client.receive_data(output(place.http))
        place.client.increment_flow_control_window(MIB)
        place.client.increment_flow_control_window(MIB, 1)
        hear(place.http, place.client.data_to_send())
        sent = place.http.out.size
        calls.wake_senders()
    assert place.http.out.size - sent > 100_000 - 65_535


def test_a_connection_leaves_as_many_calls_as_it_has():
    """So a crowd of them gets ever fewer, and who comes last still one; no address has all."""
    count = CallCount(in_all=100, per_address=75)

    def fill(peer: str) -> int:
        own = 0
        while count.has_room(peer, own):
            count.enter(peer)
            own += 1
        return own

    assert [fill("a") for _ in range(6)] == [38, 19, 9, 5, CALLS_KEPT, CALLS_KEPT]
    assert [fill("b"), fill("c")] == [13, 6]
    for _ in range(38):
        count.leave("a")
    assert fill("a") > 9


def test_the_calls_there_may_be():
    """1,024 in all and 768 from one address: a connection with two calls has a third as long as three are left."""
    for most, peers in ((1_024, map(str, range(2_000))), (768, repeat("a"))):
        calls = CallCount()
        for peer in islice(peers, most - 3):
            calls.enter(peer)
        assert calls.has_room("a", 2)
        calls.enter("a")
        assert not calls.has_room("a", 2)


async def test_calls_of_other_connections_take_places():
    """Under its own limit a connection has as many calls as it leaves to its address; one that ends gives its back."""
    calls = new_calls()
    service = calls._service
    service.count = CallCount(in_all=20, per_address=6)
    service.settings = GrpcSettings(streams_max=10)
    one, other, far = (GrpcCalls(service, Place(), peer, "full") for peer in ("192.0.2.1", "192.0.2.1", "192.0.2.2"))
    one._host.calls, other._host.calls = one, other

    def fill(at: GrpcCalls) -> list[tuple[GrpcCall, CallHandler]]:
        streams, begun = count(1, 2), []
        while not at.full:
            begun.append(at.begin(opened(next(streams)), path("echo"), None))
        return begun

    begun = fill(one)
    assert [len(begun), len(fill(other)), len(fill(far))] == [3, CALLS_KEPT, 3]
    for call, handler in begun:
        call.cut(*GONE)
        await one.run(call, handler)
    assert len(other) + len(fill(other)) == 3


def test_an_address_that_left_is_forgotten():
    """Addresses are many."""
    count = CallCount()
    count.enter("a")
    count.leave("a")
    assert not count._by_address


async def test_silent_calls_make_place_where_places_are_scarce():
    """The oldest that has said nothing for a second, one for each that comes; who spoke stays."""
    calls = new_calls()
    service = calls._service
    service.count = CallCount(4, 4)
    now = service.reaper.now
    begun = [calls.begin(opened(stream), path("echo"), None)[0] for stream in (1, 3)]
    service.make_place("b", 0)
    assert [call.ended for call in begun] == [None, None]  # there is room
    begun.append(calls.begin(opened(5), path("echo"), None)[0])
    begun[0].silent = False
    service.make_place("b", 0)
    assert [call.ended for call in begun] == [None] * 3  # not yet a second old
    service.reaper.now = now + SILENT_S
    service.make_place("b", 0)
    assert [call.ended is not None for call in begun] == [False, True, False]
    assert begun[1].ended[0] is Status.UNAVAILABLE
    begun.append(calls.begin(opened(7), path("echo"), None)[0])
    service.make_place("b", 0)
    assert [call.ended is not None for call in begun] == [False, True, True, False]
    begun.append(calls.begin(opened(9), path("echo"), None)[0])
    service.make_place("b", 0)
    assert begun[0].ended is None
    for call in (begun[0], *begun[3:]):
        calls.leave(call)
    assert not service.silent


def two_connections(in_all: int, per_address: int) -> tuple[GrpcCalls, GrpcCalls]:
    """Of two addresses, on one server with so many places."""
    service = new_calls()._service
    service.count, service.settings = CallCount(in_all, per_address), GrpcSettings(streams_max=in_all)
    quiet, busy = Place(), Place()
    quiet.calls, busy.calls = GrpcCalls(service, quiet, "a", "full"), GrpcCalls(service, busy, "b", "full")
    return quiet.calls, busy.calls


async def test_a_burst_gets_as_many_places_as_it_lacks():
    """It comes in one breath, before any call that yields has had its turn to end, which counts only once."""
    quiet, busy = two_connections(16, 16)
    service = quiet._service
    silent = [quiet.begin(opened(stream), path("echo"), None) for stream in range(1, 33, 2)]
    service.reaper.now += SILENT_S
    for stream in range(1, 13, 2):
        busy.make_place()
        assert not busy.full
        busy.begin(opened(stream), path("echo"), None)
    assert service.count._by_address["b"] == 6
    yielded = [one for one in silent if one[0].ended is not None]
    for call, handler in yielded:
        await quiet.run(call, handler)
    assert 0 < service.count._by_address["a"] == len(silent) - len(yielded)


async def test_no_place_is_made_for_an_address_that_has_its_share():
    """What it lacks are not places in all: beyond the one of each call nobody yields for it."""
    quiet, greedy = two_connections(8, 4)
    silent = [quiet.begin(opened(stream), path("echo"), None)[0] for stream in (1, 3, 5)]
    for stream in (1, 3, 5, 7):
        greedy.begin(opened(stream), path("echo"), None)[0].silent = False
    quiet._service.reaper.now += SILENT_S
    greedy.make_place()
    assert sum(call.ended is not None for call in silent) == 1
