"""The audit service: batches, overflow, refused writes, the last rows at shutdown."""

from pathlib import Path

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs

from edge_node.trust.audit import DRAIN_ROWS, AuditFilter, AuditLog, AuditRow, read_audit
from edge_node.trust.audit_row import GAP_REASON

KEY = b"\x11" * 32


def row(n: int) -> AuditRow:
    """A verdict at `n` ms."""
    return AuditRow(n, KEY, "vault/x", "append", "")


def trail(path: Path) -> list[tuple[int, int]]:
    """(time, lost) of every row, oldest first."""
    return [(entry.row.t_ms, entry.row.lost) for entry in reversed(read_audit(path, limit=10_000))]


async def until(condition: object) -> None:
    """Wait for a condition that another task brings about."""
    while not condition():  # type: ignore[operator]
        await trio.sleep(0.005)


async def run_and_stop(audit: AuditLog) -> None:
    """Start the service and cancel it at once."""
    async with trio.open_nursery() as nursery:
        await nursery.start(audit.run)
        nursery.cancel_scope.cancel()


async def test_rows_are_written_within_a_second(tmp_path: Path) -> None:
    """A quiet node's verdicts reach the file without company."""
    audit = AuditLog(tmp_path / "audit.db", 100)
    async with trio.open_nursery() as nursery:
        await nursery.start(audit.run)
        audit.record(row(1))
        with trio.fail_after(30):
            await until(lambda: trail(tmp_path / "audit.db") == [(1, 0)])
        nursery.cancel_scope.cancel()


async def test_a_thousand_rows_do_not_wait(tmp_path: Path, mock_clock: trio.testing.MockClock) -> None:
    """Under load the queue is drained by size: here the clock stands still."""
    audit = AuditLog(tmp_path / "audit.db", 10_000)
    async with trio.open_nursery() as nursery:
        await nursery.start(audit.run)
        for n in range(DRAIN_ROWS):
            audit.record(row(n))
        await trio.testing.wait_all_tasks_blocked()
        assert audit.queued_rows == 0
        nursery.cancel_scope.cancel()
    assert len(trail(tmp_path / "audit.db")) == DRAIN_ROWS


async def test_the_last_rows_are_written_at_shutdown(tmp_path: Path) -> None:
    """Cancelling the service loses nothing that was recorded, in order."""
    audit = AuditLog(tmp_path / "audit.db", 100)
    for n in range(10):
        audit.record(row(n))
    await run_and_stop(audit)
    assert trail(tmp_path / "audit.db") == [(n, 0) for n in range(10)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["audit.db"]


async def test_a_quiet_run_makes_no_file(tmp_path: Path) -> None:
    """Nothing recorded, nothing written."""
    await run_and_stop(AuditLog(tmp_path / "audit.db", 100))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("recorded", "lost"), [(4, 0), (5, 1), (50, 46)])
async def test_overflow_is_counted_and_leaves_a_gap(tmp_path: Path, recorded: int, lost: int) -> None:
    """At the bound every row is kept; beyond it the missing ones stand as one gap where they would have been."""
    audit = AuditLog(tmp_path / "audit.db", 100, queue_rows_max=4)
    for n in range(recorded):
        audit.record(row(n))
    assert audit.lost_rows == lost
    assert audit.queued_rows <= 5
    await run_and_stop(audit)
    want = [(0, 0), (1, 0), (2, 0), (3, 0)] + ([(4, lost)] if lost else [])
    assert trail(tmp_path / "audit.db") == want
    if lost:
        assert read_audit(tmp_path / "audit.db")[0].row.reason == GAP_REASON


async def test_after_a_gap_rows_go_on(tmp_path: Path) -> None:
    """The gap stands between the rows before and after it."""
    path = tmp_path / "audit.db"
    audit = AuditLog(path, 100, queue_rows_max=2)
    for n in range(5):
        audit.record(row(n))
    async with trio.open_nursery() as nursery:
        await nursery.start(audit.run)
        with trio.fail_after(30):
            await until(lambda: audit.queued_rows == 0)
        audit.record(row(9))
        nursery.cancel_scope.cancel()
    assert trail(path) == [(0, 0), (1, 0), (2, 3), (9, 0)]


