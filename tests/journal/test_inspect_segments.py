"""Segments looked at from outside: what is wrong is found, and no byte changes."""

import hashlib
from pathlib import Path

import pytest

from edge_node.journal import Database, Inspection, NewerFormat, OsFiles, SegmentClass, SegmentState
from edge_node.journal.commit import Setback
from edge_node.journal.inspect_database import inspect_database
from edge_node.journal.inspect_segments import LAST_RECORDS_OF, inspect_segments
from edge_node.journal.segment import encode_segment_header
from edge_node.paths import Paths
from tests.journal.rig import BLOB, FACT, NOTE, draft, open_rig

RECORD = 1_500


def fill(root: Path, rounds: int = 60, *, clean: bool = True) -> None:
    """Some sealed segments of `ev` and one open of each class."""
    engine = open_rig(root)
    assert engine.stage is not None
    for number in range(rounds):
        drafts = [draft(NOTE, bytes([number]) * RECORD), draft(BLOB, b"b" * 40), draft(FACT, b"f" * 40)]
        assert not isinstance(engine.stage.write([drafts]), Setback)
    engine.close(clean=clean)


def look(root: Path, *, deep: bool = False, running: bool = False, progress=lambda _done, _all: None):
    paths = Paths(root)
    applied = inspect_database(paths.index_db, Database.INDEX, lambda: False).applied
    how = Inspection(files=OsFiles(), paths=paths, applied=applied, running=running, deep=deep, progress=progress)
    return inspect_segments(how)


def faults(states: list[SegmentState]) -> list[tuple[str, bool]]:
    return [(state.name, fault.lost) for state in states for fault in state.faults]


def snapshot(root: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path): (hashlib.md5(path.read_bytes()).digest(), path.stat().st_mtime_ns) for path in files}


def flip(path: Path, at: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 0x40
    path.write_bytes(raw)


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("deep", [True, False])
def test_a_sound_log_has_no_faults_and_is_not_touched(tmp_path: Path, clean: bool, deep: bool) -> None:
    """Also after a process that ended without closing anything."""
    fill(tmp_path, clean=clean)
    before = snapshot(tmp_path)
    states = look(tmp_path, deep=deep)
    assert faults(states) == []
    assert {state.segment_class for state in states} == set(SegmentClass)
    assert sum(state.sealed for state in states) > 3
    assert snapshot(tmp_path) == before


def test_deep_reads_every_record_and_says_how_far_it_is(tmp_path: Path) -> None:
    """The figures end where they were said to end."""
    fill(tmp_path)
    told: list[tuple[int, int]] = []
    states = look(tmp_path, deep=True, progress=lambda done, total: told.append((done, total)))
    assert sum(state.records for state in states) == 60 * 3
    assert told == sorted(told)
    assert told[-1][0] <= told[-1][1]


def test_a_flipped_bit_in_the_middle_is_found_by_deep_alone(tmp_path: Path) -> None:
    """Quick does not read it; deep names segment and place."""
    fill(tmp_path)
    flip(tmp_path / "seg/ev/00000001.seg", 64 + 100 + 7)
    assert faults(look(tmp_path)) == []
    found = look(tmp_path, deep=True)
    assert faults(found) == [("ev/00000001", True)]
    assert "at 64" in found[0].faults[0].what


def test_a_damaged_last_record_is_found_at_once(tmp_path: Path) -> None:
    """The end of a sealed segment is where a crash would have hurt it."""
    fill(tmp_path)
    path = tmp_path / "seg/ev/00000002.seg"
    flip(path, path.stat().st_size - 20)
    assert faults(look(tmp_path)) == [("ev/00000002", True)]


def test_a_truncated_segment_is_found(tmp_path: Path) -> None:
    """Its footer speaks of more than there is, so it does not fit."""
    fill(tmp_path)
    path = tmp_path / "seg/ev/00000001.seg"
    path.write_bytes(path.read_bytes()[:5_000])
    assert ("ev/00000001", False) in faults(look(tmp_path))
    assert ("ev/00000001", True) in faults(look(tmp_path, deep=True))


@pytest.mark.parametrize(("name", "what"), [("00000001.sum", "footer"), ("00000001.seg", "header")])
def test_damaged_outsides_are_named(tmp_path: Path, name: str, what: str) -> None:
    """With one copy of the salt left nothing is lost."""
    fill(tmp_path)
    flip(tmp_path / "seg/ev" / name, 20)
    states = look(tmp_path)
    assert faults(states) == [("ev/00000001", False)]
    assert what in states[0].faults[0].what


def test_without_any_copy_of_the_salt_the_segment_is_lost(tmp_path: Path) -> None:
    """Nothing in it can be verified."""
    fill(tmp_path)
    flip(tmp_path / "seg/ev/00000001.seg", 20)
    (tmp_path / "seg/ev/00000001.sum").unlink()
    assert ("ev/00000001", True) in faults(look(tmp_path))


def test_an_index_that_is_ahead_of_the_log_is_found(tmp_path: Path) -> None:
    """The open segment lost its end after the index had applied it."""
    fill(tmp_path)
    path = max((tmp_path / "seg/ev").glob("*.seg"))
    path.write_bytes(path.read_bytes()[:-200])
    assert faults(look(tmp_path)) == [(f"ev/{path.stem}", True)]


def test_a_torn_write_at_the_end_is_not_a_loss_and_not_looked_at_while_a_node_writes(tmp_path: Path) -> None:
    """It was promised to nobody, and the next start cuts it off."""
    fill(tmp_path)
    path = max((tmp_path / "seg/ev").glob("*.seg"))
    with path.open("ab") as file:
        file.write(b"EDR1 half a record")
    assert faults(look(tmp_path)) == [(f"ev/{path.stem}", False)]
    assert faults(look(tmp_path, running=True)) == []


def test_the_last_records_of_old_segments_are_left_to_deep(tmp_path: Path) -> None:
    """A thousand segments are looked at in little time."""
    fill(tmp_path, rounds=12 * (LAST_RECORDS_OF + 4))
    path = tmp_path / "seg/ev/00000001.seg"
    flip(path, path.stat().st_size - 20)
    assert faults(look(tmp_path)) == []
    assert faults(look(tmp_path, deep=True)) == [("ev/00000001", True)]


def test_a_later_release_is_not_judged(tmp_path: Path) -> None:
    """Its segments may look as they like."""
    fill(tmp_path, rounds=1)
    raw = bytearray(encode_segment_header(1, bytes(16)))
    raw[8] = 9
    from blake3 import blake3

    raw[56:64] = blake3(raw[:56]).digest(8)
    (tmp_path / "seg/ev/00000001.seg").write_bytes(raw)
    with pytest.raises(NewerFormat):
        look(tmp_path)


def test_a_directory_without_segments_has_none(tmp_path: Path) -> None:
    """A node that was never started is no error."""
    assert look(tmp_path) == []
