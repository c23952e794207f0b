"""Write a golden data directory with records of kinds 10 to 16: what a storage node of this release leaves on disk.

Run once per disk format (`python -m tests.vectors.make_ddc_disk tests/vectors/ddc_disk/1`); the result is committed and
every later release must open it. FACTS.json beside it says what was put in, told by who put it, not read back.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import trio

from edge_node.activity import Capture
from edge_node.base.clock import Clock, ClockQuality
from edge_node.base.ids import Cid, Digest, PublicKey, StreamName, VaultId
from edge_node.gateway.horizon_log import HorizonLog
from edge_node.journal import Database, Draft, FileLayer, Journal, Lane, open_journal
from edge_node.kinds import DEVICE_KIND, NODE_KINDS
from edge_node.paths import Paths
from edge_node.settings import (
    ClockSettings,
    DdcSettings,
    IngestSettings,
    JournalSettings,
    RetentionPolicy,
    RetentionSettings,
    StoreSettings,
)
from edge_node.store.buckets import Bucket, StaticBuckets
from edge_node.store.dag import Dag
from edge_node.store.files import Files
from edge_node.store.names import Names
from edge_node.store.pieces import Pieces
from edge_node.store.quota import QuotaLedger
from edge_node.store.streams.ingest import Ingest
from edge_node.store.streams.retainer import Retainer
from edge_node.store.streams.topics import Topics
from edge_node.trust.access import Access, Capability, Verb, bucket_resource
from edge_node.trust.access_control import AccessControl
from edge_node.trust.activity_request import RequestType
from edge_node.trust.audit_row import AuditRow
from edge_node.trust.device import Enrolment, Role
from edge_node.trust.device_changes import VERSION as DEVICE_VERSION
from edge_node.trust.device_changes import encode_change
from edge_node.trust.device_rows import load_devices
from edge_node.trust.devices import DeviceTable
from edge_node.trust.horizon_rows import HORIZON_KIND, encode_horizon, horizon_record
from edge_node.trust.horizon_rows import VERSION as HORIZON_VERSION
from edge_node.trust.keys import SigningKey
from edge_node.trust.receipt_key import load_receipt
from edge_node.trust.signed_event import sign_event
from edge_node.trust.token_revocation_rows import REVOCATION_KIND, encode_revocation
from edge_node.trust.token_revocation_rows import VERSION as REVOCATION_VERSION
from edge_node.trust.token_revocations import RevokedBy, TokenRevocation
from edge_node.wire.cid import cid_digest, format_cid
from edge_node.wire.dag_node import DagNode, Link, write_node
from tests.activity.rig import ack, request
from tests.store.name_rig import signed_record

T_MS = 1_790_000_000_000
SETTINGS = msgspec.structs.replace(JournalSettings(), reserve_bytes=0, preallocate_bytes=0, free_min_bytes=0)
NODE_SEED = b"\x09" * 32
EDITH, BOB, DEVICE = (SigningKey.from_seed(bytes([byte]) * 32) for byte in (1, 3, 4))
NODE = PublicKey(SigningKey.from_seed(NODE_SEED).public)
EDITHS, BOBS = 7, 8
VAULT, STREAM = VaultId(b"\x02" * 32), StreamName("golden/stream")
CONTENTS: Mapping[str, bytes] = {
    "a": b"content",  # what tests/activity/rig.py signs requests for
    "b": bytes(at % 251 for at in range(3_000)),
    "gone": b"deleted",
}


class MovedClock:
    """A clock that stands until it is moved."""

    def __init__(self, ms: int = T_MS) -> None:
        self.ms = ms

    def now_ms(self) -> int:
        """See Clock."""
        return self.ms

    def monotonic_s(self) -> float:
        """See Clock."""
        return (self.ms - T_MS) / 1_000

    def quality(self) -> ClockQuality:
        """See Clock."""
        return ClockQuality.NETWORK


class NoAudit:
    def record(self, row: AuditRow) -> None:
        """History is no part of a golden directory."""


class CountedBytes:
    """Different bytes each time, and the same ones in every run."""

    def __init__(self, first: int = 0) -> None:
        self._next = first

    def __call__(self, count: int) -> bytes:
        self._next += 1
        return bytes([self._next % 256]) * count


@dataclass
class Rooms:
    """A storage node's rooms over one open journal, as the composition root has them."""

    journal: Journal
    clock: Clock
    access: AccessControl
    devices: DeviceTable
    quota: QuotaLedger
    topics: Topics
    pieces: Pieces
    files: Files
    dag: Dag
    names: Names
    buckets: StaticBuckets
    capture: Capture

    async def bucket(self, number: int) -> Bucket:
        """One that the settings name."""
        found = await self.buckets.find(number)
        assert found is not None
        return found

    def may(self, bucket: Bucket, verb: Verb) -> Access:
        """The owner's own right to all of a bucket."""
        owner, resource = PublicKey(bucket.owner), bucket_resource(bucket.owner, bucket.id)
        right = Capability(
            issuer=owner, holder=owner, audience=bucket.owner, resource=resource, verbs=frozenset({verb})
        )
        return self.access.decide_by((right,), owner, resource, verb, T_MS, "golden")


