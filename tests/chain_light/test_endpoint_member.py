"""An attempt at a connection can be ended at any moment, and what follows it then is not waited for."""

import pytest
import trio

from edge_node.chain_light.endpoint_member import Member, ends_within
from edge_node.chain_light.source_errors import EndpointGone
from edge_node.chain_light.spec import Endpoint

URL = "ws://127.0.0.1:1"


class Line:
    """A connection that ends when it is closed."""

    def __init__(self):
        self.ending, self._over = None, trio.Event()

    async def wait_ended(self):
        await self._over.wait()

    def close(self, why):
        self.ending = EndpointGone(URL, why)
        self._over.set()


def member():
    return Member(Endpoint(url=URL, group="one"))


async def test_a_pause_is_as_long_as_it_is_said(autojump_clock):
    """And counts the attempt before it."""
    one = member()
    before = trio.current_time()
    with one.begin():
        await trio.sleep(1)
    await one.pause(7)
    assert trio.current_time() - before == pytest.approx(8)
    assert one.attempts == 1


async def test_a_dropped_attempt_is_cancelled_and_followed_at_once(autojump_clock):
    """The next one is a first one again."""
    one = member()
    one.attempts = 5
    before = trio.current_time()
    async with trio.open_nursery() as nursery:

        async def attempt():
            with one.begin():
                await trio.sleep_forever()
            await one.pause(60)

        nursery.start_soon(attempt)
        await trio.sleep(1)
        one.drop("the clock jumped")
    assert trio.current_time() - before == pytest.approx(1)
    assert one.attempts == 1


async def test_a_dropped_connection_is_closed_with_the_reason(autojump_clock):
    """Its attempt goes on to see how it ended."""
    one = member()
    with one.begin() as scope:
        one.source = Line()
        assert one.lives(one.source)
        assert not one.lives(Line())
        one.drop("the clock jumped")
        assert await ends_within(one.source, 5)
    assert not scope.cancelled_caught
    assert not one.lives(one.source)
    assert "the clock jumped" in str(one.source.ending)


async def test_what_was_dropped_before_an_attempt_does_not_hurry_the_one_after(autojump_clock):
    """Each attempt has its own."""
    one = member()
    one.drop("early")
    with one.begin():
        await trio.sleep(0)
    before = trio.current_time()
    await one.pause(3)
    assert trio.current_time() - before == pytest.approx(3)


async def test_waiting_for_an_end_has_an_end(autojump_clock):
    """So long at most; it says whether it came."""
    line = Line()
    before = trio.current_time()
    assert not await ends_within(line, 6)
    assert trio.current_time() - before == pytest.approx(6)
    line.close("now")
    assert await ends_within(line, 6)
