"""Capture at work: stores and reads in the log, what a crash leaves, a disk that refuses without breaking a read."""

import errno

import pytest
import trio

from edge_node.activity import record as format_of
from edge_node.activity.capture import FLUSH_S, Capture
from edge_node.activity.ledger import Bounds
from edge_node.activity.record import NO_SESSION, RECORD_MAX_BYTES, Action, Part, encode_activity
from edge_node.activity.rows import Totals, list_totals
from edge_node.base.counters import REGISTRY
from edge_node.base.ids import PublicKey
from edge_node.journal import Lane, Mode, Position, SegmentClass
from edge_node.paths import Paths
from edge_node.trust.activity_request import RequestType
from tests.activity.rig import CID, HOLDER, NODE, NOW_MS, Kept, ack, keeping, request
from tests.journal.faulty import FaultyFiles

ANYBODY = PublicKey(bytes(32))


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def settle(kept: Kept) -> None:
    """What half a second of `run` does."""
    await kept.capture._flush()


async def writable(kept: Kept) -> None:
    """Until the journal has found that its disk is back."""
    with trio.fail_after(30):
        while (await kept.journal.reopen()).mode is not Mode.WRITABLE:
            await trio.sleep(0.05)


async def test_a_store_is_recorded_in_its_own_write(tmp_path):
    """The draft holds everything about the store, and lands with what it comes with."""
    async with keeping(tmp_path / "d") as kept:
        signed = request(1, RequestType.STORE)
        draft = kept.capture.stored(HOLDER, 7, CID, 17, signed, NOW_MS)
        await kept.journal.append([draft], Lane.CONTROL)
        (record,) = await kept.records()
        assert (record.action, record.node, record.holder, record.bucket) == (Action.STORE, NODE, HOLDER, 7)
        assert (record.first_ms, record.last_ms, record.clock_quality) == (NOW_MS, NOW_MS, 2)
        assert (record.count, record.bytes, record.acked, record.session) == (1, 17, 0, NO_SESSION)
        assert record.parts == [Part(CID, 0, 17, 0, 0, signed.raw, b"")]
        assert (await kept.journal.query(list_totals))[7] == Totals(stores=1, stored_bytes=17)


async def test_two_stores_alike_are_two_leaves(tmp_path):
    """A name stored twice without a request gives two records with two windows."""
    async with keeping(tmp_path / "d") as kept:
        drafts = [kept.capture.stored(HOLDER, 7, None, 90, None, NOW_MS) for _ in range(2)]
        await kept.journal.append(drafts, Lane.CONTROL)
        one, two = await kept.records()
        assert one.window != two.window
        assert one.parts[0].cid == b""


async def test_a_readers_minute_is_one_record(tmp_path):
    """Several reads of one reader from one place; another place, bucket or account has a record of its own."""
    async with keeping(tmp_path / "d") as kept:
        for number in (1, 2, 3):
            one = kept.read(number)
            one.sent(10)
            one.acked(ack(10, number))
            one.close()
        kept.read(4, source="http 192.0.2.8").sent(5)
        kept.read(None, holder=ANYBODY).sent(6)
        kept.capture.reading(HOLDER, 8, CID, None, "http 192.0.2.7").sent(7)
        await settle(kept)
        assert await kept.records() == []
        assert await kept.open_windows() == 4
        kept.clock.ms += 60_000
        await settle(kept)
        records = await kept.records()
        assert [(r.holder, r.bucket, r.count, r.bytes, r.acked) for r in records] == [
            (HOLDER, 7, 3, 30, 30),
            (HOLDER, 7, 1, 5, 0),
            (ANYBODY, 7, 1, 6, 0),
            (HOLDER, 8, 1, 7, 0),
        ]
        assert len({r.session for r in records[:2]}) == 2
        assert records[0].session == records[3].session
        assert b"192.0.2" not in b"".join(encode_activity(r) for r in records)
        assert await kept.open_windows() == 0


async def test_thirty_two_mebibytes_are_a_record(tmp_path):
    """A long read is recorded as it goes, not at its end."""
    async with keeping(tmp_path / "d") as kept:
        one = kept.read(1)
        for _ in range(9):
            one.sent(4 * 1024 * 1024)
        await settle(kept)
        (record,) = await kept.records()
        assert record.bytes == format_of.WINDOW_BYTES


