"""The journal's door under trio: submit, wait, read, query, refuse, reopen, close."""

import contextlib
import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import trio
import trio.testing

from edge_node.base.counters import REGISTRY
from edge_node.base.offload import WRITER, offload
from edge_node.journal import (
    Database,
    DirectoryInUse,
    DiskFull,
    Draft,
    Journal,
    JournalBroken,
    JournalError,
    JournalMisuse,
    Lane,
    Mode,
    NotWritable,
    QueueFull,
    RecordAbsent,
    RoundRefused,
    SegmentClass,
    SegmentInUse,
    Space,
)
from edge_node.journal.door import COMPANY, COMPANY_S
from edge_node.paths import Paths
from tests.journal.faulty import FaultyFiles, HangingFiles
from tests.journal.rig import BLOB, ERASE, FACT, NOTE, SMALL, draft, open_door, open_rig, rig_kinds, rows, running

ROOT = Path(__file__).parents[2]


def count(connection: sqlite3.Connection, table: str) -> int:
    return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


async def test_what_is_acknowledged_can_be_read_and_queried(tmp_path: Path) -> None:
    """By position, by query in the index, by query in meta, and by the next process."""
    async with running(open_door(tmp_path)) as journal:
        placed = await journal.append([draft(NOTE, b"note"), draft(BLOB, b"blob")], Lane.EVENTS)
        await journal.append([draft(FACT, b"fact")], Lane.CONTROL)
        assert [journal.read(one.position).payload for one in placed] == [b"note", b"blob"]
        assert await journal.query(count, "rows") == 2
        assert await journal.query(count, "facts", database=Database.META) == 1
    again = open_door(tmp_path)
    assert again.read(placed[0].position).payload == b"note"
    await again.flush_and_close()


async def test_tickets_submitted_together_share_rounds(tmp_path: Path) -> None:
    """Group commit: a hundred tickets cost a few syncs, and each waiter gets its own place."""
    files, places = FaultyFiles(), {}

    async def put(number: int) -> None:
        payload = number.to_bytes(2)
        places[payload] = (await journal.append([draft(NOTE, payload)], Lane.EVENTS))[0]

    async with running(open_door(tmp_path, files)) as journal:
        files.calls.clear()
        async with trio.open_nursery() as nursery:
            for number in range(100):
                nursery.start_soon(put, number)
        assert len([name for operation, name in files.calls if operation == "fdatasync"]) <= 5
        assert all(journal.read(placed.position).payload == payload for payload, placed in places.items())
        assert journal.stats().records == 100
    assert len(places) == 100


async def test_a_lane_is_written_in_the_order_of_submission(tmp_path: Path) -> None:
    """Whatever the waiters do."""
    async with running(open_door(tmp_path)) as journal:
        tickets = [journal.submit([draft(NOTE, bytes([number]))], Lane.EVENTS) for number in range(50)]
        placed = [(await ticket.wait())[0] for ticket in reversed(tickets)][::-1]
    sequences = [one.sequence for one in placed]
    assert sequences == sorted(sequences)


async def test_control_goes_before_events_and_extents(tmp_path: Path) -> None:
    """Also when it was submitted last."""
    async with running(open_door(tmp_path)) as journal:
        extents = journal.submit([draft(BLOB, b"x")], Lane.EXTENTS)
        control = journal.submit([draft(FACT, b"x")], Lane.CONTROL)
        assert (await control.wait())[0].sequence < (await extents.wait())[0].sequence


async def test_a_full_queue_refuses_at_once(tmp_path: Path) -> None:
    """With a hint when to come back, and nothing of the refused ticket queued."""
    settings = type(SMALL)(segment_bytes=16384, queue_records_max=64, reserve_bytes=0, free_min_bytes=0)
    journal = open_door(tmp_path, settings=settings)
    for _ in range(64):
        journal.submit([draft(NOTE, b"x")], Lane.EVENTS)
    with pytest.raises(QueueFull):
        journal.submit([draft(NOTE, b"x")], Lane.EVENTS)
    assert journal.stats().queued_records == 64
    await journal.flush_and_close()
    assert len(rows(tmp_path)) == 64


@pytest.mark.parametrize("drafts", [[], [Draft(99, 1, b"", b"", None)]])
async def test_a_wrong_ticket_is_our_own_mistake(tmp_path: Path, drafts: list[Draft]) -> None:
    """A kind nobody registered, or a ticket without a draft."""
    journal = open_door(tmp_path)
    with pytest.raises(JournalMisuse):
        journal.submit(drafts, Lane.EVENTS)
    await journal.flush_and_close()


