"""The ring of live frames: numbered, bounded, resumed, encoded per socket, and cheap for who reads slowly."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.control.events import BATCH_BYTES, TOPICS, EventRing, Resumption, batch, ending, opening
from edge_node.control.payload import Standing
from edge_node.wire.sse import NEED_DATA, SseParser

BOOT = "0123456789abcdef"
OPERATOR, VIEWER = Standing.OPERATOR, Standing.VIEWER


def events_in(data: bytes) -> list[tuple[str, str, object]]:
    parser, found = SseParser(), []
    parser.receive(data)
    while (event := parser.next_event()) is not NEED_DATA:
        found.append((event.event, event.id, json.loads(event.data)))
    return found


def filled(count: int, topic: str = "logs", **bounds: int) -> EventRing:
    ring = EventRing(BOOT, **bounds)
    for number in range(1, count + 1):
        ring.put(topic, {"number": number})
    return ring


def test_a_reader_gets_every_frame_once_in_order() -> None:
    """Numbers have no gaps, and ids resume."""
    ring = filled(3)
    frames = ring.since(0)
    assert frames is not None
    data, covered = batch(frames, TOPICS, OPERATOR)
    assert events_in(data) == [("logs", f"{BOOT}-{n}", {"number": n}) for n in (1, 2, 3)]
    assert covered == 3
    assert ring.since(3) == []


def test_topics_are_chosen_and_the_rest_is_covered() -> None:
    """What a reader does not want is passed over, not kept for it."""
    ring = filled(2, "logs")
    ring.put("devices", {"devices": []})
    ring.put("logs", {})
    data, covered = batch(ring.since(0) or [], {"devices"}, OPERATOR)
    assert [name for name, _, _ in events_in(data)] == ["devices"]
    assert covered == 4
    assert batch(ring.since(0) or [], {"settings"}, OPERATOR) == (b"", 4)


def test_only_the_newest_whole_document_is_sent_to_a_backlog() -> None:
    """A reader that fell behind does not wade through old pictures."""
    ring = EventRing(BOOT)
    for number in range(5):
        ring.put("node", {"now_ms": number})
        ring.put("logs", {"number": number})
    data, _ = batch(ring.since(0) or [], TOPICS, VIEWER)
    found = events_in(data)
    assert [value for name, _, value in found if name == "node"] == [{"now_ms": 4, "access": "ro"}]
    assert sum(1 for name, _, _ in found if name == "logs") == 5


def test_viewers_get_no_payload() -> None:
    """Encoded apart, once each."""
    ring = EventRing(BOOT)
    ring.put("logs", {"lines": [{"n": 1, "fields": {"exception": "secret", "reason": "x"}}]})
    frames = ring.since(0) or []
    assert b"secret" in batch(frames, TOPICS, OPERATOR)[0]
    assert b"secret" not in batch(frames, TOPICS, VIEWER)[0]


def test_a_batch_is_bounded() -> None:
    """What one reader holds is bounded; a single frame above the bound still goes."""
    ring = EventRing(BOOT)
    for size in (BATCH_BYTES * 2, 10, BATCH_BYTES - 200, 500):
        ring.put("logs", {"text": "x" * size})
    cursor, sizes = 0, []
    while frames := ring.since(cursor):
        data, cursor = batch(frames, TOPICS, OPERATOR)
        sizes.append(len(data))
    assert len(sizes) == 3
    assert sizes[1] <= BATCH_BYTES


@pytest.mark.parametrize(("frames_max", "bytes_max"), [(4, 10**6), (10**6, 400)])
def test_the_ring_is_bounded_in_frames_and_bytes(frames_max: int, bytes_max: int) -> None:
    """The oldest go; who stands below them is told that something is gone."""
    ring = filled(100, frames_max=frames_max, bytes_max=bytes_max)
    kept = ring.since(ring.first - 1) or []
    assert 1 <= len(kept) <= 4
    assert kept[-1].number == 100
    assert ring.since(ring.first - 2) is None


def test_where_readers_begin() -> None:
    """A new one at the end, one that comes back after its frame, one from elsewhere with a reset."""
    ring = filled(10, frames_max=4)
    assert ring.resume(None) == Resumption(10, "")
    assert ring.resume(f"{BOOT}-8") == Resumption(8, "")
    assert ring.resume(f"{BOOT}-10") == Resumption(10, "")
    assert ring.resume(f"{BOOT}-6") == Resumption(6, "")
    assert ring.resume(f"{BOOT}-5") == Resumption(10, "expired")
    assert ring.resume(f"{BOOT}-11") == Resumption(10, "expired")
    assert ring.resume("f" * 16 + "-8") == Resumption(10, "restarted")


@given(st.text(max_size=40))
def test_an_invented_id_is_a_reset(last_id: str) -> None:
    """Whatever a client sends."""
    assert filled(2).resume(last_id) == Resumption(2, "restarted")


def test_after_a_pause_nobody_resumes() -> None:
    """What was not recorded cannot be given; the next frames can."""
    ring = filled(3)
    ring.clear()
    assert ring.resume(f"{BOOT}-3").reason == "expired"
    ring.put("logs", {"number": 4})
    assert [frame.number for frame in ring.since(ring.last - 1) or []] == [5]


def test_first_and_last_frames() -> None:
    """Hello, reset with its reason, end."""
    assert events_in(opening(BOOT, ("node",), VIEWER, 7, "")) == [
        ("hello", f"{BOOT}-7", {"boot": BOOT, "topics": ["node"], "access": "ro"})
    ]
    [(name, _, data)] = events_in(opening(BOOT, ("node",), OPERATOR, 7, "slow"))
    assert (name, data) == ("reset", {"boot": BOOT, "topics": ["node"], "access": "rw", "reason": "slow"})
    assert events_in(ending("stopping")) == [("end", "", {"reason": "stopping"})]
