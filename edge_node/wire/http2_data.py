"""One DATA frame as it arrives: handed on in pieces, its padding dropped (RFC 9113 section 6.1)."""

from edge_node.wire.http2_budget import Http2Broken
from edge_node.wire.http2_frames import END_STREAM, PADDED, ErrorCode


class DataFrame:
    """A frame under way; `whole` when all of it came, `ends` when it is the last of its stream."""

    __slots__ = ("_left", "_pad", "_padded", "ends", "stream", "whole")

    def __init__(self, stream: int, flags: int, size: int) -> None:
        self.stream = stream
        self.ends = bool(flags & END_STREAM)
        self.whole = False
        self._padded = bool(flags & PADDED)
        self._left, self._pad = size, 0
        if self._padded and not size:
            raise Http2Broken(ErrorCode.FRAME_SIZE_ERROR, "padding without its length")

    def take(self, data: bytes, at: int) -> tuple[int, bytes | memoryview, int]:
        """What `data` holds of the frame from `at` on: where it ends, the useful bytes, and how many it took in all."""
        begin = at
        if self._padded and at < len(data):
            self._padded = False
            self._pad = data[at]
            self._left -= 1 + self._pad
            at += 1
            if self._left < 0:
                raise Http2Broken(ErrorCode.PROTOCOL_ERROR, "more padding than frame")
        there = min(len(data) - at, self._left + self._pad)
        useful = min(there, self._left)
        self._left -= useful
        self._pad -= there - useful
        self.whole = not (self._padded or self._left or self._pad)
        return at + there, _piece(data, at, useful), at + there - begin


def _piece(data: bytes, at: int, size: int) -> bytes | memoryview:
    """Some of the bytes: a view where that is most of what it keeps alive, a copy where it is not."""
    if size == len(data):
        return data
    if size * 2 >= len(data):
        return memoryview(data)[at : at + size]
    return data[at : at + size]
