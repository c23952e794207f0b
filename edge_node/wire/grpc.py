"""gRPC on the wire: framed messages, status codes, percent-encoded texts, timeouts (gRPC over HTTP/2 protocol)."""

from collections import deque
from collections.abc import Iterator
from enum import IntEnum

from edge_node.base.errors import LocalError, RemoteError
from edge_node.base.limits import KIB

PREFIX_BYTES = 5  # a flag and a length
MESSAGE_LENGTH_MAX = 2**32 - 1
TIMEOUT_DIGITS_MAX = 8
SMALL_BYTES = 4 * KIB  # parts below this are put together: a part of one byte would cost sixty
TEXT_MAX_CHARS = (
    1_024  # of a grpc-message: a client's header list may end at 8 KiB, and one character may take 12 bytes
)

_UNITS = {"H": 3_600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}


class Status(IntEnum):
    """grpc-status."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class GrpcBroken(RemoteError):
    """Root of what a gRPC peer does wrong inside one call; the call ends, its connection goes on."""

    slug = "malformed-call"
    remedy = "Frame messages as the gRPC protocol says."


class MessageCompressed(GrpcBroken):
    """A message is flagged as compressed, and no compression was agreed on."""

    slug = "compressed-message"
    status = 501
    remedy = "Send messages without compression (grpc-encoding: identity)."

    def __init__(self) -> None:
        super().__init__("a message is compressed; only identity is understood here")


class FlagUnknown(GrpcBroken):
    """A message's first byte is neither 0 nor 1: the framing is lost."""

    def __init__(self, flag: int) -> None:
        self.flag = flag
        super().__init__(f"a message begins with the byte {flag}, which is no flag")


class MessageTooLarge(GrpcBroken):
    """A message says it is longer than its method takes."""

    slug = "message-too-large"
    status = 413
    remedy = "Send smaller messages."

    def __init__(self, size: int, limit: int) -> None:
        self.size, self.limit = size, limit
        super().__init__(f"a message of {size} bytes is longer than {limit} bytes")


class MessageTruncated(GrpcBroken):
    """The sender half-closed inside a message."""

    slug = "message-truncated"
    remedy = "Send the whole message."

    def __init__(self, missing: int) -> None:
        self.missing = missing
        super().__init__(f"the call's last message lacks {missing} bytes")


class TimeoutMalformed(GrpcBroken):
    """grpc-timeout is not up to eight digits and a unit."""

    remedy = "Write grpc-timeout as 1 to 8 digits and one of H, M, S, m, u, n."

    def __init__(self) -> None:
        super().__init__("grpc-timeout is not a number of at most 8 digits and a unit")


class GrpcMisuse(LocalError):
    """Our own side framed something gRPC cannot carry."""


class MessageReader:
    """Messages out of a call's bytes: `receive` what came, take `next_message`; any split gives the same messages.

    Holds the parts as they came, small ones together, and joins them once, when a message is whole. A length is
    believed for nothing but the limit: no room is made for it beforehand.
    """

    __slots__ = ("_held", "_need", "_parts", "_skip", "message_max")

    def __init__(self, message_max: int) -> None:
        self.message_max = message_max
        self._parts: deque[bytes | memoryview | bytearray] = deque()
        self._skip = 0  # bytes of the first part that are already taken
        self._held = 0
        self._need: int | None = None  # the length of the message under way, once its prefix is read

    @property
    def held(self) -> int:
        """Bytes received and not given out."""
        return self._held

    @property
    def expected(self) -> int:
        """The length of the message under way, without its prefix; 0 while that is not known."""
        return self._need or 0

    @property
    def missing(self) -> int:
        """How many bytes the message under way lacks, as far as is known; 0 between messages."""
        if self._need is not None:
            return max(0, self._need - self._held)
        return PREFIX_BYTES - self._held if 0 < self._held < PREFIX_BYTES else 0

    def receive(self, data: bytes | memoryview) -> None:
        """More bytes of the call; they must not change afterwards."""
        size = len(data)
        if not size:
            return
        self._held += size
        if size < SMALL_BYTES and self._parts:
            last = self._parts[-1]
            if isinstance(last, bytearray):
                last += data
                return
            if len(self._parts) > 1:  # not the first, which may be cut already
                self._parts.append(bytearray(data))  # a part of its own costs more than a few bytes are worth
                return
        self._parts.append(data)

    def next_message(self) -> bytes | None:
        """The next whole message, or None while it is not there. MessageCompressed, FlagUnknown, MessageTooLarge."""
        if self._need is None:
            if self._held < PREFIX_BYTES:
                return None
            self._need = self._read_prefix()
        if self._held < self._need:
            return None
        size, self._need = self._need, None
        return self._take(size)

    def _read_prefix(self) -> int:
        prefix = self._take(PREFIX_BYTES)
        size = int.from_bytes(prefix[1:], "big")
        if prefix[0] == 1:
            raise MessageCompressed
        if prefix[0] != 0:
            raise FlagUnknown(prefix[0])
        if size > self.message_max:
            raise MessageTooLarge(size, self.message_max)
        return size

    def _take(self, size: int) -> bytes:
        self._held -= size
        if not size:
            return b""
        first, skip = self._parts[0], self._skip
        if skip + size < len(first):
            self._skip = skip + size
            return bytes(first[skip : skip + size])
        return b"".join(self._cut(size))

    def _cut(self, size: int) -> Iterator[bytes | memoryview | bytearray]:
        parts = self._parts
        while size:
            first, skip = parts[0], self._skip
            there = len(first) - skip
            if there > size:
                yield first[skip : skip + size]
                self._skip = skip + size
                return
            parts.popleft()
            self._skip = 0
            size -= there
            yield memoryview(first)[skip:] if skip else first


def message_prefix(size: int) -> bytes:
    """What precedes a message of `size` bytes."""
    if size > MESSAGE_LENGTH_MAX:
        raise GrpcMisuse(f"a message of {size} bytes cannot be framed")
    return b"\x00" + size.to_bytes(4, "big")


def encode_text(text: str) -> str:
    """A grpc-message: UTF-8, percent-encoded where it is not printable ASCII; blanks stay as they are.

    A text that is too long for a client's header list is cut and ends in an ellipsis.
    """
    if len(text) > TEXT_MAX_CHARS:
        text = text[: TEXT_MAX_CHARS - 1] + "…"
    if text.isascii() and text.isprintable() and "%" not in text:
        return text
    raw = text.encode("utf-8", "replace")
    return "".join(chr(byte) if 0x20 <= byte <= 0x7E and byte != 0x25 else f"%{byte:02X}" for byte in raw)


def parse_timeout(value: bytes) -> float:
    """Seconds of a grpc-timeout; TimeoutMalformed."""
    digits, unit = value[:-1], value[-1:].decode("latin-1")
    if not 1 <= len(digits) <= TIMEOUT_DIGITS_MAX or not digits.isdigit() or unit not in _UNITS:
        raise TimeoutMalformed
    return int(digits) * _UNITS[unit]
