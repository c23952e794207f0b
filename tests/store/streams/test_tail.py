"""The tail against a list: what was stored, in order, bounded; a busy stream pushes out only itself."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge_node.base.ids import StreamName, VaultId
from edge_node.store.streams.event_object import object_bound, render_events
from edge_node.store.streams.frames import Frames
from edge_node.store.streams.records import EVENTS_KIND, VERSION, EventsRecord
from edge_node.store.streams.tail import BODY_FRAME_BYTES, Tail
from edge_node.wire.cid import raw_piece_cid
from tests.store.streams.test_frames import LINES, offsets_of

VAULT = VaultId(bytes(32))
NDJSON = "application/x-ndjson"
KEYS = [(VAULT, StreamName(name)) for name in ("a", "b", "c")]
LARGE = 1 << 30


def body_of(first: int, count: int, *, padding: int = 0) -> EventsRecord:
    """A stored body of `count` events from offset `first` on."""
    body = b"".join(b'{"n":%d,"p":"%b"}\n' % (first + n, b"x" * padding) for n in range(count))
    return EventsRecord(
        EVENTS_KIND, VERSION, "a", first, count, 4, bytes(32), bytes(32), NDJSON, 1, 2, 2, bytes(64), 3, 2, False, "",
        "", body,
    )  # fmt: skip


def weight_of(record: EventsRecord) -> int:
    return object_bound(len(record.body), record.count, NDJSON) + BODY_FRAME_BYTES


def add(tail: Tail, key: tuple[VaultId, StreamName], record: EventsRecord) -> None:
    tail.add(key, raw_piece_cid(record.body), record)


def taken(frames: Frames | None) -> list[int]:
    assert frames is not None
    return offsets_of(frames.data)


class TailModel(RuleBasedStateMachine):
    """Streams as plain lists of offsets beside the tail; listeners come and go, retention rises, sizes change."""

    def __init__(self) -> None:
        super().__init__()
        self.tail = Tail(12_000)
        self.ends = [0, 0, 0]
        self.firsts = [0, 0, 0]
        self.rings: list = [[], [], []]

    @rule(which=st.integers(0, 2), count=st.integers(1, 6), padding=st.integers(0, 900))
    def add(self, which: int, count: int, padding: int) -> None:
        record = body_of(self.ends[which], count, padding=padding)
        add(self.tail, KEYS[which], record)
        self.ends[which] += count
        if self.rings[which]:
            assert self.rings[which][0].end == self.ends[which]

    @rule(which=st.integers(0, 2), settle=st.booleans())
    def listen(self, which: int, settle: bool) -> None:
        ring = self.tail.listen(KEYS[which])
        if settle:
            ring.settle(self.ends[which])
        self.rings[which].append(ring)
        assert self.tail.listens(KEYS[which])

    @rule(which=st.integers(0, 2))
    def leave(self, which: int) -> None:
        if self.rings[which]:
            self.tail.leave(self.rings[which].pop())
        assert self.tail.listens(KEYS[which]) == bool(self.rings[which])

    @rule(which=st.integers(0, 2), share=st.integers(0, 100))
    def retain(self, which: int, share: int) -> None:
        self.firsts[which] = max(self.firsts[which], self.ends[which] * share // 100)
        self.tail.raise_first(KEYS[which], self.firsts[which])

    @rule(bytes_max=st.integers(0, 20_000))
    def resize(self, bytes_max: int) -> None:
        self.tail.resize(bytes_max)

    @rule(which=st.integers(0, 2), back=st.integers(-2, 12), bytes_max=st.integers(0, 3_000))
    def ask(self, which: int, back: int, bytes_max: int) -> None:
        if not self.rings[which]:
            return
        ring, end = self.rings[which][0], self.ends[which]
        cursor = max(0, end - back)
        frames = ring.since(cursor, bytes_max, LINES)
        if not ring.settled or cursor < ring.start:
            assert frames is None
        elif cursor >= end:
            assert frames == Frames(b"", 0, cursor)
        else:
            assert taken(frames) == list(range(cursor, frames.cursor))
            assert cursor < frames.cursor <= end
            shown = [msgspec.json.decode(msgspec.json.decode(line)[1]) for line in frames.data.splitlines()]
            assert [(event["offset"], event["event"]["n"]) for event in shown] == [
                (offset, offset) for offset in range(cursor, frames.cursor)
            ]

    @invariant()
    def bounded(self) -> None:
        assert self.tail.bytes <= self.tail.bytes_max
        rings = list(self.tail._rings.values())
        assert self.tail.bytes == sum(ring.bytes for ring in rings)
        assert {ring.key for ring in rings} == {KEYS[n] for n in range(3) if self.rings[n]}

    @invariant()
    def above_retention(self) -> None:
        for ring in self.tail._rings.values():
            assert ring.start <= ring.end
            assert not len(ring) or ring.start >= self.firsts[KEYS.index(ring.key)]


TestTailModel = TailModel.TestCase
TestTailModel.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


def test_the_same_question_is_answered_once() -> None:
    """A hundred who keep up are given one object; the answer is new after the next body."""
    tail = Tail(LARGE)
    ring = tail.listen(KEYS[0])
    add(tail, KEYS[0], body_of(0, 3))
    first = ring.since(0, 10_000, LINES)
    assert ring.since(0, 10_000, LINES) is first
    add(tail, KEYS[0], body_of(3, 3))
    assert taken(ring.since(0, 10_000, LINES)) == [0, 1, 2, 3, 4, 5]


def test_events_are_those_of_a_page() -> None:
    """What is framed is what the one renderer made of the body."""
    tail, record = Tail(LARGE), body_of(7, 2)
    ring = tail.listen(KEYS[0])
    add(tail, KEYS[0], record)
    frames = ring.since(7, 10_000, LINES)
    assert frames is not None
    assert [msgspec.json.decode(line)[1].encode() for line in frames.data.splitlines()] == render_events(
        raw_piece_cid(record.body), record, 0, 100
    )


def test_a_body_the_log_had_already_is_not_taken_twice() -> None:
    """Settled at the log's end, a ring passes over bodies that land late, and takes the first that is new."""
    tail = Tail(LARGE)
    ring = tail.listen(KEYS[0])
    ring.settle(10)
    woken: list[int] = []
    ring.wake = lambda: woken.append(ring.end)
    add(tail, KEYS[0], body_of(6, 4))
    assert ring.since(10, 100, LINES) == Frames(b"", 0, 10)
    add(tail, KEYS[0], body_of(10, 2))
    assert taken(ring.since(10, 10_000, LINES)) == [10, 11]
    ring.settle(99)
    assert ring.end == 12
    assert woken[-1] == 12


