"""grpc-web over a WebSocket (subprotocol `grpc-websockets`): metadata lines, a half-close byte, text blocks.

A client sends its metadata as lines, then each message behind a 00 byte, then a single 01. It reads frames of a flag
and a length: the first block flagged 80 is the headers, the second the trailers, 00 is a message.
"""

import re
from collections.abc import Iterable

from edge_node.wire.grpc import GrpcBroken

SUBPROTOCOL = "grpc-websockets"
OVERHEAD_BYTES = 6  # of a client's message: the byte that says so, and the prefix of the message
METADATA_MAX_BYTES = 64 * 1024
METADATA_LINES_MAX = 100

# Two classes and no more: a pattern of the whole line would try every way to share its blanks between value and margin.
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")


class MetadataMalformed(GrpcBroken):
    """The first message is not a few lines `name: value`."""

    remedy = "Send the metadata first, as lines `name: value` that end in CR LF."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the call's metadata cannot be read: {why}")


class WebFrameUnknown(GrpcBroken):
    """A message begins with neither 00 (a message) nor is the single byte 01 (the half-close)."""

    remedy = "Put a 00 byte before each message, and end with a single 01."

    def __init__(self) -> None:
        super().__init__("a WebSocket message is neither a gRPC message nor the half-close")


def parse_metadata(raw: bytes) -> list[tuple[bytes, bytes]]:
    """The pairs of a call's first message, names in lower case; MetadataMalformed."""
    if len(raw) > METADATA_MAX_BYTES:
        raise MetadataMalformed(f"more than {METADATA_MAX_BYTES} bytes")
    lines = [line for line in raw.split(b"\r\n") if line]
    if len(lines) > METADATA_LINES_MAX:
        raise MetadataMalformed(f"more than {METADATA_LINES_MAX} lines")
    return [_pair(line) for line in lines]


def _pair(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise MetadataMalformed("a line is not `name: value`")
    return name.lower(), value.strip(b" \t")


def read_client_message(raw: bytes) -> memoryview | None:
    """What a later message brings of the call's bytes, or None for the half-close; WebFrameUnknown."""
    if raw == b"\x01":
        return None
    if raw[:1] != b"\x00":
        raise WebFrameUnknown
    return memoryview(raw)[1:]


def encode_block(fields: Iterable[tuple[str, str]]) -> bytes:
    """A frame of headers or trailers."""
    text = "".join(f"{name}: {value}\r\n" for name, value in fields).encode("latin-1", "replace")
    return b"\x80" + len(text).to_bytes(4, "big") + text
