"""Subscriptions: a cursor on one stream each, served from the shared tail, and from the log when it is behind.

No queue per subscriber: one that does not read costs its cursor and what its connection holds.
"""

import enum
import sqlite3
from collections import Counter as Tally
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

import trio
from prometheus_client import Counter, Gauge

from edge_node.base.clock import Clock
from edge_node.base.counters import REGISTRY
from edge_node.base.gathered import Gathered
from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.base.limits import KIB, MIB
from edge_node.journal import Journal, JournalError
from edge_node.settings import SubscriptionSettings
from edge_node.store.streams.admission import HeadKey
from edge_node.store.streams.catch_up import CatchUp
from edge_node.store.streams.frames import Frames, Framing, Gap, GapReason, gather
from edge_node.store.streams.rows import Head, find_heads
from edge_node.store.streams.subscription_errors import (
    OffsetBeyondEnd,
    PastUnreadable,
    SubscriberSlow,
    SubscriptionsExceeded,
    SubscriptionsFull,
)
from edge_node.store.streams.tail import Ring, Tail
from edge_node.trust.access import Access, Verb, stream_resource
from edge_node.trust.access_control import AccessControl
from edge_node.trust.bearer import BearerExpired

CONFIRM_S = 0.5  # how soon a subscriber to a quiet stream learns that its rights ended
SENDS_BYTES = 64 * MIB  # what all subscribers may be sent at once, shared among them
SEND_MAX_BYTES = 256 * KIB  # more in one send saves nothing
SEND_MIN_BYTES = 8 * KIB

OPEN = Gauge("edge_node_subscriptions", "Subscriptions that are open.", registry=REGISTRY)
DELIVERED = Counter("edge_node_events_delivered", "Events handed to subscribers.", registry=REGISTRY)
GAPS = Counter(
    "edge_node_subscription_gaps", "Subscribers who fell behind, by what became of them.", ["policy"], registry=REGISTRY
)


class Slow(enum.StrEnum):
    """What becomes of a subscriber who falls behind."""

    WAIT = "wait"
    SKIP = "skip"
    CLOSE = "close"


From = int | Literal["start", "end"]


@dataclass(slots=True, eq=False)
class _Channel:
    """A stream somebody listens to: its ring, and where its subscribers wait for more."""

    ring: Ring
    lot: trio.lowlevel.ParkingLot = field(default_factory=trio.lowlevel.ParkingLot)

    def wake(self) -> None:
        self.lot.unpark_all()


