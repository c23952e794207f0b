"""One WebSocket connection's receiving side, without I/O: bytes in, whole messages out (RFC 6455, over wsproto).

wsproto cuts, unmasks and decodes frames; this module joins them, sets limits and names the close code of what a peer
did wrong. It costs about 10 us a message and 1.3 KiB a connection, which is why sending goes past it: a frame made once
by `websocket_frames` serves every subscriber. No extension is ever negotiated; compression would hold 300 KiB a
connection and let one small message cost a large one's memory.
"""

import enum
from dataclasses import dataclass
from typing import Final, Literal

from wsproto.extensions import Extension
from wsproto.frame_protocol import CloseReason, FrameDecoder, FrameProtocol, Opcode, ParseFailed, RsvBits

from edge_node.base.limits import MIB, TokenBucket
from edge_node.wire.websocket_frames import LOST, POLICY, TOO_LARGE, encode_close

MESSAGE_MAX_BYTES = MIB  # the largest event body; a door that expects less says so
FRAGMENTS_MAX = 1_024  # a message in pieces of 1 KiB is still whole; one in single bytes is an attack on our time
CONTROL_BURST = 64  # pings and pongs at once: more than any keep-alive sends in an hour
CONTROL_PER_S = 4.0  # and lasting: twenty times what browsers and proxies do
_PARTS_MAX = 1_024  # parts of a message before they are joined: a byte per read must not cost an object each


class Signal(enum.Enum):
    """Events without data."""

    NEED_DATA = enum.auto()


NEED_DATA: Final = Signal.NEED_DATA  # give more bytes to `receive`


@dataclass(frozen=True, slots=True)
class Message:
    """One whole message: text as str, binary as bytes."""

    data: str | bytes


@dataclass(frozen=True, slots=True)
class Ping:
    """The peer wants a pong with the same bytes; of several only the last need be answered (section 5.5.3)."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Pong:
    """A sign of life."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The last event.

    `clean`: the peer sent a close frame with `code` (NO_CODE if it gave none). Otherwise it broke the protocol or a
    limit and `code` is what to tell it, or it vanished (LOST) and nothing can be told.
    """

    code: int
    reason: str
    clean: bool


Event = Message | Ping | Pong | Closed | Literal[Signal.NEED_DATA]


class _Limits(Extension):
    """Refuses by a frame's header, before its payload is held: wsproto shows it to extensions first.

    That also makes the verdict the same however the bytes were cut.
    """

    name = "limits"

    def __init__(self, message_max: int) -> None:
        self.message_max = message_max
        self.controls = TokenBucket.full(CONTROL_PER_S, CONTROL_BURST, 0.0)
        self.now_s = 0.0
        self.why = ""
        self.size = self._fragments = 0

    def enabled(self) -> bool:
        return True

    def offer(self) -> bool:
        return False

    def frame_inbound_header(
        self, proto: FrameDecoder | FrameProtocol, opcode: Opcode, rsv: RsvBits, payload_length: int
    ) -> CloseReason | RsvBits:
        """See wsproto's Extension."""
        if opcode >= Opcode.CLOSE:
            if opcode is not Opcode.CLOSE and not self.controls.take(1, self.now_s):
                return self._refuse(POLICY, "too many control frames")
            return _NO_BITS
        if opcode is not Opcode.CONTINUATION:
            self.size = self._fragments = 0
        self.size += payload_length
        self._fragments += 1
        if self.size > self.message_max:
            return self._refuse(TOO_LARGE, f"a message is larger than {self.message_max} bytes")
        if self._fragments > FRAGMENTS_MAX:
            return self._refuse(POLICY, f"a message has more than {FRAGMENTS_MAX} fragments")
        return _NO_BITS

    def _refuse(self, code: int, why: str) -> CloseReason:
        self.why = why
        return CloseReason(code)


_NO_BITS = RsvBits(rsv1=False, rsv2=False, rsv3=False)


class WebSocket:
    """One connection's receiving state, for either side.

    Order of use: `receive` bytes (b"" at the end), ask `next_event` until NEED_DATA. After Closed nothing more comes.
    Held bytes are bounded by one message, one control frame and one read.
    """

    __slots__ = ("_closed", "_deaf", "_eof", "_limits", "_parts", "_proto", "_said_close")

    def __init__(self, *, client: bool = False, message_max: int = MESSAGE_MAX_BYTES) -> None:
        self._limits = _Limits(message_max)
        self._proto = FrameProtocol(client, [self._limits])
        self._parts: list[str | bytes] = []
        self._eof = False
        self._closed: Closed | None = None
        self._said_close = self._deaf = False

    @property
    def under_way(self) -> int:
        """How many bytes a peer has announced of the message that is not whole yet, frame by frame."""
        return self._limits.size

    def drop_messages(self) -> None:
        """Hold no message any more, not even the one under way; the peer's end is still of interest."""
        self._deaf = True
        self._parts.clear()

    def receive(self, data: bytes, now_s: float = 0.0) -> None:
        """Take bytes from the peer; b"" says that it ended. `now_s`, any monotonic clock, is for rate limits."""
        if data:
            self._limits.now_s = now_s
            self._proto.receive_bytes(data)
        else:
            self._eof = True

    def next_event(self) -> Event:
        """The next event; NEED_DATA when the bytes so far hold no other, and Closed again after Closed."""
        if self._closed is not None:
            return self._closed
        try:
            for frame in self._proto.received_frames():
                event = self._read_frame(frame.opcode, frame.payload, finished=frame.message_finished)
                if event is not None:
                    return event
        except ParseFailed as error:
            return self._end(int(error.code), self._limits.why or str(error), clean=False)
        return self._end(LOST, "", clean=False) if self._eof else NEED_DATA

    def close(self, code: int, reason: str = "") -> bytes:
        """The close frame to send, or b"" when one was given out before (section 5.5.1: nothing follows it)."""
        if self._said_close:
            return b""
        self._said_close = True
        return encode_close(code, reason)

    def _read_frame(self, opcode: Opcode, payload: object, *, finished: bool) -> Event | None:
        match payload:
            case str() | bytes() if opcode in {Opcode.TEXT, Opcode.BINARY}:
                return self._join(payload, finished=finished)
            case bytes():
                return Ping(payload) if opcode is Opcode.PING else Pong(payload)
            case (int(code), str(reason)):
                return self._end(int(code), reason, clean=True)
            case _:
                raise AssertionError(f"wsproto gave {opcode!r} with {type(payload).__name__}")

    def _join(self, part: str | bytes, *, finished: bool) -> Message | None:
        if finished:
            self._limits.size = 0
        if self._deaf:
            return None
        parts = self._parts
        if finished and not parts:
            return Message(part)
        parts.append(part)
        if finished or len(parts) > _PARTS_MAX:
            whole = _joined(parts)
            parts.clear()
            if finished:
                return Message(whole)
            parts.append(whole)
        return None

    def _end(self, code: int, reason: str, *, clean: bool) -> Closed:
        self._parts.clear()
        self._closed = Closed(code, reason, clean)
        return self._closed


def _joined(parts: list[str | bytes]) -> str | bytes:
    """Parts of one message are all of one kind."""
    if isinstance(parts[0], str):
        return "".join(part for part in parts if isinstance(part, str))
    return b"".join(part for part in parts if isinstance(part, bytes))
