"""wire.http2: another library's frames give the same events in any split, and ours are read by it."""

import contextlib

import h2.config
import h2.connection
import h2.events
import h2.settings
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.wire.http2 import CONNECTION_WINDOW_BYTES, Http2Server
from edge_node.wire.http2_budget import Http2Broken, NotHttp2
from edge_node.wire.http2_events import Arrived, Event, Left, Opened, Reset, Room
from edge_node.wire.http2_frames import PREFACE, ErrorCode, FrameType, frame_head, header_block
from edge_node.wire.http2_streams import FRAME_MAX_BYTES, STREAM_WINDOW_BYTES

FIELDS = [(":method", "POST"), (":scheme", "http"), (":path", "/a.A/b"), (":authority", "x"), ("te", "trailers")]
HELLO = PREFACE + frame_head(FrameType.SETTINGS, 0, 0, 0)


def new_server(**changes: int) -> Http2Server:
    """A connection that has heard nothing."""
    return Http2Server(**{"streams_max": 128, "header_bytes_max": 65_536, "now": 0.0, **changes})


def new_client() -> h2.connection.H2Connection:
    """The other library's client, begun."""
    client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    client.initiate_connection()
    return client


def hear(server: Http2Server, raw: bytes) -> list[Event]:
    """All events of some bytes."""
    events: list[Event] = []
    server.receive(raw)
    while not server.hungry:
        events += server.next_events(0.0)
    return events


def output(server: Http2Server) -> bytes:
    """All there is to send."""
    sent = b""
    while data := server.out.take(10_000):
        sent += bytes(data)
    assert server.out.size == 0
    return sent


def joined(events: list[Event]) -> list[object]:
    """Events as values, with the pieces of a frame put together: how they came is no part of what came."""
    found: list[list[object]] = []
    for event in events:
        if isinstance(event, Arrived):
            last = found[-1] if found else []
            if last and last[0] == "data" and last[1] == event.stream and not last[4]:
                last[2], last[3], last[4] = last[2] + bytes(event.data), last[3] + event.size, event.ended  # type: ignore[operator]
            else:
                found.append(["data", event.stream, bytes(event.data), event.size, event.ended])
        elif isinstance(event, Opened):
            found.append(["opened", event.stream, event.headers, event.ended])
        elif isinstance(event, Reset):
            found.append(["reset", event.stream, event.code])
        elif isinstance(event, Room):
            found.append(["room", event.stream])
        else:
            found.append(["left"])
    return found  # type: ignore[return-value]


def conversation() -> bytes:
    """What a client may say, of every kind."""
    client = new_client()
    client.send_headers(1, FIELDS)
    client.send_data(1, b"first", pad_length=9)
    client.send_data(1, b"", pad_length=0)
    client.send_headers(3, FIELDS, end_stream=True)
    client.send_data(1, bytes(16_000))
    client.ping(b"12345678")
    client.increment_flow_control_window(1_000, 1)
    client.increment_flow_control_window(1_000)
    client.reset_stream(3, ErrorCode.CANCEL)
    client.send_headers(5, [*FIELDS, ("token", "x" * 20_000)])
    client.send_headers(5, [("trailer", "1")], end_stream=True)
    client.send_data(1, b"last", end_stream=True)
    return client.data_to_send() + frame_head(FrameType.GOAWAY, 0, 0, 8) + bytes(8)


SAID = conversation()
MEANT = joined(hear(new_server(), SAID))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=40))
def test_any_split_gives_the_same_events(sizes):
    """Frames cut anywhere, padding and header blocks over several frames included."""
    server, events, position = new_server(), [], 0
    for size in [*sizes, len(SAID)]:
        events += hear(server, SAID[position : position + size])
        position += size
    assert joined(events) == MEANT
    assert [found[0] for found in MEANT].count("opened") == 3  # type: ignore[index]


def test_the_first_words_tell_the_limits():
    """SETTINGS and a large window for the connection."""
    client, server = new_client(), new_server(streams_max=7)
    client.receive_data(output(server))
    assert client.remote_settings.max_concurrent_streams == 7
    assert client.remote_settings.max_frame_size == FRAME_MAX_BYTES
    assert client.remote_settings.initial_window_size == STREAM_WINDOW_BYTES
    assert client.outbound_flow_control_window == CONNECTION_WINDOW_BYTES


def test_an_answer_is_read_by_another_library():
    """Headers, data in parts, trailers; and the stream is over for both."""
    client, server = new_client(), new_server()
    client.send_headers(1, FIELDS, end_stream=True)
    hear(server, client.data_to_send())
    server.send_headers(1, header_block([(b":status", b"200")]))
    server.send_data(1, [b"he", memoryview(b"llo")], 5)
    server.send_last_headers(1, header_block([(b"grpc-status", b"0")]))
    kinds = [type(event) for event in client.receive_data(output(server))]
    assert kinds[-4:] == [
        h2.events.ResponseReceived, h2.events.DataReceived, h2.events.TrailersReceived, h2.events.StreamEnded,
    ]  # fmt: skip
    assert server.room(1) == 0


