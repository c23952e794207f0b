"""A class's segments come to rest after a start, with nothing sound ever cut off."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.journal.commit import Setback
from edge_node.journal.files import OsFiles
from edge_node.journal.footer import Cause, decode_footer
from edge_node.journal.index import Applied
from edge_node.journal.open_segment import footer_path, segment_path
from edge_node.journal.scan import Bad
from edge_node.journal.segment import Position, RecordHeader, SegmentClass
from edge_node.journal.settle import ClassLog, KnownEnd, Settling, damage_of, settle_class
from tests.journal.rig import NOTE, draft, open_rig

EV = SegmentClass.EV
SALT = bytes(range(16))


def write_log(root: Path, *rounds: list[bytes]) -> list[int]:
    """Write rounds of notes and stop as a killed process does; returns the offset of each record of segment 1."""
    engine = open_rig(root)
    assert engine.stage is not None
    offsets = []
    for payloads in rounds:
        outcome = engine.stage.write([[draft(NOTE, payload)] for payload in payloads])
        assert not isinstance(outcome, Setback)
        offsets += [places[0].position.offset for places in outcome if places[0].position.segment == 1]
    engine.close(clean=False)
    return offsets


def settle(
    root: Path, *, writable: bool = True, applied: Applied | None = None, known: KnownEnd | None = None
) -> ClassLog:
    task = Settling(
        files=OsFiles(),
        directory=root / "seg" / "ev",
        segment_class=EV,
        applied=applied,
        known_end=known,
        step=4096,
        writable=writable,
    )
    settled = settle_class(task)
    if settled.open is not None:
        settled.open.close()
    return settled


def path_of(root: Path, number: int = 1) -> Path:
    return segment_path(root / "seg" / "ev", number)


def alter(root: Path, at: int, content: bytes, number: int = 1) -> None:
    raw = bytearray(path_of(root, number).read_bytes())
    raw[at : at + len(content)] = content
    path_of(root, number).write_bytes(raw)


def test_the_open_segment_goes_on_where_it_ended(tmp_path: Path) -> None:
    """The preallocated rest is cut off, and the next record follows the last."""
    offsets = write_log(tmp_path, [b"one"], [b"two", b"three"])
    settled = settle(tmp_path)
    assert settled.open is not None
    assert settled.open.end == offsets[-1] + 112 == path_of(tmp_path).stat().st_size
    assert (settled.open.first_sequence, settled.open.last_sequence, settled.last_sequence) == (1, 3, 3)


@pytest.mark.parametrize("tail", [b"garbage" * 30, b"EDR1" * 60, bytes(5000) + b"\1", b"\xff"])
def test_a_torn_tail_is_cut_off(tmp_path: Path, tail: bytes) -> None:
    """Whatever a crash left after the last sound record."""
    write_log(tmp_path, [b"one"])
    end = 64 + 104
    alter(tmp_path, end, tail)
    settled = settle(tmp_path)
    assert path_of(tmp_path).stat().st_size == end
    assert settled.truncated_bytes > 0
    assert settled.open is not None


def test_settling_twice_changes_nothing_more(tmp_path: Path) -> None:
    """Recovery may itself be cut short and run again."""
    write_log(tmp_path, [b"one"], [b"two"])
    alter(tmp_path, 500, b"torn")
    settle(tmp_path)
    before = path_of(tmp_path).read_bytes()
    assert settle(tmp_path).truncated_bytes == 0
    assert path_of(tmp_path).read_bytes() == before


def test_rot_in_the_open_segment_is_never_truncated(tmp_path: Path) -> None:
    """A naive log would drop everything behind the first bad record; this one is sealed with the hole named."""
    offsets = write_log(tmp_path, [b"one"], [b"two"], [b"three"])
    alter(tmp_path, offsets[1] + 100, b"???")
    settled = settle(tmp_path)
    assert settled.open is None
    assert settled.stretches[0].end == offsets[2] + 112
    footer = decode_footer(footer_path(tmp_path / "seg" / "ev", 1).read_bytes())
    assert footer is not None
    assert footer.holes == ((offsets[1], 104, Cause.ROT),)
    assert settled.next_number == 2


def test_a_hole_in_the_last_round_is_torn(tmp_path: Path) -> None:
    """It may never have been synced, and is not called rot by a later scan either."""
    offsets = write_log(tmp_path, [b"one"], [b"two", b"three"])
    alter(tmp_path, offsets[1] + 100, b"???")
    settled = settle(tmp_path)
    assert [hole.cause for hole in settled.stretches[0].holes] == [Cause.TORN]
    assert [hole.cause for hole in settle(tmp_path).stretches[0].holes] == [Cause.TORN]


def test_sealed_segments_are_not_read(tmp_path: Path) -> None:
    """Their footers are enough, so that a start takes no longer on a full disk."""
    write_log(tmp_path, *([bytes(9000)] for _ in range(5)))
    content = path_of(tmp_path).read_bytes()
    path_of(tmp_path).write_bytes(content[:64] + bytes(len(content) - 64))
    settled = settle(tmp_path)
    assert [stretch.number for stretch in settled.stretches] == [1, 2, 3]
    assert settled.stretches[0].holes == ()


def test_a_lost_footer_is_made_again(tmp_path: Path) -> None:
    """From a scan of the whole segment, which is never cut."""
    write_log(tmp_path, *([bytes(9000)] for _ in range(5)))
    footer = footer_path(tmp_path / "seg" / "ev", 1)
    before, size = footer.read_bytes(), path_of(tmp_path).stat().st_size
    footer.write_bytes(b"\0" * len(before))
    settle(tmp_path)
    assert footer.read_bytes() == before
    assert path_of(tmp_path).stat().st_size == size


def test_damage_in_a_segment_without_footer_is_reported(tmp_path: Path) -> None:
    """All of it is rot: a sealed segment was synced to its end."""
    offsets = write_log(tmp_path, *([bytes(5000)] for _ in range(5)))
    footer_path(tmp_path / "seg" / "ev", 1).unlink()
    alter(tmp_path, offsets[0] + 100, b"???")
    settled = settle(tmp_path)
    assert [(damage.position.offset, damage.cause, damage.kind) for damage in settled.damages] == [
        (64, Cause.ROT, NOTE)
    ]


@pytest.mark.parametrize("place", [100, 20])
def test_a_sealed_segment_whose_last_record_is_damaged_says_so(tmp_path: Path, place: int) -> None:
    """Another segment follows, so it was cut where that record ended; the footer that is made again remembers it."""
    path, last = path_of(tmp_path), write_log(tmp_path, *([bytes(5000)] for _ in range(5)))[3]
    alter(tmp_path, last + place, b"???")
    footer_path(tmp_path / "seg" / "ev", 1).unlink()
    for _ in range(2):
        settled = settle(tmp_path)
        assert [(damage.position, damage.cause) for damage in settled.damages] == [
            (Position(SegmentClass.EV, 1, last), Cause.ROT)
        ]
        assert settled.stretches[0].end == path.stat().st_size


def test_blank_space_behind_a_sealed_segment_is_no_damage(tmp_path: Path) -> None:
    """A restored copy may be padded with zeros."""
    write_log(tmp_path, *([bytes(5000)] for _ in range(5)))
    path = path_of(tmp_path)
    size = path.stat().st_size
    os.truncate(path, size + 10_000)
    footer_path(tmp_path / "seg" / "ev", 1).unlink()
    settled = settle(tmp_path)
    assert (settled.damages, settled.stretches[0].end) == ([], size)


def test_a_scan_starts_where_the_index_stands(tmp_path: Path) -> None:
    """What was applied was synced before; it is not read again."""
    offsets = write_log(tmp_path, [b"one"], [b"two"], [b"three"])
    alter(tmp_path, offsets[0] + 100, b"???")
    settled = settle(tmp_path, applied=Applied(1, offsets[1], 1, SALT))
    assert settled.open is not None
    assert settled.last_sequence == 3


def test_an_index_at_the_end_still_knows_the_last_sequence(tmp_path: Path) -> None:
    """A sequence is never given twice."""
    offsets = write_log(tmp_path, [b"one"], [b"two"])
    settled = settle(tmp_path, applied=Applied(1, offsets[1] + 104, 2, SALT))
    assert settled.last_sequence == 2


def test_a_segment_without_a_sound_header_lives_by_the_remembered_salt(tmp_path: Path) -> None:
    """It is read with the index's copy, and sealed so that the footer keeps the salt."""
    write_log(tmp_path, [b"one"], [b"two"])
    salt = path_of(tmp_path).read_bytes()[20:36]
    alter(tmp_path, 0, b"ROTTEN")
    settled = settle(tmp_path, applied=Applied(1, 64, 0, salt))
    assert settled.open is None
    assert settled.last_sequence == 2
    again = settle(tmp_path)
    assert again.stretches[0].salt == salt


