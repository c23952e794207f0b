"""wire.http2_frames: what we write, others read."""

import hpack
import pytest
from hyperframe.frame import Frame

from edge_node.wire.http2_frames import (
    END_STREAM,
    TABLE_EMPTIED,
    ErrorCode,
    FrameType,
    data_head,
    frame_head,
    goaway_frame,
    header_block,
    headers_frame,
    ping_ack,
    reset_frame,
    window_frame,
)


def parsed(raw: bytes) -> Frame:
    """The one frame in `raw`, as another library reads it."""
    frame, size = Frame.parse_frame_header(memoryview(raw[:9]))
    assert len(raw) == 9 + size
    frame.parse_body(memoryview(raw[9:]))
    return frame


def test_frames_are_read_by_another_library():
    """Types, streams, flags and bodies."""
    frame = parsed(reset_frame(7, ErrorCode.CANCEL))
    assert (frame.type, frame.stream_id, frame.error_code) == (FrameType.RST_STREAM, 7, 8)
    frame = parsed(window_frame(3, 2**31 - 1))
    assert (frame.stream_id, frame.window_increment) == (3, 2**31 - 1)
    frame = parsed(ping_ack(b"12345678"))
    assert (frame.flags, frame.opaque_data) == ({"ACK"}, b"12345678")
    frame = parsed(goaway_frame(5, ErrorCode.ENHANCE_YOUR_CALM, b"why"))
    assert (frame.last_stream_id, frame.error_code, frame.additional_data) == (5, 11, b"why")
    frame = parsed(headers_frame(9, b"\x88", end=True))
    assert (frame.stream_id, frame.flags, frame.data) == (9, {"END_STREAM", "END_HEADERS"}, b"\x88")
    frame = parsed(data_head(2**31 - 1, 3) + b"abc")
    assert (frame.stream_id, set(frame.flags), frame.data) == (2**31 - 1, set(), b"abc")


def test_a_head_is_nine_bytes():
    """RFC 9113 section 4.1, at the largest size."""
    assert frame_head(FrameType.DATA, END_STREAM, 1, 2**24 - 1) == b"\xff\xff\xff\x00\x01\x00\x00\x00\x01"
    assert data_head(1, 2**24 - 1) == b"\xff\xff\xff\x00\x00\x00\x00\x00\x01"


@pytest.mark.parametrize("size", [0, 1, 126, 127, 128, 254, 255, 256, 300, 5_000])
def test_a_header_block_means_the_same_on_every_connection(size):
    """Literals outside the table, of any length, after other blocks and behind a note that empties the table."""
    fields = [(b":status", b"200"), (b"grpc-message", b"x" * size)]
    decoder = hpack.Decoder()
    for block in (header_block(fields), TABLE_EMPTIED + header_block(fields), header_block(fields)):
        assert list(decoder.decode(block, raw=True)) == fields
    assert decoder.header_table_size == 0
