"""The write stage: a round is whole and durable, or it never was."""

import errno
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from edge_node.journal import Draft, Kind, SegmentClass, Space
from edge_node.journal.commit import Setback, WriteStage
from edge_node.journal.engine import Engine
from edge_node.journal.open_segment import footer_path, segment_path
from edge_node.journal.states import Turn
from edge_node.paths import Paths
from tests.journal.faulty import FaultyFiles
from tests.journal.rig import BLOB, ERASE, FACT, NOTE, SMALL, StillClock, draft, open_rig, rig_kinds, rows

MIXED = (NOTE, BLOB, FACT, ERASE)


def stage_of(engine: Engine) -> WriteStage:
    assert engine.stage is not None
    return engine.stage


def write(engine: Engine, *kinds: int, payload: bytes = b"payload") -> list | Setback:
    return stage_of(engine).write([[draft(kind, payload)] for kind in kinds])


def ends(engine: Engine) -> dict[SegmentClass, int]:
    return {name: segment.end for name, segment in stage_of(engine).segments.items()}


def sizes(root: Path) -> dict[str, int]:
    return {path.parent.name: path.stat().st_size for path in root.glob("seg/*/00000001.seg")}


def apply_raises(error: Exception) -> list[Kind]:
    """The rig's kinds, where ERASE cannot be applied."""

    def apply(connection: sqlite3.Connection, batch) -> None:
        raise error

    return [replace(kind, apply=apply) if kind.number == ERASE else kind for kind in rig_kinds()]


def test_a_round_is_synced_class_by_class_before_the_databases(tmp_path: Path) -> None:
    """Extents, events, records: what refers to another is never on the medium first."""
    files = FaultyFiles()
    engine = open_rig(tmp_path, files)
    files.calls.clear()
    write(engine, FACT, NOTE, BLOB)
    steps = [(operation, name[:2]) for operation, name in files.calls if operation in {"pwritev", "fdatasync"}]
    assert steps == [(operation, name) for name in ("px", "ev", "rc") for operation in ("pwritev", "fdatasync")]
    engine.close(clean=True)


def test_extents_leave_before_their_round_is_complete(tmp_path: Path) -> None:
    """The medium writes while the next is hashed; other classes wait for the extents' sync."""
    files = FaultyFiles()
    engine = open_rig(tmp_path, files, settings=type(SMALL)(reserve_bytes=0, free_min_bytes=0))
    files.calls.clear()
    large = bytes(600_000)
    outcome = stage_of(engine).write([[draft(kind, large) for kind in (NOTE, BLOB, BLOB)]])
    assert not isinstance(outcome, Setback)
    steps = [(operation, name[:2]) for operation, name in files.calls if operation in {"pwritev", "fdatasync"}]
    px = [("pwritev", "px"), ("pwritev", "px"), ("fdatasync", "px")]
    assert steps == [*px, ("pwritev", "ev"), ("fdatasync", "ev")]
    assert all(engine.reader.read(placed.position).payload == large for placed in outcome[0])
    engine.close(clean=True)


def test_what_left_early_is_taken_back_with_its_round(tmp_path: Path) -> None:
    """Also when the disk refuses in the middle; its sequences are not given again."""
    files = FaultyFiles()
    engine = open_rig(tmp_path, files, settings=type(SMALL)(reserve_bytes=0, free_min_bytes=0))
    before = ends(engine)
    seen: list[str] = []

    def guard(operation: str, name: str) -> OSError | None:
        seen.append(operation)
        return OSError(errno.ENOSPC, "full") if operation == "pwritev" and seen.count("pwritev") == 2 else None

    files.guard = guard
    outcome = stage_of(engine).write([[draft(BLOB, bytes(600_000))] * 3])
    assert isinstance(outcome, Setback)
    assert outcome.turn is Turn.SPACE_SHORT
    assert sizes(tmp_path) == {name.value: end for name, end in before.items()}
    files.heal()
    outcome = write(engine, NOTE)
    assert not isinstance(outcome, Setback)
    assert outcome[0][0].sequence == 3
    engine.close(clean=True)


def test_a_class_without_records_costs_no_sync(tmp_path: Path) -> None:
    """Most rounds touch one class."""
    files = FaultyFiles()
    engine = open_rig(tmp_path, files)
    files.calls.clear()
    write(engine, NOTE, NOTE, NOTE)
    assert [operation for operation, _ in files.calls] == ["pwritev", "fdatasync"]
    engine.close(clean=True)


