"""One body on its way through ingest: what was sent, what was found, who waits, and its record for the log."""

from dataclasses import dataclass, field

import trio

from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import Cid
from edge_node.journal import Draft
from edge_node.store.streams.admission import HeadKey, WindowKey
from edge_node.store.streams.prepare import Prepared
from edge_node.store.streams.records import EVENTS_KIND, VERSION, EventsRecord, encode_record
from edge_node.store.streams.rows import EventsItem
from edge_node.trust.signed_event import EventHeader


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a stored body: its CID and the offsets `first_offset … + count - 1` of its events."""

    cid: Cid
    stream: str
    first_offset: int
    count: int
    duplicate: bool


@dataclass(slots=True, eq=False)
class Submission:
    """One body on its way: what was sent, what was found, and the waiter."""

    header: EventHeader
    body: bytes
    source: str
    received_ms: int
    clock_quality: int
    late: bool
    window_key: WindowKey
    head_key: HeadKey
    seq: int
    count: int = 0
    first_offset: int = 0
    prepared: Prepared | None = None
    receipt: Receipt | None = None
    error: EdgeNodeError | None = None
    twins: list["Submission"] = field(default_factory=list)
    done: trio.Event = field(default_factory=trio.Event)

    def answer(self, receipt: Receipt) -> None:
        """Wake the waiter with a receipt."""
        self.receipt = receipt
        self.done.set()

    def refuse(self, error: EdgeNodeError) -> None:
        """Wake the waiter, and every twin's, with the reason."""
        self.error = error
        self.done.set()
        for twin in self.twins:
            twin.refuse(error)

    def same_bytes(self, cid: Cid, t_ms: int, content_type: str | None = None) -> bool:
        """Whether a repeat of this number is a repeat of these bytes."""
        assert self.prepared is not None
        same_type = content_type is None or content_type == self.header.content_type
        return same_type and self.prepared.cid == cid and self.header.t_ms == t_ms


def record_of(submission: Submission) -> EventsRecord:
    """The record of an admitted body."""
    header, prepared = submission.header, submission.prepared
    assert prepared is not None
    return EventsRecord(
        EVENTS_KIND,
        VERSION,
        header.stream,
        submission.first_offset,
        submission.count,
        int(prepared.form),
        header.key,
        header.audience,
        header.content_type,
        header.seq,
        header.t_ms,
        int(header.quality),
        header.signature,
        submission.received_ms,
        submission.clock_quality,
        submission.late,
        submission.source,
        "",
        submission.body,
    )


def draft_of(submission: Submission) -> Draft:
    """The record of an admitted body as it goes into the log, with what the index needs beside it."""
    header, prepared = submission.header, submission.prepared
    assert prepared is not None
    item = EventsItem(
        header.audience,
        header.stream,
        header.key,
        submission.first_offset,
        submission.count,
        header.seq,
        header.t_ms,
        submission.received_ms,
        len(submission.body),
        submission.clock_quality,
    )
    return Draft(EVENTS_KIND, VERSION, prepared.cid, encode_record(record_of(submission)), item)


def receipt_of(submission: Submission, *, duplicate: bool) -> Receipt:
    """The answer to an admitted body, or to its twin."""
    assert submission.prepared is not None
    return Receipt(
        submission.prepared.cid,
        submission.header.stream,
        submission.first_offset,
        submission.count,
        duplicate,
    )
