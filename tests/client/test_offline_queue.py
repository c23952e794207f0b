"""The queue on disk: durable, bounded, counted, and its numbers over lives and accidents."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.client.offline_queue import OfflineQueue, WhenFull
from edge_node.client.queue_errors import QueueDamaged, QueueForeign, QueueFull, QueueInUse, QueueStorage
from edge_node.client.queue_files import DATABASE, LIVES
from edge_node.client.queue_rows import ROW_BYTES, QueuedBody
from edge_node.client.sequence import COUNTER_MAX, life_of, make_seq

KEY, VAULT, STREAM, OTHER = PublicKey(b"k" * 32), VaultId(b"v" * 32), StreamName("s"), StreamName("other")


@contextmanager
def opened(directory: Path, key: PublicKey = KEY, **options: Any) -> Iterator[OfflineQueue]:
    queue = OfflineQueue(directory, key, now_ms=lambda: 1_000, **options)
    try:
        yield queue
    finally:
        queue.close()


def put(queue: OfflineQueue, body: bytes = b"x" * 44, stream: StreamName = STREAM) -> QueuedBody:
    return queue.put(VAULT, stream, lambda seq: (f"h{seq}"[:1], "t", body))


SIZE = ROW_BYTES + 46


def refuse(queue: OfflineQueue) -> None:
    body = queue.take()
    assert body is not None
    queue.refuse(body, 403, "device-suspended", "detail", "remedy")


def acknowledge(queue: OfflineQueue) -> None:
    body = queue.take()
    assert body is not None
    queue.acknowledge(body)


def test_bodies_leave_in_order_and_only_when_acknowledged(tmp_path: Path) -> None:
    """Taking a body changes nothing; acknowledging takes it out."""
    with opened(tmp_path) as queue:
        bodies = [put(queue, str(n).encode()) for n in range(3)]
        assert queue.take() == queue.take() == bodies[0]
        acknowledge(queue)
        assert queue.take() == bodies[1]
        assert queue.counts().waiting == 2


def test_a_new_life_finds_every_body_unchanged(tmp_path: Path) -> None:
    """Header, bytes and number are those of the first signing."""
    with opened(tmp_path) as queue:
        body = put(queue)
    with opened(tmp_path) as queue:
        assert queue.take() == body
        assert queue.counts().waiting_bytes == body.bytes == SIZE


def test_numbers_count_up_within_a_life_and_leap_between_lives(tmp_path: Path) -> None:
    """Life above, counter below, per stream."""
    with opened(tmp_path) as queue:
        assert [put(queue).seq for _ in range(3)] == [make_seq(1, n) for n in range(3)]
        assert put(queue, stream=OTHER).seq == make_seq(1, 0)
    with opened(tmp_path) as queue:
        assert put(queue).seq == make_seq(2, 0)


def test_lives_without_an_event_take_no_number(tmp_path: Path) -> None:
    """Ten idle lives, or ten that used another stream, are no leap."""
    with opened(tmp_path) as queue:
        put(queue)
    for _ in range(10):
        with opened(tmp_path) as queue:
            put(queue, stream=OTHER)
    with opened(tmp_path) as queue:
        assert put(queue).seq == make_seq(2, 0)


def test_the_life_is_written_once_per_life(tmp_path: Path) -> None:
    """The sequence costs flash one small file per life and stream, and nothing when nothing is signed."""
    with opened(tmp_path) as queue:
        assert not (tmp_path / LIVES).exists()
        put(queue)
        first = (tmp_path / LIVES).stat()
        for _ in range(5):
            put(queue)
            acknowledge(queue)
        assert (tmp_path / LIVES).stat().st_ino == first.st_ino
    with opened(tmp_path):
        assert (tmp_path / LIVES).stat().st_ino == first.st_ino


def test_a_counter_that_runs_out_opens_the_next_life(tmp_path: Path) -> None:
    """After 2^24 events of one life the next number is still one above."""
    with opened(tmp_path) as queue:
        put(queue)
        queue._last[VAULT, STREAM] = make_seq(1, COUNTER_MAX)
        assert put(queue).seq == make_seq(2, 0)


def test_a_life_that_was_refused_whole_is_continued_in_this_life_and_the_next(tmp_path: Path) -> None:
    """A suspended device that is resumed later goes on where the node can follow it."""
    with opened(tmp_path) as queue:
        put(queue)
        acknowledge(queue)
    with opened(tmp_path) as queue:
        assert put(queue).seq == make_seq(2, 0)
    with opened(tmp_path) as queue:
        assert put(queue).seq == make_seq(3, 0)
        refuse(queue)
        refuse(queue)
        assert put(queue).seq == make_seq(2, 1)
        refuse(queue)
    with opened(tmp_path) as queue:
        assert put(queue).seq == make_seq(2, 2)


def test_a_full_queue_refuses_and_spends_no_number(tmp_path: Path) -> None:
    """At the limit one more is refused; when there is room again the numbers have no gap."""
    with opened(tmp_path, bytes_max=3 * SIZE) as queue:
        for _ in range(3):
            put(queue)
        with pytest.raises(QueueFull) as caught:
            put(queue)
        assert (caught.value.held, caught.value.wanted) == (3 * SIZE, SIZE)
        acknowledge(queue)
        assert put(queue).seq == make_seq(1, 3)


def test_a_full_queue_drops_its_oldest_and_counts_it(tmp_path: Path) -> None:
    """The count outlives the process; the body in flight is not dropped."""
    with opened(tmp_path, bytes_max=3 * SIZE, when_full=WhenFull.DROP_OLDEST) as queue:
        bodies = [put(queue) for _ in range(3)]
        assert queue.take() == bodies[0]
        put(queue)
        assert queue.take() == bodies[0]
        acknowledge(queue)
        assert queue.take() == bodies[2]
        assert queue.counts().dropped == 1
    with opened(tmp_path, bytes_max=3 * SIZE) as queue:
        assert queue.counts().dropped == 1


def test_dropping_never_opens_a_gap_of_a_life(tmp_path: Path) -> None:
    """Each life keeps its newest body; when only those are left, the new one is refused instead."""
    for _ in range(3):
        with opened(tmp_path, bytes_max=3 * SIZE, when_full=WhenFull.DROP_OLDEST) as queue:
            put(queue)
    with opened(tmp_path, bytes_max=3 * SIZE, when_full=WhenFull.DROP_OLDEST) as queue:
        with pytest.raises(QueueFull):
            put(queue)
        assert queue.counts().dropped == 0


def test_one_body_larger_than_the_queue_drops_nothing(tmp_path: Path) -> None:
    """It can never fit, so nothing is given up for it."""
    with opened(tmp_path, bytes_max=3 * SIZE, when_full=WhenFull.DROP_OLDEST) as queue:
        for _ in range(3):
            put(queue)
        with pytest.raises(QueueFull):
            put(queue, b"x" * 3 * SIZE)
        assert queue.counts().waiting == 3


def test_refused_bodies_are_kept_apart_with_their_reason(tmp_path: Path) -> None:
    """They block nobody, and can be sent again."""
    with opened(tmp_path) as queue:
        first, second = put(queue), put(queue)
        refuse(queue)
        assert queue.take() == second
        assert [(r.queued, r.status, r.slug, r.refused_ms) for r in queue.refused()] == [
            (first, 403, "device-suspended", 1_000)
        ]
        assert queue.retry_refused() == 1
        assert queue.take() == first
        assert queue.counts().waiting == 2


def test_refused_bodies_are_bounded_and_counted(tmp_path: Path) -> None:
    """A device that is refused for ever does not fill its disk; what went is counted."""
    with opened(tmp_path, bytes_max=2 * SIZE) as queue:
        for _ in range(3):
            put(queue)
            refuse(queue)
        counts = queue.counts()
        assert (counts.refused, counts.refused_bytes, counts.refused_dropped) == (2, 2 * SIZE, 1)


def test_one_process_per_queue(tmp_path: Path) -> None:
    """Two would give the same numbers."""
    with opened(tmp_path), pytest.raises(QueueInUse), opened(tmp_path):
        pass
    with opened(tmp_path):
        pass


def test_another_key_is_refused(tmp_path: Path) -> None:
    """Numbers belong to a key; the queue stays as it was."""
    with opened(tmp_path) as queue:
        put(queue)
    with pytest.raises(QueueForeign), opened(tmp_path, PublicKey(b"o" * 32)):
        pass
    with opened(tmp_path) as queue:
        assert queue.counts().waiting == 1


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    """An older release leaves it to the newer one."""
    with opened(tmp_path):
        pass
    conn = sqlite3.connect(tmp_path / DATABASE)
    conn.execute("PRAGMA user_version = 2")
    conn.close()
    with pytest.raises(QueueForeign, match="version 2"), opened(tmp_path):
        pass


@pytest.mark.parametrize("damage", ["head", "middle"])
def test_a_damaged_file_is_put_aside_and_the_numbers_go_on(tmp_path: Path, damage: str) -> None:
    """The error names the renamed file, which holds every byte; the next start works, one life further."""
    with opened(tmp_path) as queue:
        for _ in range(40):
            put(queue, b"x" * 900)
    file = tmp_path / DATABASE
    raw = bytearray(file.read_bytes())
    place = slice(0, 64) if damage == "head" else slice(4096 * 3, 4096 * 8)
    raw[place] = b"\xa5" * len(raw[place])
    file.write_bytes(raw)
    with pytest.raises(QueueDamaged) as caught, opened(tmp_path):
        pass
    assert caught.value.aside.read_bytes() == raw
    with opened(tmp_path) as queue:
        assert queue.counts().waiting == 0
        assert life_of(put(queue).seq) == 2


def test_a_file_that_cannot_be_opened_is_not_called_damaged(tmp_path: Path) -> None:
    """A directory in its place (or a lack of rights) is the disk's matter; nothing is renamed."""
    (tmp_path / DATABASE).mkdir(parents=True)
    with pytest.raises(QueueStorage), opened(tmp_path):
        pass
    assert (tmp_path / DATABASE).is_dir()


