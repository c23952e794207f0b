"""What the activity room's tests share: a journal in a small directory, a clock set by hand, signed requests."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import trio
from nacl.signing import SigningKey as Signer

from edge_node.activity import ActivityRecord, Capture, decode_activity
from edge_node.activity.kinds import ACTIVITY_KINDS
from edge_node.activity.ledger import Bounds
from edge_node.base.clock import ClockQuality
from edge_node.base.ids import Cid, PublicKey
from edge_node.journal import FileLayer, Journal, Position, SegmentClass, open_journal
from edge_node.paths import Paths
from edge_node.settings import JournalSettings
from edge_node.trust.activity_request import Acknowledgment, ActivityRequest, ContentType, RequestType
from edge_node.wire.cid import raw_piece_cid
from edge_node.wire.proto.activity_report_pb2 import ActivityAcknowledgment as WireAck
from edge_node.wire.proto.activity_report_pb2 import ActivityRequest as WireRequest

NOW_MS = 1_790_000_000_000
JOURNAL = JournalSettings(preallocate_bytes=65_536, reserve_bytes=0, free_min_bytes=0)
NODE = PublicKey(b"\x11" * 32)
ANN, BOB = Signer(b"\x01" * 32), Signer(b"\x02" * 32)
HOLDER = PublicKey(bytes(ANN.verify_key))
CID = raw_piece_cid(b"content")
SOURCE = "http 192.0.2.7"


class HandClock:
    """Wall and monotonic time that stand until they are moved, together."""

    def __init__(self) -> None:
        self.ms = NOW_MS

    def now_ms(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        return self.ms / 1_000

    def quality(self) -> ClockQuality:
        return ClockQuality.NETWORK


def request(number: int = 1, kind: RequestType = RequestType.GET, signer: Signer = ANN) -> ActivityRequest:
    """A signed request, as the SDK makes it, with an id of its own."""
    wire = WireRequest(requestId=f"request-{number}", requestType=int(kind), bucketId=7, id=CID, timestamp=NOW_MS)
    value = signer.sign(wire.SerializeToString()).signature
    wire.signature.signer, wire.signature.value = bytes(signer.verify_key), value
    return ActivityRequest(
        signer=PublicKey(bytes(signer.verify_key)),
        request_id=wire.requestId,
        type=kind,
        content=ContentType.PIECE,
        bucket=7,
        id=CID,
        offset=0,
        size=0,
        t_ms=NOW_MS,
        raw=wire.SerializeToString(),
    )


def ack(amount: int, number: int = 1, signer: Signer = ANN) -> Acknowledgment:
    """A signed acknowledgement of so many bytes of request `number`."""
    wire = WireAck(requestId=f"request-{number}", bytesStoredOrDelivered=amount, timestamp=NOW_MS)
    value = signer.sign(wire.SerializeToString()).signature
    wire.signature.signer, wire.signature.value = bytes(signer.verify_key), value
    return Acknowledgment(
        signer=PublicKey(bytes(signer.verify_key)),
        request_id=wire.requestId,
        bytes=amount,
        t_ms=NOW_MS,
        raw=wire.SerializeToString(),
    )


def positions(conn) -> list[Position]:
    rows = conn.execute("SELECT segment, position FROM activity ORDER BY sequence").fetchall()
    return [Position(SegmentClass.RC, *row) for row in rows]


@dataclass
class Kept:
    """An open journal with a capture over it; nothing runs but the journal's writer."""

    journal: Journal
    capture: Capture
    clock: HandClock

    def read(self, number: int | None = None, source: str = SOURCE, holder: PublicKey = HOLDER, cid: Cid = CID):
        """A read of the bucket, with request `number` if any."""
        return self.capture.reading(holder, 7, cid, None if number is None else request(number), source)

    async def records(self) -> list[ActivityRecord]:
        """Every record in the log, in its order."""
        return [
            decode_activity(self.journal.read(position).payload) for position in await self.journal.query(positions)
        ]

    async def open_windows(self) -> int:
        """Windows with notes and no record."""
        return await self.journal.query(
            lambda conn: conn.execute("SELECT count(DISTINCT window) FROM activity_open").fetchone()[0]
        )


@asynccontextmanager
async def keeping(
    root: Path, *, clock: HandClock | None = None, files: FileLayer | None = None, bounds: Bounds | None = None
) -> AsyncGenerator[Kept, None]:
    """A journal at work and a capture; the capture is not closed: what it holds at the end is as after a crash."""
    clock = clock or HandClock()
    journal = open_journal(Paths(root), JOURNAL, ACTIVITY_KINDS, random=os.urandom, clock=clock, files=files)
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(journal.run)
            yield Kept(journal, Capture(journal, NODE, clock, random=os.urandom, bounds=bounds), clock)
            nursery.cancel_scope.cancel()
    finally:
        await journal.flush_and_close()
