"""The server's side of one HTTP/2 connection that carries gRPC: bytes in, events and frames out (RFC 9113).

Frames are split here. h2 keeps what is intricate and rare (wire/http2_streams), and DATA, WINDOW_UPDATE and PING never
reach it: they are most of the traffic, a client floods with them, and h2 would copy each byte five times. So a DATA
frame of 1 MiB is handed on in the pieces in which it arrives.

Credit is the shell's: it is told what came (`Arrived.size`) and says what may come (`open_window`). The connection's
own window is given back on arrival; the windows of the streams bound what a client can make us hold.
"""

import struct

from edge_node.base.limits import KIB, MIB
from edge_node.wire.http2_budget import STRAY_MIN_BYTES, Budget, Http2Broken, NotHttp2, charge
from edge_node.wire.http2_data import DataFrame
from edge_node.wire.http2_events import Arrived, Event, Left, Opened, Room
from edge_node.wire.http2_frames import (
    ACK,
    END_HEADERS,
    HEAD_BYTES,
    PREFACE,
    ErrorCode,
    FrameType,
    data_head,
    goaway_frame,
    headers_frame,
    ping_ack,
    reset_frame,
    window_frame,
)
from edge_node.wire.http2_output import Output
from edge_node.wire.http2_streams import FRAME_MAX_BYTES, HEADERS_HARD_FACTOR, Streams

CONNECTION_WINDOW_BYTES = 16 * MIB  # in flight, not held: given back on arrival
CONTROL_MAX_BYTES = 16 * KIB  # settings, unknown frames; nobody needs more
TURN_COST = 256  # looked at in one go, at most about 3 ms; a frame is 1
HEADERS_COST = 128  # a quarter of a millisecond

_HEAD = struct.Struct(">HBBBL")
_UNBOUNDED = 2**31 - 1