class Subscriptions:
    """All subscriptions of the node. `tail` is fed by ingest; `run` watches for rights that end."""

    def __init__(self, journal: Journal, access: AccessControl, clock: Clock, settings: SubscriptionSettings) -> None:
        """`clock` is one that is not set back: the ForwardClock that bearers end by."""
        self.tail, self.past = Tail(settings.tail_bytes_max), CatchUp(journal)
        self.access, self.clock, self.settings = access, clock, settings
        self._journal = journal
        self._channels: dict[HeadKey, _Channel] = {}
        self._per_key: Tally[PublicKey] = Tally()
        self._ending: dict[Subscription, int] = {}
        self._heads: Gathered[HeadKey, Head] = Gathered(self._ask_heads)
        self.count = 0

    def apply(self, settings: SubscriptionSettings) -> None:
        """Take over another snapshot; a lowered limit ends no subscription."""
        self.settings = settings
        self.tail.resize(settings.tail_bytes_max)

    async def open(
        self,
        access: Access,
        vault: VaultId,
        stream: StreamName,
        framing: Framing,
        *,
        start: From = "end",
        slow: Slow = Slow.WAIT,
        not_after_ms: int | None = None,
        source: str = "",
    ) -> "Subscription":
        """A subscription from `start` on; close it (it is a context manager).

        `not_after_ms`: when what the access was asked with ends (a bearer), by `clock`; `source`: door and address.
        Raises SubscriptionsFull, SubscriptionsExceeded, OffsetBeyondEnd, PastUnreadable.
        """
        access.require(stream_resource(vault, stream), Verb.READ)
        self._enter(access.holder)
        channel = self._listen((vault, stream))
        subscription = Subscription(self, access, channel, framing, not_after_ms, source)
        try:
            await subscription.move(start, slow)
        except BaseException:
            subscription.close()
            raise
        return subscription

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Wake whoever waits when rights have changed or ended, until cancelled."""
        task_status.started()
        generation = self.access.generation
        while True:
            await trio.sleep(CONFIRM_S)
            self._wake_ended()
            if generation != self.access.generation:
                generation = self.access.generation
                self._wake_all()

    def per_stream(self) -> dict[HeadKey, int]:
        """How many are open on each stream that has any."""
        return {key: channel.ring.listeners for key, channel in self._channels.items()}

    def send_bytes(self) -> int:
        """How much one subscriber is given at a time: a share of what all may be sent, so that a crowd stays small."""
        return max(SEND_MIN_BYTES, min(SEND_MAX_BYTES, SENDS_BYTES // max(1, self.count)))

    def raise_first(self, vault: VaultId, stream: StreamName, first: int) -> None:
        """Retention took the stream's events below `first`: nobody is given them from memory either."""
        self.tail.raise_first((vault, stream), first)
        self.past.forget_below((vault, stream), first)

    async def head(self, key: HeadKey) -> Head:
        """The stream's first kept offset and its end, as the log has them; PastUnreadable."""
        try:
            return await self._heads.ask(key)
        except (OSError, sqlite3.Error, JournalError) as error:
            raise PastUnreadable from error

    def _enter(self, key: PublicKey) -> None:
        if self.count >= self.settings.open_max:
            raise SubscriptionsFull(self.settings.open_max)
        if self._per_key[key] >= self.settings.per_key_max:
            raise SubscriptionsExceeded(self.settings.per_key_max)
        self.count += 1
        self._per_key[key] += 1
        OPEN.inc()

    def _listen(self, key: HeadKey) -> _Channel:
        ring = self.tail.listen(key)
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = _Channel(ring)
            ring.wake = channel.wake
        return channel

    def note_end(self, subscription: "Subscription", end_ms: int | None) -> None:
        """When the subscription's rights end by themselves."""
        if end_ms is not None:
            self._ending[subscription] = end_ms

    def leave(self, subscription: "Subscription", channel: _Channel, key: PublicKey) -> None:
        """The subscription is over."""
        self.tail.leave(channel.ring)
        if not channel.ring.listeners:
            del self._channels[channel.ring.key]
        self._ending.pop(subscription, None)
        self.count -= 1
        self._per_key[key] -= 1
        if not self._per_key[key]:
            del self._per_key[key]
        OPEN.dec()

    def _wake_ended(self) -> None:
        """Once for each: who is not waiting then is being sent something, and looks before it is sent more."""
        now_ms = self.clock.now_ms()
        ended = [subscription for subscription, end_ms in self._ending.items() if end_ms < now_ms]
        for subscription in ended:
            del self._ending[subscription]
        for channel in {subscription.channel for subscription in ended}:
            channel.wake()

    def _wake_all(self) -> None:
        for channel in list(self._channels.values()):
            channel.wake()

    async def _ask_heads(self, keys: Sequence[HeadKey]) -> Sequence[Head]:
        return await self._journal.query(find_heads, keys)


