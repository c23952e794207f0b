"""The tail: the newest bodies of every stream that somebody listens to, rendered once for all who do.

A ring per stream, bounded together. A stream nobody listens to costs one look into a dictionary per body.
"""

import heapq
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import count

from edge_node.base.ids import Cid
from edge_node.store.streams.admission import HeadKey
from edge_node.store.streams.event_object import object_bound, render_events
from edge_node.store.streams.frames import Frames, Framing, Run, gather
from edge_node.store.streams.records import EventsRecord

BODY_FRAME_BYTES = 512  # a held body's own objects


class _Held:
    """One committed body: its record until somebody wants its events, then the events."""

    __slots__ = ("_body", "_run", "first", "stop", "weight")

    def __init__(self, cid: Cid, record: EventsRecord) -> None:
        self.first, self.stop = record.first_offset, record.first_offset + record.count
        # Weighed as if rendered, which it will be: the body goes when its events come, so it never holds both for long.
        self.weight = object_bound(len(record.body), record.count, record.content_type) + BODY_FRAME_BYTES
        self._body: tuple[Cid, EventsRecord] | None = (cid, record)
        self._run: Run | None = None

    def run(self) -> Run:
        """The body's events."""
        if self._run is None:
            assert self._body is not None
            self._run = Run(self.first, render_events(*self._body, self.first, self.stop))
            self._body = None
        return self._run


class _Bodies:
    """A ring's bodies, oldest first. A list, since a deque is walked from an end and most ask for its middle."""

    __slots__ = ("_gone", "_list")

    def __init__(self) -> None:
        self._list: list[_Held | None] = []
        self._gone = 0  # slots at the front that are empty

    def __len__(self) -> int:
        return len(self._list) - self._gone

    def append(self, held: _Held) -> None:
        """Take the newest."""
        self._list.append(held)

    def pop_oldest(self) -> _Held:
        """Give up the oldest."""
        held = self._list[self._gone]
        assert held is not None
        self._list[self._gone] = None
        self._gone += 1
        if self._gone > len(self._list) // 2:
            del self._list[: self._gone]
            self._gone = 0
        return held

    def clear(self) -> None:
        """Give up all."""
        self._list.clear()
        self._gone = 0

    def since(self, cursor: int) -> Iterator[_Held]:
        """The bodies from the one that has `cursor` on."""
        held, last = self._list, len(self._list) - 1
        place = last
        newest = held[last]
        if newest is not None and newest.first > cursor:
            place = bisect_right(held, cursor, lo=self._gone, key=_first_of) - 1
        while place <= last:
            if (body := held[place]) is not None:
                yield body
            place += 1


class Ring:
    """One stream's newest bodies, without holes: the offsets `[start, end)`.

    Not `settled` until it knows where the stream ends: by the first body that comes, or by `settle`. `listeners` and
    `wake` (called after every change) belong to whoever listens.
    """

    def __init__(self, key: HeadKey) -> None:
        self.key = key
        self.listeners = 0
        self.wake: Callable[[], None] = lambda: None
        self.settled = False
        self.start = self.end = 0
        self.bytes = 0
        self._bodies = _Bodies()
        # Everybody who keeps up asks for the same thing: the answer is put together once. One per wire: it never
        # holds more than the ring does.
        self._answers: dict[Framing, tuple[int, int, Frames]] = {}

    def settle(self, end: int) -> None:
        """Say where the stream ended at some moment since this ring began; passed over once it knows better."""
        if not self.settled:
            self.settled, self.start, self.end = True, end, end

    def since(self, cursor: int, bytes_max: int, framing: Framing) -> Frames | None:
        """About `bytes_max` bytes of frames from offset `cursor` on; none at the end; None if it is older than kept."""
        if not self.settled or cursor < self.start:
            return None
        if cursor >= self.end:
            return Frames(b"", 0, cursor)
        known = self._answers.get(framing)
        if known is None or known[0] != cursor or known[1] != bytes_max:
            known = cursor, bytes_max, gather(self._from(cursor), cursor, bytes_max, framing)
            self._answers[framing] = known
        return known[2]

    def _from(self, cursor: int) -> Iterator[Run]:
        return (held.run() for held in self._bodies.since(cursor))

    def add(self, held: _Held) -> bool:
        """Take the next body; False for one that lies before the end, which the log had when this ring settled."""
        if self.settled and held.first < self.end:
            return False
        if self.end != held.first or not self.settled:
            # The first body; or a hole, which nothing is known to make: what lies before it is read from the log.
            self.clear()
            self.settled, self.start = True, held.first
        self._bodies.append(held)
        self.bytes += held.weight
        self.end = held.stop
        self._answers.clear()
        return True

    def drop_oldest(self) -> int:
        """Let go of the oldest body; its weight."""
        held = self._bodies.pop_oldest()
        self.bytes -= held.weight
        self.start = held.stop
        self._answers.clear()
        return held.weight

    def clear(self) -> int:
        """Let go of every body; their weight."""
        freed, self.bytes, self.start = self.bytes, 0, self.end
        self._bodies.clear()
        self._answers.clear()
        return freed

    def __len__(self) -> int:
        return len(self._bodies)


