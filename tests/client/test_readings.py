"""Readings as CloudEvents."""

import msgspec
import pytest

from edge_node.client.readings import BATCH, SINGLE, UnspeakableReading, encode_reading, encode_readings
from edge_node.wire.event_body import inspect_body

FACTS = {"seq": 4294967297, "source": "urn:x", "event_type": "t", "t_ms": 1_790_000_000_123}


def test_one_reading_is_a_cloud_event_the_node_accepts() -> None:
    """The required attributes, the time of the signature, and the reading as data."""
    body = encode_reading({"celsius": 21.5}, **FACTS)
    assert inspect_body(SINGLE, body, items_max=1).count == 1
    assert msgspec.json.decode(body) == {
        "specversion": "1.0", "id": "4294967297", "source": "urn:x", "type": "t",
        "time": "2026-09-21T14:13:20.123Z", "data": {"celsius": 21.5},
    }  # fmt: skip


def test_a_batch_numbers_its_items() -> None:
    """Ids are unique within the source: sequence number and place."""
    body = encode_readings([1, None, "x"], **FACTS)
    assert inspect_body(BATCH, body, items_max=3).count == 3
    assert [item["id"] for item in msgspec.json.decode(body)] == [f"4294967297.{place}" for place in range(3)]


def test_an_empty_batch_says_nothing() -> None:
    """No node takes it, so it is refused before a number is spent."""
    with pytest.raises(UnspeakableReading):
        encode_readings([], **FACTS)


@pytest.mark.parametrize("reading", [object(), {"a": {1j}}, {(1, 2): 3}])
def test_what_json_cannot_say_is_refused(reading: object) -> None:
    """A programming slip shows at the reading, not at the node."""
    with pytest.raises(UnspeakableReading):
        encode_reading(reading, **FACTS)
