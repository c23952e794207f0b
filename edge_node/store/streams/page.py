"""A page of a stream as JSON: events byte for byte, and on request the proofs of the bodies they came in."""

import base64
from collections.abc import Sequence
from typing import Any

import msgspec

from edge_node.base.ids import Cid, strip_type
from edge_node.base.limits import KIB, NUMBER_EXACT_IN_JSON
from edge_node.store.streams.records import EventsRecord
from edge_node.trust.signed_event import format_event_header
from edge_node.wire.cid import format_cid
from edge_node.wire.event_body import BodyForm, split_items

# Bounds of what stands in a page beside the bodies. A content type has 255 characters at most, each of which JSON may
# double; a signature header has 1 KiB; CIDs, keys, names and numbers are what is left.
PAGE_FRAME_BYTES = 1 * KIB
EVENT_FRAME_BYTES = 1 * KIB
PROOF_FRAME_BYTES = 2 * KIB

_ENCODER = msgspec.json.Encoder(enc_hook=strip_type)


def render_page(
    vault: str,
    stream: str,
    start: int,
    limit: int,
    end: int,
    bodies: Sequence[tuple[Cid, EventsRecord]],
    *,
    proof: bool,
) -> bytes:
    """The page of docs/specs/http.md: events with offsets in `[start, start + limit)` out of `bodies`."""
    events = [event for cid, record in bodies for event in _events(cid, record, start, start + limit)]
    page: dict[str, Any] = {
        "stream": stream,
        "vault": vault,
        "events": events,
        "next": events[-1]["offset"] + 1 if events else min(start, end),
        "end": end,
    }
    if proof:
        page["proofs"] = [_proof(cid, record) for cid, record in bodies]
    return _ENCODER.encode(page)


def page_bound(bodies: Sequence[tuple[int, int]], limit: int, *, proof: bool) -> int:
    """The bytes that a page of at most `limit` events out of `bodies` (bytes and events of each) never exceeds."""
    # As opaque bodies, whose base64 is the longest form an event is shown in.
    shown = sum(-(-size // 3) * 4 for size, _ in bodies)
    events = min(limit, sum(count for _, count in bodies))
    proofs = shown + len(bodies) * PROOF_FRAME_BYTES if proof else 0
    return PAGE_FRAME_BYTES + events * EVENT_FRAME_BYTES + shown + proofs


def _events(cid: Cid, record: EventsRecord, start: int, stop: int) -> list[dict[str, Any]]:
    first, items = record.first_offset, split_items(record.content_type, record.body)
    shared = {
        "cid": format_cid(cid),
        "t": number(record.t_ms),
        "q": record.quality,
        "late": record.late,
        "received": record.received_ms,
        "clock": record.clock_quality,
        "key": record.key.hex(),
        "seq": number(record.seq),
        "content_type": record.content_type,
    }
    opaque = record.form == BodyForm.OPAQUE
    return [
        {
            "offset": first + item,
            "item": item,
            **shared,
            **({"data_base64": base64.b64encode(raw).decode()} if opaque else {"event": msgspec.Raw(raw)}),
        }
        for item, raw in enumerate(items)
        if start <= first + item < stop
    ]


def _proof(cid: Cid, record: EventsRecord) -> dict[str, Any]:
    return {
        "cid": format_cid(cid),
        "first_offset": record.first_offset,
        "count": record.count,
        "signature": format_event_header(record.header()),
        "content_type": record.content_type,
        "body_base64": base64.b64encode(record.body).decode(),
    }


def number(value: int) -> int | str:
    """An integer as our JSON carries it: from 2^53 on a decimal string."""
    return value if value < NUMBER_EXACT_IN_JSON else str(value)