async def test_a_disk_that_refuses_never_stops_the_node(tmp_path: Path) -> None:
    """Rows of refused writes are counted and become a gap once the disk takes rows again; the log says it once."""
    home = tmp_path / "data"
    audit = AuditLog(home / "audit.db", 100)
    with capture_logs() as events:
        async with trio.open_nursery() as nursery:
            await nursery.start(audit.run)
            for n in range(3):
                audit.record(row(n))
            with trio.fail_after(30):
                await until(lambda: audit.lost_rows == 3)
                audit.record(row(3))
                await until(lambda: audit.lost_rows == 4)
            home.mkdir()
            audit.record(row(9))
            nursery.cancel_scope.cancel()
    assert [event["event"] for event in events] == ["audit.write_refused"]
    assert trail(home / "audit.db") == [(0, 4), (9, 0)]


async def test_an_unusable_file_is_set_aside_with_a_log_line(tmp_path: Path) -> None:
    """Damage costs history, never service."""
    path = tmp_path / "audit.db"
    path.write_bytes(b"no database" * 1_000)
    audit = AuditLog(path, 100)
    audit.record(row(1))
    with capture_logs() as events:
        await run_and_stop(audit)
    assert [(event["event"], event["file"]) for event in events] == [("audit.set_aside", "audit.db.aside")]
    assert trail(path) == [(1, 0)]
    assert audit.lost_rows == 0


async def test_the_ring_is_bounded(tmp_path: Path) -> None:
    """Only the newest rows stay in the file."""
    audit = AuditLog(tmp_path / "audit.db", 10)
    for n in range(35):
        audit.record(row(n))
    await run_and_stop(audit)
    assert trail(tmp_path / "audit.db") == [(n, 0) for n in range(25, 35)]


def claim(n: int) -> AuditRow:
    """A refusal of a key that was only claimed, at `n` ms."""
    return AuditRow(n, KEY, "vault/x", "append", "unknown-key", proved=False)


async def test_a_flood_of_claims_takes_no_verdict_s_place(tmp_path: Path) -> None:
    """In the queue as in the file: proved rows between and after the flood are kept, the claims' gap says how many."""
    path = tmp_path / "audit.db"
    audit = AuditLog(path, 1_000, queue_rows_max=8)  # so two claims fit
    for n in range(100):
        audit.record(row(n) if n % 20 == 10 else claim(n))
    assert audit.lost_rows == 93
    await run_and_stop(audit)
    assert trail(path) == [(0, 0), (1, 0), (2, 93), (10, 0), (30, 0), (50, 0), (70, 0), (90, 0)]
    gap = read_audit(path, AuditFilter(proved=False))[0].row
    assert (gap.reason, gap.lost) == (GAP_REASON, 93)


async def test_each_ring_has_its_own_gap_when_a_disk_refuses(tmp_path: Path) -> None:
    """What was lost is counted on its side, also while new rows come in."""
    home = tmp_path / "data"
    audit = AuditLog(home / "audit.db", 100, queue_rows_max=4)
    async with trio.open_nursery() as nursery:
        await nursery.start(audit.run)
        for n in range(3):
            audit.record(row(n) if n else claim(n))
        with trio.fail_after(30):
            await until(lambda: audit.lost_rows == 3)
        home.mkdir()
        for n in range(10, 16):
            audit.record(claim(n))
        nursery.cancel_scope.cancel()
    entries = [entry.row for entry in reversed(read_audit(home / "audit.db"))]
    assert [(entry.t_ms, entry.lost, entry.proved) for entry in entries] == [
        (1, 2, True), (0, 1, False), (10, 0, False), (11, 5, False),
    ]  # fmt: skip


async def test_ten_rings_of_claims_leave_every_verdict(tmp_path: Path) -> None:
    """A stranger who asks without end costs the operator no history."""
    path = tmp_path / "audit.db"
    audit = AuditLog(path, 1_000)
    async with trio.open_nursery() as nursery:
        await nursery.start(audit.run)
        for n in range(1_000):
            audit.record(row(n))
        for n in range(1_000, 11_000):
            audit.record(claim(n))
            if audit.queued_rows >= DRAIN_ROWS:
                with trio.fail_after(30):
                    await until(lambda: not audit.queued_rows)
        nursery.cancel_scope.cancel()
    assert audit.lost_rows == 0
    assert trail(path) == [(n, 0) for n in (*range(1_000), *range(10_900, 11_000))]
