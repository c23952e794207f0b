"""The offline queue of one device: signed bodies on disk, oldest first, until the node has them or refused them."""

import enum
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from edge_node.base.ids import PublicKey, StreamName, VaultId
from edge_node.base.limits import MIB
from edge_node.client.queue_errors import QueueForeign, QueueFull, QueueStorage
from edge_node.client.queue_files import DATABASE, put_aside, read_lives, take_lock, write_lives
from edge_node.client.queue_rows import (
    APPLICATION_ID,
    FORMAT,
    ROW_BYTES,
    SCHEMA,
    QueuedBody,
    RefusedBody,
    count_dropped,
    delete_waiting,
    droppable,
    insert_refused,
    insert_waiting,
    list_refused,
    mark_acknowledged,
    marks_of,
    oldest,
    restore_refused,
    transaction,
)
from edge_node.client.sequence import COUNTER_MAX, first_seq, life_of, make_seq

QUEUE_BYTES_MAX = 64 * MIB  # a day of 1 KiB readings every 1.5 s, and still small on a 1 GB card


class WhenFull(enum.StrEnum):
    """What happens to a reading that finds the queue full."""

    REFUSE_NEW = "refuse-new"  # QueueFull: whoever takes the reading decides
    DROP_OLDEST = "drop-oldest"  # the oldest goes, counted in QueueCounts.dropped


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How the queue stands; `dropped` and `refused_dropped` count since the queue was made."""

    waiting: int
    waiting_bytes: int
    refused: int
    refused_bytes: int
    dropped: int
    refused_dropped: int


Signed = tuple[str, str, bytes]  # Edge-Signature text, content type, body


class OfflineQueue:
    """Blocking and safe to use from several threads; one process at a time holds a directory.

    A body is durable when `put` returns (WAL, synchronous=FULL). Waiting and refused bodies are bounded by `bytes_max`
    each; of the refused, the oldest go first, counted.
    """

    def __init__(
        self,
        directory: Path,
        key: PublicKey,
        *,
        bytes_max: int = QUEUE_BYTES_MAX,
        when_full: WhenFull = WhenFull.REFUSE_NEW,
        now_ms: Callable[[], int],
    ) -> None:
        """Open or make the queue of `key`. Raises QueueInUse, QueueForeign, QueueDamaged (open again) or OSError."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory, self._bytes_max, self._when_full, self._now_ms = directory, bytes_max, when_full, now_ms
        self._guard = threading.Lock()
        self._last: dict[tuple[VaultId, StreamName], int] = {}  # the last number given in this process life
        self._sending = 0
        self._lock = take_lock(directory)
        try:
            self._conn = self._open(key)
            self._held = self._sum("waiting")
            self._refused_held = self._sum("refused")
        except BaseException:
            os.close(self._lock)
            raise

    def put(self, audience: VaultId, stream: StreamName, sign: Callable[[int], Signed]) -> QueuedBody:
        """Give the next number, have `sign` make header, content type and body with it, and keep them.

        QueueFull when there is no room: then nothing is kept and the number is not spent. QueueStorage from the disk.
        """
        with self._guard, self._storage():
            place = (audience, stream)
            seq = self._next_seq(audience, stream)
            header, content_type, body = sign(seq)
            size = len(header) + len(content_type) + len(body) + ROW_BYTES
            queued = QueuedBody(0, audience, stream, seq, header, content_type, body, size)
            freed = 0
            with transaction(self._conn):
                freed = self._make_room(size)
                insert_waiting(self._conn, queued)
                queued = replace(queued, id=self._conn.execute("SELECT last_insert_rowid()").fetchone()[0])
            self._held += size - freed
            self._last[place] = seq
            return queued

    def take(self) -> QueuedBody | None:
        """The oldest body, which stays until `acknowledge` or `refuse`; None when nothing waits."""
        with self._guard, self._storage():
            body = oldest(self._conn)
            self._sending = 0 if body is None else body.id
            return body

    def acknowledge(self, body: QueuedBody) -> None:
        """The node has it: take it out."""
        with self._guard, self._storage():
            with transaction(self._conn):
                delete_waiting(self._conn, body.id)
                mark_acknowledged(self._conn, body.audience, body.stream, body.seq)
            self._held -= body.bytes
            self._sending = 0

    def refuse(self, body: QueuedBody, status: int, slug: str, detail: str, remedy: str) -> None:
        """The node will never take it as it is: keep it apart with the reason, and let the rest go on."""
        refused = RefusedBody(body, self._now_ms(), status, slug, detail, remedy)
        with self._guard, self._storage():
            freed = 0
            with transaction(self._conn):
                delete_waiting(self._conn, body.id)
                insert_refused(self._conn, refused)
                freed = self._forget_refused(self._refused_held + body.bytes - self._bytes_max)
            self._held -= body.bytes
            self._refused_held += body.bytes - freed
            self._sending = 0
            self._reconsider(body.audience, body.stream)

    def refused(self, limit: int = 100) -> list[RefusedBody]:
        """The oldest refused bodies with their reasons."""
        with self._guard, self._storage():
            return list_refused(self._conn, limit)

    def retry_refused(self) -> int:
        """Let every refused body wait again under its first signature, as after an enrolment; how many."""
        with self._guard, self._storage():
            with transaction(self._conn):
                count = restore_refused(self._conn)
            self._held, self._refused_held = self._held + self._refused_held, 0
            return count

    def counts(self) -> QueueCounts:
        """How the queue stands now."""
        with self._guard, self._storage():
            waiting, refused = (self._one(f"SELECT count(*) FROM {name}") for name in ("waiting", "refused"))  # noqa: S608
            dropped = dict(self._conn.execute("SELECT what, bodies FROM dropped").fetchall())
            return QueueCounts(
                waiting, self._held, refused, self._refused_held, dropped.get("waiting", 0), dropped.get("refused", 0)
            )

    def close(self) -> None:
        """Give the directory free; what waits stays on disk."""
        with self._guard:
            self._conn.close()
            os.close(self._lock)

    def _open(self, key: PublicKey) -> sqlite3.Connection:
        try:
            conn = self._connect(self._directory / DATABASE)
        except sqlite3.OperationalError as error:  # the disk or its rights, which say nothing about the file
            raise QueueStorage(str(error)) from error
        except sqlite3.DatabaseError as error:
            raise put_aside(self._directory, str(error), self._now_ms()) from error
        try:
            if not conn.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                self._make(conn, key)
            self._check_owner(conn, key)
        except BaseException:
            conn.close()
            raise
        return conn

    def _connect(self, file: Path) -> sqlite3.Connection:
        conn = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        try:
            conn.execute("PRAGMA journal_mode = WAL")
            conn.execute("PRAGMA synchronous = FULL")
            _check_pages(conn)
        except BaseException:
            conn.close()
            raise
        return conn

    def _make(self, conn: sqlite3.Connection, key: PublicKey) -> None:
        lives = read_lives(self._directory)
        with transaction(conn):
            for statement in SCHEMA.split(";")[:-1]:
                conn.execute(statement)
            conn.execute("INSERT INTO owner VALUES(?)", (bytes(key),))
            # The queue is new but the device is not: its numbers go on above every life it has used.
            for place, life in lives.items():
                vault, _, stream = place.partition("/")
                mark_acknowledged(conn, VaultId.parse(vault), StreamName(stream), make_seq(life, COUNTER_MAX))
            conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            conn.execute(f"PRAGMA user_version = {FORMAT}")

    def _check_owner(self, conn: sqlite3.Connection, key: PublicKey) -> None:
        application, version = (conn.execute(f"PRAGMA {name}").fetchone()[0] for name in
                                ("application_id", "user_version"))  # fmt: skip
        if application != APPLICATION_ID or version > FORMAT:
            raise QueueForeign(self._directory, f"has format {application:#x} version {version}, known is {FORMAT}")
        owner = conn.execute("SELECT key FROM owner").fetchone()[0]
        if owner != key:
            raise QueueForeign.of_key(self._directory, owner, key)

    def _next_seq(self, audience: VaultId, stream: StreamName) -> int:
        last = self._last.get((audience, stream))
        if last is not None and last & COUNTER_MAX != COUNTER_MAX:
            return last + 1
        seq = first_seq(marks_of(self._conn, audience, stream))
        lives = read_lives(self._directory)
        place = f"{audience}/{stream}"
        if lives.get(place) != life_of(seq):
            write_lives(self._directory, lives | {place: life_of(seq)})
        return seq

    def _reconsider(self, audience: VaultId, stream: StreamName) -> None:
        """After a refusal the present life may be a jump too far; then the next event begins anew."""
        last = self._last.get((audience, stream))
        if last is not None and life_of(first_seq(marks_of(self._conn, audience, stream))) < life_of(last):
            del self._last[audience, stream]

    def _make_room(self, size: int) -> int:
        freed = 0
        while self._held - freed + size > self._bytes_max:
            victim = droppable(self._conn, self._sending) if self._when_full is WhenFull.DROP_OLDEST else None
            if victim is None or size > self._bytes_max:
                raise QueueFull(self._held, size, self._bytes_max)
            delete_waiting(self._conn, victim[0])
            count_dropped(self._conn, "waiting")
            freed += victim[1]
        return freed

    def _forget_refused(self, excess: int) -> int:
        freed = 0
        while freed < excess:
            row = self._conn.execute("SELECT id, bytes FROM refused ORDER BY id LIMIT 1").fetchone()
            self._conn.execute("DELETE FROM refused WHERE id = ?", row[:1])
            count_dropped(self._conn, "refused")
            freed += row[1]
        return freed

    def _sum(self, table: str) -> int:
        return self._one(f"SELECT coalesce(sum(bytes), 0) FROM {table}")  # noqa: S608 - constant names

    def _one(self, query: str) -> int:
        with closing(self._conn.execute(query)) as cursor:
            value: int = cursor.fetchone()[0]
            return value

    @contextmanager
    def _storage(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise QueueStorage(str(error)) from error


def _check_pages(conn: sqlite3.Connection) -> None:
    found = conn.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found)
