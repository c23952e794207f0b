"""Texts of a row by column."""

import base64

import pytest

from tui.filters import parse_filter
from tui.models import Bucket, BucketName, Event, Piece, Reference
from tui.rows import bucket_values, event_line, event_text, event_values, name_values, piece_values

CLOUD = {"specversion": "1.0", "id": "7", "source": "/pump/3", "type": "reading"}


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        ({**CLOUD, "data": {"v": 21.5}}, 'reading {"v":21.5} {"id":"7","source":"/pump/3"}'),
        (CLOUD, 'reading {"id":"7","source":"/pump/3"}'),
        ({**CLOUD, "data": None}, 'reading null {"id":"7","source":"/pump/3"}'),
        ({**CLOUD, "data_base64": "AAE="}, 'reading (2 bytes) {"id":"7","source":"/pump/3"}'),
        ({**CLOUD, "data_base64": 5}, 'reading (no base64) {"id":"7","source":"/pump/3"}'),
        ({**CLOUD, "type": 5}, '{"specversion":"1.0","id":"7","source":"/pump/3","type":5}'),
        ({"value": 1}, '{"value":1}'), ([1, 2], "[1,2]"), ("text", '"text"'),
    ],
)  # fmt: skip
def test_what_happened_stands_before_its_envelope(event: object, shown: str) -> None:
    """On eighty columns the type and the data of a CloudEvent are seen; other JSON is shown as it is."""
    assert event_line(Event(offset=1, event=event)) == shown


def test_a_filter_looks_at_the_whole_event() -> None:
    """What the line leaves to the end or out can still be found."""
    assert '"specversion":"1.0"' in event_values(Event(event=CLOUD))["event"]


@pytest.mark.parametrize(
    ("content", "shown"), [(b"plain", "plain"), (b"\x00\xff", "2 bytes: 00ff"), (b"", "")], ids=repr
)
def test_bytes_are_text_where_they_are_some(content: bytes, shown: str) -> None:
    """Others are counted, and their beginning is given in hex."""
    row = Event(data_base64=base64.b64encode(content).decode())
    assert event_text(row) == event_line(row) == shown


def test_what_was_held_back_is_empty() -> None:
    """The socket of viewers gives no payload; no base64 is said to be none."""
    assert event_line(Event()) == ""
    assert event_text(Event(data_base64="!")) == "(no base64)"


def test_a_piece_is_found_by_each_who_holds_it() -> None:
    """By kind, by any of its buckets, by any of its owners; `none` is a vault that holds it by itself."""
    held = [Reference("aa" * 32, 7), Reference("bb" * 32, 8), Reference("cc" * 32)]
    values = piece_values(Piece(cid="baear", kind="dag", references=held))
    for text in ("bucket:7 kind:dag", "bucket:8", "bucket:none", f"owner:{'bb' * 32}", "owner:cc*", "aaaa"):
        assert parse_filter(text, values).matcher()(values), text
    for text in ("bucket:9", "kind:raw", "!bucket:8", "owner:dd*"):
        assert not parse_filter(text, values).matcher()(values), text


def test_a_bucket_is_found_by_owner_and_by_who_vouches_for_it() -> None:
    """Its owner in hex or as an address; `nobody` where nobody says any more that it exists."""
    values = bucket_values(Bucket(bucket=7, owner="ab" * 32, address="6SabC", public=True, authority="settings"))
    assert parse_filter("bucket:7 access:public owner:6sabc authority:settings", values).matcher()(values)
    gone = bucket_values(Bucket(bucket=9))
    assert parse_filter("authority:nobody access:unknown", gone).matcher()(gone)
    named = name_values(BucketName(name="site/index", cid="baear"))
    assert parse_filter("name:site/* cid:baear", named).matcher()(named)
