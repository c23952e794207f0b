"""The receiving side: the standard's examples, any split, the hostile corpus, limits at and beyond, floods."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.limits import MIB
from edge_node.wire.websocket import (
    CONTROL_BURST,
    CONTROL_PER_S,
    FRAGMENTS_MAX,
    MESSAGE_MAX_BYTES,
    NEED_DATA,
    Closed,
    Message,
    Ping,
    WebSocket,
)
from edge_node.wire.websocket_frames import (
    LOST,
    NO_CODE,
    POLICY,
    PROTOCOL_BROKEN,
    TOO_LARGE,
    encode_binary,
    encode_close,
    encode_ping,
    encode_pong,
    encode_text,
)
from tests.wire.http1_rig import cut
from tests.wire.websocket_rig import ZERO_KEY, mask_frame, plain, raw_frame, read_events

VECTORS = Path(__file__).parents[1] / "vectors" / "websocket"
EXAMPLES = json.loads((VECTORS / "rfc6455.json").read_text())["frames"]
HOSTILE = json.loads((VECTORS / "hostile.json").read_text())["cases"]
KEY = b"\x12\x00\xff\x34"


@pytest.mark.parametrize("case", EXAMPLES, ids=lambda case: case["name"])
def test_the_standards_examples_are_read(case: dict[str, str]) -> None:
    """RFC 6455 section 5.7, by the side that would receive them."""
    events = read_events([bytes.fromhex(case["hex"])], client=case["from"] == "server")
    assert plain(events) == [*case["events"], ["closed", LOST]]


def hostile_bytes(case: dict[str, str]) -> bytes:
    return bytes.fromhex(case["hex"] + case.get("tail", ""))


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case["name"])
def test_hostile_bytes_end_with_their_code(case: dict[str, str]) -> None:
    """Every case gives what came before it and then the stated close code, not clean."""
    events = read_events([hostile_bytes(case)])
    assert plain(events) == [*case.get("events", []), ["closed", case["code"]]]
    assert isinstance(events[-1], Closed)
    assert not events[-1].clean


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case["name"])
def test_hostile_bytes_end_the_same_byte_by_byte(case: dict[str, str]) -> None:
    """The verdict does not depend on how the bytes were cut."""
    raw = hostile_bytes(case)
    assert read_events([raw[at : at + 1] for at in range(len(raw))]) == read_events([raw])


@st.composite
def conversations(draw: st.DrawFn) -> bytes:
    """A client's bytes: messages in fragments with control frames between them, sometimes with rubbish behind."""
    raw = b""
    for _ in range(draw(st.integers(0, 5))):
        text = draw(st.booleans())
        payload = draw(st.text(max_size=40)).encode() if text else draw(st.binary(max_size=200))
        parts = draw(st.lists(st.integers(0, len(payload)), max_size=3).map(sorted))
        edges = [0, *parts, len(payload)]
        for index in range(len(edges) - 1):
            first = (0x01 if text else 0x02) if index == 0 else 0x00
            last = 0x80 if index == len(edges) - 2 else 0x00
            raw += raw_frame(first | last, payload[edges[index] : edges[index + 1]][:125], KEY)
            if draw(st.booleans()):
                raw += mask_frame(draw(st.sampled_from([encode_ping(b"p"), encode_pong(b"")])), KEY)
    end = draw(st.sampled_from([b"", encode_close(1000, "bye"), encode_close(NO_CODE)]))
    return raw + (mask_frame(end, KEY) if end else draw(st.binary(max_size=20)))


@settings(max_examples=150)
@given(conversations(), st.data())
def test_any_split_gives_the_same_events(raw: bytes, data: st.DataObject) -> None:
    """Good messages, control frames and what breaks them are read alike in whatever pieces they come."""
    places = data.draw(st.lists(st.integers(0, len(raw)), max_size=8))
    assert read_events(cut(raw, places)) == read_events([raw])


def test_fragments_become_one_message_with_control_frames_between() -> None:
    """A ping inside a message is given at once, and the message whole."""
    raw = raw_frame(0x01, "hé".encode()[:2]) + mask_frame(encode_ping(b"?"), KEY) + raw_frame(0x80, "hé".encode()[2:])
    assert read_events([raw])[:2] == [Ping(b"?"), Message("hé")]


def test_a_clean_close_carries_code_and_reason() -> None:
    """And is given again to whoever asks again; bytes behind it are not read."""
    socket = WebSocket()
    socket.receive(mask_frame(encode_close(4001, "done"), KEY) + mask_frame(encode_text(b"late"), KEY))
    assert socket.next_event() == Closed(4001, "done", clean=True)
    socket.receive(mask_frame(encode_text(b"later"), KEY))
    assert socket.next_event() == Closed(4001, "done", clean=True)


def test_a_close_without_a_code() -> None:
    """It is clean, with the code that says there was none."""
    assert read_events([mask_frame(encode_close(NO_CODE), KEY)]) == [Closed(NO_CODE, "", clean=True)]


def test_close_is_given_out_once() -> None:
    """Nothing follows a close frame, not even another."""
    socket = WebSocket()
    assert socket.close(1000, "x") == encode_close(1000, "x")
    assert socket.close(1001) == b""