async def test_limits_of_space_change_while_it_runs(tmp_path: Path, autojump_clock) -> None:
    """More free space wanted than there is: only deletes are taken; less again, and everything is."""
    files = FaultyFiles()
    files.room = Space(1 << 30, 100 << 20)
    async with running(open_door(tmp_path, files)) as journal:
        await journal.append([draft(NOTE, b"1")], Lane.EVENTS)
        journal.apply(msgspec.structs.replace(SMALL, free_min_bytes=120 << 20, gather_ms=0.5))
        files.refuse("pwritev", errno.ENOSPC, only="ev/", times=1)  # which makes the journal look at the space it has
        with pytest.raises(DiskFull):
            await journal.append([draft(NOTE, b"2")], Lane.EVENTS)
        assert journal.state.mode is Mode.LOW
        journal.apply(SMALL)
        while journal.state.mode is Mode.LOW:
            await trio.sleep(1)
        await journal.append([draft(NOTE, b"3")], Lane.EVENTS)
    assert len(rows(tmp_path)) == 2


async def test_cancelling_a_waiter_does_not_take_the_write_back(tmp_path: Path) -> None:
    """The record is there, whoever still listens."""
    async with running(open_door(tmp_path)) as journal:
        ticket = journal.submit([draft(NOTE, b"kept")], Lane.EVENTS)
        with trio.move_on_after(0):
            await ticket.wait()
        await journal.append([draft(NOTE, b"next")], Lane.EVENTS)
        assert ticket.settled
    assert len(rows(tmp_path)) == 2


async def test_a_setback_refuses_everything_queued_in_order(tmp_path: Path) -> None:
    """First the tickets of all lanes are marked, then callbacks run, then waiters; a later submit is written."""
    files, story = FaultyFiles(), []

    async def put(name: str, lane: Lane) -> None:
        ticket = journal.submit([draft(NOTE, name.encode())], lane)
        tickets.append(ticket)
        try:
            await ticket.wait()
            story.append(f"{name} written")
        except JournalError as error:
            story.append(f"{name} {type(error).__name__}")

    tickets: list = []
    async with running(open_door(tmp_path, files)) as journal:
        journal.on_setback(lambda error: story.append((type(error).__name__, all(one.refused for one in tickets))))
        files.refuse("pwritev", errno.ENOSPC, only="ev/", times=1)
        async with trio.open_nursery() as nursery:
            for number, lane in enumerate((Lane.EVENTS, Lane.EXTENTS, Lane.CONTROL)):
                nursery.start_soon(put, f"ticket {number}", lane)
        assert story[0] == ("DiskFull", True)
        assert sorted(story[1:]) == [f"ticket {number} DiskFull" for number in range(3)]
    assert rows(tmp_path) == []


async def test_a_round_that_cannot_be_applied_is_refused_and_forgotten(tmp_path: Path) -> None:
    """The journal stays writable."""

    def apply(connection: sqlite3.Connection, batch) -> None:
        raise ValueError("a kind's own mistake")

    kinds = [replace(kind, apply=apply) if kind.number == ERASE else kind for kind in rig_kinds()]
    async with running(open_door(tmp_path, kinds=kinds)) as journal:
        with pytest.raises(RoundRefused):
            await journal.append([draft(ERASE, b"x")], Lane.CONTROL)
        assert journal.state.mode is Mode.WRITABLE
        await journal.append([draft(NOTE, b"x")], Lane.EVENTS)


async def test_a_full_disk_takes_only_what_frees_space(tmp_path: Path, autojump_clock) -> None:
    """And everything again once there is room, noticed without a write."""
    files = FaultyFiles()
    settings = type(SMALL)(segment_bytes=16384, preallocate_bytes=4096, reserve_bytes=0, free_min_bytes=1 << 20)
    journal = open_door(tmp_path, files, settings=settings)
    async with running(journal):
        files.room = Space(1 << 30, 1000)
        files.refuse("pwritev", errno.ENOSPC, only="ev/", times=1)
        with pytest.raises(DiskFull):
            await journal.append([draft(NOTE, b"x")], Lane.EVENTS)
        assert journal.state.mode is Mode.LOW
        with pytest.raises(DiskFull):
            journal.submit([draft(NOTE, b"x")], Lane.EVENTS)
        with pytest.raises(DiskFull):
            journal.submit([draft(ERASE, b"x"), draft(NOTE, b"x")], Lane.EVENTS)
        await journal.append([draft(ERASE, b"x")], Lane.CONTROL)
        await trio.sleep(3)
        assert journal.state.mode is Mode.LOW
        files.room = None
        # Threads do not stop the clock that jumps, so the answer may take more of its seconds than one.
        while journal.state.mode is Mode.LOW:
            await trio.sleep(1)
        assert journal.state.mode is Mode.WRITABLE
        await journal.append([draft(NOTE, b"x")], Lane.EVENTS)
    assert len(rows(tmp_path)) == 2


