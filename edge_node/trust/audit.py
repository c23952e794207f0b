"""The audit service: verdicts are queued without waiting and written in batches, so that deciding never blocks."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import trio

from edge_node.base.log import get_log
from edge_node.base.offload import FILE, offload
from edge_node.trust.audit_file import AuditFile
from edge_node.trust.audit_read import AuditEntry, AuditFilter, AuditUnreadable, read_audit
from edge_node.trust.audit_row import AuditRow, AuditSink

__all__ = ["AuditEntry", "AuditFilter", "AuditLog", "AuditRow", "AuditSink", "AuditUnreadable", "read_audit"]

DRAIN_EVERY_S = 1.0  # the most history a crash may take
DRAIN_ROWS = 1_000  # one transaction of about 5 ms
QUEUE_ROWS_MAX = 8_192  # 2 MiB; a third of a second of verdicts at the fastest ingest, longer than any write takes
QUEUE_PARTS = 4  # unproved rows have a quarter of that beside it: who only claims a key crowds nobody out here either

log = get_log("trust")


class AuditLog:
    """The AuditSink of a running node. `record` is called on the event loop, `run` is its service.

    Rows beyond the queue's bound are lost; so are those of a write the disk refuses. Either way a gap row stands where
    they would be, with their number. Proved and unproved rows have bounds and gaps of their own.
    """

    def __init__(self, path: Path, rows_max: int, *, queue_rows_max: int = QUEUE_ROWS_MAX) -> None:
        self.lost_rows = 0
        self._path, self._rows_max = path, rows_max
        self._bounds = {True: queue_rows_max, False: max(1, queue_rows_max // QUEUE_PARTS)}
        self._queue: list[AuditRow] = []
        self._held = {True: 0, False: 0}  # rows of each ring in the queue
        self._gaps: dict[bool, int] = {}  # where in the queue each ring's gap stands; its rows after that are lost
        self._full = trio.Event()
        self._file: AuditFile | None = None
        self._writable = True

    @property
    def queued_rows(self) -> int:
        """Rows that wait to be written."""
        return len(self._queue)

    def record(self, row: AuditRow) -> None:
        """Queue `row`; never waits, never raises."""
        queue, ring = self._queue, row.proved
        if self._held[ring] < self._bounds[ring]:
            self._held[ring] += 1
            queue.append(row)
            if len(queue) >= DRAIN_ROWS:
                self._full.set()
        else:
            self._lose(row)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Write what is queued, every second or every thousand rows, until cancelled; then once more, and close."""
        task_status.started()
        try:
            while True:
                with trio.move_on_after(DRAIN_EVERY_S):
                    await self._full.wait()
                self._full = trio.Event()
                await self._drain()
        finally:
            await self._drain()
            with trio.CancelScope(shield=True):
                await offload(self._close, limiter=FILE)

    async def _drain(self) -> None:
        rows, self._queue = self._queue, []
        self._held, self._gaps = {True: 0, False: 0}, {}
        if not rows:
            return
        # Taken from the queue, they must reach the disk: a cancellation waits the few milliseconds.
        with trio.CancelScope(shield=True):
            error = await offload(self._write, rows, limiter=FILE)
        if error is None:
            self._writable = True
        else:
            self._give_up(rows, error)

    def _write(self, rows: Sequence[AuditRow]) -> OSError | sqlite3.Error | None:
        try:
            if self._file is None:
                self._file = AuditFile.open(self._path, self._rows_max)
            self._file.write(rows)
        except (OSError, sqlite3.Error) as error:
            self._close()
            return error
        return None

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _give_up(self, rows: Sequence[AuditRow], error: Exception) -> None:
        verdicts = sum(1 for row in rows if not row.lost)
        self.lost_rows += verdicts
        gaps = [gap for ring in (True, False) if (gap := _gap_for([row for row in rows if row.proved is ring]))]
        self._queue[:0] = gaps
        self._gaps = {ring: at + len(gaps) for ring, at in self._gaps.items()}
        if self._writable:  # said once, not every second that the disk stays full
            log.warning("audit.write_refused", rows=verdicts, why=f"{type(error).__name__}: {error}")
        self._writable = False

    def _lose(self, row: AuditRow) -> None:
        self.lost_rows += 1
        at = self._gaps.get(row.proved)
        if at is None:
            self._gaps[row.proved] = len(self._queue)
            self._queue.append(AuditRow.gap(row.t_ms, 1, proved=row.proved))
        else:
            gap = self._queue[at]
            self._queue[at] = AuditRow.gap(gap.t_ms, gap.lost + 1, proved=row.proved)


def _gap_for(rows: Sequence[AuditRow]) -> AuditRow | None:
    if not rows:
        return None
    return AuditRow.gap(rows[0].t_ms, sum(row.lost or 1 for row in rows), proved=rows[0].proved)
