"""The chunked coding: round trip under any split, and its limits. Hostile framings stand in vectors/http1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.wire.http1_chunked import (
    CHUNK_LINE_MAX_BYTES,
    EXTENSIONS_MAX_BYTES,
    TRAILERS_MAX,
    TRAILERS_MAX_BYTES,
    ChunkedDecoder,
)
from edge_node.wire.http1_errors import HeadTooLarge, MalformedChunk
from edge_node.wire.http1_response import LAST_CHUNK, encode_chunk


def decode(pieces: list[bytes]) -> tuple[bytes, bool, bytes]:
    """The body, whether it ended, and the bytes left behind it."""
    decoder, buffer, body = ChunkedDecoder(), b"", b""
    for piece in [*pieces, b""]:  # once more at the end: a refusal waits until what came before it is given out
        buffer += piece
        data, used = decoder.decode(buffer, 0)
        body += data
        buffer = buffer[used:]
    return body, decoder.done, buffer


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=6), st.binary(max_size=5), st.integers(1, 20))
def test_what_is_encoded_comes_back_and_nothing_more(chunks: list[bytes], after: bytes, step: int) -> None:
    """Any chunks under any split give their bytes; what follows the body is left alone."""
    raw = b"".join(map(encode_chunk, chunks)) + LAST_CHUNK + after
    pieces = [raw[at : at + step] for at in range(0, len(raw), step)]
    body, done, rest = decode(pieces)
    assert (body, done) == (b"".join(chunks), True)
    assert after.startswith(rest) or rest == after


@pytest.mark.parametrize(("size", "fits"), [(CHUNK_LINE_MAX_BYTES, True), (CHUNK_LINE_MAX_BYTES + 1, False)])
def test_a_size_line_has_a_limit(size: int, fits: bool) -> None:
    """At the limit it is read, above it refused, even before its end has come."""
    line = b"1;" + b"e" * (size - 2)
    if fits:
        assert decode([line + b"\r\nx\r\n" + LAST_CHUNK])[:2] == (b"x", True)
        return
    for raw in (line + b"\r\nx\r\n", line + b"zzz"):
        with pytest.raises(MalformedChunk):
            decode([raw])


@pytest.mark.parametrize(("extra", "fits"), [(0, True), (1, False)])
def test_extensions_have_a_limit_in_all(extra: int, fits: bool) -> None:
    """Many short extensions are bounded together."""
    raw = (b"1;" + b"e" * 127 + b"\r\nx\r\n") * (EXTENSIONS_MAX_BYTES // 128) + b"0" + b";" * extra + b"\r\n\r\n"
    if fits:
        assert decode([raw])[1]
    else:
        with pytest.raises(MalformedChunk):
            decode([raw])


@pytest.mark.parametrize(("count", "fits"), [(TRAILERS_MAX, True), (TRAILERS_MAX + 1, False)])
def test_trailers_are_counted(count: int, fits: bool) -> None:
    """Trailers are dropped up to their limit and refused above it."""
    raw = b"0\r\n" + b"X: y\r\n" * count + b"\r\n"
    if fits:
        assert decode([raw]) == (b"", True, b"")
    else:
        with pytest.raises(HeadTooLarge):
            decode([raw])


@pytest.mark.parametrize(("extra", "error"), [(0, None), (1, HeadTooLarge)])
def test_trailers_are_weighed(extra: int, error: type[Exception] | None) -> None:
    """Two trailers together may have TRAILERS_MAX_BYTES with their line ends."""
    raw = b"0\r\nX: y\r\nZ: " + b"z" * (TRAILERS_MAX_BYTES - 6 - 5 + extra) + b"\r\n\r\n"
    if error is None:
        assert decode([raw])[1]
    else:
        with pytest.raises(error):
            decode([raw])


def test_many_small_chunks_come_as_one_piece() -> None:
    """Chunks that arrive together are given out together."""
    decoder = ChunkedDecoder()
    raw = b"1\r\na\r\n" * 100
    assert decoder.decode(raw, 0) == (b"a" * 100, len(raw))
    assert not decoder.done