async def test_a_sync_error_makes_the_journal_read_only_until_reopened(tmp_path: Path) -> None:
    """Nothing is retried on that descriptor; a reopening goes on in a new segment."""
    files = FaultyFiles()
    async with running(open_door(tmp_path, files)) as journal:
        first = (await journal.append([draft(NOTE, b"first")], Lane.EVENTS))[0]
        files.refuse("fdatasync", errno.EIO, only="ev/")
        with pytest.raises(NotWritable) as caught:
            await journal.append([draft(NOTE, b"refused")], Lane.EVENTS)
        assert caught.value.state.mode is journal.state.mode is Mode.READ_ONLY
        with pytest.raises(NotWritable):
            journal.submit([draft(ERASE, b"x")], Lane.CONTROL)
        assert journal.read(first.position).payload == b"first"
        assert await journal.query(count, "rows") == 1
        assert (await journal.reopen()).mode is Mode.READ_ONLY
        assert await journal.query(count, "rows") == 1
        files.heal()
        assert (await journal.reopen()).mode is Mode.WRITABLE
        assert await journal.query(count, "rows") == 1
        placed = (await journal.append([draft(NOTE, b"again")], Lane.EVENTS))[0]
        assert placed.position.segment == 2
        assert (await journal.reopen()).mode is Mode.WRITABLE
    assert len(rows(tmp_path)) == 2


@pytest.mark.parametrize(
    ("operation", "code"), [("open_write", errno.EMFILE), ("sync_directory", errno.ENXIO), ("space", errno.ESTALE)]
)
async def test_a_reopening_that_cannot_be_leaves_the_journal_reading(tmp_path: Path, operation: str, code: int) -> None:
    """Whatever the disk says then: the writer lives, what is stored is read, and the next try may be the good one."""
    files = FaultyFiles()
    async with running(open_door(tmp_path, files)) as journal:
        first = (await journal.append([draft(NOTE, b"first")], Lane.EVENTS))[0]
        files.refuse("fdatasync", errno.EIO)
        with pytest.raises(NotWritable):
            await journal.append([draft(NOTE, b"refused")], Lane.EVENTS)
        files.refuse(operation, code)
        for _ in range(2):
            assert (await journal.reopen()).mode is Mode.READ_ONLY
        assert journal.read(first.position).payload == b"first"
        assert await journal.query(count, "rows") == 1
        files.heal()
        assert (await journal.reopen()).mode is Mode.WRITABLE
        await journal.append([draft(NOTE, b"again")], Lane.EVENTS)
    assert len(rows(tmp_path)) == 2


async def test_a_disk_that_refuses_at_start_gives_a_journal_that_reads(tmp_path: Path) -> None:
    """Its state says why; writing is refused, closing is fine."""
    async with running(open_door(tmp_path)) as journal:
        placed = (await journal.append([draft(NOTE, b"note")], Lane.EVENTS))[0]
    files = FaultyFiles()
    files.refuse("open_write", errno.EROFS)
    async with running(open_door(tmp_path, files)) as journal:
        assert journal.state.mode is Mode.READ_ONLY
        assert journal.read(placed.position).payload == b"note"
        assert await journal.query(count, "rows") == 1
        with pytest.raises(NotWritable):
            await journal.append([draft(NOTE, b"x")], Lane.EVENTS)
        with pytest.raises(NotWritable):
            await journal.drop_segment(SegmentClass.EV, 1)
        assert journal.stats().records == 0


