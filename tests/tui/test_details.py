"""What is said of one row."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui import scene
from tests.tui.scene import NOW_MS, picture
from tui.details import (
    describe_bucket,
    describe_device,
    describe_event,
    describe_log,
    describe_name,
    describe_piece,
    describe_reason,
    describe_refusal,
    describe_setting,
    describe_stream,
)
from tui.lines import Tone, cells_of_line, text_of
from tui.models import BucketName, Event, LogLine
from tui.tables import View
from tui.theme import UNICODE
from tui.words import size_of

VIEW = View(UNICODE, NOW_MS)
KINDS = {
    "streams": describe_stream, "devices": describe_device, "pieces": describe_piece, "settings": describe_setting,
    "buckets": describe_bucket, "names": describe_name, "logs": describe_log, "refusals": describe_refusal,
    "reason_rows": describe_reason,
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("cells", [24, 38, 76, 136])
def test_a_description_stays_in_its_room(name: str, cells: int) -> None:
    """Values go on under themselves; nothing is lost at the edge from 38 cells on."""
    state = picture("degraded")
    for row in getattr(state, name).window(0, 20):
        for spans in KINDS[name](row, state, VIEW, cells):
            assert cells_of_line(spans) <= cells, text_of(spans)


def test_an_event_is_shown_as_json_or_bytes_or_not_at_all() -> None:
    """Indented JSON; bytes that are no text in hex; nothing where the socket gives nothing."""
    state = picture()
    rows = msgspec.convert(scene.events("a")["events"], list[Event])
    whole = "\n".join(text_of(spans) for spans in describe_event(rows[7], state, VIEW, 60))
    assert '  "value": 21.75' in whole
    assert "north\\u202e" in whole
    assert "6 bytes: 000172617" in text_of(describe_event(rows[3], state, VIEW, 60)[-1])
    held_back = msgspec.convert(scene.events("a", "ro")["events"], list[Event])[7]
    assert "no payloads" in text_of(describe_event(held_back, state, VIEW, 60)[-1])


def test_a_piece_shows_where_it_lies_and_what_checking_showed() -> None:
    """Place, owners and the two verdicts."""
    state = picture()
    row = state.pieces.window(0, 1)[0]
    state.set_detail(row.cid, {**scene.piece(row.cid), "extents": [{"segment": 1, "offset": 2, "bytes": 3}] * 20})
    state.verdicts[row.cid] = [("here", Tone.OK, "intact"), ("the node", Tone.BAD, "damaged: \x1b")]
    text = "\n".join(text_of(spans) for spans in describe_piece(row, state, VIEW, 70))
    assert "segment 2 at 40,960" in text
    assert "and 12 more extents" in text
    assert "● intact" in text
    assert "✖ damaged: \\x1b" in text


def test_a_multipart_shows_its_parts_and_who_holds_it() -> None:
    """The first parts with their sizes, how many more there are, and through which bucket of whom."""
    state = picture()
    row = next(row for row in state.pieces.window(0, 40) if row.kind == "multipart" and row.owners == 2)
    before = "\n".join(text_of(spans) for spans in describe_piece(row, state, VIEW, 100))
    assert f"bucket {2**53 - 1} of 5e5e5e5e5e5e5e5e" in before
    state.set_detail(row.cid, scene.piece(row.cid))
    text = "\n".join(text_of(spans) for spans in describe_piece(row, state, VIEW, 100))
    assert "multipart, a list of raw pieces" in text
    assert f"{size_of(len(scene.CONTENTS[2]))} {scene.cid_of(scene.CONTENTS[2])}" in text
    assert "and 6 more parts" in text
    assert f"bucket {2**53 - 1} of 5e5e5e5e5e5e5e5e since 24h" in text


def test_a_bucket_nobody_vouches_for_says_what_that_means() -> None:
    """And a bucket whose names are at hand shows them, inert."""
    state = picture()
    gone = next(row for row in state.buckets.window(0, 9) if row.authority is None)
    assert "every request is refused" in text_of(describe_bucket(gone, state, VIEW, 70)[1])
    seven = next(row for row in state.buckets.window(0, 9) if row.bucket == 7)
    text = "\n".join(text_of(spans) for spans in describe_bucket(seven, state, VIEW, 70))
    assert "evil\\x1b[2J\\u202e\\u2066name" in text
    assert "○ private" in text
    assert "24,466 times, 52.0 GiB sent, 26.0 GiB acked" in text


def test_a_verdict_is_told_to_its_end() -> None:
    """Which record of which segment does not hold is what an operator needs; it goes on under itself."""
    state = picture()
    row = state.pieces.window(0, 1)[0]
    why = "damaged: piece baebb4 is damaged on this node: the record in segment px/00000001 does not match its digest"
    state.verdicts[row.cid] = [("here", Tone.IDLE, "waits"), ("the node", Tone.BAD, why)]
    lines = [text_of(spans) for spans in describe_piece(row, state, VIEW, 44)]
    told = " ".join(lines[lines.index(next(one for one in lines if "✖" in one)) :][:5])
    assert "does not match its digest" in " ".join(told.split())
    assert all(len(one) <= 44 for one in lines)


@given(st.text(), st.text())
def test_any_name_can_be_shown(name: str, cid: str) -> None:
    """Names of a bucket are anybody's who may write to it."""
    for spans in describe_name(BucketName(name=name, cid=cid), picture(), VIEW, 60):
        assert text_of(spans).isprintable()
        assert cells_of_line(spans) <= 60


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.lists(st.text()))))
def test_any_answer_about_a_piece_can_be_shown(detail: dict[str, object]) -> None:
    """The document is the node's; a field of another shape is no crash."""
    state = picture()
    row = state.pieces.window(0, 1)[0]
    state.set_detail(row.cid, detail)
    assert describe_piece(row, state, VIEW, 70)


@given(st.dictionaries(st.text(), st.text()), st.text(), st.integers(-(2**63), 2**63))
def test_any_log_line_can_be_shown(fields: dict[str, str], level: str, t_ms: int) -> None:
    """Whatever a room of tomorrow logs."""
    for spans in describe_log(LogLine(1, t_ms, level, "r", "n", fields), picture(), VIEW, 60):
        assert text_of(spans).isprintable()
