"""The object of an event: the members of the specification, the content as sent, one renderer for every door."""

import base64
import sys

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edge_node.store.streams.event_object import number, object_bound, render_events
from edge_node.wire.cid import format_cid, raw_piece_cid
from edge_node.wire.event_body import split_items
from tests.store.rig import NOW_MS
from tests.store.streams.test_page import record_of

NDJSON = "application/x-ndjson"


def test_every_member_in_its_place() -> None:
    """The object as docs/specs/http.md shows it, letter by letter."""
    body = b'{"a" :1}\r\n{"b":2}\n'
    record = record_of(body, 4, NDJSON, seq=2**53)
    cid = raw_piece_cid(body)
    first, second = render_events(cid, record, 0, 100)
    assert (
        second
        == (
            f'{{"offset":5,"item":1,"cid":"{format_cid(cid)}","t":{NOW_MS},"q":2,"late":false,"received":{NOW_MS},"clock":2'
            f',"key":"{record.key.hex()}","seq":"9007199254740992","content_type":"{NDJSON}","event":{{"b":2}}}}'
        ).encode()
    )
    assert b'"event":{"a" :1}}' in first


def test_opaque_bytes_stand_in_base64() -> None:
    """What is no JSON is carried whole."""
    (shown,) = render_events(raw_piece_cid(b"\0\xff"), record_of(b"\0\xff", 0, "image/png"), 0, 1)
    assert base64.b64decode(msgspec.json.decode(shown)["data_base64"]) == b"\0\xff"


@given(st.integers(1, 6), st.integers(0, 9), st.integers(0, 20), st.integers(0, 20))
def test_a_slice_of_a_body(count: int, first: int, start: int, stop: int) -> None:
    """The events with offsets in the slice, each with its own offset, item and bytes."""
    body = b"".join(b'{"n":%d}\n' % number for number in range(count))
    shown = [
        msgspec.json.decode(raw)
        for raw in render_events(raw_piece_cid(body), record_of(body, first, NDJSON), start, stop)
    ]
    wanted = [offset for offset in range(first, first + count) if start <= offset < stop]
    assert [(event["offset"], event["item"], event["event"]["n"]) for event in shown] == [
        (offset, offset - first, offset - first) for offset in wanted
    ]


@given(st.integers(1, 5), st.booleans(), st.binary(max_size=200))
def test_the_bound_holds(count: int, opaque: bool, noise: bytes) -> None:
    """No body is shown in more memory than was said ahead, whatever its type."""
    content_type = 'a/b;x="' + '\\"' * 119 + '"' if opaque else NDJSON
    body = noise if opaque else b'{"a":1}\n' * count
    record = record_of(body, 2**53, content_type, seq=2**64 - 1)
    shown = render_events(raw_piece_cid(body), record, 0, 2**60)
    size = sum(map(sys.getsizeof, shown)) + 8 * len(shown)
    assert size <= object_bound(len(body), record.count, content_type)
    assert len(shown) == record.count
    assert opaque or [msgspec.json.decode(one)["event"] for one in shown] == [
        msgspec.json.decode(item) for item in split_items(content_type, body)
    ]


def test_numbers_from_2_53_on_are_text() -> None:
    """What JSON readers would round is a decimal string."""
    assert number(2**53 - 1) == 2**53 - 1
    assert number(2**53) == "9007199254740992"
