"""Read-only connections to one database, kept open and lent to one thread at a time."""

import sqlite3
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")

IDLE_MAX = 4  # as many as may read at once (base.offload.DB_READ)


class ReadPool:
    """Connections to `uri` that cannot write."""

    def __init__(self, uri: str) -> None:
        self._uri = uri if "?" in uri else f"{uri}?mode=ro"
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    def run(self, fn: Callable[..., Result], *args: Any) -> Result:
        """Call `fn(connection, *args)` in this thread; sqlite3.Error as the database gives it."""
        connection = self._borrow()
        try:
            return fn(connection, *args)
        finally:
            self._give_back(connection)

    def close(self) -> None:
        """Close what is idle now, and what is lent when it comes back."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()

    def _borrow(self) -> sqlite3.Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        connection = sqlite3.connect(self._uri, uri=True, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only = 1")
        return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            # A snapshot left open would keep the write-ahead log from ever shrinking.
            connection.execute("ROLLBACK")
        with self._lock:
            if not self._closed and len(self._idle) < IDLE_MAX:
                self._idle.append(connection)
                return
        connection.close()
