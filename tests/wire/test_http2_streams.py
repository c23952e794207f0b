"""wire.http2_streams: what another library's client says is told as events, and what passed h2 by is counted."""

import pytest
from h2.settings import SettingCodes

from edge_node.wire.http2_budget import Http2Broken
from edge_node.wire.http2_events import Arrived, Event, Opened, Oversized, Reset, Room
from edge_node.wire.http2_frames import (
    HEAD_BYTES,
    PREFACE,
    TABLE_EMPTIED,
    WINDOW_MAX,
    ErrorCode,
    FrameType,
    frame_head,
)
from edge_node.wire.http2_streams import FIELD_BYTES, FRAME_MAX_BYTES, STREAM_WINDOW_BYTES, Streams
from tests.wire.test_http2 import FIELDS, new_client


def frames_of(raw: bytes) -> list[bytes]:
    """What a client wrote, frame by frame, without the preface."""
    rest, frames = raw.removeprefix(PREFACE), []
    while rest:
        size = HEAD_BYTES + int.from_bytes(rest[:3], "big")
        frames.append(rest[:size])
        rest = rest[size:]
    return frames


class Pair:
    """Streams and another library's client that opened stream 1."""

    def __init__(self) -> None:
        self.streams = Streams(streams_max=8, header_bytes_max=16_384)
        self.streams.begin()
        self.client = new_client()
        self.client.receive_data(self.streams.greeting)
        self.client.send_headers(1, FIELDS)
        self.events = self.tell()

    def tell(self) -> list[Event]:
        """All the client has to say; the answers go back to it."""
        events: list[Event] = []
        for frame in frames_of(self.client.data_to_send()):
            self.client.receive_data(self.streams.hear(frame, events))
        return events


@pytest.fixture
def pair() -> Pair:
    """A connection with one open stream."""
    return Pair()


def test_a_header_list_is_weighed_as_the_limit_says() -> None:
    """Names, values and 32 bytes for each: at the limit it opens a call, one byte more and it does not."""
    weight = sum(len(name) + len(value) + FIELD_BYTES for name, value in FIELDS)
    for size, kind in ((16_384, Opened), (16_385, Oversized)):
        pair = Pair()
        pair.client.send_headers(3, [*FIELDS, ("a", "b" * (size - weight - 1 - FIELD_BYTES))], end_stream=True)
        [event] = pair.tell()
        assert type(event) is kind
        assert pair.streams.oversized is (kind is Oversized)
        assert not isinstance(event, Oversized) or (event.stream, event.size, event.ended) == (3, size, True)


def test_the_greeting_says_our_limits(pair: Pair) -> None:
    """Another library reads them."""
    said = pair.client.remote_settings
    assert (said.max_concurrent_streams, said.max_header_list_size) == (8, 16_384)
    assert (said.initial_window_size, said.max_frame_size) == (STREAM_WINDOW_BYTES, FRAME_MAX_BYTES)


def test_headers_open_a_stream(pair: Pair) -> None:
    """The settings before them are room for all; trailers and a reset end what is open."""
    fields = [(name.encode(), value.encode()) for name, value in FIELDS]
    assert pair.events == [Room(0), Opened(1, fields, ended=False)]
    assert pair.streams.last == 1
    pair.client.send_headers(3, FIELDS)
    pair.client.send_headers(1, [("x", "y")], end_stream=True)
    pair.client.reset_stream(3, ErrorCode.CANCEL)
    assert pair.tell()[1:] == [Arrived(1, b"", 0, ended=True), Reset(3, ErrorCode.CANCEL)]


def test_more_streams_than_offered_are_told_all_the_same(pair: Pair) -> None:
    """Refusing one is the caller's: h2 would end the connection."""
    events: list[Event] = []
    for number in range(3, 3 + 2 * 8, 2):
        head = pair.client.encoder.encode(FIELDS)
        pair.streams.hear(frame_head(FrameType.HEADERS, 0x4, number, len(head)) + head, events)
    assert [event.stream for event in events] == list(range(3, 19, 2))


def test_data_after_the_end_breaks_the_connection(pair: Pair) -> None:
    """Its own end was said; there is no more to come."""
    assert pair.streams.take_data(1, ended=False)
    assert pair.streams.take_data(1, ended=True)
    with pytest.raises(Http2Broken) as caught:
        pair.streams.take_data(1, ended=False)
    assert caught.value.code == ErrorCode.STREAM_CLOSED


def test_data_of_a_stream_that_is_gone_is_told_apart(pair: Pair) -> None:
    """What was on its way when we reset the stream may still come: nothing is broken by it."""
    assert pair.streams.note_reset(1)
    assert not pair.streams.take_data(1, ended=False)


def test_room_is_the_smallest_of_three(pair: Pair) -> None:
    """The client's frame size, the stream's window, the connection's; none for a stream that is over."""
    streams = pair.streams
    assert streams.room(1) == 16_384
    for left in (65_535 - 60_000, 0):
        streams.note_sent(1, 60_000 if left else 5_535)
        assert streams.room(1) == left
    assert streams.widen(1, 9_000)
    assert streams.room(1) == 0
    assert streams.widen(0, 7_000)
    assert streams.room(1) == 7_000
    assert streams.note_reset(1)
    assert streams.room(1) == 0


@pytest.mark.parametrize("stream", [0, 1])
def test_a_window_ends_at_its_limit(stream: int) -> None:
    """2^31-1 is reached; one more, or an increment of nothing, breaks the connection."""
    streams = Pair().streams
    assert streams.widen(stream, WINDOW_MAX - 65_535)
    for increment, code in ((1, ErrorCode.FLOW_CONTROL_ERROR), (0, ErrorCode.PROTOCOL_ERROR)):
        with pytest.raises(Http2Broken) as caught:
            streams.widen(stream, increment)
        assert caught.value.code == code


@pytest.mark.parametrize("stream", [2, 3, WINDOW_MAX])
def test_a_stream_that_nobody_opened(stream: int) -> None:
    """Even numbers are ours to open, and higher ones have not begun."""
    with pytest.raises(Http2Broken):
        Pair().streams.widen(stream, 1)


def test_what_is_over_takes_nothing(pair: Pair) -> None:
    """Headers, trailers and resets of a stream that ended on both sides are not sent."""
    streams = pair.streams
    assert streams.note_headers(1, last=False)
    assert streams.note_headers(1, last=True)
    assert streams.take_data(1, ended=True)
    assert not streams.note_headers(1, last=True)
    assert not streams.note_reset(1)


def test_a_limited_table_is_noted_once(pair: Pair) -> None:
    """Before the next block, and not again; whether we use the table or not."""
    pair.client.update_settings({SettingCodes.HEADER_TABLE_SIZE: 0})
    pair.tell()
    assert (pair.streams.table_note(), pair.streams.table_note()) == (TABLE_EMPTIED, b"")


def test_what_h2_refuses_has_its_code(pair: Pair) -> None:
    """It goes into our GOAWAY; nothing was told of the frame."""
    events: list[Event] = []
    for _ in range(2):
        with pytest.raises(Http2Broken) as caught:
            pair.streams.hear(frame_head(FrameType.RST_STREAM, 0, 0, 4) + bytes(4), events)
        assert caught.value.code == ErrorCode.PROTOCOL_ERROR
    assert events == []
