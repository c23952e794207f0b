"""The streams of one connection as h2 keeps them: header blocks, settings, states and windows (RFC 9113, RFC 7541).

h2 sees the frames that are intricate and rare. DATA, WINDOW_UPDATE and PING pass it by (wire/http2): what they change
is told here.
"""

import h2.events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from h2.stream import H2Stream, StreamInputs

from edge_node.base.limits import KIB, MIB
from edge_node.wire.http2_budget import Http2Broken
from edge_node.wire.http2_events import Arrived, Event, Opened, Oversized, Reset, Room
from edge_node.wire.http2_frames import PREFACE, TABLE_EMPTIED, WINDOW_MAX, ErrorCode

STREAM_WINDOW_BYTES = 64 * KIB  # what a client may send of a call before anybody asked for it
HEADERS_HARD_FACTOR = 4  # times a call's limit: so much of a header block is read, as the next one builds on it
FIELD_BYTES = 32  # of each field besides its name and value (RFC 9113 section 6.5.2)
FRAME_MAX_BYTES = MIB  # the DDC SDK sends 4 MB messages: 16 KiB frames cost it a third of its speed


class _States(H2Connection):
    """h2 with a memory of closed streams that many connections can afford."""

    MAX_CLOSED_STREAMS = 1_024


class Streams:
    """All streams of a connection; `greeting` is what we say first. A stream that is over takes nothing any more."""

    def __init__(self, *, streams_max: int, header_bytes_max: int) -> None:
        self._h2 = _States(H2Configuration(client_side=False, header_encoding=None))
        self._h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: streams_max,
                SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW_BYTES,
                SettingCodes.MAX_FRAME_SIZE: FRAME_MAX_BYTES,
                SettingCodes.MAX_HEADER_LIST_SIZE: header_bytes_max,
            },
        )
        self._h2.max_inbound_frame_size = FRAME_MAX_BYTES
        # h2 leaves a block half read that is larger, and the tables of both sides no longer agree.
        self._h2.decoder.max_header_list_size = HEADERS_HARD_FACTOR * header_bytes_max
        self._header_bytes_max = header_bytes_max
        self.oversized = False  # whether the block heard last was above the limit
        self._h2.initiate_connection()
        self.greeting = self._h2.data_to_send()
        # From here on h2 counts no streams: it would end a connection where a stream is to be refused.
        self._h2.local_settings = Settings(
            client=False, initial_values={SettingCodes.MAX_CONCURRENT_STREAMS: WINDOW_MAX}
        )
        self._table_limited = False

    @property
    def last(self) -> int:
        """The newest stream a client opened."""
        return self._h2.highest_inbound_stream_id

    def begin(self) -> None:
        """The client's preface came."""
        self._h2.receive_data(PREFACE)

    # --- what came

    def hear(self, frame: bytes, events: list[Event]) -> bytes:
        """Take a whole frame, put what it means behind `events`, and give what is to be answered. Http2Broken."""
        self.oversized = False
        try:
            heard = self._h2.receive_data(frame)
        except ProtocolError as error:
            self._h2.clear_outbound_data_buffer()  # its own GOAWAY, which says less
            raise Http2Broken(_code(error.error_code), str(error)) from None
        for event in heard:
            self._translate(event, events)
        return self._h2.data_to_send()

    def _translate(self, event: h2.events.Event, events: list[Event]) -> None:
        if isinstance(event, h2.events.RequestReceived):
            stream = self._h2.streams[event.stream_id]
            stream._expected_content_length = None  # noqa: SLF001 - DATA passes h2 by; gRPC frames its own lengths
            headers, ended = list(event.headers), event.stream_ended is not None
            size = self._weigh(headers)
            if self.oversized:
                events.append(Oversized(event.stream_id, size, ended))
            else:
                events.append(Opened(event.stream_id, headers, ended))
        elif isinstance(event, h2.events.TrailersReceived):
            self._weigh(list(event.headers))
            events.append(Arrived(event.stream_id, b"", 0, ended=True))
        elif isinstance(event, h2.events.StreamReset):
            events.append(Reset(event.stream_id, int(event.error_code)))
        elif isinstance(event, h2.events.RemoteSettingsChanged):
            if SettingCodes.HEADER_TABLE_SIZE in event.changed_settings:
                self._table_limited = True
            events.append(Room(0))

    def _weigh(self, headers: list[tuple[bytes, bytes]]) -> int:
        size = sum(len(name) + len(value) for name, value in headers) + FIELD_BYTES * len(headers)
        self.oversized = size > self._header_bytes_max
        return size

    def take_data(self, stream: int, *, ended: bool) -> bool:
        """Data of a stream came; False when the stream is gone. Http2Broken when the client had ended it."""
        known = self._living(stream)
        if known is None:
            return False
        try:
            known.state_machine.process_input(StreamInputs.RECV_DATA)
            if ended:
                known.state_machine.process_input(StreamInputs.RECV_END_STREAM)
        except ProtocolError as error:
            raise Http2Broken(ErrorCode.STREAM_CLOSED, str(error)) from None
        return True

    def widen(self, stream: int, increment: int) -> bool:
        """So much more may be sent of a stream, or of all (0); False when the stream is gone. Http2Broken."""
        known = self._h2.streams.get(stream)
        if stream and known is None:
            self.require_begun(stream)
            return False
        if not increment:
            raise Http2Broken(ErrorCode.PROTOCOL_ERROR, "a window update of nothing")
        holder = self._h2 if known is None else known
        holder.outbound_flow_control_window += increment
        if holder.outbound_flow_control_window > WINDOW_MAX:
            raise Http2Broken(ErrorCode.FLOW_CONTROL_ERROR, "a window is too large")
        return True

    def require_begun(self, stream: int) -> None:
        """Http2Broken for a stream that no client has opened."""
        if stream > self.last or stream % 2 == 0:
            raise Http2Broken(ErrorCode.PROTOCOL_ERROR, "a frame for a stream that was not opened")

    # --- what goes

    def room(self, stream: int) -> int:
        """How many bytes of a stream may go now, in one frame."""
        known = self._living(stream)
        if known is None:
            return 0
        return min(
            self._h2.outbound_flow_control_window, known.outbound_flow_control_window, self._h2.max_outbound_frame_size
        )

    def note_sent(self, stream: int, size: int) -> None:
        """A DATA frame of `size` bytes goes, at most `room`."""
        self._h2.streams[stream].outbound_flow_control_window -= size
        self._h2.outbound_flow_control_window -= size

    def note_headers(self, stream: int, *, last: bool) -> bool:
        """A header block goes, `last` with the stream's end; False when the stream is over."""
        known = self._living(stream)
        if known is None:
            return False
        known.state_machine.process_input(StreamInputs.SEND_HEADERS)
        if last:
            known.state_machine.process_input(StreamInputs.SEND_END_STREAM)
        return True

    def note_reset(self, stream: int) -> bool:
        """RST_STREAM goes; False when the stream is over."""
        known = self._living(stream)
        if known is None:
            return False
        known.state_machine.process_input(StreamInputs.SEND_RST_STREAM)
        return True

    def table_note(self) -> bytes:
        """RFC 7541 section 4.2: a client that limits our table is told so at the head of the next block."""
        if not self._table_limited:
            return b""
        self._table_limited = False
        return TABLE_EMPTIED

    def _living(self, stream: int) -> H2Stream | None:
        """None when it is over, which what happened since the last event may have brought."""
        known = self._h2.streams.get(stream)
        return None if known is None or known.closed else known


def _code(raw: int) -> ErrorCode:
    try:
        return ErrorCode(raw)
    except ValueError:
        return ErrorCode.PROTOCOL_ERROR
