"""Bodies under way share a budget; what does not fit is refused before it is read."""

import pytest
import trio

from edge_node.gateway.errors import NoRoom
from edge_node.gateway.room import Room
from tests.gateway.rig import Site, running


def test_the_budget_is_exact_and_given_back() -> None:
    """The limit fits, one byte more does not; the end of a block gives back what it held, also on an error."""
    room = Room(10)
    with room.hold(4), room.hold(6):
        with pytest.raises(NoRoom) as refusal, room.hold(1):
            pass
        assert (refusal.value.held, refusal.value.limit) == (10, 10)
    assert room.held == 0
    with pytest.raises(ZeroDivisionError), room.hold(10):
        raise ZeroDivisionError
    assert room.held == 0


def test_the_budget_changes_under_what_is_held() -> None:
    """What is held stays; the new bound counts from the next on."""
    room = Room(100)
    with room.hold(80):
        room.resize(50)
        with pytest.raises(NoRoom), room.hold(1):
            pass
        room.resize(200)
        with room.hold(120):
            assert room.held == 200


def test_a_body_above_the_budget_passes_alone() -> None:
    """A small budget slows large bodies down and never locks them out."""
    room = Room(10)
    with room.hold(20), pytest.raises(NoRoom), room.hold(1):
        pass


async def test_slow_senders_cannot_take_more_than_the_budget(site: Site) -> None:
    """While an announced body is awaited the next is told to come back; after it, there is room again."""
    async with running(site, http={"bodies_bytes_max": 1_000}) as node:
        body = b'"' + b"x" * 898 + b'"'
        async with await trio.open_tcp_stream("127.0.0.1", node.port) as slow:
            head = (
                f"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                f"Content-Length: 900\r\nEdge-Signature: {node.signature(body)}\r\n\r\n"
            )
            await slow.send_all(head.encode())
            with trio.fail_after(10):
                while (answer := await node.say(body)).status_code == 202:
                    await trio.sleep(0.01)
            assert (answer.status_code, answer.json()["type"]) == (503, "urn:edge-node:problem:overloaded")
        with trio.fail_after(10):
            while (await node.say(body)).status_code != 202:
                await trio.sleep(0.01)
