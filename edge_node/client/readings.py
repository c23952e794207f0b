"""Readings as CloudEvents 1.0: one event, or a batch that costs one signature."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec

from edge_node.client.errors import ClientError

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"

_ENCODER = msgspec.json.Encoder()


class UnspeakableReading(ClientError):
    """A reading has no JSON form."""

    slug = "unspeakable-reading"
    remedy = "Record dictionaries, lists, text, numbers, booleans and None; bytes go through record_body."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"a reading cannot be written as JSON: {why}")


def encode_reading(reading: Any, *, seq: int, source: str, event_type: str, t_ms: int) -> bytes:
    """The body of one event. The id is the sequence number, which no other event of this source carries."""
    return _encode(_event(reading, str(seq), source, event_type, t_ms))


def encode_readings(readings: Sequence[Any], *, seq: int, source: str, event_type: str, t_ms: int) -> bytes:
    """The body of a batch of at least one event, with ids `<seq>.<item>`."""
    if not readings:
        raise UnspeakableReading("the batch is empty")
    return _encode([_event(value, f"{seq}.{item}", source, event_type, t_ms) for item, value in enumerate(readings)])


def _event(reading: Any, identity: str, source: str, event_type: str, t_ms: int) -> dict[str, Any]:
    time = dt.datetime.fromtimestamp(t_ms / 1_000, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "specversion": "1.0",
        "id": identity,
        "source": source,
        "type": event_type,
        "time": time,
        "data": reading,
    }


def _encode(value: Any) -> bytes:
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError, OverflowError) as error:
        raise UnspeakableReading(str(error)) from error