async def test_ten_thousand_reads_a_minute_stay_below_the_bound(tmp_path):
    """Every record of a busy reader is below 64 KiB, and together they list every read and its bytes."""
    async with keeping(tmp_path / "d") as kept:
        for number in range(10_000):
            one = kept.read(number)
            one.sent(3)
            one.close()
        await settle(kept)
        kept.clock.ms += 60_000
        await settle(kept)
        records = await kept.records()
        assert max(len(encode_activity(record)) for record in records) <= RECORD_MAX_BYTES
        assert sum(record.count for record in records) == 10_000
        assert sum(len(record.parts) + len(record.digests) for record in records) == 10_000
        assert kept.capture.ledger.lost_windows == 0
        assert (await kept.journal.query(list_totals))[7] == Totals(reads=10_000, sent_bytes=30_000)


async def test_a_crash_loses_nothing_that_was_noted(tmp_path):
    """The next process makes the records from the notes; a read goes on being counted once."""
    root = tmp_path / "d"
    async with keeping(root) as kept:
        one, two = kept.read(1), kept.read(2, source="http 192.0.2.8")
        one.sent(100)
        two.sent(50)
        await settle(kept)
        one.sent(20)
        one.acked(ack(110))
        await settle(kept)
        two.sent(9_999)  # after the last note: the second that a crash may lose
    async with keeping(root) as kept:
        await settle(kept)
        first, second = await kept.records()
        assert (first.count, first.bytes, first.acked, first.parts[0].ack) == (1, 120, 110, ack(110).raw)
        assert (second.count, second.bytes, second.acked) == (1, 50, 0)
        assert await kept.open_windows() == 0
        assert (await kept.journal.query(list_totals))[7] == Totals(reads=2, sent_bytes=170, acked_bytes=110)
    async with keeping(root) as kept:
        await settle(kept)
        assert len(await kept.records()) == 2


async def test_a_window_with_its_record_is_not_made_again(tmp_path):
    """After a clean minute a restart finds nothing to finish, also in an index made anew from the log."""
    root = tmp_path / "d"
    async with keeping(root) as kept:
        kept.read(1).sent(100)
        await settle(kept)
        kept.clock.ms += 60_000
        await settle(kept)
        totals = (await kept.journal.query(list_totals))[7]
    for path in Paths(root).index_db.parent.glob("index.db*"):
        path.unlink()
    async with keeping(root) as kept:
        assert (await kept.journal.query(list_totals))[7] == totals
        await settle(kept)
        assert len(await kept.records()) == 1


async def test_a_note_that_rotted_is_told_and_passed_over(tmp_path):
    """What the other notes tell is recorded all the same."""
    root = tmp_path / "d"
    async with keeping(root) as kept:
        one = kept.read(1)
        one.sent(100)
        await settle(kept)
        one.sent(100)
        await settle(kept)
        rows = await kept.journal.query(
            lambda conn: conn.execute("SELECT segment, position FROM activity_open ORDER BY sequence").fetchall()
        )
        position = Position(SegmentClass.RC, *rows[0])
    segment = Paths(root).segments / "rc" / f"{position.segment:08d}.seg"
    raw = bytearray(segment.read_bytes())
    raw[position.offset + 100 + 40] ^= 1
    segment.write_bytes(bytes(raw))
    async with keeping(root) as kept:
        await settle(kept)
        (record,) = await kept.records()
        assert record.bytes == 200


async def test_closing_records_everything(tmp_path):
    """At a stop every minute is ended and written, none is left for the next start."""
    async with keeping(tmp_path / "d") as kept:
        kept.read(1).sent(10)
        kept.read(2, source="grpc 192.0.2.9").sent(20)
        await kept.capture.close()
        assert [record.bytes for record in await kept.records()] == [10, 20]
        assert await kept.open_windows() == 0


