"""The chunked transfer coding of one request body, strictly (RFC 9112 section 7.1)."""

import enum
import re

from edge_node.wire.http1_errors import HeadTooLarge, HttpBroken, MalformedChunk

CHUNK_LINE_MAX_BYTES = 256  # a size has 16 digits at most; nobody is known to use long extensions
EXTENSIONS_MAX_BYTES = 4_096  # per body: else tiny chunks with extensions cost us more than they cost the sender
TRAILERS_MAX_BYTES = 8_192
TRAILERS_MAX = 32
CHUNK_MAX_BYTES = 1 << 40  # far above any body limit, far below where sizes overflow elsewhere

_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(;[\t -~]*)?")
_TRAILER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*")


class _Part(enum.Enum):
    SIZE = enum.auto()
    DATA = enum.auto()
    DATA_END = enum.auto()
    TRAILER = enum.auto()
    DONE = enum.auto()


class ChunkedDecoder:
    """Feed it a buffer and a position: it answers with body bytes and where it stopped.

    It never looks behind the body's end, so pipelined bytes stay in the caller's buffer. Trailers are
    checked and dropped: nothing we serve may be changed by a field that comes after the body.
    """

    __slots__ = ("_broken", "_extension_bytes", "_left", "_part", "_trailer_bytes", "_trailers")

    def __init__(self) -> None:
        self._part = _Part.SIZE
        self._left = 0
        self._broken: HttpBroken | None = None
        self._extension_bytes = self._trailer_bytes = self._trailers = 0

    @property
    def done(self) -> bool:
        """Whether the last chunk and its trailers have been read."""
        return self._part is _Part.DONE

    def decode(self, buffer: bytes, at: int) -> tuple[bytes, int]:
        """Body bytes found from `at` on (several small chunks joined), and the position after what was used."""
        if self._broken is not None:
            raise self._broken
        parts: list[bytes] = []
        try:
            while self._part is not _Part.DONE:
                used, data = self._step(buffer, at)
                if not used:
                    break
                at += used
                if data:
                    parts.append(data)
        except HttpBroken as broken:
            if not parts:
                raise
            self._broken = broken  # said at the next call: what came before the break is given out in any case
        return (parts[0] if len(parts) == 1 else b"".join(parts)), at

    def _step(self, buffer: bytes, at: int) -> tuple[int, bytes]:
        match self._part:
            case _Part.SIZE:
                return self._size(buffer, at), b""
            case _Part.DATA:
                return self._data(buffer, at)
            case _Part.DATA_END:
                return self._data_end(buffer, at), b""
            case _:
                return self._trailer(buffer, at), b""

    def _size(self, buffer: bytes, at: int) -> int:
        line = _line(buffer, at, CHUNK_LINE_MAX_BYTES)
        if line is None:
            return 0
        size = _SIZE_LINE.fullmatch(line)
        if size is None:
            raise MalformedChunk("a chunk's size line is not hex digits with optional extensions")
        self._extension_bytes += len(size[2] or b"")
        if self._extension_bytes > EXTENSIONS_MAX_BYTES:
            raise MalformedChunk(f"chunk extensions above {EXTENSIONS_MAX_BYTES} bytes")
        self._left = int(size[1], 16)
        if self._left > CHUNK_MAX_BYTES:
            raise MalformedChunk("a chunk's size is beyond reason")
        self._part = _Part.DATA if self._left else _Part.TRAILER
        return len(line) + 2

    def _data(self, buffer: bytes, at: int) -> tuple[int, bytes]:
        data = buffer[at : at + self._left]
        self._left -= len(data)
        if not self._left:
            self._part = _Part.DATA_END
        return len(data), data

    def _data_end(self, buffer: bytes, at: int) -> int:
        end = buffer[at : at + 2]
        if not b"\r\n".startswith(end):
            raise MalformedChunk("a chunk's data is not followed by CRLF")
        if len(end) < 2:
            return 0
        self._part = _Part.SIZE
        return 2

    def _trailer(self, buffer: bytes, at: int) -> int:
        line = _line(buffer, at, TRAILERS_MAX_BYTES)
        if line is None:
            return 0
        if not line:
            self._part = _Part.DONE
            return 2
        self._trailer_bytes += len(line) + 2
        self._trailers += 1
        if self._trailer_bytes > TRAILERS_MAX_BYTES or self._trailers > TRAILERS_MAX:
            raise HeadTooLarge("too many trailers", TRAILERS_MAX)
        if not _TRAILER.fullmatch(line):
            raise MalformedChunk("a trailer is not a header line")
        return len(line) + 2


def _line(buffer: bytes, at: int, limit: int) -> bytes | None:
    """The line at `at` without its CRLF, None while it is incomplete; a line ended by a bare LF is refused."""
    end = buffer.find(b"\n", at, at + limit + 2)
    if end < 0:
        if len(buffer) - at >= limit + 2:
            raise MalformedChunk(f"a line of the chunked body is longer than {limit} bytes")
        return None
    if end == at or buffer[end - 1] != 0x0D:
        raise MalformedChunk("a line of the chunked body ends with a bare LF")
    return buffer[at : end - 1]
