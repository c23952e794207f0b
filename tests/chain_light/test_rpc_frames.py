"""The frames' heads tell what will come: too much is refused before it is there, however the bytes are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.chain_light.json_rpc import MESSAGE_MAX_BYTES
from edge_node.chain_light.rpc_frames import FRAMES_MAX, UPGRADE_MAX_BYTES, FrameMeter
from edge_node.chain_light.source_errors import AnswerTooLarge, MalformedAnswer

UPGRADE = b"HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n"


def head(length, first=0x81, mask=b""):
    bit = 0x80 if mask else 0
    if length < 126:
        return bytes((first, bit | length)) + mask
    if length < 1 << 16:
        return bytes((first, bit | 126)) + length.to_bytes(2, "big") + mask
    return bytes((first, bit | 127)) + length.to_bytes(8, "big") + mask


def upgraded():
    meter = FrameMeter()
    meter.feed(UPGRADE)
    return meter


@given(
    lengths=st.lists(st.sampled_from([0, 1, 125, 126, 127, 300, 65_535, 65_536]), max_size=6),
    cuts=st.lists(st.integers(1, 5_000), min_size=1, max_size=8),
    mask=st.sampled_from([b"", b"\x81\x7f\xff\xff"]),
)
def test_frames_are_followed_however_they_are_cut(lengths, cuts, mask):
    """After any frames, whole, the next head is read as one: an endless frame is refused at its head alone."""
    raw = UPGRADE + b"".join(head(length, mask=mask) + b"\xff" * length for length in lengths)
    meter, at, turn = FrameMeter(), 0, 0
    while at < len(raw):
        cut = cuts[turn % len(cuts)]
        meter.feed(raw[at : at + cut])
        at, turn = at + cut, turn + 1
    with pytest.raises(AnswerTooLarge):
        meter.feed(head(1 << 62))


def test_every_single_byte_may_come_alone():
    """Also in the middle of a head."""
    meter = FrameMeter()
    for byte in UPGRADE + head(300) + bytes(300) + head(70_000) + bytes(70_000):
        meter.feed(bytes((byte,)))
    meter.feed(head(1 << 40)[:9])
    with pytest.raises(AnswerTooLarge):
        meter.feed(head(1 << 40)[9:])


def test_a_message_has_a_bound():
    """At the bound it may come, one byte more not; in one frame or in two; a finished one counts no more."""
    for _ in range(3):
        meter = upgraded()
        meter.feed(head(MESSAGE_MAX_BYTES))
        meter.feed(bytes(MESSAGE_MAX_BYTES))
    meter.feed(head(1, first=0x01) + b"x" + head(MESSAGE_MAX_BYTES - 1, first=0x80))
    with pytest.raises(AnswerTooLarge):
        upgraded().feed(head(MESSAGE_MAX_BYTES + 1))
    with pytest.raises(AnswerTooLarge):
        upgraded().feed(head(1, first=0x01) + b"x" + head(MESSAGE_MAX_BYTES, first=0x80))


@pytest.mark.parametrize("first", [0x01, 0x00, 0x89, 0x8A], ids=["text", "more", "ping", "pong"])
def test_frames_without_the_end_of_a_message_have_a_bound(first):
    """Empty fragments and pings alike; the end of a message begins the count anew."""
    meter = upgraded()
    meter.feed(head(0, first) * FRAMES_MAX)
    with pytest.raises(MalformedAnswer):
        meter.feed(head(0, first))
    meter = upgraded()
    for _ in range(3):
        meter.feed(head(0, first) * (FRAMES_MAX - 1) + head(0, 0x80))


def test_the_answer_to_the_upgrade_has_a_bound():
    """A head that never ends, and the page of a refusal, whatever that looks like as frames."""
    meter = FrameMeter()
    meter.feed((b"HTTP/1.1 404 Not Found\r\n\r\n").ljust(UPGRADE_MAX_BYTES, b"\xff"))
    with pytest.raises(AnswerTooLarge):
        meter.feed(b"\xff")
    with pytest.raises(AnswerTooLarge):
        FrameMeter().feed(b"HTTP/1.1 101 " + b"a" * UPGRADE_MAX_BYTES)
    FrameMeter().feed(UPGRADE + head(UPGRADE_MAX_BYTES * 2) + bytes(UPGRADE_MAX_BYTES * 2))