def test_a_segment_without_any_salt_is_left_as_it_is(tmp_path: Path) -> None:
    """Nothing in it can be verified; it is reported whole and not written to."""
    write_log(tmp_path, [b"one"])
    alter(tmp_path, 0, b"ROTTEN")
    before = path_of(tmp_path).read_bytes()
    settled = settle(tmp_path)
    assert [(damage.position.segment, damage.length) for damage in settled.damages] == [(1, len(before))]
    assert path_of(tmp_path).read_bytes() == before
    assert (settled.open, settled.next_number) == (None, 2)


def test_a_segment_whose_creation_was_cut_short_goes(tmp_path: Path) -> None:
    """It gets its name last, so nothing was ever written to it."""
    write_log(tmp_path, [b"one"])
    draft_of_segment = path_of(tmp_path, 2).with_suffix(".seg.tmp")
    draft_of_segment.write_bytes(bytes(100))
    settled = settle(tmp_path)
    assert not draft_of_segment.exists()
    assert settled.damages == []


def test_what_this_process_never_acknowledged_is_not_believed(tmp_path: Path) -> None:
    """After a failed sync the page cache may show sound records that the medium does not have."""
    offsets = write_log(tmp_path, [b"one"], [b"two"])
    settled = settle(tmp_path, known=KnownEnd(1, offsets[1], suspect=True))
    assert settled.stretches[0].end == offsets[1] == path_of(tmp_path).stat().st_size
    assert settled.open is None
    assert footer_path(tmp_path / "seg" / "ev", 1).exists()


