"""What the store's tests share: a journal with the real kinds in a small directory, keys enrolled, signed bodies."""

import os
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager, closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import trio
from blake3 import blake3

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import Cid, PublicKey, StreamName, VaultId
from edge_node.journal import FileLayer, Journal, open_journal
from edge_node.kinds import NODE_KINDS
from edge_node.paths import Paths
from edge_node.settings import ClockSettings, IngestSettings, JournalSettings, StoreSettings
from edge_node.store.buckets import Bucket
from edge_node.store.dag import Dag
from edge_node.store.files import Files
from edge_node.store.names import Names
from edge_node.store.pieces import Pieces, Put
from edge_node.store.quota import QuotaLedger
from edge_node.store.streams.ingest import Ingest
from edge_node.store.streams.topics import Topics
from edge_node.trust.access import Access, Verb, bucket_resource, piece_resource, stream_resource
from edge_node.trust.access_control import AccessControl
from edge_node.trust.audit_row import AuditRow
from edge_node.trust.device import Enrolment, Role
from edge_node.trust.devices import DeviceTable
from edge_node.trust.keys import SigningKey
from edge_node.trust.signed_event import EventHeader, sign_event

NOW_MS = 1_790_000_000_000
JOURNAL = JournalSettings(preallocate_bytes=65_536, reserve_bytes=0, free_min_bytes=0)
INGEST, STORE = IngestSettings(), StoreSettings()
STREAM = StreamName("site/a")
JSON = "application/json"


class FixedClock:
    """A wall clock that stands."""

    def now_ms(self) -> int:
        return NOW_MS

    def monotonic_s(self) -> float:
        return time.monotonic()

    def quality(self) -> ClockQuality:
        return ClockQuality.NETWORK


class Rows:
    """An audit sink that remembers."""

    def __init__(self) -> None:
        self.rows: list[AuditRow] = []

    def record(self, row: AuditRow) -> None:
        self.rows.append(row)


@cache
def key_of(name: str) -> SigningKey:
    return SigningKey.from_seed(blake3(name.encode()).digest())


@cache
def vault_of(name: str) -> VaultId:
    return VaultId(key_of(name).public)


@cache
def bucket_of(who: str, number: int = 1, *, public: bool = False) -> Bucket:
    return Bucket(number, vault_of(who), public)


def sign(body: bytes, seq: int, who: str = "ann", **changed: Any) -> EventHeader:
    """A header by `who` for their own vault."""
    said: dict[str, Any] = {
        "audience": vault_of(who),
        "stream": STREAM,
        "content_type": JSON,
        "seq": seq,
        "t_ms": NOW_MS,
        "quality": ClockQuality.NETWORK,
    }
    return sign_event(key_of(who), body=body, **(said | changed))


@dataclass
class Store:
    """The store's shells over one journal; ann and bob are operators of their own vaults."""

    root: Path
    journal: Journal
    access: AccessControl
    audit: Rows
    quota: QuotaLedger
    ingest: Ingest
    topics: Topics
    pieces: Pieces
    files: Files
    dag: Dag
    names: Names
    seqs: dict[str, int] = field(default_factory=dict)

    def may(self, who: str, verb: Verb) -> Access:
        """An access to all of `who`'s own streams or pieces."""
        vault = vault_of(who)
        scope = piece_resource(vault, None) if verb in {Verb.PUT, Verb.GET, Verb.DELETE} else stream_resource(vault)
        return self.access.decide(key_of(who).public, scope, verb, NOW_MS)

    def may_in(self, bucket: Bucket, verb: Verb) -> Access:
        """An access of its owner to all that lies in a bucket."""
        return self.access.decide(PublicKey(bucket.owner), bucket_resource(bucket.owner, bucket.id), verb, NOW_MS)

    async def put_in(self, bucket: Bucket, content: bytes) -> Put:
        """Put a raw piece into a bucket."""
        return await self.pieces.put(self.may_in(bucket, Verb.PUT), bucket.owner, chunks_of(content), bucket=bucket.id)

    async def get_in(self, bucket: Bucket, cid: Cid, start: int = 0, stop: int | None = None) -> bytes:
        """Read a file of a bucket."""
        file = await self.files.open(self.may_in(bucket, Verb.GET), bucket, cid)
        async with aclosing(self.files.read(file, start, stop)) as parts:
            return b"".join([part async for part in parts])

    async def page(self, who: str = "ann", start: int = 0, limit: int = 1_000, *, proof: bool = False) -> Any:
        raw = await self.topics.read_page(self.may(who, Verb.READ), vault_of(who), STREAM, start, limit, proof=proof)
        return msgspec.json.decode(raw)


@asynccontextmanager
async def opened(
    root: Path,
    *,
    files: FileLayer | None = None,
    journal: JournalSettings = JOURNAL,
    ingest: IngestSettings = INGEST,
    store: StoreSettings = STORE,
    enrol: Callable[[DeviceTable], None] = lambda _: None,
) -> AsyncGenerator[Store, None]:
    """A store at work; closed in order at the end."""
    clock, audit, table = FixedClock(), Rows(), DeviceTable()
    for name in ("ann", "bob"):
        vault = vault_of(name)
        table.apply(
            Enrolment(key=key_of(name).public, name=name, roles=frozenset({Role.OPERATOR}), vault=vault, t_ms=NOW_MS)
        )
    enrol(table)
    log = open_journal(Paths(root), journal, NODE_KINDS, random=os.urandom, clock=clock, files=files)
    try:
        access = AccessControl(table, key_of("node").public, audit)
        quota = QuotaLedger(store)
        shells = (
            Ingest(log, access, table, quota, clock, ingest, ClockSettings()),
            Topics(log, ingest),
            Pieces(log, quota, clock, store),
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(log.run)
            await nursery.start(shells[0].run)
            pieces = shells[2]
            built = (Files(pieces), Dag(pieces), Names(log, quota, clock))
            yield Store(root, log, access, audit, quota, *shells, *built)
            nursery.cancel_scope.cancel()
    finally:
        await log.flush_and_close()


def dump(root: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row the store has in index.db, in the order of its table."""
    with closing(sqlite3.connect(Paths(root).index_db)) as conn:
        names = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = [name for name in names if not name.startswith(("journal_", "sqlite_"))]
        return {name: conn.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in tables}


def drop_index(root: Path) -> None:
    """Take the derived index away, so that the next start makes it from the log's bytes."""
    for suffix in ("", "-wal", "-shm"):
        Paths(root).index_db.with_name(f"index.db{suffix}").unlink(missing_ok=True)


async def chunks_of(content: bytes, size: int = 300_000) -> AsyncGenerator[bytes, None]:
    for at in range(0, len(content), size):
        yield content[at : at + size]
