"""What viewers never see: payload fields, removed in this one place from whatever leaves by the view socket (pure)."""

import enum
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from edge_node.base.ids import strip_type

PAYLOAD_FIELDS = frozenset(
    {"event", "data_base64", "body_base64", "content_base64", "proofs", "exception", "data"}
)  # an event's bytes, a piece's, a traceback's, a command's

_ENCODER = msgspec.json.Encoder(enc_hook=strip_type)


class Standing(enum.StrEnum):
    """Who may do what: the socket decides."""

    OPERATOR = "rw"
    VIEWER = "ro"


def encode_for(standing: Standing, value: Any) -> bytes:
    """`value` as JSON for one socket. Raw JSON inside it is looked into as well."""
    return _ENCODER.encode(value if standing is Standing.OPERATOR else without_payload(value))


def without_payload(value: Any) -> Any:
    """`value` without any payload field, at whatever depth; what has none is handed on as it is."""
    match value:
        case Mapping():
            return {name: without_payload(one) for name, one in value.items() if name not in PAYLOAD_FIELDS}
        case str() | bytes() | None | bool() | int() | float():
            return value
        case Sequence():
            return [without_payload(one) for one in value]
        case msgspec.Raw():
            return without_payload(msgspec.json.decode(value))
    return without_payload(msgspec.to_builtins(value, enc_hook=strip_type))
