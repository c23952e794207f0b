"""Frames of subscriptions: one message each, the event's bytes untouched, ids to resume from."""

import msgspec
import pytest

from edge_node.gateway.live_frames import SSE, WEBSOCKET
from edge_node.store.streams.frames import Gap, GapReason
from edge_node.store.streams.subscription_errors import OffsetBeyondEnd
from edge_node.wire.sse import NEED_DATA, ServerEvent, SseParser
from edge_node.wire.websocket_frames import encode_text

GAP = Gap(3, 9, GapReason.SLOW)


def parsed(data: bytes) -> list[ServerEvent]:
    parser, found = SseParser(), []
    parser.receive(data)
    while (event := parser.next_event()) is not NEED_DATA:
        assert isinstance(event, ServerEvent)
        found.append(event)
    return found


def test_a_websocket_message_each() -> None:
    """The object as it is; gap, open and end under their names."""
    assert WEBSOCKET.event(7, b'{"offset":7}') == encode_text(b'{"offset":7}')
    assert WEBSOCKET.gap(GAP) == encode_text(b'{"gap":{"from":3,"to":9,"reason":"slow"}}')
    assert WEBSOCKET.opened(0) == encode_text(b'{"open":{"from":0}}')
    end = msgspec.json.decode(WEBSOCKET.ended(OffsetBeyondEnd(9, 3))[4:])["end"]
    assert (end["type"], end["status"], end["end"]) == ("urn:edge-node:problem:offset-beyond-end", 409, 3)


def test_server_sent_events() -> None:
    """Named, with the id before the offset to resume from; an end has none of its own."""
    stream = SSE.opened(3) + SSE.event(3, b'{"offset":3}') + SSE.gap(Gap(4, 9, GapReason.RETENTION))
    stream += SSE.ended(OffsetBeyondEnd(9, 3))
    events = parsed(stream)
    assert [(event.event, event.id) for event in events] == [("open", "2"), ("event", "3"), ("gap", "8"), ("end", "8")]
    assert events[0].data == '{"from":3}'
    assert events[1].data == '{"offset":3}'
    assert events[2].data == '{"from":4,"to":9,"reason":"retention"}'
    assert parsed(SSE.opened(0))[0].id == "-1"


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
def test_white_space_of_an_event(line_end: str) -> None:
    """Line ends cannot stand in a line: a space takes each one's place; over WebSocket they stay."""
    shown = f'{{"event":{{{line_end}"a":1}}}}'.encode()
    assert parsed(SSE.event(0, shown))[0].data == '{"event":{' + " " * len(line_end) + '"a":1}}'
    assert WEBSOCKET.event(0, shown).endswith(shown)


def test_an_event_of_line_ends_is_not_made_larger() -> None:
    """A device may sign a megabyte of them: a line for each would be seven, for every subscriber."""
    shown = b'{"event":[' + b"\n" * 1_000 + b"]}"
    assert len(SSE.event(0, shown)) < len(shown) + 100