def test_a_message_may_be_as_large_as_the_limit() -> None:
    """At the limit it is read; one byte more is refused by its header, before a byte of it is held."""
    at = mask_frame(encode_binary(bytes(MESSAGE_MAX_BYTES)), KEY)
    first, _ = read_events([at])
    assert first == Message(bytes(MESSAGE_MAX_BYTES))
    header = mask_frame(encode_binary(bytes(MESSAGE_MAX_BYTES + 1)), KEY)[:14]
    assert read_events([header]) == [
        Closed(TOO_LARGE, f"a message is larger than {MESSAGE_MAX_BYTES} bytes", clean=False)
    ]


def test_what_is_under_way_is_told_from_its_heads() -> None:
    """Before the bytes come, over all fragments; nothing is when a message is whole, and control frames are none."""
    socket = WebSocket()
    socket.receive(mask_frame(encode_binary(bytes(70_000)), KEY)[:14])
    assert (socket.next_event(), socket.under_way) == (NEED_DATA, 70_000)
    socket.receive(bytes(70_000) + raw_frame(0x02, bytes(100)) + mask_frame(encode_ping(b"?"), KEY))
    assert isinstance(socket.next_event(), Message)
    assert (socket.next_event(), socket.next_event(), socket.under_way) == (Ping(b"?"), NEED_DATA, 100)
    socket.receive(raw_frame(0x80, bytes(50))[:10])
    assert (socket.next_event(), socket.under_way) == (NEED_DATA, 150)


def test_messages_that_nobody_wants_are_not_held() -> None:
    """Neither the one under way nor those that follow; the end is told."""
    socket = WebSocket()
    socket.receive(raw_frame(0x02, bytes(100)))
    assert socket.next_event() is NEED_DATA
    socket.drop_messages()
    socket.receive(raw_frame(0x80, bytes(50)) + mask_frame(encode_text(b"more"), KEY))
    assert socket.next_event() is NEED_DATA
    socket.receive(mask_frame(encode_close(1000, ""), KEY))
    assert socket.next_event() == Closed(1000, "", clean=True)


def test_a_door_can_ask_for_less() -> None:
    """Its own limit, over all fragments together; the next message starts anew."""
    raw = raw_frame(0x01, b"ab") + raw_frame(0x80, b"cd") + raw_frame(0x81, b"efgh")
    assert plain(read_events([raw], message_max=4)) == [["text", "abcd"], ["text", "efgh"], ["closed", LOST]]
    assert plain(read_events([raw], message_max=3)) == [["closed", TOO_LARGE]]


def test_fragments_have_their_limit() -> None:
    """As many as allowed are joined; a hundred thousand tiny ones end at the first too many."""
    inner = raw_frame(0x00, b"b")
    good = raw_frame(0x01, b"a") + inner * (FRAGMENTS_MAX - 2) + raw_frame(0x80, b"c")
    assert plain(read_events([good]))[0] == ["text", "a" + "b" * (FRAGMENTS_MAX - 2) + "c"]
    assert plain(read_events([raw_frame(0x01, b"a") + inner * 100_000])) == [["closed", POLICY]]


def test_empty_fragments_count() -> None:
    """They hold nothing and cost the same."""
    raw = raw_frame(0x02, b"") + raw_frame(0x00, b"") * FRAGMENTS_MAX
    assert plain(read_events([raw])) == [["closed", POLICY]]


def test_a_message_in_single_bytes_is_whole() -> None:
    """A frame that drips in costs no object for each of its bytes in the end."""
    text = "abcdefgh" * 400
    frame = mask_frame(encode_text(text.encode()), KEY)
    events = read_events([frame[at : at + 1] for at in range(len(frame))])
    assert events[0] == Message(text)


def test_pings_have_a_burst_and_a_rate() -> None:
    """A burst passes, the one after it is a flood; time makes room again."""
    ping = mask_frame(encode_ping(b"x"), KEY)
    socket = WebSocket()
    socket.receive(ping * CONTROL_BURST)
    for _ in range(CONTROL_BURST):
        assert socket.next_event() == Ping(b"x")
    socket.receive(ping * int(CONTROL_PER_S), now_s=1.0)
    for _ in range(int(CONTROL_PER_S)):
        assert socket.next_event() == Ping(b"x")
    socket.receive(ping, now_s=1.0)
    assert socket.next_event() == Closed(POLICY, "too many control frames", clean=False)


def test_pongs_nobody_asked_for_are_a_flood_too() -> None:
    """Either kind of control frame costs the same to read."""
    pong = mask_frame(encode_pong(b""), KEY)
    assert plain(read_events([pong * 1_000]))[-1] == ["closed", POLICY]


def test_a_close_after_a_flood_is_heard() -> None:
    """Saying goodbye is never too much."""
    raw = mask_frame(encode_ping(), KEY) * CONTROL_BURST + mask_frame(encode_close(1000), KEY)
    assert read_events([raw])[-1] == Closed(1000, "", clean=True)


def test_a_client_refuses_masked_frames() -> None:
    """Section 5.1: a server never masks."""
    assert plain(read_events([mask_frame(encode_text(b"a"), ZERO_KEY)], client=True)) == [["closed", PROTOCOL_BROKEN]]


def test_held_bytes_are_bounded_before_the_verdict() -> None:
    """A peer that announces much and sends little is asked for more, and nothing is set aside for it."""
    socket = WebSocket(message_max=64 * MIB)
    socket.receive(mask_frame(encode_binary(bytes(64 * MIB)), ZERO_KEY)[:100])
    assert socket.next_event() is NEED_DATA
