"""Notes of a running minute, and the record that is made of them."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.activity.note import NOTE_KIND, NOTE_VERSION, NoteRecord, decode_note, encode_note, finish_windows
from edge_node.activity.window import OpenPart, Reader, Window
from edge_node.base.clock import ClockQuality
from tests.activity.rig import CID, HOLDER, NODE, NOW_MS


def note(last_ms: int, *windows: Window) -> NoteRecord:
    deltas = [window.take_delta() for window in windows]
    return NoteRecord(NOTE_KIND, NOTE_VERSION, NODE, last_ms, ClockQuality.NETWORK, deltas)


@given(st.randoms(use_true_random=False), st.integers(1, 40), st.integers(1, 8))
def test_notes_make_the_record_that_the_window_would_have_made(dice, steps, pause):
    """However reads and notes interleave, the last note leaves what the window itself says."""
    windows = [Window(bytes([n]) * 16, Reader(HOLDER, n, bytes(16)), NOW_MS, 0.0) for n in range(3)]
    open_parts: list[tuple[Window, OpenPart]] = []
    notes = []
    for step in range(steps):
        if dice.random() < 0.6 or not open_parts:
            window = dice.choice(windows)
            name = step.to_bytes(16, "big")
            part = OpenPart(CID, name if dice.random() < 0.8 else b"", name, 0, 0)
            window.enter(part)
            open_parts.append((window, part))
        window, part = dice.choice(open_parts)
        part.sent_to += 7
        window.bytes += 7
        window.touch(part)
        if dice.random() < 0.3:
            window.leave(part)
            open_parts.remove((window, part))
        if step % pause == 0 or step == steps - 1:
            for each in windows:
                each.last_ms = NOW_MS + step
            changed = [each for each in windows if each.changed]
            notes.append(decode_note(encode_note(note(NOW_MS + step, *changed))))
    told = {record.window: record for record in finish_windows(notes, frozenset(w.name for w in windows))}
    for window in windows:
        if window.count:
            made = window.record(NODE, ClockQuality.NETWORK)
            assert msgspec.structs.replace(told[window.name], last_ms=0) == msgspec.structs.replace(made, last_ms=0)


def test_only_the_windows_asked_for_are_finished():
    """A window that has its record is passed over, and one without a note has nothing to be made of."""
    one, other = (Window(bytes([n]) * 16, Reader(HOLDER, n, bytes(16)), NOW_MS, 0.0) for n in (1, 2))
    for window in (one, other):
        window.enter(OpenPart(CID, b"", b"", 0, 0))
    (record,) = finish_windows([note(NOW_MS + 5, one, other)], frozenset({one.name, b"z" * 16}))
    assert (record.window, record.first_ms, record.last_ms) == (one.name, NOW_MS, NOW_MS + 5)
    assert finish_windows([], frozenset({one.name})) == []


def test_bytes_that_are_no_note_are_refused():
    """A decoding error and nothing else."""
    for raw in (b"", b"\x90", b"\xc0", b"rubbish"):
        with pytest.raises(msgspec.DecodeError):
            decode_note(raw)
