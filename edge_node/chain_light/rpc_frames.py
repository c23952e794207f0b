"""Looks at the frames of a WebSocket before they are read: what would be too large is refused by its head (RFC 6455).

The library that reads them keeps what a message has until it is whole, and each fragment is an object, empty or not.
"""

from typing import Final

from edge_node.base.limits import KIB
from edge_node.chain_light.json_rpc import MESSAGE_MAX_BYTES
from edge_node.chain_light.source_errors import AnswerTooLarge, MalformedAnswer

UPGRADE_MAX_BYTES: Final = 64 * KIB  # of the answer to the upgrade, with the page that comes with a refusal
FRAMES_MAX: Final = 4_096  # of one message, with the pings between: 16 MiB in frames of 4 KiB

_HEAD_END: Final = b"\r\n\r\n"
_UPGRADED: Final = b"HTTP/1.1 101"
_CONTROL: Final = 0x8  # kinds of frames from here on are of the connection, not of a message
_LENGTHS: Final = {126: 2, 127: 8}  # bytes that hold a length which seven bits do not


class FrameMeter:
    """Fed with all that comes from a server, from the answer to the upgrade on; keeps a few bytes of it at most."""

    def __init__(self) -> None:
        self._head = b""  # the HTTP answer while it comes, then the head of a frame that is not whole yet
        self._upgraded = False
        self._payload_left = 0
        self._frames = 0
        self._bytes = 0

    def feed(self, data: bytes) -> None:
        """Look at what came: AnswerTooLarge for the answer to the upgrade or a message, MalformedAnswer for a flood."""
        if not self._upgraded:
            data = self._feed_upgrade(data)
        at = min(self._payload_left, len(data))
        self._payload_left -= at
        while at < len(data):
            at = self._feed_head(data, at)
            passed = min(self._payload_left, len(data) - at)
            self._payload_left -= passed
            at += passed

    def _feed_upgrade(self, data: bytes) -> bytes:
        """Take in a piece of the HTTP answer; what comes after its end when the server agreed to the upgrade."""
        self._head += data
        end = self._head.find(_HEAD_END)
        self._upgraded = end >= 0 and self._head.startswith(_UPGRADED)
        if (end if self._upgraded else len(self._head)) > UPGRADE_MAX_BYTES:
            raise AnswerTooLarge("the answer to the upgrade", UPGRADE_MAX_BYTES)
        if not self._upgraded:
            return b""
        frames, self._head = self._head[end + len(_HEAD_END) :], b""
        return frames

    def _feed_head(self, data: bytes, at: int) -> int:
        """Take in a frame's head, or a part of one; where its payload begins."""
        known = len(self._head)
        head = self._head + data[at : at + 14 - known]
        size = 2 + _LENGTHS.get(head[1] & 0x7F, 0) + 4 * (head[1] >> 7) if len(head) > 1 else 2
        if len(head) < size:
            self._head = head
            return len(data)
        self._head = b""
        self._count(head[0], _length_of(head))
        return at + size - known

    def _count(self, first: int, length: int) -> None:
        self._frames += 1
        self._bytes += length
        if self._bytes > MESSAGE_MAX_BYTES:
            raise AnswerTooLarge("a message", MESSAGE_MAX_BYTES)
        if self._frames > FRAMES_MAX:
            raise MalformedAnswer(f"more than {FRAMES_MAX} frames without the end of a message")
        self._payload_left = length
        if first & 0x80 and first & 0x0F < _CONTROL:
            self._frames = self._bytes = 0


def _length_of(head: bytes) -> int:
    short = head[1] & 0x7F
    return int.from_bytes(head[2 : 2 + _LENGTHS[short]], "big") if short in _LENGTHS else short