class Subscription:
    """One subscriber's place in one stream. One task uses it."""

    def __init__(
        self,
        home: Subscriptions,
        access: Access,
        channel: _Channel,
        framing: Framing,
        not_after_ms: int | None,
        source: str,
    ) -> None:
        self._home, self._access, self.channel, self._framing = home, access, channel, framing
        self._ring, self._source = channel.ring, source
        self._not_after_ms, self._open = not_after_ms, True
        self._slow, self._caught_up = Slow.WAIT, False
        self.cursor = self._handed = 0
        home.note_end(self, _earlier(not_after_ms, access.not_after_ms))

    @property
    def holder(self) -> PublicKey:
        """Whose subscription it is."""
        return self._access.holder

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the place up; twice is once."""
        if self._open:
            self._open = False
            self._home.leave(self, self.channel, self._access.holder)

    async def move(self, start: From, slow: Slow) -> None:
        """Go to where `start` says, before the first frames; OffsetBeyondEnd, PastUnreadable."""
        ring = self._ring
        if not ring.settled or start == "start" or (start != "end" and start > ring.end):
            # Asked for after this began to listen: what the log does not have yet, the ring will be told of.
            head = await self._home.head(ring.key)
            ring.settle(head.end)
            end = max(head.end, ring.end)
        else:
            head, end = None, ring.end
        if start == "start":
            assert head is not None
            self.cursor = head.first
        elif start == "end":
            self.cursor = end
        elif start > end:
            raise OffsetBeyondEnd(start, end)
        else:
            self.cursor = start
        self._slow, self._caught_up = slow, False

    async def next_frames(self, bytes_max: int | None = None) -> Frames:
        """The next frames, about `bytes_max` bytes (by default this subscriber's share); waits until there are any.

        Raises what ends the subscription: a refusal of the access, BearerExpired, SubscriberSlow, PastUnreadable.
        """
        waited = False
        while True:
            self._confirm()
            frames = await self._take(self._home.send_bytes() if bytes_max is None else bytes_max)
            if frames.data:
                break
            waited = True
            await self.channel.lot.park()
        if not waited:
            await trio.lowlevel.checkpoint()  # one who always has more to read must not keep the loop to itself
        self.cursor = frames.cursor
        if frames.cursor > self._handed:  # not again for who goes back to what was in its hands already
            DELIVERED.inc(min(frames.events, frames.cursor - self._handed))
            self._handed = frames.cursor
        return frames

    def _confirm(self) -> None:
        home = self._home
        if self._not_after_ms is not None and home.clock.now_ms() > self._not_after_ms:
            raise BearerExpired(self._not_after_ms)
        access = self._access
        if access.generation != home.access.generation or access.not_after_ms is not None:
            self._access = home.access.confirm(access, home.clock.now_ms(), self._source)

    async def _take(self, bytes_max: int) -> Frames:
        ring, cursor = self._ring, self.cursor
        behind = ring.end - cursor
        if behind <= 0:
            self._caught_up = True
            return Frames(b"", 0, cursor)
        if self._caught_up and self._slow is not Slow.WAIT and behind > self._home.settings.lag_events_max:
            return self._fall_behind(behind)
        frames = ring.since(cursor, bytes_max, self._framing)
        if frames is None:
            frames = await self._catch_up(bytes_max)
        return frames

    async def _catch_up(self, bytes_max: int) -> Frames:
        page = await self._home.past.page(self._access, self._ring.key, self.cursor, bytes_max)
        self._confirm()  # where many catch up, a page is long in coming
        parts = [part for part in page.parts if part.stop > self.cursor]
        if not parts:
            raise PastUnreadable  # the ring has been told of events that the log does not show
        return gather(parts, self.cursor, bytes_max, self._framing)

    def _fall_behind(self, behind: int) -> Frames:
        GAPS.labels(str(self._slow)).inc()
        if self._slow is Slow.CLOSE:
            raise SubscriberSlow(behind, self._home.settings.lag_events_max)
        gap = Gap(self.cursor, self._ring.end, GapReason.SLOW)
        return Frames(self._framing.gap(gap), 0, gap.stop)


def _earlier(one: int | None, other: int | None) -> int | None:
    ends = [end for end in (one, other) if end is not None]
    return min(ends) if ends else None
