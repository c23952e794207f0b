"""The baseline of the ingest benchmarks: what one writes in an afternoon with uvicorn, httptools and SQLite.

One ASGI application on asyncio. It verifies the same signature with the same code (PyNaCl over the BLAKE2b of the
body), checks the shape with msgspec, and stores one row per event in one transaction per request with
synchronous=FULL. It does less than the node: no index but the row id, no content identifiers, no replay window, no
quota, no audit; and it commits on the loop, because a thread hop would only cost it CPU time.
"""

import os
import sqlite3
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from edge_node.base.ids import PublicKey
from edge_node.trust.signed_event import parse_event_header, verify_event

DATABASE, KEYS = "BASELINE_DATABASE", "BASELINE_KEYS"  # environment: a path, and hex keys between commas
BATCH = "application/cloudevents-batch+json"

_Text = Annotated[str, msgspec.Meta(min_length=1)]


class CloudEvent(msgspec.Struct):
    specversion: Literal["1.0"]
    id: _Text
    source: _Text
    type: _Text


_one = msgspec.json.Decoder(CloudEvent).decode
_all = msgspec.json.Decoder(list[CloudEvent]).decode
_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode


def open_database(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute(
        "CREATE TABLE IF NOT EXISTS events(id INTEGER PRIMARY KEY, stream TEXT, key BLOB, seq INTEGER, t_ms INTEGER,"
        " signature BLOB, event BLOB)"
    )
    return conn


def count_events(path: Path) -> int:
    """Events stored; none is ever deleted, so the highest id counts them."""
    conn = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return int(conn.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])
    finally:
        conn.close()


class Store:
    def __init__(self, path: Path, keys: frozenset[PublicKey]) -> None:
        self._conn, self._keys = open_database(path), keys

    def take(self, content_type: str, signature: str, body: bytes) -> int:
        """Verify, check and store one body; how many events it held. PermissionError, or msgspec's error."""
        header = parse_event_header(signature, content_type)
        if header.key not in self._keys or not verify_event(header, body):
            raise PermissionError
        if content_type == BATCH:
            _all(body)
            events = [bytes(event) for event in _raws(body)]
        else:
            _one(body)
            events = [body]
        key, sig = bytes(header.key), bytes(header.signature)
        rows = [(str(header.stream), key, header.seq, header.t_ms, sig, event) for event in events]
        self._conn.execute("BEGIN IMMEDIATE")
        self._conn.executemany("INSERT INTO events(stream, key, seq, t_ms, signature, event) VALUES(?,?,?,?,?,?)", rows)
        self._conn.execute("COMMIT")
        return len(events)


_store: Store | None = None


def _open_store() -> Store:
    keys = frozenset(PublicKey.parse(text) for text in os.environ[KEYS].split(","))
    return Store(Path(os.environ[DATABASE]), keys)


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    global _store  # noqa: PLW0603 - opened with the first request: an ASGI application has no other start
    assert scope["type"] == "http"
    _store = _store or _open_store()
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    given = dict(scope["headers"])
    try:
        count = _store.take(given[b"content-type"].decode(), given[b"edge-signature"].decode(), body)
        status, answer = 202, b'{"count":%d}' % count
    except PermissionError:
        status, answer = 401, b"{}"
    except msgspec.DecodeError:
        status, answer = 400, b"{}"
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
