"""A page of a stream as JSON: events byte for byte, and on request the proofs of the bodies they came in."""

import base64
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from edge_node.base.ids import Cid, strip_type
from edge_node.base.limits import KIB
from edge_node.store.streams.event_object import render_events
from edge_node.store.streams.frames import Gap, GapReason
from edge_node.store.streams.records import EventsRecord
from edge_node.trust.signed_event import format_event_header
from edge_node.wire.cid import format_cid

# Bounds of what stands in a page beside the bodies. A content type has 255 characters at most, each of which JSON may
# double; a signature header has 1 KiB; CIDs, keys, names and numbers are what is left.
PAGE_FRAME_BYTES = 1 * KIB
EVENT_FRAME_BYTES = 1 * KIB
PROOF_FRAME_BYTES = 2 * KIB


class Kept(NamedTuple):
    """What a stream keeps: its first offset (its end when nothing is), and the one its newest anchor left it."""

    first: int
    anchored: int


ALL_KEPT = Kept(0, 0)

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
    kept: Kept = ALL_KEPT,
) -> bytes:
    """The page of docs/specs/http.md: events with offsets in `[start, start + limit)` out of `bodies`.

    Where nothing is kept at `start` the page begins with the first of `bodies`, and says what lies between.
    """
    gap = _gap(start, end, bodies, kept)
    start = start if gap is None else gap.stop
    events = [
        msgspec.Raw(event) for cid, record in bodies for event in render_events(cid, record, start, start + limit)
    ]
    shown_to = min(start + limit, bodies[-1][1].first_offset + bodies[-1][1].count) if bodies else 0
    page: dict[str, Any] = {
        "stream": stream,
        "vault": vault,
        "events": events,
        "next": shown_to if events else min(start, end),
        "end": end,
        "first": kept.first,
    }
    if gap is not None:
        page["gap"] = {"from": gap.first, "to": gap.stop, "reason": gap.reason}
    if proof:
        page["proofs"] = [_proof(cid, record) for cid, record in bodies]
    return _ENCODER.encode(page)


def _gap(start: int, end: int, bodies: Sequence[tuple[Cid, EventsRecord]], kept: Kept) -> Gap | None:
    stop = bodies[0][1].first_offset if bodies else end
    if start >= stop:
        return None
    return Gap(start, stop, GapReason.RETENTION if start < kept.anchored else GapReason.DAMAGE)


def page_bound(bodies: Sequence[tuple[int, int]], limit: int, *, proof: bool) -> int:
    """The bytes that a page of at most `limit` events out of `bodies` (bytes and events of each) never exceeds."""
    # As opaque bodies, whose base64 is the longest form an event is shown in.
    shown = sum(-(-size // 3) * 4 for size, _ in bodies)
    events = min(limit, sum(count for _, count in bodies))
    proofs = shown + len(bodies) * PROOF_FRAME_BYTES if proof else 0
    return PAGE_FRAME_BYTES + events * EVENT_FRAME_BYTES + shown + proofs


def _proof(cid: Cid, record: EventsRecord) -> dict[str, Any]:
    return {
        "cid": format_cid(cid),
        "first_offset": record.first_offset,
        "count": record.count,
        "signature": format_event_header(record.header()),
        "content_type": record.content_type,
        "body_base64": base64.b64encode(record.body).decode(),
    }