class Tail:
    """The rings of all streams that are listened to, at most `bytes_max` bytes of rendered events together.

    When it is full, the stream that holds most gives up its oldest body: a busy stream does not push out quiet ones.
    """

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max, self.bytes = bytes_max, 0
        self._rings: dict[HeadKey, Ring] = {}
        # Rings by weight, heaviest first, some entries out of date: looking at all rings for each body would cost most
        # where most streams are listened to.
        self._by_weight: list[tuple[int, int, Ring]] = []
        self._turn = count()  # parts entries of one weight: rings have no order of their own

    def listen(self, key: HeadKey) -> Ring:
        """The ring of a stream, from now on told of every body; give it back with `leave`."""
        ring = self._rings.get(key)
        if ring is None:
            ring = self._rings[key] = Ring(key)
        ring.listeners += 1
        return ring

    def leave(self, ring: Ring) -> None:
        """One listener less; with the last the ring goes."""
        ring.listeners -= 1
        if ring.listeners == 0:
            self.bytes -= ring.clear()
            del self._rings[ring.key]

    def listens(self, key: HeadKey) -> bool:
        """Whether anybody listens to the stream."""
        return key in self._rings

    def add(self, key: HeadKey, cid: Cid, record: EventsRecord) -> None:
        """Take a body that is durable. Bodies of one stream come in the order of their offsets."""
        ring = self._rings.get(key)
        if ring is None:
            return
        held, before = _Held(cid, record), ring.bytes
        if ring.add(held):
            self.bytes += ring.bytes - before
            self._note(ring)
            self._make_room()
        ring.wake()

    def raise_first(self, key: HeadKey, first: int) -> None:
        """Retention took the stream's events below `first`: they are not kept here either."""
        ring = self._rings.get(key)
        if ring is None:
            return
        while len(ring) and ring.start < first:
            self.bytes -= ring.drop_oldest()
        ring.wake()

    def resize(self, bytes_max: int) -> None:
        """Another bound from now on."""
        self.bytes_max = bytes_max
        self._make_room()

    def _make_room(self) -> None:
        while self.bytes > self.bytes_max:
            weight, _, ring = heapq.heappop(self._by_weight)
            if not ring.bytes:
                continue
            if ring.bytes == -weight:
                self.bytes -= ring.drop_oldest()
            self._note(ring)

    def _note(self, ring: Ring) -> None:
        if len(self._by_weight) > 64 + 4 * len(self._rings):
            self._by_weight = [(-one.bytes, next(self._turn), one) for one in self._rings.values() if one is not ring]
            heapq.heapify(self._by_weight)
        heapq.heappush(self._by_weight, (-ring.bytes, next(self._turn), ring))


def _first_of(held: _Held | None) -> int:
    assert held is not None
    return held.first
