"""A page of a stream: events as they were sent, their proofs, and where to go on."""

import base64

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edge_node.store.streams.page import page_bound, render_page
from edge_node.store.streams.records import EVENTS_KIND, VERSION, EventsRecord
from edge_node.trust.signed_event import parse_event_header, verify_event
from edge_node.wire.cid import format_cid, raw_piece_cid
from edge_node.wire.event_body import inspect_body
from tests.store.rig import NOW_MS, sign

NDJSON = "application/x-ndjson"


def record_of(body: bytes, first_offset: int, content_type: str, seq: int = 1) -> EventsRecord:
    header, shape = sign(body, seq, content_type=content_type), inspect_body(content_type, body, items_max=100)
    return EventsRecord(
        EVENTS_KIND, VERSION, header.stream, first_offset, shape.count, int(shape.form), header.key, header.audience,
        content_type, seq, header.t_ms, int(header.quality), header.signature, NOW_MS, 2, False, "test", "", body,
    )  # fmt: skip


def page_of(*records: EventsRecord, start: int = 0, limit: int = 100, end: int = 50, proof: bool = False) -> dict:
    bodies = [(raw_piece_cid(record.body), record) for record in records]
    raw = render_page("aa", "site/a", start, limit, end, bodies, proof=proof)
    return msgspec.json.decode(raw)


def test_json_stands_byte_for_byte() -> None:
    """Spaces, key order and long numbers of an item are those that were signed."""
    body = b'{"z": 1.50,  "a":12345678901234567890123}\n{"b":2}\n'
    raw = render_page("aa", "s", 0, 10, 2, [(raw_piece_cid(body), record_of(body, 0, NDJSON))], proof=False)
    for item in body.splitlines():
        assert b'"event":' + item in raw


def test_every_member_of_an_event() -> None:
    """The fields of docs/specs/http.md, no more and no fewer."""
    body = b'{"a":1}'
    record = record_of(body, 4, "application/json", seq=2**53)
    (event,) = page_of(record)["events"]
    assert event == {
        "offset": 4, "cid": format_cid(raw_piece_cid(body)), "item": 0, "t": NOW_MS, "q": 2, "late": False,
        "received": NOW_MS, "clock": 2, "key": record.key.hex(), "seq": str(2**53),
        "content_type": "application/json", "event": {"a": 1},
    }  # fmt: skip


def test_opaque_bodies_stand_in_base64() -> None:
    """Bytes that are no JSON are carried whole."""
    (event,) = page_of(record_of(b"\0\xff", 0, "image/png"))["events"]
    assert base64.b64decode(event["data_base64"]) == b"\0\xff"
    assert "event" not in event


def test_a_proof_convinces_without_the_node() -> None:
    """Signature text, content type and body of the page verify, and hash to the CID."""
    body = b'{"a":1}\n{"a":2}\n'
    (proof,) = page_of(record_of(body, 7, NDJSON), start=8, limit=1, proof=True)["proofs"]
    sent = base64.b64decode(proof["body_base64"])
    assert verify_event(parse_event_header(proof["signature"], proof["content_type"]), sent)
    assert (proof["cid"], proof["first_offset"], proof["count"]) == (format_cid(raw_piece_cid(sent)), 7, 2)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.integers(0, 25), st.integers(1, 10))
def test_a_page_is_a_slice(counts: list[int], start: int, limit: int) -> None:
    """The events in `[start, start + limit)`, in order, and `next` behind the last of them."""
    records, end = [], 0
    for count in counts:
        records.append(record_of(b'{"a":1}\n' * count, end, NDJSON))
        end += count
    page = page_of(*records, start=start, limit=limit, end=end)
    offsets = [event["offset"] for event in page["events"]]
    assert offsets == list(range(start, min(end, start + limit)))
    assert page["next"] == (offsets[-1] + 1 if offsets else min(start, end))
    assert page["end"] == end


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.integers(1, 30), st.booleans(), st.booleans())
def test_a_page_is_never_larger_than_its_bound(counts: list[int], limit: int, proof: bool, opaque: bool) -> None:
    """Whatever the bodies are, also with the longest content type and one that JSON must escape."""
    content_type = 'a/b;x="' + '\\"' * 119 + '"' if opaque else NDJSON
    records, end = [], 0
    for count in counts:
        record = record_of(b'{"a":1}\n' * count, end, content_type, seq=2**60)
        records.append(record)
        end += record.count
    bodies = [(raw_piece_cid(record.body), record) for record in records]
    raw = render_page("aa" * 32, "s" * 127, 0, limit, end, bodies, proof=proof)
    assert len(raw) <= page_bound([(len(record.body), record.count) for record in records], limit, proof=proof)
