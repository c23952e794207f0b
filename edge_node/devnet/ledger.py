"""What a device was told is stored: one line per receipt, on the disk before the body leaves its queue."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from edge_node.client import QueuedBody, Receipt


class Entry(msgspec.Struct, frozen=True):
    """One acknowledged body; `t_ms` is when the receipt came."""

    seq: int
    cid: str
    stream: str
    first_offset: int
    count: int
    duplicate: bool
    t_ms: int


class Ledger:
    """Append-only and synced per entry: a receipt that was seen is never forgotten."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def note(self, body: QueuedBody, receipt: Receipt, t_ms: int) -> None:
        """Write one entry, durable on return."""
        entry = Entry(
            body.seq, receipt.cid, receipt.stream, receipt.first_offset, receipt.count, receipt.duplicate, t_ms
        )
        os.write(self._descriptor, msgspec.json.encode(entry) + b"\n")
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_ledger(path: Path) -> list[Entry]:
    """Every whole line; a last line without its end was never synced, hence never acted on. Empty without a file."""
    raw = path.read_bytes() if path.exists() else b""
    lines = raw.split(b"\n")[:-1]
    return [msgspec.json.decode(line, type=Entry) for line in lines]
