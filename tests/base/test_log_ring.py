"""The newest log entries in memory."""

from collections.abc import Iterator

import pytest
import structlog

from edge_node.base.log import configure, get_log
from edge_node.base.log_ring import ENTRIES, LOG_RING, LogRing


@pytest.fixture(autouse=True)
def _back_to_defaults() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def begin() -> int:
    """Log from debug on; where the ring stands."""
    configure("debug", "json")
    return LOG_RING.last


def test_what_is_logged_is_kept() -> None:
    """Time, level, room, event and fields as text; nothing else."""
    before = begin()
    get_log("store").warning("piece.lost", shards=2, why="gone")
    (entry,) = LOG_RING.since(before)
    assert (entry.sequence, entry.level, entry.room, entry.event) == (before + 1, "warning", "store", "piece.lost")
    assert entry.fields == {"shards": "2", "why": "gone"}
    assert entry.t_ms > 1_700_000_000_000


def test_ten_megabytes_and_bytes_never_get_in() -> None:
    """A value of 10 MB is cut and says so; raw bytes are told by their number; a traceback shows no values."""
    before, secret = begin(), "hunter2"
    try:
        raise ValueError(len(secret))
    except ValueError:
        get_log("store").exception("piece.lost", body="x" * 10_000_000, seed=b"\x01" * 32)
    (entry,) = LOG_RING.since(before)
    assert len(entry.fields["body"]) < 1_100
    assert "left out" in entry.fields["body"]
    assert entry.fields["seed"] == "<32 bytes>"
    assert "ValueError: 7" in entry.fields["exception"]
    assert secret not in str(entry)


def test_the_filters_join() -> None:
    """By cursor, by level and graver, by room, up to a limit; a level that is none is an error."""
    before = begin()
    store, trust = get_log("store"), get_log("trust")
    store.info("a.done")
    trust.error("b.done")
    store.critical("c.done")
    store.debug("d.done")
    assert [one.event for one in LOG_RING.since(before)] == ["a.done", "b.done", "c.done", "d.done"]
    assert [one.event for one in LOG_RING.since(before, "error")] == ["b.done", "c.done"]
    assert [one.event for one in LOG_RING.since(before, "info", "store")] == ["a.done", "c.done"]
    assert [one.event for one in LOG_RING.since(before, limit=1)] == ["a.done"]
    assert LOG_RING.since(LOG_RING.last) == []
    with pytest.raises(KeyError):
        LOG_RING.since(0, "loud")


def test_only_the_newest_are_kept() -> None:
    """5,000 entries; the next one pushes out the first."""
    ring = LogRing()
    for number in range(ENTRIES):
        ring(None, "", {"event": f"n{number}"})
    assert (ring.first, ring.last) == (1, ENTRIES) == (1, 5_000)
    ring(None, "", {"event": "one.more"})
    assert ring.first == 2
    assert ring.since(limit=1)[0].event == "n1"


def test_an_entry_without_a_room_or_level_is_kept() -> None:
    """Whatever a library logs through us has a place."""
    ring = LogRing(2)
    ring(None, "", {"event": "odd"})
    assert ring.since()[0].event == "odd"
