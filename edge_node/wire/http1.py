"""The server's side of one HTTP/1.1 connection, without I/O: bytes in, events out (RFC 9112).

Order of use: `receive` bytes, ask `next_event` until NEED_DATA; after END_OF_MESSAGE it answers PAUSED until
`start_next_cycle`, so a pipelined request is not even parsed before its predecessor is answered. Held bytes are
bounded by the head limit plus one read, because nobody reads before NEED_DATA. Any HttpBroken is final.
"""

import enum
import re
from typing import Final, Literal

from edge_node.wire.http1_chunked import ChunkedDecoder
from edge_node.wire.http1_errors import (
    BodyTruncated,
    HeadTooLarge,
    HeadTruncated,
    HttpMisuse,
    MalformedRequest,
    TargetTooLong,
)
from edge_node.wire.http1_head import HeadLimits, RequestHead, line_is_too_long, parse_head

# A head ends at the first empty line, even one made of bare LFs: the grammar then refuses it at once, in whatever
# pieces it came, instead of waiting for a CRLF that never arrives.
_HEAD_END = re.compile(rb"\n\r?\n")


class Signal(enum.Enum):
    """Events without data."""

    NEED_DATA = enum.auto()
    PAUSED = enum.auto()
    END_OF_MESSAGE = enum.auto()
    CLOSED = enum.auto()


NEED_DATA: Final = Signal.NEED_DATA  # give more bytes to `receive`
PAUSED: Final = Signal.PAUSED  # answer the present request first
END_OF_MESSAGE: Final = Signal.END_OF_MESSAGE  # the request is complete
CLOSED: Final = Signal.CLOSED  # the peer closed between two requests


class BodyData:
    """Some bytes of a request body, never empty."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BodyData) and other.data == self.data

    def __hash__(self) -> int:
        return hash(self.data)

    def __repr__(self) -> str:
        return f"BodyData({len(self.data)} bytes)"


Event = RequestHead | BodyData | Literal[Signal.NEED_DATA, Signal.PAUSED, Signal.END_OF_MESSAGE, Signal.CLOSED]


class _Part(enum.Enum):
    HEAD = enum.auto()
    BODY = enum.auto()
    DONE = enum.auto()


_HEAD: Final = _Part.HEAD
_BODY: Final = _Part.BODY
_DONE: Final = _Part.DONE


class ServerConnection:
    """One connection's framing state; see the module for the order of use."""

    __slots__ = ("_at", "_buffer", "_chunks", "_eof", "_left", "_limits", "_part", "_received", "_short")

    def __init__(self, limits: HeadLimits) -> None:
        self._limits = limits
        self._short = min(limits.target_bytes, limits.bytes - 4)  # a head of this size breaks no limit of length
        self._buffer = b""
        self._at = 0
        self._part = _HEAD
        self._left = 0
        self._received = 0
        self._chunks: ChunkedDecoder | None = None
        self._eof = False

    @property
    def buffered(self) -> int:
        """Bytes received and not yet given out."""
        return len(self._buffer) - self._at

    @property
    def body_left(self) -> int | None:
        """Bytes of the present body not yet given out; None when it is chunked and not at its end."""
        if self._part is _BODY and self._chunks is not None:
            return None
        return self._left

    @property
    def complete(self) -> bool:
        """Whether the present request's bytes have all been given out, even if nobody asked for its end."""
        return self._part is _DONE or (self._part is _BODY and not self._left and self._chunks is None)

    def receive(self, data: bytes) -> None:
        """Take bytes from the peer; `b""` says that it closed its side."""
        if not data:
            self._eof = True
        elif self._at == len(self._buffer):
            self._buffer, self._at = data, 0
        else:
            self._buffer, self._at = self._buffer[self._at :] + data, 0

    def next_event(self) -> Event:
        """The next event; HttpBroken when the peer broke the protocol, BodyTruncated when it closed too early."""
        if self._part is _HEAD:
            return self._next_head()
        if self._part is _DONE:
            return PAUSED
        data = self._take() if self._chunks is None else self._take_chunked(self._chunks)
        if data:
            self._received += len(data)
            return BodyData(data)
        if self.complete:
            self._part = _DONE
            return END_OF_MESSAGE
        if self._eof:
            raise BodyTruncated(self._received)
        return NEED_DATA

    def take_whole_body(self) -> bytes | None:
        """The rest of a body of known length when all of it is here, ending the message; else None."""
        if self._part is not _BODY or self._chunks is not None or len(self._buffer) - self._at < self._left:
            return None
        self._part = _DONE
        start, self._at = self._at, self._at + self._left
        self._left = 0
        return self._buffer[start : self._at]

    def start_next_cycle(self) -> None:
        """The present request is answered: go on to the next."""
        if not self.complete:
            raise HttpMisuse("the present request has not been read to its end")
        self._part = _HEAD

    def take_rest(self) -> bytes:
        """Every byte received and not given out: after an upgrade they are the other protocol's."""
        rest, self._buffer, self._at = self._buffer[self._at :], b"", 0
        return rest

    def _next_head(self) -> Event:
        end = self._head_end()
        if end == 0:
            if not self._eof:
                return NEED_DATA
            if self.buffered:
                raise HeadTruncated
            return CLOSED
        head = parse_head(self._buffer[self._at : end], self._limits)
        self._at = end
        self._part = _BODY
        self._received = 0
        self._left = head.content_length or 0
        self._chunks = ChunkedDecoder() if head.chunked else None
        return head

    def _head_end(self) -> int:
        """Where the head's last line ends in the buffer, 0 while that has not arrived."""
        buffer, at, limits = self._buffer, self._at, self._limits
        if at == len(buffer):
            return 0
        if not 0x41 <= buffer[at] <= 0x5A:
            raise MalformedRequest("a request begins with a method in upper case")
        end = buffer.find(b"\r\n\r\n", at)
        if 0 <= end <= at + self._short:
            return end + 4
        # Rare from here on: an incomplete, long or broken head. The order of the checks is the same for every
        # way the bytes may have been cut.
        if line_is_too_long(buffer[at : at + limits.bytes], limits):
            raise TargetTooLong(limits.target_bytes)
        found = _HEAD_END.search(buffer, at)
        size = (found.end() if found else len(buffer)) - at
        if size > limits.bytes:
            raise HeadTooLarge("request line and headers are too large", limits.bytes)
        return found.end() if found else 0

    def _take(self) -> bytes:
        data = self._buffer[self._at : self._at + self._left]
        self._at += len(data)
        self._left -= len(data)
        return data

    def _take_chunked(self, chunks: ChunkedDecoder) -> bytes:
        data, self._at = chunks.decode(self._buffer, self._at)
        if chunks.done and not data:
            self._chunks = None  # nothing is left, hence complete
        return data
