"""The binary event frame: byte for byte, and everything that is not one."""

import contextlib
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import StreamName, VaultId
from edge_node.trust.event_frame import MalformedEventFrame, format_event_frame, parse_event_frame
from edge_node.trust.event_header import UnsignableEvent, parse_event_header
from edge_node.trust.signed_event import verify_event

FILE = json.loads((Path(__file__).parents[1] / "vectors/trust/signed_event.json").read_text())
FIRST = FILE["vectors"][0]
STREAM, AUDIENCE = StreamName(FIRST["stream"]), VaultId.parse(FIRST["audience_hex"])
FRAME = bytes.fromhex(FIRST["frame_hex"])
BODY_AT = len(FRAME) - len(FIRST["body_hex"]) // 2


@pytest.mark.parametrize("vector", FILE["vectors"], ids=lambda vector: vector["case"])
def test_vectors(vector):
    """A frame is the header's fields without stream and audience, then the body; both ways."""
    raw, body = bytes.fromhex(vector["frame_hex"]), bytes.fromhex(vector["body_hex"])
    header, rest = parse_event_frame(raw, StreamName(vector["stream"]), VaultId.parse(vector["audience_hex"]))
    assert header == parse_event_header(vector["header"], vector["content_type"])
    assert rest == body
    assert verify_event(header, rest)
    assert format_event_frame(header, body) == raw


def test_the_stream_and_the_audience_are_signed_although_they_travel_outside():
    """The same frame under another topic or vault does not verify."""
    for stream, audience in ((StreamName("other"), AUDIENCE), (STREAM, VaultId(bytes(32)))):
        assert not verify_event(*parse_event_frame(FRAME, stream, audience))


@pytest.mark.parametrize(
    ("place", "value"),
    [(0, 0x44), (1, 0x65), (2, 0), (2, 2), (3, 0), (3, 2), (52, 4), (52, 255), (53, 0)],
    ids=str,
)
def test_unknown_versions_and_values_are_refused(place, value):
    """Magic, version, algorithm, quality and an empty content type are refused."""
    with pytest.raises(MalformedEventFrame) as refused:
        parse_event_frame(FRAME[:place] + bytes([value]) + FRAME[place + 1 :], STREAM, AUDIENCE)
    assert refused.value.status == 400


@pytest.mark.parametrize("content_type", [b" a/b", b"a/b ", b"a/b\t", b"\xe4/b", b"a/b\n", b"a\x00b"])
def test_the_content_type_has_one_spelling(content_type):
    """Outer white space, control characters and non-ASCII are refused."""
    raw = FRAME[:53] + bytes([len(content_type)]) + content_type + bytes(64)
    with pytest.raises(MalformedEventFrame):
        parse_event_frame(raw, STREAM, AUDIENCE)


def test_any_cut_before_the_body_is_refused():
    """A frame that ends before its body begins is refused; without a body it is a frame."""
    for length in range(BODY_AT):
        with pytest.raises(MalformedEventFrame):
            parse_event_frame(FRAME[:length], STREAM, AUDIENCE)
    assert parse_event_frame(FRAME[:BODY_AT], STREAM, AUDIENCE)[1] == b""


@given(st.data())
def test_any_changed_byte_is_refused(data):
    """One byte changed anywhere in the frame, and it is malformed or does not verify."""
    raw = bytearray(FRAME)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(MalformedEventFrame):
        assert not verify_event(*parse_event_frame(bytes(raw), STREAM, AUDIENCE))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw):
    """Any bytes are a frame that is written back the same, or MalformedEventFrame."""
    for candidate in (raw, FRAME[:4] + raw):
        with contextlib.suppress(MalformedEventFrame):
            assert format_event_frame(*parse_event_frame(candidate, STREAM, AUDIENCE)) == candidate


def test_what_no_frame_holds_is_our_own_fault():
    """A number of 2^64 or a content type beyond ASCII is not framed."""
    header, body = parse_event_frame(FRAME, STREAM, AUDIENCE)
    for change in ({"seq": 2**64}, {"t_ms": -1}, {"content_type": "a" * 256}, {"content_type": "\u20ac"}):
        with pytest.raises(UnsignableEvent):
            format_event_frame(msgspec.structs.replace(header, **change), body)
