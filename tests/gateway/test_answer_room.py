"""Answers share a budget until they are taken; a key that reads nothing leaves room for the others."""

import socket

import pytest
import trio
import trio.testing

from edge_node.base import counters
from edge_node.base.ids import StreamName
from edge_node.base.limits import MIB
from edge_node.gateway.answer_room import AnswerRoom
from edge_node.gateway.errors import NoRoomToAnswer
from tests.gateway.rig import RunningNode, Site, running

PAGE = "/api/v1/streams/site/a?limit=1000&proof=1"


def test_a_key_holds_at_most_what_it_leaves() -> None:
    """Exactly half of the room goes to the first key, half of the rest to the next; what is released is free again."""
    room = AnswerRoom(100)
    with room.hold("a") as first, room.hold("a") as second, room.hold("b") as third:
        first.resize(40)
        with pytest.raises(NoRoomToAnswer) as refusal:
            second.resize(21)
        assert (refusal.value.held, refusal.value.own, refusal.value.limit) == (40, 40, 100)
        second.resize(20)
        third.resize(40)
        assert room.held == 100
        first.resize(0)
        with pytest.raises(NoRoomToAnswer):
            third.resize(81)
        assert third.size == 40
    assert room.held == 0


def test_the_budget_changes_under_what_is_held() -> None:
    """What is held stays; the new bound counts from the next on."""
    room = AnswerRoom(100)
    with room.hold("a") as held:
        held.resize(40)
        room.resize(50)
        with room.hold("b") as other, pytest.raises(NoRoomToAnswer):
            other.resize(20)
        room.resize(100)
        with room.hold("b") as other:
            other.resize(30)
            assert room.held == 70


def test_an_answer_above_the_budget_passes_alone() -> None:
    """A small budget slows readers down and never locks them out."""
    room = AnswerRoom(10)
    with room.hold("a") as held, room.hold("b") as other:
        held.resize(20)
        held.resize(15)
        with pytest.raises(NoRoomToAnswer):
            other.resize(1)


async def test_who_can_wait_is_told_of_room() -> None:
    """All who wait get theirs, one after another."""
    room, served = AnswerRoom(100), []

    async def take(number: int) -> None:
        with room.hold("a") as held:
            while not held.may_resize(50):
                assert held.size == 0
                await room.wait()
            served.append(number)
            await trio.lowlevel.checkpoint()

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            with room.hold("a") as held:
                assert held.may_resize(50)
                for number in range(20):
                    nursery.start_soon(take, number)
                await trio.testing.wait_all_tasks_blocked()
                assert served == []
    assert sorted(served) == list(range(20))
    assert room.held == 0


async def test_a_wait_for_room_has_an_end(autojump_clock: trio.testing.MockClock) -> None:
    """Nothing is given back: whoever waits looks again after a moment."""
    room = AnswerRoom(100)
    await room.wait()
    assert trio.current_time() <= 2


def test_what_is_handed_over_stays_until_it_is_released() -> None:
    """The block's end gives back what nobody took over; what was refused holds nothing."""
    room = AnswerRoom(10)
    with room.hold("a") as held:
        held.resize(4)
        release = held.hand_over()
    assert room.held == 4
    release()
    assert room.held == 0
    with room.hold("a") as held, room.hold("a") as more:
        held.resize(4)
        with pytest.raises(NoRoomToAnswer):
            more.resize(4)
    assert room.held == 0


async def ask_and_read_nothing(node: RunningNode, nursery: trio.Nursery, target: str, who: str) -> None:
    """Ask on a connection whose receiver takes next to nothing, and leave it unread."""
    sock = trio.socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    await sock.connect(("127.0.0.1", node.port))
    proof = node.proof("GET", target, who=who)
    await sock.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nEdge-Request: {proof}\r\n\r\n".encode())
    nursery.start_soon(keep_open, sock)


async def keep_open(sock: trio.socket.SocketType) -> None:
    try:
        await trio.sleep_forever()
    finally:
        sock.close()


@pytest.mark.parametrize("kind", ["page", "piece"])
async def test_readers_who_do_not_read_leave_room_for_others(site: Site, kind: str) -> None:
    """Most of a crowd is told to come back, its neighbour reads and posts on, and all is free when the crowd leaves."""
    budget, crowd = 32 * MIB, 24
    async with running(site, http={"answers_bytes_max": budget}) as node:
        for _ in range(4):
            assert (await node.say(bytes(MIB), content_type="a/b")).status_code == 202
        put = await node.ask("POST", "/api/v1/pieces", bytes(20 * MIB), "writer")
        target, who = (PAGE, "reader") if kind == "page" else (put.headers["location"], "writer")
        counted = counters.refusals("overloaded")
        async with trio.open_nursery() as nursery:
            for _ in range(crowd):
                await ask_and_read_nothing(node, nursery, target, who)
            with trio.fail_after(20):
                while counters.refusals("overloaded") - counted < crowd // 2:
                    await trio.sleep(0.01)
            refused = await node.ask("GET", target, who=who)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert refused.json()["held"] <= budget
            assert refused.json()["own"] <= budget // 2 + 11 * MIB
            await node.is_healthy()
            page = await node.ask("GET", "/api/v1/streams/neighbour")
            assert len(page.json()["events"]) == 1
            nursery.cancel_scope.cancel()
        with trio.fail_after(20):
            while (await node.ask("GET", target, who=who)).status_code != 200:
                await trio.sleep(0.01)


async def test_a_page_is_bounded_whatever_is_asked(site: Site) -> None:
    """A page ends at the bytes it may have with the right `next`, and holds one event where one alone is larger."""
    async with running(site, ingest={"page_bytes_max": 1_000}) as node:
        for size in (400, 600, 1, 2_000):
            await node.say(bytes(size), content_type="a/b", stream=StreamName("site/a"))
        pages, start = [], 0
        while start < 4:
            page = (await node.ask("GET", f"{PAGE}&from={start}", who="reader")).json()
            assert (len(page["events"]), page["end"]) == (page["next"] - start, 4)
            assert len(page["proofs"]) == len(page["events"])
            pages.append(len(page["events"]))
            start = page["next"]
        assert pages == [2, 1, 1]
