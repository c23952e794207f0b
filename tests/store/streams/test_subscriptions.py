"""Subscriptions: every event once and in order, whatever the pace; gaps only by policy or retention."""

import sqlite3
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
import trio.testing
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.clock import ClockQuality, ForwardClock
from edge_node.base.ids import StreamName
from edge_node.paths import Paths
from edge_node.settings import SubscriptionSettings
from edge_node.store.streams import subscriptions as module
from edge_node.store.streams.frames import Frames
from edge_node.store.streams.subscription_errors import (
    OffsetBeyondEnd,
    PastUnreadable,
    SubscriberSlow,
    SubscriptionsExceeded,
    SubscriptionsFull,
)
from edge_node.store.streams.subscriptions import From, Slow, Subscription, Subscriptions
from edge_node.trust.access import AccessDenied, DeviceRevoked, Verb
from edge_node.trust.bearer import BearerExpired
from edge_node.trust.device import DeviceAction, next_change
from tests.store.rig import NOW_MS, STREAM, Store, key_of, opened, sign, vault_of
from tests.store.streams.test_catch_up import forget_rows
from tests.store.streams.test_frames import LINES

NDJSON = "application/x-ndjson"
VAULT = vault_of("ann")
SETTINGS = SubscriptionSettings()
END_S = 30.0


