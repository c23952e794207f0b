"""The rows of a queue database: signed bodies that wait, bodies refused for good, and marks of sequence numbers."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from edge_node.base.ids import StreamName, VaultId
from edge_node.client.sequence import Marks, life_of

APPLICATION_ID = 0x45455131  # "EEQ1"
FORMAT = 1
ROW_BYTES = 256  # what a row takes besides its body and texts: columns, index entries, page slack

SCHEMA = """
CREATE TABLE owner(key BLOB NOT NULL);
CREATE TABLE waiting(
    id INTEGER PRIMARY KEY AUTOINCREMENT, audience BLOB NOT NULL, stream TEXT NOT NULL, life INTEGER NOT NULL,
    seq INTEGER NOT NULL, header TEXT NOT NULL, content_type TEXT NOT NULL, body BLOB NOT NULL,
    bytes INTEGER NOT NULL);
CREATE INDEX waiting_by_seq ON waiting(audience, stream, seq);
CREATE TABLE refused(
    id INTEGER PRIMARY KEY, audience BLOB NOT NULL, stream TEXT NOT NULL, life INTEGER NOT NULL,
    seq INTEGER NOT NULL, header TEXT NOT NULL, content_type TEXT NOT NULL, body BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    refused_ms INTEGER NOT NULL, status INTEGER NOT NULL, slug TEXT NOT NULL, detail TEXT NOT NULL,
    remedy TEXT NOT NULL);
CREATE TABLE acknowledged(audience BLOB, stream TEXT, seq INTEGER NOT NULL, PRIMARY KEY(audience, stream));
CREATE TABLE refused_lives(
    audience BLOB, stream TEXT, life INTEGER, seq INTEGER NOT NULL, PRIMARY KEY(audience, stream, life));
CREATE TABLE dropped(what TEXT PRIMARY KEY, bodies INTEGER NOT NULL);
"""

_COLUMNS = "id, audience, stream, seq, header, content_type, body, bytes"


@dataclass(frozen=True, slots=True)
class QueuedBody:
    """One signed body on disk: `header` is the text of its Edge-Signature, `bytes` what it counts for."""

    id: int
    audience: VaultId
    stream: StreamName
    seq: int
    header: str
    content_type: str
    body: bytes
    bytes: int


@dataclass(frozen=True, slots=True)
class RefusedBody:
    """A body the node refused for good, with the node's own words."""

    queued: QueuedBody
    refused_ms: int
    status: int
    slug: str
    detail: str
    remedy: str


@contextmanager
def transaction(conn: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing of it."""
    conn.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        conn.execute("ROLLBACK")
        raise
    conn.execute("COMMIT")


def insert_waiting(conn: sqlite3.Connection, body: QueuedBody) -> None:
    """Put a body at the end; `id` 0 takes the next number, any other keeps its place."""
    conn.execute(
        "INSERT INTO waiting VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (body.id or None, bytes(body.audience), str(body.stream), life_of(body.seq), body.seq, body.header,
         body.content_type, body.body, body.bytes),
    )  # fmt: skip


def oldest(conn: sqlite3.Connection) -> QueuedBody | None:
    """The body that goes next."""
    row = conn.execute(f"SELECT {_COLUMNS} FROM waiting ORDER BY id LIMIT 1").fetchone()  # noqa: S608 - constant
    return None if row is None else _body(row)


def droppable(conn: sqlite3.Connection, sending: int) -> tuple[int, int] | None:
    """Id and bytes of the oldest body that may be dropped, None if none may.

    The newest of each life and stream stays: without it lives could go by unseen by the node, until the next
    event is a jump it refuses. The one being sent stays as well, since it may be stored already.
    """
    row: tuple[int, int] | None = conn.execute(
        "SELECT id, bytes FROM waiting AS w WHERE id != ? AND EXISTS(SELECT 1 FROM waiting AS later WHERE"
        " later.audience = w.audience AND later.stream = w.stream AND later.seq > w.seq AND later.life = w.life)"
        " ORDER BY id LIMIT 1",
        (sending,),
    ).fetchone()
    return row


def delete_waiting(conn: sqlite3.Connection, identity: int) -> None:
    """Take a body out."""
    conn.execute("DELETE FROM waiting WHERE id = ?", (identity,))


def mark_acknowledged(conn: sqlite3.Connection, audience: VaultId, stream: StreamName, seq: int) -> None:
    """Note the highest number the node has confirmed; older lives' refusals matter no longer."""
    where = (bytes(audience), str(stream), seq)
    conn.execute(
        "INSERT INTO acknowledged VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)", where
    )
    conn.execute("DELETE FROM refused_lives WHERE audience = ? AND stream = ? AND life < ?", (*where[:2], life_of(seq)))


def insert_refused(conn: sqlite3.Connection, refused: RefusedBody) -> None:
    """Keep a refused body with the reason, and note its number."""
    body = refused.queued
    place = (bytes(body.audience), str(body.stream), life_of(body.seq), body.seq)
    conn.execute(
        "INSERT INTO refused VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (body.id, *place, body.header, body.content_type, body.body, body.bytes,
         refused.refused_ms, refused.status, refused.slug, refused.detail, refused.remedy),
    )  # fmt: skip
    conn.execute(
        "INSERT INTO refused_lives VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)", place
    )


def list_refused(conn: sqlite3.Connection, limit: int) -> list[RefusedBody]:
    """The oldest `limit` refused bodies."""
    rows = conn.execute(
        f"SELECT {_COLUMNS}, refused_ms, status, slug, detail, remedy FROM refused ORDER BY id LIMIT ?",  # noqa: S608
        (limit,),
    )
    return [RefusedBody(_body(row), *row[8:]) for row in rows]


def restore_refused(conn: sqlite3.Connection) -> int:
    """Let every refused body wait again, in its old place and under its old signature; how many."""
    columns = "id, audience, stream, life, seq, header, content_type, body, bytes"
    conn.execute(f"INSERT INTO waiting SELECT {columns} FROM refused")  # noqa: S608 - constant
    return conn.execute("DELETE FROM refused").rowcount


def marks_of(conn: sqlite3.Connection, audience: VaultId, stream: StreamName) -> Marks:
    """What is known of one stream's numbers."""
    where = (bytes(audience), str(stream))
    confirmed = conn.execute("SELECT seq FROM acknowledged WHERE audience = ? AND stream = ?", where).fetchone()
    waiting = conn.execute("SELECT max(seq) FROM waiting WHERE audience = ? AND stream = ?", where).fetchone()
    refused = conn.execute("SELECT life, seq FROM refused_lives WHERE audience = ? AND stream = ?", where)
    return Marks(None if confirmed is None else confirmed[0], waiting[0], dict(refused.fetchall()))


def count_dropped(conn: sqlite3.Connection, what: str) -> None:
    """One more body was given up for room; the count outlives the process."""
    conn.execute("INSERT INTO dropped VALUES(?, 1) ON CONFLICT DO UPDATE SET bodies = bodies + 1", (what,))


def _body(row: Sequence[Any]) -> QueuedBody:
    identity, audience, stream, *rest = row[:8]
    return QueuedBody(identity, VaultId(audience), StreamName(stream), *rest)
