"""Drafts, tickets and the lanes they wait in."""

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from edge_node.journal.errors import QueueFull, RoundRefused
from edge_node.journal.tickets import ROUND_RECORDS_MAX, Draft, Lane, Lanes, Ticket


def ticket(lane: Lane, size: int = 1, records: int = 1) -> Ticket:
    drafts = [Draft(1, 1, b"", bytes(size), None)] + [Draft(1, 1, b"", b"", None)] * (records - 1)
    return Ticket(drafts, lane, size)


def test_a_draft_knows_its_size_whole_or_in_parts() -> None:
    """Parts are joined on disk."""
    assert Draft(1, 1, b"", b"abc", None).payload_bytes == 3
    assert Draft(1, 1, b"", [b"ab", memoryview(b"cd"), bytearray(b"e")], None).payload_bytes == 5


def test_lanes_go_in_their_order() -> None:
    """Control, then events, then extents, each in the order of submission."""
    lanes = Lanes(100, 100)
    asked = [ticket(lane) for lane in (Lane.EXTENTS, Lane.EVENTS, Lane.CONTROL, Lane.EVENTS)]
    for one in asked:
        lanes.put(one)
    assert lanes.take(100) == [asked[2], asked[1], asked[3], asked[0]]
    assert (lanes.records, lanes.bytes, lanes.waiting()) == (0, 0, False)


def test_extents_are_bounded_per_round() -> None:
    """A long upload lets small records through, and moves on with at least one ticket a round."""
    lanes = Lanes(100, 1000)
    for size in (5, 5, 5, 50):
        lanes.put(ticket(Lane.EXTENTS, size))
    assert [len(lanes.take(10)) for _ in range(3)] == [2, 1, 1]


def test_a_round_is_bounded_in_records() -> None:
    """What is left goes in the next."""
    lanes = Lanes(10**6, 10**6)
    for _ in range(3):
        lanes.put(ticket(Lane.EVENTS, 1, ROUND_RECORDS_MAX // 2))
    assert [len(lanes.take(10)) for _ in range(2)] == [2, 1]


@pytest.mark.parametrize(("records", "size", "fits"), [(4, 10, True), (5, 10, False), (4, 11, False)])
def test_the_queue_is_full_at_its_bounds(records: int, size: int, fits: bool) -> None:
    """In records and in bytes; what does not fit is refused and leaves nothing behind."""
    lanes = Lanes(5, 11)
    lanes.put(ticket(Lane.EVENTS, 1))
    if fits:
        lanes.put(ticket(Lane.CONTROL, size, records))
    else:
        with pytest.raises(QueueFull):
            lanes.put(ticket(Lane.CONTROL, size, records))
        assert (lanes.records, lanes.bytes) == (1, 1)


def test_uploads_leave_room_for_events_and_deletes() -> None:
    """However many extents wait, they fill half of the queue."""
    lanes = Lanes(100, 100)
    lanes.put(ticket(Lane.EXTENTS, 50))
    with pytest.raises(QueueFull):
        lanes.put(ticket(Lane.EXTENTS, 1))
    lanes.put(ticket(Lane.EVENTS, 30))
    lanes.put(ticket(Lane.CONTROL, 20))
    with pytest.raises(QueueFull):
        lanes.put(ticket(Lane.EVENTS, 1))


def test_a_ticket_above_the_bound_passes_alone() -> None:
    """Else it could never be written."""
    lanes = Lanes(5, 10)
    lanes.put(ticket(Lane.EXTENTS, 1000))
    assert len(lanes.take(10)) == 1


@given(lanes_asked=st.lists(st.sampled_from(Lane), max_size=40))
def test_draining_gives_back_everything_once(lanes_asked: list[Lane]) -> None:
    """In any mix."""
    lanes = Lanes(1000, 1000)
    asked = [ticket(lane) for lane in lanes_asked]
    for one in asked:
        lanes.put(one)
    taken = lanes.take(3) + lanes.drain()
    assert sorted(map(id, taken)) == sorted(map(id, asked))
    assert not lanes.waiting()


async def test_every_waiter_of_a_ticket_is_answered() -> None:
    """Also one that comes late."""
    one, answers = ticket(Lane.EVENTS), []

    async def wait() -> None:
        answers.append(await one.wait())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        one.placed = []
        one.wake()
    answers.append(await one.wait())
    assert answers == [[], [], []]


async def test_every_waiter_gets_an_error_of_its_own() -> None:
    """One exception raised in several tasks would mix their tracebacks."""
    one = ticket(Lane.EVENTS)
    one.refuse(lambda: RoundRefused("why"))
    errors = []
    for _ in range(2):
        with pytest.raises(RoundRefused) as caught:
            await one.wait()
        errors.append(caught.value)
    assert errors[0] is not errors[1]
    assert one.refused


async def test_a_cancelled_waiter_leaves_the_ticket_alone() -> None:
    """What is queued is written whether or not anybody listens."""
    one = ticket(Lane.EVENTS)
    with trio.move_on_after(0):
        await one.wait()
    assert not one.settled
    one.placed = []
    one.wake()
    assert await one.wait() == []
