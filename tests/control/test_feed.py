"""The live feed: what is told when, resumed or reset, and one slow reader that costs others nothing."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import trio

from edge_node.base.log_ring import LOG_RING
from edge_node.chain_light.status import ChainStatus
from edge_node.client.control import Frame
from edge_node.control import feed as feed_module
from edge_node.control.events import TOPICS
from edge_node.control.feed import EventFeed, _fitting
from edge_node.control.figures import Figures
from edge_node.control.lists import Lists
from edge_node.control.payload import Standing
from tests.control.house import house_of
from tests.control.rig import ANSWER_S, at_the_door
from tests.control.test_chain_rows import STATUS
from tests.gateway.rig import Site


async def until(frames: AsyncIterator[Frame], topic: str) -> Frame:
    with trio.fail_after(ANSWER_S):
        async for frame in frames:
            if frame.topic == topic:
                return frame
    raise AssertionError(f"the feed ended without {topic}")


@asynccontextmanager
async def feed_of(site: Site, **changed: Any) -> AsyncGenerator[EventFeed, None]:
    """A feed over a node's rooms, without sockets."""
    async with house_of(site, **changed) as house:
        figures, lists = Figures(house), Lists(house)
        feed = EventFeed(house, lists, figures)
        async with trio.open_nursery() as nursery:
            await nursery.start(figures.run)
            await nursery.start(feed.run)
            yield feed
            nursery.cancel_scope.cancel()


async def test_every_topic_is_told(site: Site) -> None:
    """A post, a command, a refusal and a setting each show on their topic, on both sockets."""
    async with at_the_door(site) as door, door.view.events() as frames:
        hello = await anext(frames)
        assert (hello.topic, hello.data["topics"], hello.data["access"]) == ("hello", list(TOPICS), "ro")
        node = await until(frames, "node")
        assert (node.data["access"], node.data["ready"]) == ("ro", True)
        assert (await until(frames, "pieces")).data == {"pieces": 0, "bytes": 0}
        await door.node.say(b'{"n":1}')
        assert (await until(frames, "devices")).data["devices"][0]["name"] == "device"
        [row] = (await until(frames, "streams")).data["streams"]
        assert (row["stream"], row["events"]) == ("site/a", 1)
        await door.control.order("device.suspend", {"device": "device"})
        told = (await until(frames, "commands")).data
        assert (told["command"], told["reason"], set(told["by"])) == ("device.suspend", "", {"uid", "gid", "pid"})
        assert (await until(frames, "devices")).data["devices"][0]["status"] == "suspended"
        await door.node.say(b'{"n":2}')
        refusals = (await until(frames, "refusals")).data
        assert refusals["refusals"][-1]["slug"] == "device-suspended"


class Desk:
    """As much of a light client as the feed asks."""

    def __init__(self, told: list[ChainStatus]) -> None:
        self.told = told

    def status(self) -> ChainStatus:
        return self.told[-1]


async def test_the_chain_is_told_when_something_but_its_age_changed(site: Site) -> None:
    """A block that is proved final is news, a second that passed is not."""
    told = [STATUS]
    async with (
        feed_of(site, chain=Desk(told)) as feed,
        aclosing(feed.open(["chain"], Standing.VIEWER, None)) as frames,
    ):
        assert b"hello" in await anext(frames)
        with trio.fail_after(ANSWER_S):
            assert b'"state":"following"' in await anext(frames)
            told.append(replace(STATUS, age_ms=7))
            await trio.sleep(3 * feed_module.TICK_S)
            told.append(replace(STATUS, age_ms=9, best=999))
            news = await anext(frames)
        assert b'"best":999' in news
        assert news.count(b"event: chain") == 1


async def test_topics_are_chosen(site: Site) -> None:
    """Nothing else is sent."""
    async with at_the_door(site) as door, door.control.events(["streams"]) as frames:
        assert (await anext(frames)).data["topics"] == ["streams"]
        for number in range(2):
            await door.node.say(b'{"n":%d}' % number)
            assert (await anext(frames)).topic == "streams"


