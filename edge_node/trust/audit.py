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

log = get_log("trust")


class AuditLog:
    """The AuditSink of a running node. `record` is called on the event loop, `run` is its service.

    Rows beyond the queue's bound are lost; so are those of a write the disk refuses. Either way a gap row stands where
    they would be, with their number.
    """

    def __init__(self, path: Path, rows_max: int, *, queue_rows_max: int = QUEUE_ROWS_MAX) -> None:
        self.lost_rows = 0
        self._path, self._rows_max, self._queue_rows_max = path, rows_max, queue_rows_max
        self._queue: list[AuditRow] = []
        self._full = trio.Event()
        self._file: AuditFile | None = None
        self._writable = True

    @property
    def queued_rows(self) -> int:
        """Rows that wait to be written."""
        return len(self._queue)

    def record(self, row: AuditRow) -> None:
        """Queue `row`; never waits, never raises."""
        queue = self._queue
        if len(queue) < self._queue_rows_max:
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
        missing = verdicts + sum(row.lost for row in rows)
        self.lost_rows += verdicts
        self._queue.insert(0, AuditRow.gap(rows[0].t_ms, missing))
        if self._writable:  # said once, not every second that the disk stays full
            log.warning("audit.write_refused", rows=verdicts, why=f"{type(error).__name__}: {error}")
        self._writable = False

    def _lose(self, row: AuditRow) -> None:
        self.lost_rows += 1
        last = self._queue[-1]
        if last.lost:
            self._queue[-1] = AuditRow.gap(last.t_ms, last.lost + 1)
        else:
            self._queue.append(AuditRow.gap(row.t_ms, 1))
