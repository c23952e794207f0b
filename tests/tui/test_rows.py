"""Texts of a row by column."""

import base64

import pytest

from tui.models import Event
from tui.rows import event_line, event_text, event_values

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