def test_room_is_the_smallest_of_windows_and_frame():
    """The stream's, the connection's and the client's largest frame, through SETTINGS and WINDOW_UPDATE."""
    client, server = new_client(), new_server()
    client.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 10_000})
    client.send_headers(1, FIELDS)
    hear(server, client.data_to_send())
    assert server.room(1) == 10_000
    client.increment_flow_control_window(50_000, 1)
    assert joined(hear(server, client.data_to_send())) == [["room", 1]]
    assert server.room(1) == 16_384
    server.send_headers(1, header_block([(b":status", b"200")]))
    server.send_data(1, [bytes(16_000)], 16_000)
    server.send_data(1, [bytes(16_000)], 16_000)
    server.send_data(1, [bytes(16_000)], 16_000)
    assert server.room(1) == 12_000
    server.send_data(1, [bytes(12_000)], 12_000)
    assert server.room(1) == 0


def test_the_connections_window_comes_back_on_arrival():
    """Also for streams that are gone: 64 MiB of it leave the window open."""
    client, server = new_client(), new_server()
    client.receive_data(output(server))
    for stream in range(1, 2_049, 2):
        client.send_headers(stream, FIELDS)
        for _ in range(4):
            client.send_data(stream, bytes(16_000))
        hear(server, client.data_to_send())
        server.reset(stream, ErrorCode.NO_ERROR)
        client.receive_data(output(server))
    assert client.outbound_flow_control_window > CONNECTION_WINDOW_BYTES // 2


def test_sending_on_a_stream_that_is_over_is_nothing():
    """A reset that came in the same breath as the call breaks nothing."""
    client, server = new_client(), new_server()
    for stream in (1, 3, 5):
        client.send_headers(stream, FIELDS)
        client.reset_stream(stream)
    hear(server, client.data_to_send())
    output(server)
    server.send_headers(1, b"\x88")
    server.send_last_headers(3, b"\x88")
    server.reset(5, ErrorCode.CANCEL)
    assert output(server) == b""


def test_a_turn_is_short():
    """Many frames at once are given out in portions."""
    server = new_server()
    server.receive(HELLO + (frame_head(FrameType.WINDOW_UPDATE, 0, 0, 4) + b"\x00\x00\x00\x01") * 1_000)
    turns = 0
    while not server.hungry:
        server.next_events(0.0)
        turns += 1
    assert turns >= 4


def test_a_goodbye_lets_calls_go_on():
    """After GOAWAY either way, streams that are open are answered."""
    client, server = new_client(), new_server()
    client.send_headers(1, FIELDS)
    hear(server, client.data_to_send())
    assert [type(event) for event in hear(server, frame_head(FrameType.GOAWAY, 0, 0, 8) + bytes(8))] == [Left]
    server.go_away()
    output(server)
    server.send_headers(1, b"\x88")
    assert output(server)


def test_http1_is_no_http2():
    """As soon as the first bytes differ."""
    server = new_server()
    server.receive(b"PRI * HTTP/1.1\r\n")
    with pytest.raises(NotHttp2):
        server.next_events(0.0)


def test_a_break_tells_the_client():
    """GOAWAY with the code and the newest stream that was looked at."""
    client, server = new_client(), new_server()
    client.send_headers(1, FIELDS)
    hear(server, client.data_to_send())
    with pytest.raises(Http2Broken):
        hear(server, frame_head(FrameType.PING, 0, 0, 3) + bytes(3))
    [gone] = [e for e in client.receive_data(output(server)) if isinstance(e, h2.events.ConnectionTerminated)]
    assert (gone.error_code, gone.last_stream_id) == (ErrorCode.FRAME_SIZE_ERROR, 1)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 11), st.integers(0, 255), st.sampled_from([0, 1, 2, 3, 5, 7]), st.binary(max_size=60)),
        max_size=12,
    ),
    st.booleans(),
)
def test_any_frames_are_read_or_end_the_connection(frames, opened):
    """Whatever a client makes up, there is no third way."""
    server, client = new_server(), new_client()
    if opened:
        client.send_headers(1, FIELDS)
        client.send_headers(3, FIELDS, end_stream=True)
    raw = client.data_to_send()
    for kind, flags, stream, body in frames:
        raw += frame_head(kind, flags, stream, len(body)) + body
    try:
        hear(server, raw)
    except Http2Broken:
        assert frame_head(FrameType.GOAWAY, 0, 0, 0)[3:9] in output(server)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_end_the_connection(raw):
    """So it is with bytes that are no frames."""
    for before in (b"", HELLO):
        with contextlib.suppress(Http2Broken):
            hear(new_server(), before + raw)
