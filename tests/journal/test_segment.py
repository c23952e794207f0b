"""Segment and record headers as bytes."""

import struct

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from edge_node.journal.segment import (
    FIRST_OF_ROUND,
    RECORD_HEADER_BYTES,
    SEGMENT_HEADER_BYTES,
    decode_record_header,
    decode_segment_header,
    encode_record_header,
    encode_segment_header,
    payload_digest,
    record_span,
    segment_key,
    trim_cid,
)

SALT = bytes(range(16))
KEY = segment_key(SALT)
DDC_CID = bytes.fromhex("01021e20") + bytes(range(32))
LEGACY_CID = bytes.fromhex("0155a0e40220") + bytes(range(32))
CIDS = st.sampled_from([b"", DDC_CID, LEGACY_CID])


@given(number=st.integers(1, 2**64 - 1), salt=st.binary(min_size=16, max_size=16))
def test_a_segment_header_comes_back(number: int, salt: bytes) -> None:
    """64 bytes hold number and salt, whatever follows them."""
    raw = encode_segment_header(number, salt)
    assert len(raw) == SEGMENT_HEADER_BYTES
    header = decode_segment_header(raw + b"records")
    assert header is not None
    assert (header.version, header.number, header.salt) == (1, number, salt)


@given(at=st.integers(0, 63), flip=st.integers(1, 255))
def test_a_segment_header_with_any_byte_changed_is_refused(at: int, flip: int) -> None:
    """The check covers every byte."""
    raw = bytearray(encode_segment_header(7, SALT))
    raw[at] ^= flip
    assert decode_segment_header(bytes(raw)) is None


@given(
    kind=st.integers(1, 255),
    version=st.integers(0, 65535),
    flags=st.sampled_from([0, FIRST_OF_ROUND]),
    sequence=st.integers(0, 2**64 - 1),
    cid=CIDS,
    payload=st.binary(max_size=300),
)
def test_a_record_header_comes_back(kind, version, flags, sequence, cid, payload) -> None:
    """100 bytes hold every field; the CID is given back in its own length."""
    digest = payload_digest(KEY, payload)
    raw = encode_record_header(KEY, kind, version, flags, sequence, cid, len(payload), digest)
    assert len(raw) == RECORD_HEADER_BYTES
    header = decode_record_header(raw, KEY)
    assert header == (kind, flags, len(payload), sequence, cid, version, digest)


def test_a_record_header_stands_at_its_offsets() -> None:
    """The layout is the one the specification prints, byte for byte."""
    digest = payload_digest(KEY, b"body")
    raw = encode_record_header(KEY, 9, 0x0203, 1, 5, DDC_CID, 4, digest)
    assert raw[:4] == b"EDR1"
    assert (raw[4], raw[5]) == (9, 1)
    assert struct.unpack_from("<HIQ", raw, 6) == (100, 4, 5)
    assert raw[20:58] == DDC_CID + bytes(2)
    assert raw[58:60] == b"\x03\x02"
    assert raw[60:92] == blake3(b"body", key=blake3(SALT).digest()).digest()
    assert raw[92:] == blake3(raw[:92], key=blake3(SALT).digest()).digest(8)


@given(at=st.integers(0, 99), flip=st.integers(1, 255))
def test_a_record_header_with_any_byte_changed_is_refused(at: int, flip: int) -> None:
    """The keyed check covers every byte."""
    raw = bytearray(encode_record_header(KEY, 1, 1, 0, 1, b"", 0, payload_digest(KEY, b"")))
    raw[at] ^= flip
    assert decode_record_header(bytes(raw), KEY) is None


def test_a_record_header_is_refused_under_another_key() -> None:
    """A record of another segment, or one made up by a user, does not count."""
    raw = encode_record_header(KEY, 1, 1, 0, 1, b"", 0, payload_digest(KEY, b""))
    assert decode_record_header(raw, segment_key(bytes(16))) is None


@pytest.mark.parametrize("length", [0, 1, 63, 99])
def test_a_short_header_is_refused(length: int) -> None:
    """A header cut off by the end of the file is none."""
    raw = encode_record_header(KEY, 1, 1, 0, 1, b"", 0, payload_digest(KEY, b""))
    assert decode_record_header(raw[:length], KEY) is None
    assert decode_segment_header(encode_segment_header(1, SALT)[: min(length, 63)]) is None


@given(parts=st.lists(st.binary(max_size=50), max_size=5))
def test_a_payload_in_parts_has_the_digest_of_the_whole(parts: list[bytes]) -> None:
    """How a payload was handed over does not show on disk."""
    assert (
        payload_digest(KEY, parts)
        == payload_digest(KEY, b"".join(parts))
        == payload_digest(KEY, bytearray(b"".join(parts)))
    )


@given(size=st.integers(0, 10_000))
def test_a_record_span_is_the_next_multiple_of_eight(size: int) -> None:
    """Records begin on multiples of 8 relative to each other, with less than 8 bytes of padding."""
    assert record_span(size) % 8 == 0
    assert 0 <= record_span(size) - RECORD_HEADER_BYTES - size < 8


def test_an_empty_cid_field_is_no_cid() -> None:
    """38 zeros mean that the record has none."""
    assert trim_cid(bytes(38)) == b""