async def test_run_notes_within_a_second(tmp_path):
    """While `run` goes, what a read sent is on the disk well within a second, and the record when its minute ends."""
    async with keeping(tmp_path / "d") as kept, trio.open_nursery() as nursery:
        await nursery.start(kept.capture.run)
        one = kept.read(1)
        one.sent(10)
        with trio.fail_after(20):
            while await kept.open_windows() == 0:
                await trio.sleep(FLUSH_S / 5)
        kept.clock.ms += 60_000
        one.sent(1)
        with trio.fail_after(20):
            while not await kept.records():
                await trio.sleep(FLUSH_S / 5)
        assert (await kept.records())[0].bytes == 11
        nursery.cancel_scope.cancel()


async def test_a_disk_that_refuses_breaks_no_read(tmp_path):
    """Reads go on, are kept in memory, and are recorded when the disk is back; the room says what is wrong."""
    files = FaultyFiles()
    async with keeping(tmp_path / "d", files=files) as kept:
        one = kept.read(1)
        one.sent(100)
        await settle(kept)
        files.refuse("fdatasync", errno.EIO)
        one.sent(100)
        await settle(kept)
        assert kept.capture.condition() != ""
        one.acked(ack(200))
        kept.clock.ms += 60_000
        await settle(kept)
        assert await kept.records() == []
        files.heal()
        await writable(kept)
        await settle(kept)
        assert kept.capture.condition() == ""
        (record,) = await kept.records()
        assert (record.bytes, record.acked) == (200, 200)


async def test_a_disk_that_stays_full_costs_records_and_no_memory(tmp_path):
    """Beyond its bounds the room loses the oldest, counts them, and every read goes on."""
    files = FaultyFiles()
    before = count("edge_node_activity_lost_total", what="reads")
    async with keeping(tmp_path / "d", files=files, bounds=Bounds(windows=20, rows=1_000)) as kept:
        files.refuse("pwritev", errno.ENOSPC)
        for number in range(500):
            one = kept.read(number, source=f"http {number}")
            one.sent(10)
            one.close()
            if number % 50 == 0:
                await settle(kept)
            assert kept.capture.ledger.windows <= 20
        lost = count("edge_node_activity_lost_total", what="reads") - before
        assert lost == 480
        assert kept.capture.condition() != ""
        files.heal()
        await writable(kept)
        await settle(kept)
        await kept.capture.close()
        assert sum(record.count for record in await kept.records()) == 500 - lost


async def test_a_full_queue_breaks_no_read(tmp_path):
    """A journal whose queue is full is tried again a moment later, with everything still there."""
    async with keeping(tmp_path / "d") as kept:
        one = kept.read(1)
        one.sent(100)
        submit = kept.journal.submit
        from edge_node.journal import QueueFull

        def full(drafts, lane):
            raise QueueFull(1, 1)

        kept.journal.submit = full
        await settle(kept)
        assert "wait to be written" in kept.capture.condition()
        kept.journal.submit = submit
        await settle(kept)
        assert kept.capture.condition() == ""
        assert await kept.open_windows() == 1


async def test_counters_tell_what_is_recorded(tmp_path):
    """A store counts as it is drafted, a read's record when it is on the disk."""
    before = [count("edge_node_activity_records_total", action=action) for action in ("store", "read")]
    async with keeping(tmp_path / "d") as kept:
        kept.capture.stored(HOLDER, 7, CID, 1, None, NOW_MS)
        kept.read(1).sent(1)
        await kept.capture.close()
    after = [count("edge_node_activity_records_total", action=action) for action in ("store", "read")]
    assert after == [before[0] + 1, before[1] + 1]


async def test_windows_of_two_processes_never_share_a_name(tmp_path):
    """A window's id begins with what is drawn anew at each start."""
    async with keeping(tmp_path / "d") as kept:
        other = Capture(kept.journal, NODE, kept.clock, random=lambda size: b"\x01" * size)
        names = {capture._name_window() for capture in (kept.capture, other) for _ in range(3)}
        assert len(names) == 6


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_the_close_of_a_read_matters_to_nobody_else(tmp_path, moment):
    """A read closed before or after its minute was written leaves the same record."""
    async with keeping(tmp_path / "d") as kept:
        one = kept.read(1)
        one.sent(10)
        if moment == "before":
            one.close()
        await kept.capture.close()
        one.close()
        (record,) = await kept.records()
        assert record.parts == [Part(CID, 0, 10, 0, 0, request(1).raw, b"")]