def test_a_disk_that_cannot_be_written_is_only_read(tmp_path: Path) -> None:
    """The end is found, nothing is cut, swept or sealed."""
    offsets = write_log(tmp_path, [b"one"], [b"two"], [b"three"])
    alter(tmp_path, offsets[1] + 100, b"???")
    (tmp_path / "seg" / "ev" / "00000009.sum").write_bytes(b"debris")
    before = {path: path.read_bytes() for path in (tmp_path / "seg" / "ev").iterdir()}
    settled = settle(tmp_path, writable=False)
    assert settled.open is None
    assert settled.stretches[0].end == offsets[2] + 112
    assert {path: path.read_bytes() for path in (tmp_path / "seg" / "ev").iterdir()} == before


@given(flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=6))
def test_no_rot_makes_a_later_record_unreachable(tmp_path_factory, flips: list[tuple[int, int]]) -> None:
    """Whatever flips in the records of the open segment: those not hit stay within what counts."""
    root = tmp_path_factory.mktemp("rot")
    offsets = write_log(root, *([bytes([number]) * (40 * number)] for number in range(12)))
    clean = path_of(root).read_bytes()
    raw = bytearray(clean)
    last = offsets[-1] + 100 + 40 * 11
    for at, flip in flips:
        raw[64 + at % (last - 64)] ^= flip
    path_of(root).write_bytes(raw)
    settled = settle(root)
    sound = [
        number
        for number, offset in enumerate(offsets)
        if raw[offset : offset + 100 + 40 * number] == clean[offset : offset + 100 + 40 * number]
    ]
    if sound:
        assert settled.stretches[0].end > offsets[sound[-1]]
        holes = settled.stretches[0].holes
        for number in sound:
            assert not any(hole.offset <= offsets[number] < hole.offset + hole.length for hole in holes)


def test_a_damage_tells_what_its_header_still_says() -> None:
    """So that its store can mark a piece as damaged."""
    header = RecordHeader(NOTE, 1, 5, 77, b"cid", 1, bytes(32))
    damage = damage_of(EV, 3, Bad(64, 112, header), ())
    assert (damage.position, damage.length, damage.kind, damage.sequence, damage.cid) == (
        (EV, 3, 64),
        112,
        NOTE,
        77,
        b"cid",
    )
    assert damage_of(EV, 3, Bad(64, 112, None), ()).kind is None
