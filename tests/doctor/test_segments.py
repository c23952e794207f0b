"""Segments of a real node, damaged for real."""

from pathlib import Path

from edge_node.doctor.segments import TOLD_MAX, check_segments, judge_segments
from edge_node.journal import SegmentClass, SegmentState
from edge_node.journal.inspect_segments import Fault
from tests.doctor.rig import made, only, verdicts


def test_a_new_node_has_a_sound_log(tmp_path: Path) -> None:
    """Quick and deep agree."""
    site = made(tmp_path / "n")
    assert verdicts(check_segments(site)) == {"segments.log": "ok"}
    told: list[tuple] = []
    deep = made(tmp_path / "m", deep=True, progress=lambda *step: told.append(step))
    found = only(check_segments(deep), "segments.log")
    assert found.facts["records"] == 1
    assert "re-read" in found.evidence
    assert {what for what, _, _ in told} == {"segments"}


def test_a_damaged_record_is_bad_and_says_what_to_do(tmp_path: Path) -> None:
    """The operator's enrolment is the log's only record, and its bytes were changed."""
    site = made(tmp_path / "n")
    path = site.paths.segments / "rc/00000001.seg"
    raw = bytearray(path.read_bytes())
    raw[200] ^= 1
    path.write_bytes(raw)
    found = check_segments(site)
    assert verdicts(found) == {"segments.damage": "bad", "segments.log": "bad"}
    assert "rc/00000001" in found[0].evidence
    assert "Copy the directory" in found[0].remedy


def test_a_torn_end_is_a_warning(tmp_path: Path) -> None:
    """The next start cuts it off; nobody was promised it."""
    site = made(tmp_path / "n")
    with (site.paths.segments / "ev/00000001.seg").open("ab") as file:
        file.write(b"half a record")
    assert verdicts(check_segments(site)) == {"segments.unfinished": "warn", "segments.log": "ok"}


def test_a_directory_in_a_segments_place(tmp_path: Path) -> None:
    """It is named instead of read."""
    site = made(tmp_path / "n")
    path = site.paths.segments / "ev/00000001.seg"
    path.unlink()
    path.mkdir()
    assert only(check_segments(site), "segments.log").verdict == "bad"


def test_a_dead_disk_does_not_fill_the_screen() -> None:
    """The first places are told, the others counted, and none of the gravity is lost."""
    faults = tuple(Fault("x", lost=number == TOLD_MAX + 3) for number in range(TOLD_MAX + 5))
    state = SegmentState(segment_class=SegmentClass.EV, number=1, size=9, sealed=True, faults=faults)
    found = judge_segments([state], deep=False)
    assert len(found) == TOLD_MAX + 2
    assert "5 more" in found[-2].evidence
    assert (found[-2].verdict, found[-1].verdict) == ("bad", "bad")
