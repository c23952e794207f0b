"""Server-sent events: what is encoded comes out, by the standard's rules, however it is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.wire.sse import (
    COMMENT_PING,
    EVENT_MAX_BYTES,
    ID_MAX_BYTES,
    NEED_DATA,
    EventTooLarge,
    ServerEvent,
    SseMisuse,
    SseParser,
    encode_event,
)
from tests.wire.http1_rig import cut


def parse(*pieces: bytes, event_max: int = EVENT_MAX_BYTES) -> list[ServerEvent]:
    """Every event of these pieces."""
    parser, events = SseParser(event_max), []
    for piece in pieces:
        parser.receive(piece)
        while (event := parser.next_event()) is not NEED_DATA:
            assert isinstance(event, ServerEvent)
            events.append(event)
    return events


@pytest.mark.parametrize(
    ("raw", "events"),
    [
        (b"data: a\n\n", [("a", "message", "")]),
        (b"data:a\n\n", [("a", "message", "")]),
        (b"data:  a\n\n", [(" a", "message", "")]),
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", [("YHOO\n+2\n10", "message", "")]),
        (b": test stream\n\ndata: first event\nid: 1\n\n", [("first event", "message", "1")]),
        (b"data: a\nid: 1\n\ndata: b\nid\n\n", [("a", "message", "1"), ("b", "message", "")]),
        (b"data\n\ndata\ndata\n\ndata:", [("", "message", ""), ("\n", "message", "")]),
        (b"event: add\ndata: 7\n\ndata: 8\n\n", [("7", "add", ""), ("8", "message", "")]),
        (b"event: add\n\ndata: 8\n\n", [("8", "message", "")]),
        (b"id: 3\n\ndata: a\n\n", [("a", "message", "3")]),
        (b"id: 3\ndata: a\n\nid: x\0y\ndata: b\n\n", [("a", "message", "3"), ("b", "message", "3")]),
        (
            b"data: a\r\rdata: b\r\n\r\ndata: c\n\r\n",
            [("a", "message", ""), ("b", "message", ""), ("c", "message", "")],
        ),
        (b"\xef\xbb\xbfdata: a\n\n", [("a", "message", "")]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
        (b"data: a\xff\n\n", [("a\ufffd", "message", "")]),
        (b"Data: a\nother: b\ndata : c\n\n", []),
        (b"data: unfinished\n", []),
    ],
)
def test_the_standards_rules(raw: bytes, events: list[tuple[str, str, str]]) -> None:
    """Line ends, byte order mark, optional space, ids that stay, events that are not finished; whole and bytewise."""
    wanted = [ServerEvent(*row) for row in events]
    assert parse(raw) == wanted
    assert parse(*(raw[at : at + 1] for at in range(len(raw)))) == wanted


@given(
    st.lists(
        st.tuples(
            st.text(max_size=30),
            st.none() | st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8"), max_size=10),
            st.none() | st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8"), min_size=1, max_size=10),
        ),
        max_size=5,
    ),
    st.data(),
)
def test_what_is_encoded_comes_out(rows: list[tuple[str, str | None, str | None]], data: st.DataObject) -> None:
    """Any text, id and name; line ends of any kind as LF; comments between; in any pieces."""
    raw = b"".join(encode_event(text.encode(), id=id_, event=event) + COMMENT_PING for text, id_, event in rows)
    events = parse(*cut(raw, data.draw(st.lists(st.integers(0, len(raw)), max_size=6))))
    assert [event.data for event in events] == [text.replace("\r\n", "\n").replace("\r", "\n") for text, _, _ in rows]
    assert [event.event for event in events] == [event or "message" for _, _, event in rows]
    last = ""
    for event, (_, id_, _) in zip(events, rows, strict=True):
        last = last if id_ is None else id_
        assert event.id == last


def test_an_event_in_bytes() -> None:
    """As the documentation shows it."""
    assert encode_event(b'{"a": 1}', id="41", event="event") == b'id: 41\nevent: event\ndata: {"a": 1}\n\n'


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b"])
def test_ids_and_names_are_one_line(text: str) -> None:
    """A line end in them would forge a field."""
    with pytest.raises(SseMisuse):
        encode_event(b"", id=text)
    with pytest.raises(SseMisuse):
        encode_event(b"", event=text)


def test_retry_is_a_number() -> None:
    """Digits only, and not more than a wait can be."""
    parser = SseParser()
    parser.receive(b"retry: 2500\nretry: 1x\nretry: -1\nretry: 1234567890\n")
    assert parser.next_event() is NEED_DATA
    assert parser.retry_ms == 2500


def test_a_cr_ends_a_line_at_once() -> None:
    """An event is given when its last CR has come, without waiting for a LF that may follow."""
    parser = SseParser()
    parser.receive(b"data: a\r\r")
    assert parser.next_event() == ServerEvent("a", "message", "")
    parser.receive(b"\ndata: b\r\n\r\n")
    assert parser.next_event() == ServerEvent("b", "message", "")


def test_an_event_may_be_as_large_as_the_limit() -> None:
    """Over all its lines; one character more is refused, and so is a line without an end."""
    assert parse(b"data: abc\ndata: def\n\n", event_max=8)
    with pytest.raises(EventTooLarge):
        parse(b"data: abc\ndata: defg\n\n", event_max=8)
    with pytest.raises(EventTooLarge):
        parse(b"x" * 9, event_max=8)


def test_a_long_id_is_passed_over() -> None:
    """It would come back in a header at every reconnect."""
    fits, too_long = "i" * ID_MAX_BYTES, "i" * (ID_MAX_BYTES + 1)
    first, second = parse(f"id: {fits}\ndata: a\n\nid: {too_long}\ndata: b\n\n".encode())
    assert (first.id, second.id) == (fits, fits)


def test_a_line_that_drips_is_joined_once() -> None:
    """A hundred thousand pieces of one line are neither looked through nor copied again with each."""
    parser = SseParser()
    for piece in [b"data: ", *([b"x"] * 100_000), b"\n\n"]:
        assert parser.next_event() is NEED_DATA
        parser.receive(piece)
    assert parser.next_event() == ServerEvent("x" * 100_000, "message", "")