@asynccontextmanager
async def rooms_over(
    root: Path, clock: MovedClock, first_random: int = 0, files: FileLayer | None = None
) -> AsyncGenerator[Rooms, None]:
    """The rooms at work over a directory, closed in order at the end."""
    random = CountedBytes(first_random)
    journal = open_journal(Paths(root), SETTINGS, NODE_KINDS, random=random, clock=clock, files=files)
    try:
        quota = QuotaLedger(StoreSettings())
        pieces = Pieces(journal, quota, clock, StoreSettings())
        owners = {EDITHS: EDITH, BOBS: BOB}
        rules = tuple(f"{number} owner={key.public.hex()}" for number, key in owners.items())
        async with trio.open_nursery() as nursery:
            await nursery.start(journal.run)
            devices = await journal.query(load_devices, database=Database.META)
            yield Rooms(
                journal, clock, AccessControl(devices, NODE, NoAudit()), devices, quota,
                Topics(journal, IngestSettings()), pieces, Files(pieces), Dag(pieces), Names(journal, quota, clock),
                StaticBuckets(DdcSettings(buckets=rules), VaultId(NODE)), Capture(journal, NODE, clock, random=random),
            )  # fmt: skip
            nursery.cancel_scope.cancel()
    finally:
        await journal.flush_and_close()


async def write(root: Path) -> dict[str, Any]:
    """Everything, in one life of a node; the facts."""
    clock = MovedClock()
    async with rooms_over(root, clock) as rooms:
        return {
            **await write_buckets(rooms),
            **await write_stream(rooms, clock),
            "revocations": await write_revocations(rooms),
            "horizons": await write_horizons(rooms),
            "activity": await write_reads(rooms, clock),
        }


async def write_buckets(rooms: Rooms) -> dict[str, Any]:
    """Pieces, one of them in two buckets and one deleted; a file, a node, names. Kinds 1, 3, 7, 12, 13, 15."""
    ediths, bobs = await rooms.bucket(EDITHS), await rooms.bucket(BOBS)
    cids = {name: await put(rooms, ediths, content) for name, content in CONTENTS.items()}
    await put(rooms, bobs, CONTENTS["a"])
    await rooms.pieces.delete(rooms.may(ediths, Verb.DELETE), ediths.owner, cids["gone"], bucket=EDITHS)
    parts = ["b", "a", "b"]
    size = sum(len(CONTENTS[part]) for part in parts)
    digests = [cid_digest(cids[part]) for part in parts]
    file = await rooms.files.put_multipart(rooms.may(ediths, Verb.PUT), ediths, digests, size)
    raw = write_node(DagNode(b"golden", [Link(bytes(cids["b"]), "b", 3_000), Link(bytes(file.cid), "all", size)], []))
    node = await rooms.dag.put(rooms.may(ediths, Verb.PUT), ediths, raw)
    names = [(ediths, EDITH, "site", cids["a"]), (ediths, EDITH, "site", node.cid), (bobs, BOB, "Größe", cids["a"])]
    for bucket, key, name, cid in names:
        record = signed_record(key, bytes(cid), name, 60)
        await rooms.names.put(rooms.may(bucket, Verb.PUT), bucket, record, companions=stored(rooms, bucket, named=True))
    return {
        "contents": {name: format_cid(cid) for name, cid in cids.items()},
        "file": {"cid": format_cid(file.cid), "parts": parts},
        "node": {"cid": format_cid(node.cid), "raw": raw.hex()},
        "names": {str(EDITHS): {"site": format_cid(node.cid)}, str(BOBS): {"Größe": format_cid(cids["a"])}},
    }


async def put(rooms: Rooms, bucket: Bucket, content: bytes) -> Cid:
    """A raw piece with its record of activity."""

    async def once() -> AsyncGenerator[bytes, None]:
        yield content

    may = rooms.may(bucket, Verb.PUT)
    made = await rooms.pieces.put(may, bucket.owner, once(), bucket=bucket.id, companions=stored(rooms, bucket))
    return made.cid


def stored(rooms: Rooms, bucket: Bucket, *, named: bool = False) -> Any:
    """What the doors write with a store."""

    def draw(cid: Cid, size: int) -> list[Draft]:
        holder = PublicKey(bucket.owner)
        return [rooms.capture.stored(holder, bucket.id, None if named else cid, size, None, rooms.clock.now_ms())]

    return draw


