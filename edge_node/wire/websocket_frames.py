"""WebSocket frames to bytes (RFC 6455 section 5): unmasked as a server sends them, so that many can share one."""

import struct
from typing import Final

from edge_node.base.errors import LocalError

CONTROL_MAX_BYTES: Final = 125  # RFC 6455 section 5.5
REASON_MAX_BYTES: Final = CONTROL_MAX_BYTES - 2
NO_CODE: Final = 1005  # "the peer gave no code"; never on the wire (section 7.4.1)
LOST: Final = 1006  # "the connection ended without a close frame"; never on the wire
NORMAL, GOING_AWAY, PROTOCOL_BROKEN, UNSUPPORTED, NOT_UTF8 = 1000, 1001, 1002, 1003, 1007
POLICY, TOO_LARGE, INTERNAL = 1008, 1009, 1011
_LOCAL_CODES = frozenset({1004, NO_CODE, LOST, 1015})

_TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x81, 0x82, 0x88, 0x89, 0x8A
_SHORT, _MIDDLE, _LONG = struct.Struct(">BB").pack, struct.Struct(">BBH").pack, struct.Struct(">BBQ").pack


class WebSocketMisuse(LocalError):
    """Our own side asked for a frame that the protocol does not have."""


def encode_text(payload: bytes) -> bytes:
    """One text message in one frame; `payload` is UTF-8, which is the caller's to know."""
    return _encode_data(_TEXT, payload)


def encode_binary(payload: bytes) -> bytes:
    """One binary message in one frame."""
    return _encode_data(_BINARY, payload)


def encode_ping(payload: bytes = b"") -> bytes:
    """A ping, at most 125 bytes."""
    return _encode_control(_PING, payload)


def encode_pong(payload: bytes) -> bytes:
    """The answer to a ping, with the ping's bytes."""
    return _encode_control(_PONG, payload)


def encode_close(code: int, reason: str = "") -> bytes:
    """A close frame; NO_CODE sends none. A reason beyond 123 bytes is cut at a character."""
    if code == NO_CODE:
        return _encode_control(_CLOSE, b"")
    if not 1000 <= code < 5000 or code in _LOCAL_CODES:
        raise WebSocketMisuse(f"{code} is no close code that may be sent")
    text = reason.encode()[:REASON_MAX_BYTES].decode(errors="ignore").encode()
    return _encode_control(_CLOSE, code.to_bytes(2, "big") + text)


def _encode_data(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size <= CONTROL_MAX_BYTES:
        return _SHORT(first, size) + payload
    if size < 1 << 16:
        return _MIDDLE(first, 126, size) + payload
    return _LONG(first, 127, size) + payload


def _encode_control(first: int, payload: bytes) -> bytes:
    if len(payload) > CONTROL_MAX_BYTES:
        raise WebSocketMisuse(f"a control frame carries at most {CONTROL_MAX_BYTES} bytes, not {len(payload)}")
    return _SHORT(first, len(payload)) + payload
