"""What the tests of retention share: a store with a retainer, a clock that can be moved, posts of many bodies."""

import json
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import trio

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import StreamName, VaultId
from edge_node.journal import FileLayer, Journal, SegmentClass, open_journal
from edge_node.kinds import NODE_KINDS
from edge_node.paths import Paths
from edge_node.settings import (
    ClockSettings,
    IngestSettings,
    JournalSettings,
    RetentionSettings,
    StoreSettings,
)
from edge_node.store.pieces import Pieces
from edge_node.store.quota import QuotaLedger
from edge_node.store.streams.ingest import Ingest
from edge_node.store.streams.retainer import Retainer
from edge_node.store.streams.submission import Receipt
from edge_node.store.streams.topics import Topics
from edge_node.trust.access import Access, Verb, stream_resource
from edge_node.trust.access_control import AccessControl
from edge_node.trust.device import Enrolment, Role
from edge_node.trust.devices import DeviceTable
from edge_node.trust.receipt_key import load_receipt
from edge_node.trust.signing_key import SigningKey
from tests.store.rig import JOURNAL, NOW_MS, STORE, STREAM, Rows, key_of, sign, vault_of

NODE_SEED = b"\x01" * 32
NODE_KEY = SigningKey.from_seed(NODE_SEED).public
SMALL = msgspec.structs.replace(JOURNAL, segment_bytes=1 << 20)  # journals on small disks hold no smaller ones
VAULT = vault_of("ann")
KEEPS_ALL = RetentionSettings()


@dataclass
class HandClock:
    """A clock that the test moves."""

    ms: int = NOW_MS
    worth: ClockQuality = ClockQuality.NETWORK

    def now_ms(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        return 0.0

    def quality(self) -> ClockQuality:
        return self.worth


@dataclass
class Kept:
    """A store with a retainer over one journal."""

    root: Path
    journal: Journal
    clock: HandClock
    access: AccessControl
    quota: QuotaLedger
    ingest: Ingest
    topics: Topics
    pieces: Pieces
    retainer: Retainer
    heard: list[tuple[VaultId, str, int]] = field(default_factory=list)
    seqs: dict[str, int] = field(default_factory=dict)

    def may(self, verb: Verb, who: str = "ann") -> Access:
        return self.access.decide(key_of(who).public, stream_resource(vault_of(who)), verb, NOW_MS)

    async def post(
        self, count: int = 1, *, stream: str = STREAM, who: str = "ann", size: int = 0, seq: int | None = None
    ) -> Receipt:
        """One body of `count` events."""
        number = self.seqs.get(who, 0) + 1 if seq is None else seq
        self.seqs[who] = max(self.seqs.get(who, 0), number)
        line = {"n": number, "pad": "x" * size}
        body = b"".join(json.dumps({**line, "item": item}).encode() + b"\n" for item in range(count))
        header = sign(
            body, number, who, stream=StreamName(stream), content_type="application/x-ndjson", t_ms=self.clock.ms
        )
        return await self.ingest.submit(header, body, "test")

    async def page(self, start: int = 0, limit: int = 1_000, *, stream: str = STREAM, proof: bool = False) -> Any:
        name = StreamName(stream)
        raw = await self.topics.read_page(self.may(Verb.READ), VAULT, name, start, limit, proof=proof)
        return msgspec.json.decode(raw)

    def segments(self) -> list[int]:
        """The event segments on the disk."""
        return sorted(int(path.stem) for path in (Paths(self.root).segments / SegmentClass.EV).glob("*.seg"))


@asynccontextmanager
async def keeping(
    root: Path,
    retention: RetentionSettings = KEEPS_ALL,
    *,
    journal: JournalSettings = SMALL,
    files: FileLayer | None = None,
    store: StoreSettings = STORE,
    clock: HandClock | None = None,
    obtain: Callable[[], Any] | None = None,
) -> AsyncGenerator[Kept, None]:
    """A store at work, its retainer called by the test; closed in order at the end."""
    clock, table, heard = clock or HandClock(), DeviceTable(), []
    for name in ("ann", "bob"):
        owner = Enrolment(
            key=key_of(name).public, name=name, roles=frozenset({Role.OPERATOR}), vault=vault_of(name), t_ms=NOW_MS
        )
        table.apply(owner)
    log = open_journal(Paths(root), journal, NODE_KINDS, random=os.urandom, clock=clock, files=files)
    try:
        access, quota = AccessControl(table, NODE_KEY, Rows()), QuotaLedger(store)
        make = partial(load_receipt, Paths(root), partial(SigningKey.from_seed, NODE_SEED), clock.ms, os.urandom)
        retainer = Retainer(
            log,
            access,
            quota,
            clock,
            retention,
            obtain_receipt=obtain or make,
            on_removed=lambda *said: heard.append(said),
        )
        ingest = Ingest(log, access, table, quota, clock, IngestSettings(), ClockSettings())
        topics, pieces = Topics(log, IngestSettings()), Pieces(log, quota, clock, store)
        async with trio.open_nursery() as nursery:
            await nursery.start(log.run)
            await nursery.start(ingest.run)
            yield Kept(root, log, clock, access, quota, ingest, topics, pieces, retainer, heard)
            nursery.cancel_scope.cancel()
    finally:
        await log.flush_and_close()