async def test_a_reader_that_comes_back_missed_nothing(site: Site) -> None:
    """It goes on after the last frame it saw; from another life it is told to fetch everything."""
    async with at_the_door(site) as door:
        async with door.control.events(["commands"]) as frames:
            await anext(frames)
            await door.control.order("log.level", {"level": "info"})
            last = (await until(frames, "commands")).id
        await door.control.order("log.level", {"level": "info"})
        async with door.control.events(["commands"], last) as frames:
            assert (await anext(frames)).topic == "hello"
            again = await anext(frames)
            assert (again.topic, again.id != last) == ("commands", True)
        boot = last.partition("-")[0]
        for last_id, reason in (("f" * 16 + "-5", "restarted"), (f"{boot}-99999", "expired"), ("garbage", "restarted")):
            async with door.control.events(["commands"], last_id) as frames:
                first = await anext(frames)
                assert (first.topic, first.data["reason"]) == ("reset", reason)


async def test_a_slow_reader_is_a_number(site: Site) -> None:
    """It falls behind the ring and is told; who keeps up gets every frame meanwhile."""
    async with (
        feed_of(site) as feed,
        aclosing(feed.open(TOPICS, Standing.OPERATOR, None)) as slow,
        aclosing(feed.open(["settings"], Standing.OPERATOR, None)) as quick,
    ):
        assert b"hello" in await anext(slow)
        assert b"hello" in await anext(quick)
        seen = 0
        for number in range(2_000):
            feed.ring.put("settings", {"number": number})
            if number % 100 == 99:
                seen += (await anext(quick)).count(b"event: settings")
        assert seen == 2_000
        assert b'"reason":"slow"' in await anext(slow)
        feed.ring.put("settings", {"number": -1})
        assert b'"number":-1' in await anext(slow)


async def test_silence_is_broken_by_a_ping(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a dead link is told from a quiet node."""
    monkeypatch.setattr(feed_module, "PING_S", 0.02)
    async with feed_of(site) as feed, aclosing(feed.open(["settings"], Standing.VIEWER, None)) as frames:
        assert b"hello" in await anext(frames)
        with trio.fail_after(ANSWER_S):
            assert await anext(frames) == b": ping\n\n"


async def test_nothing_is_collected_while_nobody_reads(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while without readers the ring is empty and changes are not noted; the next reader starts it again."""
    monkeypatch.setattr(feed_module, "LINGER_S", 0.0)
    async with feed_of(site) as feed:
        traffic = feed._house.ingest.traffic
        async with aclosing(feed.open(["node"], Standing.VIEWER, None)) as frames:
            await anext(frames)
            with trio.fail_after(ANSWER_S):
                assert b"event: node" in await anext(frames)
            last = f"{feed.ring.boot}-{feed.ring.last}"
        with trio.fail_after(ANSWER_S):
            while traffic.watched:
                await trio.sleep(0.02)
        assert feed.ring.first == feed.ring.last + 1
        async with aclosing(feed.open(["node"], Standing.VIEWER, last)) as frames:
            assert b'"reason":"expired"' in await anext(frames)
            with trio.fail_after(ANSWER_S):
                assert b"event: node" in await anext(frames)


async def test_the_node_is_told_once_a_second_and_at_once_when_it_changes(site: Site) -> None:
    """Not at every tick; a room that turns ill is told with the next one."""
    async with feed_of(site) as feed, aclosing(feed.open(["node"], Standing.VIEWER, None)) as frames:
        await anext(frames)
        await anext(frames)
        before = trio.current_time()
        feed._pulse = object()
        await anext(frames)
        assert trio.current_time() - before < feed_module.NODE_EVERY_S


async def test_what_cannot_be_read_does_not_end_the_feed(site: Site) -> None:
    """It is logged once, and the rest goes on."""

    def broken() -> Any:
        raise OSError("no doors")

    async with feed_of(site, doors=broken) as feed, aclosing(feed.open(["logs"], Standing.VIEWER, None)) as frames:
        assert b"hello" in await anext(frames)
        await trio.sleep(feed_module.TICK_S)
        LOG_RING(None, "info", {"event": "line.written", "level": "info"})
        with trio.fail_after(ANSWER_S):
            while b"line.written" not in await anext(frames):
                pass
        assert not feed._well


def test_a_frame_of_logs_is_bounded() -> None:
    """The newest lines that fit; one that is too large alone still goes."""
    lines = [{"fields": {"exception": "x" * 100_000}, "n": n} for n in range(5)]
    assert [line["n"] for line in _fitting(lines)] == [3, 4]
    assert _fitting([{"fields": {"exception": "x" * 10**6}, "n": 1}])
    assert _fitting([]) == []