def test_full_segments_are_sealed_and_followed(tmp_path: Path) -> None:
    """The footer stands before the next segment exists."""
    files = FaultyFiles()
    engine = open_rig(tmp_path, files)
    write(engine, NOTE, payload=bytes(20_000))
    files.calls.clear()
    write(engine, NOTE)
    assert stage_of(engine).segments[SegmentClass.EV].number == 2
    assert footer_path(tmp_path / "seg" / "ev", 1).exists()
    names = [(operation, Path(name).name) for operation, name in files.calls if operation in {"rename", "create"}]
    footer, segment = "00000001.sum", "00000002.seg"
    assert names == [("create", f"{footer}.tmp"), ("rename", footer), ("create", f"{segment}.tmp"), ("rename", segment)]
    engine.close(clean=True)


@pytest.mark.parametrize("only", ["px/", "ev/", "rc/"])
@pytest.mark.parametrize(
    ("operation", "code", "turn"),
    [
        ("pwritev", errno.ENOSPC, Turn.SPACE_SHORT),
        ("allocate", errno.ENOSPC, Turn.SPACE_SHORT),
        ("pwritev", errno.EDQUOT, Turn.SPACE_SHORT),
        ("pwritev", errno.EIO, Turn.DISK_REFUSED),
        ("pwritev", errno.EROFS, Turn.DISK_REFUSED),
        ("fdatasync", errno.EIO, Turn.DISK_REFUSED),
        ("fdatasync", errno.ENOSPC, Turn.DISK_REFUSED),
    ],
)
def test_a_refused_round_leaves_nothing(tmp_path: Path, only: str, operation: str, code: int, turn: Turn) -> None:
    """In no segment and no database, whichever class was refused; a restart finds what it found before."""
    files = FaultyFiles()
    engine = open_rig(tmp_path, files)
    write(engine, *MIXED)
    before, kept = ends(engine), rows(tmp_path)
    # A step that does not fit is followed by a smaller one.
    files.refuse(operation, code, only=only, times=2 if operation == "allocate" else 1)
    outcome = write(engine, *MIXED, payload=bytes(5000))
    assert isinstance(outcome, Setback)
    assert outcome.turn is turn
    files.heal()
    assert ends(engine) == before
    assert sizes(tmp_path) == {name.value: end for name, end in before.items()}
    engine.close(clean=False)
    engine = open_rig(tmp_path)
    assert (rows(tmp_path), engine.recovery.damages) == (kept, ())
    engine.close(clean=True)


def test_after_a_full_disk_the_next_round_is_written(tmp_path: Path) -> None:
    """As soon as there is room; nothing of the refused round is in its way."""
    files = FaultyFiles()
    engine = open_rig(tmp_path, files)
    files.refuse("allocate", errno.ENOSPC)
    assert isinstance(write(engine, NOTE, payload=bytes(9000)), Setback)
    assert stage_of(engine).low
    files.heal()
    assert not isinstance(write(engine, NOTE, payload=bytes(9000)), Setback)
    engine.close(clean=True)
    assert [row[0] for row in rows(tmp_path)] == [2]


def test_a_short_write_is_continued_or_refused(tmp_path: Path) -> None:
    """The kernel takes part of a write without an error; the rest is asked for, and a full disk then says so."""
    files = FaultyFiles()
    engine = open_rig(tmp_path, files)
    files.short = [50, 1]
    assert not isinstance(write(engine, NOTE), Setback)
    files.short = [50, 0]
    outcome = write(engine, NOTE)
    assert isinstance(outcome, Setback)
    assert outcome.turn is Turn.SPACE_SHORT
    engine.close(clean=True)
    assert len(rows(tmp_path)) == 1


def test_a_sync_error_makes_the_segment_suspect(tmp_path: Path) -> None:
    """Its descriptor is not asked to sync again, and a reopening in this process knows up to where to believe it."""
    files = FaultyFiles()
    engine = open_rig(tmp_path, files)
    write(engine, NOTE)
    files.refuse("fdatasync", errno.EIO, only="ev/")
    assert isinstance(write(engine, NOTE), Setback)
    known = stage_of(engine).known_ends()[SegmentClass.EV]
    assert (known.number, known.end, known.suspect) == (1, 64 + 112, True)
    engine.close(clean=False)


