"""serving.web_room: places for large messages, and the line before them."""

import pytest
import trio
import trio.testing

from edge_node.serving.refusals import Overloaded
from edge_node.serving.web_room import ENTER_S, WebRoom


async def test_each_address_in_turn(autojump_clock):
    """Who asks often waits behind who asks once."""
    room, order = WebRoom(1, 1), []
    await room.enter("first", admitted=True)

    async def ask(peer: str, after: int) -> None:
        await trio.sleep(after / 100)
        await room.enter(peer, admitted=True)
        order.append(peer)
        await trio.sleep(0.1)
        room.leave(peer, admitted=True)

    async with trio.open_nursery() as nursery:
        for number, peer in enumerate(("many", "many", "many", "one", "two")):
            nursery.start_soon(ask, peer, number)
        await trio.sleep(1)
        assert room.waited_for
        room.leave("first", admitted=True)
    assert order == ["many", "one", "two", "many", "many"]
    assert (room.taken, room.waited_for) == (0, False)


async def test_who_waits_too_long_is_refused(autojump_clock):
    """And is no longer in the line."""
    room = WebRoom(1, 1)
    await room.enter("a", admitted=True)
    began = trio.current_time()
    with pytest.raises(Overloaded):
        await room.enter("b", admitted=True)
    assert trio.current_time() - began == pytest.approx(ENTER_S)
    assert not room.waited_for
    room.leave("a", admitted=True)
    assert room.taken == 0


async def test_strangers_have_half(autojump_clock):
    """However many they are; who is admitted passes them."""
    room = WebRoom(4, 4)
    for peer in ("a", "b"):
        await room.enter(peer, admitted=False)
    with pytest.raises(Overloaded):
        await room.enter("c", admitted=False)
    await room.enter("a", admitted=True)
    await room.enter("a", admitted=True)
    assert room.taken == 4
    for peer, admitted in (("a", False), ("b", False), ("a", True), ("a", True)):
        room.leave(peer, admitted=admitted)
    assert room.taken == 0


async def test_who_leaves_the_line_leaves_no_place_behind():
    """Cancelled while it waits, or when it was just called up."""
    for called in (False, True):
        room = WebRoom(1, 1)
        await room.enter("a", admitted=True)
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(lambda room=room: room.enter("b", admitted=True))
                await trio.testing.wait_all_tasks_blocked()
                if called:
                    room.leave("a", admitted=True)
                scope.cancel()
        assert not room.waited_for
        assert room.taken == 1  # a's, or b's, which was in before it was cancelled


async def test_a_place_that_comes_as_its_call_is_given_up_comes_back():
    """In the same turn of the loop: nobody is left who would give it back."""
    room = WebRoom(1, 1)
    await room.enter("a", admitted=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: room.enter("b", admitted=False))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
        room.leave("a", admitted=True)
    assert (room.taken, room.waited_for) == (0, False)
    await room.enter("c", admitted=False)