async def test_closing_writes_what_is_queued(tmp_path: Path) -> None:
    """Without a writer at work, and then nothing more is taken."""
    journal = open_door(tmp_path)
    ticket = journal.submit([draft(NOTE, b"queued")], Lane.EVENTS)
    await journal.flush_and_close()
    assert len(await ticket.wait()) == 1
    with pytest.raises(NotWritable):
        journal.submit([draft(NOTE, b"late")], Lane.EVENTS)
    assert len(rows(tmp_path)) == 1


async def test_a_round_under_way_is_finished_when_the_writer_is_cancelled(tmp_path: Path) -> None:
    """Its waiters are answered; what was still queued is written by closing."""
    journal = open_door(tmp_path)
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.run)
        first = journal.submit([draft(NOTE, b"one")], Lane.EVENTS)
        await trio.lowlevel.checkpoint()
        await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()
    second = journal.submit([draft(NOTE, b"two")], Lane.EVENTS)
    await journal.flush_and_close()
    assert first.settled
    assert second.settled
    assert len(rows(tmp_path)) == 2


@asynccontextmanager
async def hung(root: Path) -> AsyncGenerator[tuple[Journal, HangingFiles], None]:
    """A journal whose disk does not answer; it does again at the end, so that no thread is left behind."""
    files = HangingFiles()
    journal = open_door(root, files)
    files.hang()
    try:
        yield journal, files
    finally:
        files.answer()
        await offload(int, limiter=WRITER)


async def test_a_deadline_ends_closing_on_a_disk_that_does_not_answer(tmp_path: Path) -> None:
    """The round under way and what is queued are refused, the writer ends, and LOCK stays with the thread."""
    async with hung(tmp_path) as (journal, files):
        with pytest.RaisesGroup(JournalBroken):
            async with trio.open_nursery() as nursery:
                await nursery.start(journal.run)
                under_way = journal.submit([draft(NOTE, b"one")], Lane.EVENTS)
                await offload(files.asked.wait)
                queued = journal.submit([draft(NOTE, b"two")], Lane.EVENTS)
                with trio.move_on_after(0.05) as closing:
                    await journal.flush_and_close()
        assert closing.cancelled_caught
        for ticket in (under_way, queued):
            with pytest.raises(NotWritable, match="did not answer"):
                await ticket.wait()
        with pytest.raises(DirectoryInUse):
            open_door(tmp_path)


async def test_a_cancelled_writer_waits_for_its_round_until_closing_gives_it_up(tmp_path: Path) -> None:
    """Cancelling the writer does not leave a round behind; the deadline of closing does."""
    async with hung(tmp_path) as (journal, files), trio.open_nursery() as outside:
        ended = trio.Event()

        async def run(task_status: trio.TaskStatus[trio.CancelScope]) -> None:
            with trio.CancelScope() as scope, contextlib.suppress(JournalBroken):
                task_status.started(scope)
                await journal.run()
            ended.set()

        scope = await outside.start(run)
        journal.submit([draft(NOTE, b"one")], Lane.EVENTS)
        await offload(files.asked.wait)
        scope.cancel()
        await trio.testing.wait_all_tasks_blocked()
        assert not ended.is_set()
        with trio.move_on_after(0.05):
            await journal.flush_and_close()
        await ended.wait()


async def test_a_deadline_ends_closing_itself(tmp_path: Path) -> None:
    """With nothing queued it is the last cut of the segments that hangs."""
    async with hung(tmp_path) as (journal, _):
        with trio.move_on_after(0.05) as closing:
            await journal.flush_and_close()
        assert closing.cancelled_caught
        assert journal.state.mode is Mode.BROKEN


