"""One event as every door shows it: the object of docs/specs/http.md, with the event's bytes as they were sent."""

import base64
from collections.abc import Sequence

import msgspec

from edge_node.base.ids import Cid
from edge_node.base.limits import NUMBER_EXACT_IN_JSON
from edge_node.store.streams.records import EventsRecord
from edge_node.wire.cid import format_cid
from edge_node.wire.event_body import BodyForm, split_items

_ENCODER = msgspec.json.Encoder()


def render_events(cid: Cid, record: EventsRecord, start: int, stop: int) -> list[bytes]:
    """The JSON objects of the body's events with offsets in `[start, stop)`, in order."""
    first = record.first_offset
    items = _contents(record)
    # What the events of a body share is written once: of a batch of a hundred, only offset, item and content differ.
    shared = _shared(cid, record)
    low, high = max(start - first, 0), max(stop - first, 0)
    return [
        b'{"offset":%d,"item":%d,%b%b}' % (first + item, item, shared, raw)
        for item, raw in enumerate(items[low:high], low)
    ]


def object_bound(body_bytes: int, count: int, content_type: str) -> int:
    """The bytes of memory that the objects of a body's events, as Python bytes, never exceed together."""
    shown = -(-body_bytes // 3) * 4  # as an opaque body, whose base64 is the longest form
    return shown + count * (OBJECT_FRAME_BYTES + 2 * len(content_type))


OBJECT_FRAME_BYTES = 512  # names, numbers, CID and key: about 320 of JSON, and a bytes object's and a list slot's 41


def number(value: int) -> int | str:
    """An integer as our JSON carries it: from 2^53 on a decimal string."""
    return value if value < NUMBER_EXACT_IN_JSON else str(value)


def _shared(cid: Cid, record: EventsRecord) -> bytes:
    members = {
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
    name = b',"data_base64":' if record.form == BodyForm.OPAQUE else b',"event":'
    return _ENCODER.encode(members)[1:-1] + name


def _contents(record: EventsRecord) -> Sequence[bytes]:
    if record.form == BodyForm.OPAQUE:
        return [b'"%b"' % base64.b64encode(record.body)]
    return split_items(record.content_type, record.body)