class SetClock:
    """A wall clock that is set by hand."""

    def __init__(self) -> None:
        self.ms = NOW_MS

    def now_ms(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        return trio.current_time()

    def quality(self) -> ClockQuality:
        return ClockQuality.NETWORK


@dataclass
class Live:
    """A store with its subscriptions."""

    store: Store
    subscriptions: Subscriptions
    clock: SetClock
    seq: int = 0
    end: int = 0
    table: Any = None

    async def publish(self, count: int = 1, padding: int = 0, stream: StreamName = STREAM) -> None:
        self.seq += 1
        body = b"".join(b'{"i":%d,"p":"%b"}\n' % (item, b"x" * padding) for item in range(count))
        await self.store.ingest.submit(sign(body, self.seq, content_type=NDJSON, stream=stream), body, "test")
        self.end += count

    async def open(self, start: From = "end", slow: Slow = Slow.WAIT, who: str = "ann", **rest: Any) -> Subscription:
        access = self.store.may(who, Verb.READ)
        return await self.subscriptions.open(
            access,
            vault_of(who),
            STREAM,
            LINES,
            start=start,
            slow=slow,
            **rest,  # type: ignore[arg-type]
        )


@asynccontextmanager
async def living(root: Path, live: SubscriptionSettings = SETTINGS) -> AsyncGenerator[Live, None]:
    tables: list[object] = []
    async with opened(root, enrol=tables.append) as store, trio.open_nursery() as nursery:
        clock = SetClock()
        subscriptions = Subscriptions(store.journal, store.access, clock, live)
        store.ingest.tail = subscriptions.tail
        await nursery.start(subscriptions.run)
        head = await subscriptions.head((VAULT, STREAM))
        with trio.fail_after(END_S):
            yield Live(store, subscriptions, clock, head.end, head.end, tables[0])
        assert subscriptions.count == 0
        nursery.cancel_scope.cancel()


@dataclass
class Heard:
    """What one subscriber was given: offsets and gaps, each following the last."""

    cursor: int
    offsets: list[int] = field(default_factory=list)
    gaps: list[tuple[int, int, str]] = field(default_factory=list)

    def take(self, frames: Frames) -> None:
        events = 0
        for line in map(msgspec.json.decode, frames.data.splitlines()):
            if isinstance(line, dict):
                first, stop, reason = line["gap"]
                assert first == self.cursor < stop
                self.gaps.append((first, stop, reason))
                self.cursor = stop
            else:
                assert line[0] == self.cursor
                assert msgspec.json.decode(line[1])["offset"] == self.cursor
                self.offsets.append(self.cursor)
                self.cursor += 1
                events += 1
        assert (frames.events, frames.cursor) == (events, self.cursor)


async def hear(subscription: Subscription, until: int) -> Heard:
    """Everything up to an offset."""
    heard = Heard(subscription.cursor)
    while heard.cursor < until:
        heard.take(await subscription.next_frames())
    return heard


async def test_from_the_past_into_the_present(tmp_path: Path) -> None:
    """What was stored before and what is stored now come as one run."""
    async with living(tmp_path / "data") as live, trio.open_nursery() as nursery:
        for count in (3, 1, 5):
            await live.publish(count)
        with await live.open(0) as subscription:
            nursery.start_soon(live.publish, 2)
            heard = await hear(subscription, 11)
            assert (heard.offsets, heard.gaps) == (list(range(11)), [])


async def test_where_it_begins(tmp_path: Path) -> None:
    """`end`, `start`, an offset inside a body, the very end, an empty stream; beyond the end is refused."""
    async with living(tmp_path / "data") as live:
        with await live.open() as early, await live.open("start") as first:
            assert (early.cursor, first.cursor) == (0, 0)
            await live.publish(4)
            assert (await hear(early, 4)).offsets == [0, 1, 2, 3]
        for start, cursor in (("end", 4), ("start", 0), (2, 2), (4, 4)):
            with await live.open(start) as subscription:  # type: ignore[arg-type]
                assert subscription.cursor == cursor
        with pytest.raises(OffsetBeyondEnd) as caught:
            await live.open(5)
        assert caught.value.end == 4
        assert live.subscriptions.count == 0


async def test_the_stream_may_go_on_before_the_first_message(tmp_path: Path) -> None:
    """A subscription that waits for its client's wish loses nothing: `end` stays where it was, any place can be had."""
    async with living(tmp_path / "data") as live:
        await live.publish(2)
        with await live.open() as subscription, await live.open() as mover:
            await live.publish(3)
            assert (await hear(subscription, 5)).offsets == [2, 3, 4]
            await mover.move(1, Slow.WAIT)
            assert (await hear(mover, 5)).offsets == [1, 2, 3, 4]
            with pytest.raises(OffsetBeyondEnd):
                await mover.move(6, Slow.WAIT)


async def test_below_retention(tmp_path: Path) -> None:
    """A resume below what is kept gets a gap and goes on; `start` begins at what is kept, without one."""
    async with living(tmp_path / "data") as live:
        for _ in range(3):
            await live.publish(10)
        forget_rows(live.store.root, 20)
        with await live.open(3) as subscription, await live.open("start") as oldest:
            heard = await hear(subscription, 30)
            assert heard.gaps == [(3, 20, "retention")]
            assert heard.offsets == list(range(20, 30))
            assert oldest.cursor == 20
            await live.publish(5)
            live.subscriptions.raise_first(VAULT, STREAM, 35)
            forget_rows(live.store.root, 35)
            assert (await hear(subscription, 35)).gaps == [(30, 35, "retention")]


async def test_one_who_skips(tmp_path: Path) -> None:
    """Behind by more than the limit, it is told what it missed and goes on at the end; the past is read in full."""
    live_settings = SubscriptionSettings(lag_events_max=20)
    async with living(tmp_path / "data", live_settings) as live:
        for _ in range(6):
            await live.publish(10)
        with await live.open(0, Slow.SKIP) as subscription:
            assert (await hear(subscription, 60)).gaps == []
            await live.publish(20)
            assert (await hear(subscription, 80)).gaps == []
            with trio.move_on_after(0.01):
                await subscription.next_frames()
            for _ in range(3):
                await live.publish(7)
            heard = await hear(subscription, 101)
            assert (heard.offsets, heard.gaps) == ([], [(80, 101, "slow")])


async def test_one_who_wants_to_be_closed(tmp_path: Path) -> None:
    """It is ended with how far it was behind; one that waits is given everything from the log."""
    live_settings = SubscriptionSettings(lag_events_max=20, tail_bytes_max=4_000)
    async with living(tmp_path / "data", live_settings) as live:
        with await live.open("end", Slow.CLOSE) as strict, await live.open("end", Slow.WAIT) as patient:
            await live.publish(1)
            await hear(strict, 1)
            with trio.move_on_after(0.01):
                await strict.next_frames()
            for _ in range(4):
                await live.publish(10)
            with pytest.raises(SubscriberSlow) as caught:
                await strict.next_frames()
            assert (caught.value.behind, caught.value.limit) == (40, 20)
            assert (await hear(patient, 41)).offsets == list(range(41))


async def test_rights_that_end(tmp_path: Path) -> None:
    """Revoked while it waits on a quiet stream, a subscriber is told within a second; so is one whose bearer ends."""
    async with living(tmp_path / "data") as live, trio.open_nursery() as nursery:
        quiet, short = await live.open(who="bob"), await live.open(not_after_ms=NOW_MS + 5_000)
        ended: list[type] = []

        async def wait(subscription: Subscription, reason: type[Exception]) -> None:
            with subscription, pytest.raises(reason):
                await subscription.next_frames()
            ended.append(reason)

        nursery.start_soon(wait, quiet, DeviceRevoked)
        nursery.start_soon(wait, short, BearerExpired)
        await trio.sleep(0.6)
        assert ended == []
        device = live.table.get(key_of("bob").public)
        live.table.apply(next_change(device, DeviceAction.REVOKE, NOW_MS))
        await trio.sleep(1.1)
        assert ended == [DeviceRevoked]
        live.clock.ms += 5_001
        await trio.sleep(1.1)
        assert ended == [DeviceRevoked, BearerExpired]


async def test_one_whose_time_is_over_wakes_the_others_once(tmp_path: Path) -> None:
    """It may be long in taking what it was sent before: meanwhile nobody is woken for it twice a second."""
    async with living(tmp_path / "data") as live, trio.open_nursery() as nursery:
        with await live.open(not_after_ms=NOW_MS + 1_000), await live.open() as quiet:
            looked: list[int] = []
            confirm = quiet._confirm
            quiet._confirm = lambda: (looked.append(1), confirm())  # type: ignore[assignment,method-assign]
            nursery.start_soon(quiet.next_frames)
            live.clock.ms += 1_001
            await trio.sleep(3.1)
            assert len(looked) == 2
            nursery.cancel_scope.cancel()


async def test_a_clock_set_back_lengthens_nothing(tmp_path: Path) -> None:
    """A bearer's subscription ends by the time that passes."""
    async with living(tmp_path / "data") as live:
        live.subscriptions.clock = ForwardClock(live.clock)
        with await live.open(not_after_ms=NOW_MS + 700) as subscription:
            live.clock.ms -= 86_400_000
            with pytest.raises(BearerExpired):
                await subscription.next_frames()


async def test_revoked_while_it_waits_for_the_log(tmp_path: Path) -> None:
    """What is read for a subscriber is not given to it when its rights ended meanwhile."""
    async with living(tmp_path / "data") as live:
        await live.publish(3)
        with await live.open(0) as subscription:
            ended: list[type] = []

            async def wait() -> None:
                with pytest.raises(DeviceRevoked):
                    await subscription.next_frames()
                ended.append(DeviceRevoked)

            turn = live.subscriptions.past._turn
            async with trio.open_nursery() as nursery, turn, turn:
                nursery.start_soon(wait)
                await trio.testing.wait_all_tasks_blocked()
                device = live.table.get(key_of("ann").public)
                live.table.apply(next_change(device, DeviceAction.REVOKE, NOW_MS))
            assert ended == [DeviceRevoked]


async def test_another_generation_is_confirmed_and_goes_on(tmp_path: Path) -> None:
    """A change of somebody else's rights ends nobody."""
    async with living(tmp_path / "data") as live:
        with await live.open() as subscription:
            device = live.table.get(key_of("bob").public)
            live.table.apply(next_change(device, DeviceAction.SUSPEND, NOW_MS))
            await live.publish(2)
            assert (await hear(subscription, 2)).offsets == [0, 1]


async def test_an_access_for_something_else(tmp_path: Path) -> None:
    """Only an access that covers the stream opens it, and nothing is counted otherwise."""
    async with living(tmp_path / "data") as live:
        with pytest.raises(AccessDenied):
            await live.subscriptions.open(live.store.may("bob", Verb.READ), VAULT, STREAM, LINES)
        assert live.subscriptions.count == 0


async def test_limits(tmp_path: Path) -> None:
    """So many in all and of one key; what is given up can be taken again; limits change while it runs."""
    async with living(tmp_path / "data", SubscriptionSettings(open_max=3, per_key_max=2)) as live:
        first, second = await live.open(), await live.open()
        with pytest.raises(SubscriptionsExceeded):
            await live.open()
        other = await live.open(who="bob")
        with pytest.raises(SubscriptionsFull):
            await live.open(who="bob")
        first.close()
        first.close()
        third = await live.open()
        live.subscriptions.apply(SubscriptionSettings(open_max=1, per_key_max=1))
        assert live.subscriptions.count == 3
        with pytest.raises(SubscriptionsFull):
            await live.open(who="bob")
        for subscription in (second, third, other):
            subscription.close()
        (await live.open()).close()
        assert live.subscriptions.tail._rings == {}
        assert live.subscriptions._channels == {}


async def test_a_crowd_shares_what_may_be_sent(tmp_path: Path) -> None:
    """The more there are, the smaller each one's share, down to a floor."""
    async with living(tmp_path / "data") as live:
        shares = []
        for count in (0, 1, 256, 1_000, 5_000, 1_000_000):
            live.subscriptions.count = count
            shares.append(live.subscriptions.send_bytes())
        live.subscriptions.count = 0
        assert shares == [262_144, 262_144, 262_144, 67_108, 13_421, 8_192]


async def test_an_index_that_cannot_be_read(tmp_path: Path) -> None:
    """A subscription is refused as unreadable, not broken."""
    async with living(tmp_path / "data") as live:
        await live.publish(1)
        with closing(sqlite3.connect(Paths(live.store.root).index_db)) as conn, conn:
            conn.execute("ALTER TABLE streams RENAME TO away")
        with pytest.raises(PastUnreadable):
            await live.open(0)
        assert live.subscriptions.count == 0
        with closing(sqlite3.connect(Paths(live.store.root).index_db)) as conn, conn:
            conn.execute("ALTER TABLE away RENAME TO streams")


class Dice:
    """Numbers that follow from a seed: what they decide depends on the timing of tasks, so they are not drawn."""

    def __init__(self, seed: int) -> None:
        self._seed, self._throw = seed, 0

    def random(self) -> float:
        self._throw += 1
        return int.from_bytes(blake3(b"%d %d" % (self._seed, self._throw)).digest()[:4], "little") / 2**32

    def choice(self, values: tuple[int, ...]) -> int:
        return values[int(self.random() * len(values))]


@dataclass
class Campaign:
    """Four subscribers who come, go and dawdle while somebody publishes, over two lives of a node."""

    pick: Dice
    slow: Slow
    settings: SubscriptionSettings
    everyone: list[Heard] = field(default_factory=lambda: [Heard(0) for _ in range(4)])

    async def life(self, root: Path) -> None:
        async with living(root, self.settings) as live, trio.open_nursery() as nursery:
            done = trio.Event()
            for heard in self.everyone:
                nursery.start_soon(self.follow, live, heard, done)
            for _ in range(12):
                await live.publish(self.pick.choice((1, 1, 2, 25)), self.pick.choice((0, 50, 400)))
                if self.pick.random() < 0.3:
                    await trio.sleep(0.005)
            done.set()

    async def follow(self, live: Live, heard: Heard, done: trio.Event) -> None:
        """Subscribe from where the last subscription ended, again and again."""
        while not done.is_set() or heard.cursor < live.end:
            try:
                with trio.move_on_after(0.2), await live.open(heard.cursor, self.slow) as subscription:
                    await self.read(subscription, heard)
            except SubscriberSlow:
                if self.slow is not Slow.CLOSE:
                    raise
                await trio.sleep(0)

    async def read(self, subscription: Subscription, heard: Heard) -> None:
        for _ in range(self.pick.choice((1, 3, 1_000))):
            heard.take(await subscription.next_frames(self.pick.choice((0, 300, 5_000, 1 << 20))))
            if self.pick.random() < 0.3:
                await trio.sleep(self.pick.random() * 0.01)


@given(st.integers(0, 2**32), st.sampled_from([600, 5_000, 60_000, 1 << 24]), st.sampled_from(list(Slow)))
@settings(max_examples=12, deadline=None)
def test_nothing_is_lost_and_nothing_comes_twice(seed: int, tail_bytes: int, slow: Slow) -> None:
    """Under random publishing, pauses, resumes and a restart, each subscriber's offsets and gaps make one whole run."""
    campaign = Campaign(Dice(seed), slow, SubscriptionSettings(tail_bytes_max=tail_bytes, lag_events_max=30))
    with tempfile.TemporaryDirectory() as name:
        for _ in range(2):
            trio.run(campaign.life, Path(name) / "data")
    (end,) = {heard.cursor for heard in campaign.everyone}
    for heard in campaign.everyone:
        assert all(reason == "slow" and slow is Slow.SKIP for _, _, reason in heard.gaps)
        missed = [offset for first, stop, _ in heard.gaps for offset in range(first, stop)]
        assert sorted(heard.offsets + missed) == list(range(end))


def test_the_watch_is_within_what_is_promised() -> None:
    """Rights are looked at often enough for `within a second`, and shares stay sane."""
    assert module.CONFIRM_S <= 0.5
    assert module.SEND_MIN_BYTES < module.SEND_MAX_BYTES < module.SENDS_BYTES
