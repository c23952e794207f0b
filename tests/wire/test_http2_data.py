"""wire.http2_data: a DATA frame in pieces, with and without padding."""

import pytest

from edge_node.wire.http2_budget import Http2Broken
from edge_node.wire.http2_data import DataFrame
from edge_node.wire.http2_frames import END_STREAM, PADDED


def in_pieces(frame: DataFrame, body: bytes, size: int) -> tuple[bytes, int]:
    """The useful bytes, and all that were counted, when `size` come at a time."""
    useful, counted = b"", 0
    for begin in range(0, len(body), size):
        assert not frame.whole
        piece = body[begin : begin + size]
        end, data, took = frame.take(piece, 0)
        assert end == len(piece)
        useful, counted = useful + bytes(data), counted + took
    assert frame.whole
    return useful, counted


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_frame_in_pieces(size):
    """Every byte counts, padding and its length too; only the useful ones are handed on."""
    assert in_pieces(DataFrame(1, 0, 5), b"hello", size) == (b"hello", 5)
    assert in_pieces(DataFrame(1, PADDED, 9), b"\x03hello\0\0\0", size) == (b"hello", 9)
    assert in_pieces(DataFrame(1, PADDED, 1), b"\0", size) == (b"", 1)


def test_it_stops_where_it_ends():
    """What follows in the same bytes is another frame's."""
    frame = DataFrame(1, END_STREAM, 3)
    assert frame.take(b"..abcdef", 2) == (5, b"abc", 3)
    assert (frame.whole, frame.ends) == (True, True)


def test_an_empty_frame_is_whole():
    """Without any bytes."""
    frame = DataFrame(1, END_STREAM, 0)
    assert frame.take(b"", 0) == (0, b"", 0)
    assert frame.whole


def test_more_padding_than_frame():
    """At the limit and beyond; and padding without room for its length."""
    DataFrame(1, PADDED, 4).take(b"\x03", 0)
    with pytest.raises(Http2Broken):
        DataFrame(1, PADDED, 4).take(b"\x04", 0)
    with pytest.raises(Http2Broken):
        DataFrame(1, PADDED, 0)


def test_a_small_piece_keeps_nothing_alive():
    """A view where it is most of the bytes it was cut from, a copy where it is not."""
    data = bytes(1_000)
    assert DataFrame(1, 0, 1_000).take(data, 0)[1] is data
    assert isinstance(DataFrame(1, 0, 600).take(data, 10)[1], memoryview)
    assert isinstance(DataFrame(1, 0, 400).take(data, 10)[1], bytes)