def test_a_thread_left_behind_does_not_keep_the_process(tmp_path: Path) -> None:
    """A process whose disk never answers again ends by itself; what it had acknowledged is there."""
    code = (
        "import sys, trio; from pathlib import Path\n"
        "from edge_node.journal import Lane\n"
        "from tests.journal.faulty import HangingFiles\n"
        "from tests.journal.rig import NOTE, draft, open_door\n"
        "async def main():\n"
        "    files = HangingFiles()\n"
        "    journal = open_door(Path(sys.argv[1]), files)\n"
        "    async with trio.open_nursery() as nursery:\n"
        "        await nursery.start(journal.run)\n"
        "        await journal.append([draft(NOTE, b'kept')], Lane.EVENTS)\n"
        "        files.hang()\n"
        "        journal.submit([draft(NOTE, b'lost')], Lane.EVENTS)\n"
        "        with trio.move_on_after(0.2):\n"
        "            await journal.flush_and_close()\n"
        "trio.run(main)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 1
    assert "did not answer in the time it had" in done.stderr
    engine = open_rig(tmp_path)
    assert engine.databases[Database.INDEX].connection.execute("SELECT item FROM rows").fetchall()[0] == (b"kept",)
    engine.close(clean=True)


async def test_a_sealed_segment_can_be_dropped(tmp_path: Path) -> None:
    """With its footer; the open one cannot, and what lay in it is absent afterwards."""
    files = FaultyFiles()
    async with running(open_door(tmp_path, files)) as journal:
        old = (await journal.append([draft(NOTE, bytes(20_000))], Lane.EVENTS))[0]
        new = (await journal.append([draft(NOTE, b"new")], Lane.EVENTS))[0]
        assert journal.read(old.position).payload == bytes(20_000)
        with pytest.raises(SegmentInUse):
            await journal.drop_segment(SegmentClass.EV, new.position.segment)
        files.calls.clear()
        await journal.drop_segment(SegmentClass.EV, old.position.segment)
        assert [Path(name).name for _, name in files.calls] == ["00000001.seg", "00000001.sum", "ev"]
        await journal.drop_segment(SegmentClass.EV, old.position.segment)
        with pytest.raises(RecordAbsent):
            journal.read(old.position)
        assert journal.read(new.position).payload == b"new"


async def test_a_second_process_is_told_who_has_the_directory(tmp_path: Path) -> None:
    """By process id; the directory is free again after closing."""
    journal = open_door(tmp_path, holder="edge-node run")
    code = (
        "import sys; from pathlib import Path; from tests.journal.rig import open_door\n"
        "from edge_node.journal import DirectoryInUse\n"
        "try: open_door(Path(sys.argv[1]))\n"
        "except DirectoryInUse as error: print(error)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert said.strip() == f"{tmp_path} is in use by process {os.getpid()} (edge-node run)"
    with pytest.raises(DirectoryInUse):
        open_door(tmp_path)
    await journal.flush_and_close()
    await open_door(tmp_path).flush_and_close()


async def test_a_directory_that_does_not_exist_is_made(tmp_path: Path) -> None:
    """Private to the node's user."""
    await open_door(tmp_path / "data").flush_and_close()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert Paths(tmp_path / "data").identity.exists()


async def test_an_idle_journal_may_gather(tmp_path: Path, autojump_clock) -> None:
    """With gather_ms set, a first ticket waits a moment for company."""
    settings = type(SMALL)(segment_bytes=16384, gather_ms=2.0, reserve_bytes=0, free_min_bytes=0)
    async with running(open_door(tmp_path, settings=settings)) as journal:
        first = journal.submit([draft(NOTE, b"one")], Lane.EVENTS)
        await trio.sleep(0.001)
        journal.submit([draft(NOTE, b"two")], Lane.EVENTS)
        await first.wait()
        assert journal.stats().rounds == 1


async def test_those_who_were_answered_together_are_waited_for(tmp_path: Path, autojump_clock) -> None:
    """After a round of many tickets the next first one waits a moment; a lone writer never does."""
    async with running(open_door(tmp_path)) as journal:

        async def write_again(pause_s: float) -> None:
            await journal.append([draft(NOTE, b"one")], Lane.EVENTS)
            await trio.sleep(pause_s)
            await journal.append([draft(NOTE, b"two")], Lane.EVENTS)

        async with trio.open_nursery() as nursery:
            for number in range(COMPANY):
                nursery.start_soon(write_again, number * COMPANY_S / 10)
        assert journal.stats().rounds == 2
        began = trio.current_time()
        for _ in range(3):
            await journal.append([draft(NOTE, b"alone")], Lane.EVENTS)
        assert trio.current_time() - began < 2 * COMPANY_S


async def test_rounds_are_counted(tmp_path: Path) -> None:
    """How many records a round holds tells whether group commit works."""
    before = REGISTRY.get_sample_value("edge_node_commit_records_sum") or 0
    async with running(open_door(tmp_path)) as journal:
        await journal.append([draft(NOTE, b"one"), draft(NOTE, b"two")], Lane.EVENTS)
        stats = journal.stats()
    assert (REGISTRY.get_sample_value("edge_node_commit_records_sum") or 0) == before + 2
    assert (stats.rounds, stats.records, stats.payload_bytes, stats.next_sequence) == (1, 2, 6, 3)
    assert stats.open_segments[SegmentClass.EV] == 1
    assert journal.identity.incarnation == 1


async def test_only_a_broken_journal_ends_its_writer(tmp_path: Path) -> None:
    """When meta.db took a round that index.db did not; the next start reconciles them."""
    journal = open_door(tmp_path)
    index = journal._engine.databases[Database.INDEX]

    def refuse(marks) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    index.commit = refuse
    with pytest.RaisesGroup(JournalBroken):
        async with trio.open_nursery() as nursery:
            await nursery.start(journal.run)
            with pytest.raises(NotWritable):
                await journal.append([draft(FACT, b"fact"), draft(NOTE, b"note")], Lane.CONTROL)
            assert journal.state.mode is Mode.BROKEN
            await trio.sleep_forever()
    await journal.flush_and_close()
    await open_door(tmp_path).flush_and_close()
    assert [row[0] for row in rows(tmp_path)] == [1, 2]


async def settled_writes(journal: Journal, files: FaultyFiles, count: int) -> None:
    """Wait until `count` writes to px have been made."""
    while [name[:3] for operation, name in files.calls if operation == "pwritev"].count("px/") < count:
        await trio.sleep(0.001)


def syncs(files: FaultyFiles) -> int:
    return [operation for operation, _ in files.calls].count("fdatasync")


EXTENT = bytes(600_000)
LARGE = type(SMALL)(reserve_bytes=0, free_min_bytes=0)


async def test_extents_share_a_sync_until_somebody_waits(tmp_path: Path) -> None:
    """They are written as they come, and one wait makes all of them durable."""
    files = FaultyFiles()
    async with running(open_door(tmp_path, files, settings=LARGE)) as journal:
        files.calls.clear()
        tickets = []
        for number in range(3):
            tickets.append(journal.submit([draft(BLOB, EXTENT)], Lane.EXTENTS))
            await settled_writes(journal, files, number + 1)
        assert (syncs(files), [ticket.settled for ticket in tickets]) == (0, [False] * 3)
        places = await tickets[0].wait()
        assert (syncs(files), [ticket.settled for ticket in tickets]) == (1, [True] * 3)
        assert journal.read(places[0].position).payload == EXTENT
        assert journal.stats().rounds == 1


@pytest.mark.parametrize("lane", [Lane.CONTROL, Lane.EVENTS])
async def test_any_other_ticket_takes_open_extents_along(tmp_path: Path, lane: Lane) -> None:
    """Its round syncs them first."""
    files = FaultyFiles()
    async with running(open_door(tmp_path, files, settings=LARGE)) as journal:
        ticket = journal.submit([draft(BLOB, EXTENT)], Lane.EXTENTS)
        await settled_writes(journal, files, 1)
        await journal.append([draft(NOTE, b"note")], lane)
        assert ticket.settled


async def test_unsynced_extents_are_bounded(tmp_path: Path) -> None:
    """A round's worth is synced though nobody waits."""
    files = FaultyFiles()
    async with running(open_door(tmp_path, files, settings=LARGE)) as journal:
        tickets = [journal.submit([draft(BLOB, bytes(1 << 20))], Lane.EXTENTS) for _ in range(9)]
        with trio.fail_after(30):
            while not tickets[0].settled:
                await trio.sleep(0.001)
        assert not tickets[0].refused


async def test_extents_left_behind_are_written_by_closing(tmp_path: Path) -> None:
    """An upload that broke off leaves no ticket without an answer."""
    files = FaultyFiles()
    async with running(open_door(tmp_path, files, settings=LARGE)) as journal:
        ticket = journal.submit([draft(BLOB, EXTENT)], Lane.EXTENTS)
        await settled_writes(journal, files, 1)
    assert len(await ticket.wait()) == 1


async def test_a_setback_refuses_open_extents_too(tmp_path: Path) -> None:
    """They were written, and are taken back with the round."""
    files = FaultyFiles()
    async with running(open_door(tmp_path, files, settings=LARGE)) as journal:
        ticket = journal.submit([draft(BLOB, EXTENT)], Lane.EXTENTS)
        await settled_writes(journal, files, 1)
        files.refuse("pwritev", errno.ENOSPC, only="ev/", times=1)
        with pytest.raises(DiskFull):
            await journal.append([draft(NOTE, b"note")], Lane.EVENTS)
        with pytest.raises(DiskFull):
            await ticket.wait()
    assert rows(tmp_path) == []