class Http2Server:
    """One connection. `receive` what came, then `next_events` until `hungry`; send what `take_output` gives.

    Http2Broken ends the connection; its GOAWAY is then among the output. Time is an argument, in seconds.
    """

    def __init__(self, *, streams_max: int, header_bytes_max: int, now: float) -> None:
        self._streams = Streams(streams_max=streams_max, header_bytes_max=header_bytes_max)
        self.out = Output()
        self.out.put(self._streams.greeting + window_frame(0, CONNECTION_WINDOW_BYTES - 65_535))
        self._block_bytes_max = HEADERS_HARD_FACTOR * header_bytes_max
        self._budget = Budget(now)
        self._data: bytes = b""
        self._at = 0
        self.greeted = False
        self._block = 0  # the stream whose header block is under way
        self._block_bytes = 0
        self._body: DataFrame | None = None  # under way
        self._window_used = 0
        self._window_left = CONNECTION_WINDOW_BYTES
        self._turn = 0
        self.hungry = True
        self.going = False

    # --- what came

    def receive(self, data: bytes) -> None:
        """More bytes of the connection."""
        rest = self._data[self._at :]
        self._data, self._at = rest + data if rest else data, 0
        self.hungry = False

    def next_events(self, now: float) -> list[Event]:
        """What some of the received bytes mean; to be called again unless `hungry`. Http2Broken."""
        events: list[Event] = []
        try:
            self._turn = TURN_COST
            while self._turn > 0:
                self._turn -= 1
                if not self._step(events, now):
                    self.hungry = True
                    break
        except Http2Broken as error:
            self._say_why(error)
            raise
        return events

    def _say_why(self, error: Http2Broken) -> None:
        self.out.put(goaway_frame(self.last_stream, error.code, error.why.encode()[:128]))

    def _step(self, events: list[Event], now: float) -> bool:
        """One frame, or the next piece of one; False when more bytes are needed."""
        if self._body is not None:
            return self._take_body(self._body, events, now)
        data, at = self._data, self._at
        if not self.greeted:
            return self._greet()
        if len(data) - at < HEAD_BYTES:
            return False
        high, low, kind, flags, stream = _HEAD.unpack_from(data, at)
        size, stream = high << 8 | low, stream & _UNBOUNDED
        if kind == FrameType.DATA and not self._block:
            if size > FRAME_MAX_BYTES:
                raise Http2Broken(ErrorCode.FRAME_SIZE_ERROR, "a frame is too large")
            self._at = at + HEAD_BYTES
            self._begin_body(stream, flags, size)
            return True
        self._check_size(kind, size)
        end = at + HEAD_BYTES + size
        if len(data) < end:
            return False
        self._at = end
        if kind == FrameType.WINDOW_UPDATE and not self._block:
            self._on_window(events, stream, data[at + HEAD_BYTES : end], now)
        else:
            self._on_control(events, kind, flags, stream, data[at:end], now)
        return True

    def _greet(self) -> bool:
        have = self._data[self._at : self._at + len(PREFACE) + HEAD_BYTES]
        if not PREFACE.startswith(have[: len(PREFACE)]):
            raise NotHttp2(have)
        if len(have) < len(PREFACE) + HEAD_BYTES:
            return False
        if have[len(PREFACE) + 3] != FrameType.SETTINGS:
            raise Http2Broken(ErrorCode.PROTOCOL_ERROR, "the first frame is not SETTINGS")
        self._at += len(PREFACE)
        self._streams.begin()
        self.greeted = True
        return True

    def _check_size(self, kind: int, size: int) -> None:
        if kind in (FrameType.HEADERS, FrameType.CONTINUATION):
            before = self._block_bytes if kind == FrameType.CONTINUATION else 0
            if before + size > self._block_bytes_max:
                raise Http2Broken(ErrorCode.ENHANCE_YOUR_CALM, "a header block is too large")
        elif size > CONTROL_MAX_BYTES:
            raise Http2Broken(ErrorCode.FRAME_SIZE_ERROR, "a frame is too large")

    def _on_control(self, events: list[Event], kind: int, flags: int, stream: int, frame: bytes, now: float) -> None:
        if self._block and (kind != FrameType.CONTINUATION or stream != self._block):
            raise Http2Broken(ErrorCode.PROTOCOL_ERROR, "a header block was interrupted")
        if kind == FrameType.HEADERS or kind == FrameType.CONTINUATION:
            self._on_headers(events, kind, flags, stream, frame, now)
        elif kind == FrameType.PING:
            self._on_ping(flags, stream, frame, now)
        elif kind == FrameType.SETTINGS:
            charge(self._budget.settings, now, "too many settings")
            self._ask_h2(events, frame)
        elif kind == FrameType.RST_STREAM:
            charge(self._budget.resets, now, "too many resets")
            self._ask_h2(events, frame)
        elif kind == FrameType.GOAWAY:
            events.append(Left())  # kept from h2, which would not let the calls there are be answered
        elif kind == FrameType.PUSH_PROMISE:
            raise Http2Broken(ErrorCode.PROTOCOL_ERROR, "a client cannot push")
        else:
            charge(self._budget.idle_frames, now, "too many frames without effect")

    def _on_headers(self, events: list[Event], kind: int, flags: int, stream: int, frame: bytes, now: float) -> None:
        self._turn -= HEADERS_COST
        if kind == FrameType.HEADERS:
            self._block_bytes = 0
        self._block_bytes += len(frame)
        if kind == FrameType.CONTINUATION and not self._block:
            raise Http2Broken(ErrorCode.PROTOCOL_ERROR, "a continuation of nothing")
        self._block = 0 if flags & END_HEADERS else stream
        self._ask_h2(events, frame)
        if self._streams.oversized:
            self._turn = 0
            charge(self._budget.large_blocks, now, "too many large header blocks")

    def _ask_h2(self, events: list[Event], frame: bytes) -> None:
        before = len(events)
        answer = self._streams.hear(frame, events)
        for event in events[before:]:
            if isinstance(event, Opened):
                self._budget.note_opened()
        if answer:
            self.out.put(answer)

    def _on_ping(self, flags: int, stream: int, frame: bytes, now: float) -> None:
        if len(frame) != HEAD_BYTES + 8:
            raise Http2Broken(ErrorCode.FRAME_SIZE_ERROR, "a ping is not eight bytes")
        if stream:
            raise Http2Broken(ErrorCode.PROTOCOL_ERROR, "a ping on a stream")
        charge(self._budget.pings, now, "too_many_pings")  # gRPC's own word: clients then ping less
        if not flags & ACK:
            self.out.put(ping_ack(frame[HEAD_BYTES:]))

    def _on_window(self, events: list[Event], stream: int, body: bytes, now: float) -> None:
        if len(body) != 4:
            raise Http2Broken(ErrorCode.FRAME_SIZE_ERROR, "a window update is not four bytes")
        charge(self._budget.updates, now, "too many window updates")
        increment = int.from_bytes(body, "big") & _UNBOUNDED
        if self._streams.widen(stream, increment):
            events.append(Room(stream))

    # --- DATA

    def _begin_body(self, stream: int, flags: int, size: int) -> None:
        self._streams.require_begun(stream)
        self._window_left -= size
        if self._window_left < 0:
            raise Http2Broken(ErrorCode.FLOW_CONTROL_ERROR, "more data than the connection's window")
        self._body = DataFrame(stream, flags, size)

    def _take_body(self, body: DataFrame, events: list[Event], now: float) -> bool:
        self._at, data, size = body.take(self._data, self._at)
        if size or body.whole:
            self._hand_on(events, body.stream, data, size, ended=body.whole and body.ends, now=now)
        if body.whole:
            self._body = None
        return body.whole

    def _hand_on(
        self, events: list[Event], stream: int, data: bytes | memoryview, size: int, *, ended: bool, now: float
    ) -> None:
        self._window_used += size
        if self._window_used >= CONNECTION_WINDOW_BYTES // 4:
            self.out.put(window_frame(0, self._window_used))
            self._window_left += self._window_used
            self._window_used = 0
        if not self._streams.take_data(stream, ended=ended):
            charge(self._budget.strays, now, "too much data for streams that are gone", max(size, STRAY_MIN_BYTES))
            return
        if not data and not ended:
            charge(self._budget.idle_frames, now, "too many frames without effect")
        events.append(Arrived(stream, data, size, ended))

    # --- what goes

    @property
    def last_stream(self) -> int:
        """The newest stream a client opened."""
        return self._streams.last

    def room(self, stream: int) -> int:
        """How many bytes of a stream may go now."""
        return self._streams.room(stream)

    def send_headers(self, stream: int, block: bytes) -> None:
        """Response headers, `block` as `header_block` makes it; nothing if the stream is over."""
        if self._streams.note_headers(stream, last=False):
            self.out.put(headers_frame(stream, self._streams.table_note() + block))

    def send_last_headers(self, stream: int, block: bytes) -> None:
        """Trailers, or all there is: the stream ends for us; nothing if it is over."""
        if self._streams.note_headers(stream, last=True):
            self.out.put(headers_frame(stream, self._streams.table_note() + block, end=True))

    def send_data(self, stream: int, parts: list[bytes | memoryview], size: int) -> None:
        """One DATA frame of `size` bytes in parts, at most `room`. The parts are kept until they are taken."""
        self._streams.note_sent(stream, size)
        self._budget.note_sent(size)
        self.out.put_parts(data_head(stream, size), parts, size)

    def open_window(self, stream: int, increment: int) -> None:
        """Let the client send so much more of a stream."""
        self.out.put(window_frame(stream, increment))

    def reset(self, stream: int, code: ErrorCode) -> None:
        """End a stream for both sides; nothing if it is over."""
        if self._streams.note_reset(stream):
            self.out.put(reset_frame(stream, code))

    def refuse(self, stream: int, now: float) -> None:
        """End a stream that was not looked at, so that it may be asked again; Http2Broken when there are too many."""
        try:
            charge(self._budget.refusals, now, "too many streams")
        except Http2Broken as error:
            self._say_why(error)
            raise
        self.reset(stream, ErrorCode.REFUSED_STREAM)

    def go_away(self, code: ErrorCode = ErrorCode.NO_ERROR, why: bytes = b"") -> None:
        """Say that no further stream will be answered; those there are go on."""
        self.going = True
        self.out.put(goaway_frame(self.last_stream, code, why))

    def take_output(self, size: int) -> bytes | memoryview:
        """The next bytes to be sent, about `size` or one larger part; b"" when there are none."""
        return self.out.take(size)