def test_a_write_that_cannot_be_taken_back_stops_the_writing(tmp_path: Path) -> None:
    """Its bytes may come to life at a restart: the journal does not go on behind them."""
    files = FaultyFiles()
    engine = open_rig(tmp_path, files, kinds=apply_raises(ValueError("no")))

    files.refuse("truncate", errno.EIO)
    outcome = write(engine, ERASE)
    assert isinstance(outcome, Setback)
    assert outcome.turn is Turn.DISK_REFUSED
    assert "could not be taken back" in outcome.reason
    engine.close(clean=False)


@pytest.mark.parametrize("error", [ValueError("no"), sqlite3.IntegrityError("no"), KeyError("x")])
def test_a_kind_that_cannot_be_applied_ends_its_round_only(tmp_path: Path, error: Exception) -> None:
    """The journal stays as it was, and goes on."""
    engine = open_rig(tmp_path, kinds=apply_raises(error))
    before = ends(engine)
    outcome = write(engine, NOTE, ERASE)
    assert isinstance(outcome, Setback)
    assert outcome.turn is None
    assert ends(engine) == before
    assert not isinstance(write(engine, NOTE), Setback)
    engine.close(clean=True)
    assert [row[0] for row in rows(tmp_path)] == [3]


@pytest.mark.parametrize(
    ("message", "code", "turn"),
    [
        ("database or disk is full", 13, Turn.SPACE_SHORT),
        ("disk I/O error", 10, Turn.DISK_REFUSED),
        ("malformed", 11, Turn.DISK_REFUSED),
    ],
)
def test_a_database_that_refuses_takes_the_log_back(tmp_path: Path, message: str, code: int, turn: Turn) -> None:
    """What was already synced is cut off again: refused means not stored."""
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    engine = open_rig(tmp_path, kinds=apply_raises(error))
    before = ends(engine)
    outcome = write(engine, BLOB, ERASE)
    assert isinstance(outcome, Setback)
    assert outcome.turn is turn
    assert sizes(tmp_path) == {name.value: end for name, end in before.items()}
    engine.close(clean=False)


def test_meta_without_index_is_beyond_repair_in_process(tmp_path: Path) -> None:
    """Only then memory and disk can no longer be reconciled; a restart can."""
    engine = open_rig(tmp_path)
    write(engine, FACT)
    index = stage_of(engine).databases[next(iter(engine.databases))]

    def refuse(marks) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    index.commit = refuse
    outcome = write(engine, FACT, NOTE)
    assert isinstance(outcome, Setback)
    assert outcome.turn is Turn.UNRECONCILED
    index.rollback()
    engine.close(clean=False)
    engine = open_rig(tmp_path)
    engine.close(clean=True)
    assert [row[0] for row in rows(tmp_path)] == [1, 2, 3]


def test_sequences_are_given_once(tmp_path: Path) -> None:
    """Also when a round was taken back."""
    files = FaultyFiles()
    engine = open_rig(tmp_path, files)
    files.refuse("pwritev", errno.ENOSPC, only="ev/", times=1)
    write(engine, NOTE, NOTE)
    outcome = write(engine, NOTE)
    assert not isinstance(outcome, Setback)
    assert outcome[0][0].sequence == 3
    engine.close(clean=True)


def test_space_is_watched_and_the_ballast_moved(tmp_path: Path) -> None:
    """Asked at most once a second while little is written; what it says decides."""
    files, clock = FaultyFiles(), StillClock()
    settings = type(SMALL)(segment_bytes=16384, preallocate_bytes=4096, reserve_bytes=1000, free_min_bytes=5000)
    files.room = Space(1 << 30, 1 << 29)
    engine = open_rig(tmp_path, files, settings=settings, clock=clock)
    stage, reserve = stage_of(engine), Paths(tmp_path).reserve
    assert reserve.exists()
    files.room = Space(1 << 30, 4999)
    write(engine, NOTE)
    assert not stage.low
    clock.now_s += 1
    write(engine, NOTE)
    assert stage.low
    assert reserve.exists()
    files.room = Space(1 << 30, 999)
    stage.check_space()
    assert not reserve.exists()
    files.room = Space(1 << 30, 1 << 29)
    stage.check_space()
    assert not stage.low
    assert reserve.exists()
    engine.close(clean=True)


