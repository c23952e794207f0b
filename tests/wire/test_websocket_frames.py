"""Frames as a server sends them, and their masked form."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.wire.websocket_frames import (
    CONTROL_MAX_BYTES,
    LOST,
    NO_CODE,
    REASON_MAX_BYTES,
    WebSocketMisuse,
    encode_binary,
    encode_close,
    encode_ping,
    encode_pong,
    encode_text,
)
from tests.wire.websocket_rig import mask_frame, plain, read_events

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/websocket/rfc6455.json").read_text())
LENGTHS = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]


def test_the_standards_examples_are_encoded() -> None:
    """Text, ping and pong of RFC 6455 section 5.7, masked and not."""
    key = bytes.fromhex("37fa213d")
    assert encode_text(b"Hello").hex() == "810548656c6c6f"
    assert mask_frame(encode_text(b"Hello"), key).hex() == "818537fa213d7f9f4d5158"
    assert encode_ping(b"Hello").hex() == "890548656c6c6f"
    assert mask_frame(encode_pong(b"Hello"), key).hex() == "8a8537fa213d7f9f4d5158"


@pytest.mark.parametrize("case", VECTORS["headers"], ids=lambda case: case["name"])
def test_the_standards_lengths_are_encoded(case: dict[str, str | int]) -> None:
    """The extended lengths of the same section."""
    payload = bytes(int(case["payload_bytes"]))
    assert encode_binary(payload) == bytes.fromhex(str(case["hex"])) + payload


@pytest.mark.parametrize("size", LENGTHS)
@pytest.mark.parametrize("masked", [False, True])
def test_every_form_of_length_is_read_back(size: int, masked: bool) -> None:
    """At each boundary of the three length forms, by either side."""
    frames = [encode_text(b"a" * size), encode_binary(b"\xff" * size)]
    if masked:
        frames = [mask_frame(frame, b"\x01\x80\xfe\x7f") for frame in frames]
    events = read_events(frames, client=not masked)
    assert plain(events) == [["text", "a" * size], ["binary", "ff" * size], ["closed", LOST]]


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_masking_is_undone_by_the_reader(payload: bytes, key: bytes) -> None:
    """Whatever the key, zero bytes in front included."""
    assert plain(read_events([mask_frame(encode_binary(payload), key)]))[0] == ["binary", payload.hex()]


def test_control_frames_have_their_limit() -> None:
    """125 bytes go, 126 are our own mistake."""
    assert len(encode_pong(bytes(CONTROL_MAX_BYTES))) == 2 + CONTROL_MAX_BYTES
    with pytest.raises(WebSocketMisuse):
        encode_ping(bytes(CONTROL_MAX_BYTES + 1))


@pytest.mark.parametrize("code", [0, 999, 1004, NO_CODE + 1, 1015, 5000])
def test_codes_that_may_not_be_sent_are_refused(code: int) -> None:
    """Section 7.4: reserved and local codes never go on the wire."""
    with pytest.raises(WebSocketMisuse):
        encode_close(code)


def test_no_code_is_an_empty_close() -> None:
    """That is how a close without a code is answered."""
    assert encode_close(NO_CODE, "unused") == b"\x88\x00"


def test_a_long_reason_is_cut_at_a_character() -> None:
    """123 bytes of UTF-8 at most, never half a character."""
    frame = encode_close(4400, "é" * 100)
    assert frame[4:].decode() == "é" * (REASON_MAX_BYTES // 2)
