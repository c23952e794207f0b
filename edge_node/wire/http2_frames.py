"""HTTP/2 frames and header blocks as bytes (RFC 9113 sections 4 and 6, RFC 7541 section 6.2.2)."""

from collections.abc import Iterable
from enum import IntEnum

HEAD_BYTES = 9
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
WINDOW_MAX = 2**31 - 1

END_STREAM = 0x1  # DATA and HEADERS; the same bit is ACK on SETTINGS and PING
ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8

TABLE_EMPTIED = b"\x20"  # a dynamic table size update to 0: what we say when the client limits a table we never use


class FrameType(IntEnum):
    """The frame types we know."""

    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class ErrorCode(IntEnum):
    """Why a stream or a connection ends (RFC 9113 section 7)."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


def frame_head(kind: int, flags: int, stream: int, size: int) -> bytes:
    """The nine bytes before a frame's body."""
    return (size << 40 | kind << 32 | flags << 24).to_bytes(8, "big")[:5] + stream.to_bytes(4, "big")


def data_head(stream: int, size: int) -> bytes:
    """What precedes `size` bytes of a stream."""
    return (size << 48 | stream).to_bytes(9, "big")


def headers_frame(stream: int, block: bytes, *, end: bool = False) -> bytes:
    """A whole header block in one frame."""
    return frame_head(FrameType.HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, len(block)) + block


def reset_frame(stream: int, code: int) -> bytes:
    """RST_STREAM."""
    return frame_head(FrameType.RST_STREAM, 0, stream, 4) + code.to_bytes(4, "big")


def window_frame(stream: int, increment: int) -> bytes:
    """WINDOW_UPDATE; stream 0 is the connection."""
    return frame_head(FrameType.WINDOW_UPDATE, 0, stream, 4) + increment.to_bytes(4, "big")


def ping_ack(opaque: bytes) -> bytes:
    """The answer to a PING of eight bytes."""
    return frame_head(FrameType.PING, ACK, 0, 8) + opaque


def goaway_frame(last_stream: int, code: int, why: bytes = b"") -> bytes:
    """GOAWAY; streams above `last_stream` were not looked at."""
    return (
        frame_head(FrameType.GOAWAY, 0, 0, 8 + len(why))
        + last_stream.to_bytes(4, "big")
        + code.to_bytes(4, "big")
        + why
    )


def header_block(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Fields as literals outside of any table, so that the bytes mean the same on every connection, at any time."""
    return b"".join(b"\x00" + _string(name) + _string(value) for name, value in fields)


def _string(raw: bytes) -> bytes:
    size = len(raw)
    if size < 127:
        return bytes((size,)) + raw
    size -= 127
    digits = bytearray(b"\x7f")
    while size >= 128:
        digits.append(size % 128 + 128)
        size //= 128
    digits.append(size)
    return bytes(digits) + raw