ACTS = st.lists(st.sampled_from(["record"] * 4 + ["acknowledge", "refuse", "restart", "retry"]), max_size=60)


@settings(max_examples=40)
@given(acts=ACTS)
def test_no_history_leads_to_a_number_the_node_refuses(acts: list[str]) -> None:
    """Whatever is dropped, refused, tried again or restarted: no number comes twice and none is a jump."""
    highest, seen = 0, set[int]()
    with TemporaryDirectory() as name, ExitStack() as stack:

        def open_queue() -> OfflineQueue:
            options = {"bytes_max": 6 * SIZE, "when_full": WhenFull.DROP_OLDEST}
            return stack.enter_context(opened(Path(name), **options))

        queue = open_queue()
        for act in ["record", "acknowledge", *acts, *["acknowledge"] * 12]:
            body = queue.take()
            if act == "record":
                with suppress(QueueFull):
                    seq = put(queue).seq
                    assert seq not in seen
                    seen.add(seq)
            elif act == "restart":
                stack.close()
                queue = open_queue()
            elif act == "retry":
                queue.retry_refused()
            elif body is not None and act == "acknowledge":
                assert not highest or body.seq <= highest + 2**32
                highest = max(highest, body.seq)
                queue.acknowledge(body)
            elif body is not None:
                queue.refuse(body, 403, "s", "d", "r")