async def write_stream(rooms: Rooms, clock: MovedClock) -> dict[str, Any]:
    """Three bodies, the first of which is too old soon. Kinds 4, 8, 11."""
    change = Enrolment(key=DEVICE.public, name="golden", roles=frozenset({Role.OPERATOR}), vault=VAULT, t_ms=T_MS)
    await append(rooms, Draft(DEVICE_KIND, DEVICE_VERSION, b"", encode_change(change), change))
    rooms.devices.apply(change)
    bodies = []
    async with trio.open_nursery() as nursery:
        ingest = Ingest(
            rooms.journal, rooms.access, rooms.devices, rooms.quota, clock, IngestSettings(), ClockSettings()
        )
        await nursery.start(ingest.run)
        for seq in (1, 2, 3):
            bodies.append(await post(ingest, seq, clock.ms))
            clock.ms += 1_000
        nursery.cancel_scope.cancel()
    with tempfile.TemporaryDirectory() as keys:
        (Path(keys) / "keys").mkdir(mode=0o700)
        obtain = partial(
            load_receipt, Paths(Path(keys)), partial(SigningKey.from_seed, NODE_SEED), T_MS, CountedBytes(100)
        )
        retainer = Retainer(rooms.journal, rooms.access, rooms.quota, clock, RetentionSettings(), obtain_receipt=obtain)
        gone = await retainer.retain(VAULT, STREAM, RetentionPolicy(age_s=0), 1)
    assert gone is not None
    assert (gone.bodies, gone.first) == (1, 1)
    return {"stream": {"first": 1, "bodies": bodies[1:]}}


async def post(ingest: Ingest, seq: int, t_ms: int) -> dict[str, Any]:
    body = json.dumps({"reading": seq}).encode()
    header = sign_event(
        DEVICE, audience=VAULT, stream=STREAM, content_type="application/json", seq=seq, t_ms=t_ms,
        quality=ClockQuality.NETWORK, body=body,
    )  # fmt: skip
    receipt = await ingest.submit(header, body, "golden")
    return {"offset": receipt.first_offset, "cid": format_cid(receipt.cid), "event": {"reading": seq}}


async def append(rooms: Rooms, draft: Draft) -> None:
    await rooms.journal.append([draft], Lane.CONTROL)


async def write_revocations(rooms: Rooms) -> list[Any]:
    """One of each sort, and an issuer's that a later and smaller one does not lower. Kind 14."""
    issuer = PublicKey(b"\x07" * 32)
    lasting = [
        TokenRevocation.of_token(Digest(b"\x05" * 32), T_MS, "lost"),
        TokenRevocation.of_holder(PublicKey(b"\x06" * 32), T_MS + 1),
        TokenRevocation(by=RevokedBy.ISSUER, subject=issuer, until_ms=T_MS + 5_000, t_ms=T_MS + 2, note="all"),
    ]
    lower = TokenRevocation(by=RevokedBy.ISSUER, subject=issuer, until_ms=T_MS + 4_000, t_ms=T_MS + 3)
    for change in (*lasting, lower):
        await append(rooms, Draft(REVOCATION_KIND, REVOCATION_VERSION, b"", encode_revocation(change), change))
    return [[one.by.value, one.subject.hex(), one.until_ms, one.t_ms, one.note] for one in lasting]


async def write_horizons(rooms: Rooms) -> dict[str, int]:
    """Requests signed ahead: of one key by the door's own log, of another twice, the last time lower. Kind 10."""
    ahead_ms = T_MS + 60_000
    await HorizonLog(rooms.journal, rooms.clock, 300_000, {}).cover(EDITH.public, ahead_ms, T_MS)
    for t_ms in (ahead_ms, T_MS + 10):
        record = horizon_record(BOB.public, t_ms)
        await append(rooms, Draft(HORIZON_KIND, HORIZON_VERSION, b"", encode_horizon(record), record))
    return {EDITH.public.hex(): ahead_ms + 30_000, BOB.public.hex(): T_MS + 10}


async def write_reads(rooms: Rooms, clock: MovedClock) -> dict[str, Any]:
    """Two acknowledged reads of a minute that ended, and one of a minute that was never finished. Kinds 15, 16."""
    holder, signed = EDITH.public, [request(number, RequestType.GET) for number in (1, 2, 3)]
    for number in (1, 2):
        read = rooms.capture.reading(holder, EDITHS, signed[number - 1].id, signed[number - 1], "grpc 192.0.2.7")
        read.sent(10)
        read.acked(ack(10 - number, number))
        read.close()
    await rooms.capture._flush()
    clock.ms += 61_000
    await rooms.capture._flush()
    read = rooms.capture.reading(holder, EDITHS, signed[2].id, signed[2], "grpc 192.0.2.7")
    read.sent(7)
    read.close()
    await rooms.capture._flush()
    stores = [len(content) for content in CONTENTS.values()]
    names = {key: len(signed_record(key, bytes(36), name, 60)) for key, name in ((EDITH, "site"), (BOB, "Größe"))}
    stored = len(stores) + 2, sum(stores) + 2 * names[EDITH]
    return {
        # stores, stored_bytes, reads, sent_bytes, acked_bytes
        str(EDITHS): [*stored, 2, 20, 17],
        str(BOBS): [2, len(CONTENTS["a"]) + names[BOB], 0, 0, 0],
        "recovered": [*stored, 3, 27, 17],  # of EDITHS, once the next process has finished the minute
    }


def main() -> None:
    root = Path(sys.argv[1]).resolve()
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    facts = trio.run(write, root)
    (root / "LOCK").unlink()
    (root / "FACTS.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