def test_a_full_disk_releases_the_ballast(tmp_path: Path) -> None:
    """The next delete has the room that the ballast held."""
    files = FaultyFiles()
    settings = type(SMALL)(segment_bytes=16384, preallocate_bytes=4096, reserve_bytes=1000, free_min_bytes=0)
    engine = open_rig(tmp_path, files, settings=settings)
    files.refuse("pwritev", errno.ENOSPC, only="ev/", times=1)
    write(engine, NOTE)
    assert not Paths(tmp_path).reserve.exists()
    assert not isinstance(write(engine, ERASE), Setback)
    engine.close(clean=True)


def test_a_file_system_that_cannot_be_asked_stops_nothing(tmp_path: Path) -> None:
    """The round is durable all the same."""
    files, clock = FaultyFiles(), StillClock()
    engine = open_rig(tmp_path, files, clock=clock)
    files.refuse("space", errno.EIO)
    clock.now_s += 5
    assert not isinstance(write(engine, NOTE), Setback)
    files.heal()
    engine.close(clean=True)


def test_a_roll_cut_short_is_taken_up_again(tmp_path: Path) -> None:
    """Sealed, but the next segment could not be made: the next round makes it."""
    files = FaultyFiles()
    engine = open_rig(tmp_path, files)
    write(engine, NOTE, payload=bytes(20_000))
    files.refuse("create", errno.ENOSPC, only="00000002.seg", times=1)
    assert isinstance(write(engine, NOTE), Setback)
    assert not isinstance(write(engine, NOTE), Setback)
    assert segment_path(tmp_path / "seg" / "ev", 2).exists()
    engine.close(clean=True)
    assert len(rows(tmp_path)) == 2


def test_a_ticket_of_many_drafts_is_one_round(tmp_path: Path) -> None:
    """Its places come back in the order of its drafts."""
    engine = open_rig(tmp_path)
    drafts = [Draft(kind, 1, b"", bytes([at]), b"") for at, kind in enumerate(MIXED)]
    outcome = stage_of(engine).write([drafts, drafts[:1]])
    assert not isinstance(outcome, Setback)
    assert [[placed.sequence for placed in places] for places in outcome] == [[1, 2, 3, 4], [5]]
    assert [placed.position.segment_class.value for placed in outcome[0]] == ["ev", "px", "rc", "rc"]
    engine.close(clean=True)


def test_an_open_round_is_finished_by_a_later_call(tmp_path: Path) -> None:
    """Nothing of it is synced or applied before; then all of it is, in one round."""
    files = FaultyFiles()
    engine = open_rig(tmp_path, files, settings=type(SMALL)(reserve_bytes=0, free_min_bytes=0))
    stage = stage_of(engine)
    files.calls.clear()
    for _ in range(2):
        assert stage.write([[draft(BLOB, bytes(600_000))]], finish=False) == []
    assert [operation for operation, _ in files.calls if operation != "allocate"] == ["pwritev"] * 2
    assert (rows(tmp_path), stage.rounds) == ([], 0)
    outcome = stage.write([[draft(NOTE, b"note")]])
    assert not isinstance(outcome, Setback)
    assert [placed.sequence for places in outcome for placed in places] == [1, 2, 3]
    assert [operation for operation, _ in files.calls].count("fdatasync") == 2
    assert (len(rows(tmp_path)), stage.rounds, stage.records) == (3, 1, 3)
    engine.close(clean=True)
    assert open_rig(tmp_path).recovery.damages == ()


def test_an_open_round_is_taken_back_whole(tmp_path: Path) -> None:
    """With what was in it before the call that was refused."""
    files = FaultyFiles()
    engine = open_rig(tmp_path, files, settings=type(SMALL)(reserve_bytes=0, free_min_bytes=0))
    before = ends(engine)
    assert stage_of(engine).write([[draft(BLOB, bytes(600_000))]], finish=False) == []
    files.refuse("pwritev", errno.ENOSPC, only="px/", times=1)
    assert isinstance(stage_of(engine).write([[draft(BLOB, bytes(600_000))]], finish=False), Setback)
    assert sizes(tmp_path) == {name.value: end for name, end in before.items()}
    outcome = stage_of(engine).write([], finish=True)
    assert outcome == []
    engine.close(clean=True)


def test_an_open_round_is_dropped_by_closing(tmp_path: Path) -> None:
    """Nobody was promised anything."""
    engine = open_rig(tmp_path)
    stage_of(engine).write([[draft(BLOB, bytes(600_000))]], finish=False)
    engine.close(clean=True)
    engine = open_rig(tmp_path)
    assert (engine.recovery.records_replayed, engine.recovery.truncated_bytes) == (0, 0)
    engine.close(clean=True)