def test_a_hole_begins_the_ring_anew() -> None:
    """Whoever needs what lies before the hole is sent to the log; nobody is given it as one run."""
    tail = Tail(LARGE)
    ring = tail.listen(KEYS[0])
    add(tail, KEYS[0], body_of(0, 2))
    add(tail, KEYS[0], body_of(5, 2))
    assert ring.since(0, 100, LINES) is None
    assert taken(ring.since(5, 10_000, LINES)) == [5, 6]
    assert tail.bytes == ring.bytes == weight_of(body_of(5, 2))


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 60))
def test_a_busy_stream_pushes_out_itself(busy: int) -> None:
    """One small body of a quiet stream stays, however much another stream brings."""
    quiet, loud = body_of(0, 1), body_of(0, 20)
    tail = Tail(weight_of(quiet) + 2 * weight_of(loud) + 1_000)
    still, stream = tail.listen(KEYS[0]), tail.listen(KEYS[1])
    add(tail, KEYS[0], quiet)
    for number in range(busy):
        add(tail, KEYS[1], body_of(20 * number, 20))
    assert len(still) == 1
    assert len(stream) == min(busy, 2)


def test_a_body_larger_than_the_tail_is_not_kept() -> None:
    """Its readers are sent to the log, and the end is known all the same."""
    tail = Tail(1_000)
    ring = tail.listen(KEYS[0])
    add(tail, KEYS[0], body_of(0, 10))
    assert ring.since(0, 100, LINES) is None
    assert (ring.end, tail.bytes) == (10, 0)


def test_thousands_of_rings_stay_cheap() -> None:
    """The order of weights does not grow with the bodies that pass."""
    tail = Tail(200_000)
    keys = [(VAULT, StreamName(f"s/{number}")) for number in range(500)]
    for key in keys:
        tail.listen(key)
    for turn in range(6):
        for key in keys:
            add(tail, key, body_of(turn, 1))
    assert tail.bytes <= 200_000
    assert len(tail._by_weight) <= 64 + 4 * len(keys) + 1


def test_nobody_listens() -> None:
    """A body of a stream without listeners leaves nothing behind."""
    tail = Tail(LARGE)
    add(tail, KEYS[0], body_of(0, 1))
    tail.raise_first(KEYS[0], 5)
    assert (tail.bytes, tail._rings) == (0, {})


def test_what_lies_in_the_middle_is_found_at_once() -> None:
    """Subscribers ask for every place: none of them walks past all the bodies before it."""
    tail = Tail(LARGE)
    ring = tail.listen(KEYS[0])
    for first in range(3_000):
        add(tail, KEYS[0], body_of(first, 1))
    for _ in range(1_000):
        tail.bytes -= ring.drop_oldest()
    seen: list[int] = []

    class Watched(list):
        def __getitem__(self, place):
            seen.append(1)
            return super().__getitem__(place)

    ring._bodies._list = Watched(ring._bodies._list)
    for cursor in (1_000, 1_001, 2_500, 2_998, 2_999):
        assert taken(ring.since(cursor, 1, LINES)) == [cursor]
    assert len(seen) < 5 * 20
    assert ring.since(999, 1, LINES) is None
