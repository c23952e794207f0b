"""The HTTP doors of buckets over a store: content put in by the store's doors, asked for as browsers do."""

import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from edge_node.activity.capture import Capture
from edge_node.base.ids import Cid, PublicKey, VaultId
from edge_node.gateway.answer_room import AnswerRoom
from edge_node.gateway.ddc_gate import DdcGate
from edge_node.gateway.ddc_http import ContentRoutes
from edge_node.gateway.ddc_json import JsonRoutes
from edge_node.gateway.ddc_records import DdcRecords
from edge_node.gateway.ddc_site import Site
from edge_node.gateway.horizon_log import HorizonLog
from edge_node.gateway.room import Room
from edge_node.journal import Database
from edge_node.serving import Router
from edge_node.settings import DdcSettings, TrustSettings
from edge_node.settings.doors import Mode
from edge_node.store.buckets import Bucket, StaticBuckets
from edge_node.store.dag import Dag
from edge_node.store.files import Files
from edge_node.store.names import Names
from edge_node.trust.access import Access, Verb, bucket_resource
from edge_node.trust.access_control import AccessControl
from edge_node.trust.audit_row import AuditRow
from edge_node.trust.devices import DeviceTable
from edge_node.trust.horizon_rows import load_horizons
from edge_node.trust.token_book import TokenBook
from edge_node.trust.token_revocations import TokenRevocations
from edge_node.trust.token_rights import Capability
from edge_node.wire.cid import cid_digest, format_cid
from edge_node.wire.dag_node import DagNode, Link, write_node
from tests.gateway.rig import ANSWER_S, CLOCK
from tests.gateway.wallet import Wallet
from tests.serving.rig import loopback, running
from tests.store.rig import Store, chunks_of, opened

OWNER, STRANGER = Wallet("owner"), Wallet("stranger")
PUBLIC, PRIVATE = 7, 8
MIB = 1024 * 1024


class Rows(list[AuditRow]):
    """The audit trail of these tests."""

    def record(self, row: AuditRow) -> None:
        self.append(row)


@dataclass
class House:
    """What the doors stand on, and a client in front of them."""

    store: Store
    buckets: StaticBuckets
    revocations: TokenRevocations
    rows: Rows
    answers: AnswerRoom
    bodies: Room
    dag: Dag
    files: Files
    names: Names
    url: str
    client: httpx.AsyncClient

    async def bucket(self, number: int) -> Bucket:
        found = await self.buckets.find(number)
        assert found is not None
        return found

    def may(self, bucket: Bucket, verb: Verb = Verb.PUT) -> Access:
        """The owner's own right to all of a bucket."""
        resource = bucket_resource(bucket.owner, bucket.id)
        right = Capability(
            issuer=OWNER.account, holder=OWNER.account, audience=bucket.owner, resource=resource, verbs=frozenset(Verb)
        )
        return self.store.access.decide_by((right,), OWNER.account, resource, verb, CLOCK.now_ms(), "test")

    async def put(self, content: bytes, number: int = PUBLIC) -> str:
        """A raw piece's CID text."""
        bucket = await self.bucket(number)
        put = await self.store.pieces.put(self.may(bucket), bucket.owner, chunks_of(content), bucket=number)
        return format_cid(put.cid)

    async def put_parts(self, parts: Sequence[bytes], number: int = PUBLIC) -> str:
        """A multipart's CID text."""
        bucket, digests = await self.bucket(number), []
        for part in parts:
            put = await self.store.pieces.put(self.may(bucket), bucket.owner, chunks_of(part), bucket=number)
            digests.append(cid_digest(put.cid))
        made = await self.files.put_multipart(self.may(bucket), bucket, digests, sum(map(len, parts)))
        return format_cid(made.cid)

    async def put_node(self, links: dict[str, Cid], data: bytes = b"", number: int = PUBLIC) -> str:
        """A DAG node's CID text."""
        bucket = await self.bucket(number)
        node = write_node(DagNode(data, [Link(bytes(cid), name, 0) for name, cid in links.items()], []))
        return format_cid((await self.dag.put(self.may(bucket), bucket, node)).cid)

    async def put_name(self, name: str, cid: Cid, number: int = PUBLIC) -> None:
        """A CNS name."""
        bucket = await self.bucket(number)
        record = OWNER.record(name, bytes(cid)).SerializeToString(deterministic=True)
        await self.names.put(self.may(bucket), bucket, record)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask for a path as it stands."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.get(path, headers=said)


@asynccontextmanager
async def house(path: Path, *, mode: Mode = "full", answers_bytes_max: int = 64 * MIB) -> AsyncGenerator[House, None]:
    """Doors that serve a public and a private bucket of OWNER."""
    rules = (f"{PUBLIC} owner={OWNER.account.hex()} public", f"{PRIVATE} owner={OWNER.account.hex()}")
    async with opened(path / "data") as store:
        buckets = StaticBuckets(DdcSettings(buckets=rules), VaultId(bytes(32)))
        revocations, rows = TokenRevocations(), Rows()
        access = AccessControl(DeviceTable(), PublicKey(bytes(32)), rows)
        stored = await store.journal.query(load_horizons, database=Database.META)
        horizons = HorizonLog(store.journal, CLOCK, 300_000, stored)
        await horizons.begin()
        dag, files, names = Dag(store.pieces), Files(store.pieces), Names(store.journal, store.quota, CLOCK)
        gate = DdcGate(buckets, TokenBook(revocations), access, CLOCK, horizons, TrustSettings(), dag.reaches)
        records = DdcRecords(Capture(store.journal, PublicKey(bytes(32)), CLOCK, random=os.urandom), CLOCK)
        answers, bodies, router = AnswerRoom(answers_bytes_max), Room(64 * MIB), Router()
        JsonRoutes(gate, dag, names, records, bodies, answers, mode).add_to(router)
        ContentRoutes(gate, Site(gate, dag, names), dag, files, records, answers).add_to(router)
        async with (
            running(router.dispatch, loopback()) as server,
            httpx.AsyncClient(base_url=server.urls[0], timeout=ANSWER_S) as client,
        ):
            yield House(store, buckets, revocations, rows, answers, bodies, dag, files, names, server.urls[0], client)
