"""Opening a directory: new, kept, damaged, refused, or only readable."""

import errno
import sqlite3
from pathlib import Path

import pytest

from edge_node.journal import Database, IdentityUnreadable, NewerFormat, Position, SegmentClass, Space
from edge_node.journal.commit import Setback
from edge_node.journal.engine import Engine, open_engine
from edge_node.journal.open_segment import segment_path
from edge_node.journal.states import Mode
from edge_node.paths import Paths
from tests.journal.faulty import FaultyFiles
from tests.journal.rig import BLOB, ERASE, FACT, NOTE, SMALL, draft, open_rig, rig_site, rows

MIXED = (NOTE, BLOB, FACT, ERASE)


def write(engine: Engine, *kinds: int) -> list:
    assert engine.stage is not None
    outcome = engine.stage.write([[draft(kind, b"payload") for kind in kinds]])
    assert not isinstance(outcome, Setback)
    return outcome[0]


def filled(root: Path, *, clean: bool = True) -> list[tuple]:
    engine = open_rig(root)
    for _ in range(3):
        write(engine, *MIXED)
    engine.close(clean=clean)
    return rows(root)


def test_a_new_directory_has_three_open_segments(tmp_path: Path) -> None:
    """And an identity, two databases, and nothing to recover."""
    engine = open_rig(tmp_path)
    assert engine.state.mode is Mode.WRITABLE
    assert (engine.recovery.records_replayed, engine.recovery.damages) == (0, ())
    engine.close(clean=True)
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    segments = [f"seg/{name}/00000001.seg" for name in ("ev", "px", "rc")]
    assert found == sorted(["NODE", "index.db", "meta.db", *segments])


def test_a_clean_restart_has_nothing_to_do(tmp_path: Path) -> None:
    """It goes on in the same segments with the next sequence."""
    before = filled(tmp_path)
    engine = open_rig(tmp_path)
    assert (engine.recovery.records_replayed, engine.recovery.truncated_bytes) == (0, 0)
    assert [placed.sequence for placed in write(engine, NOTE)] == [13]
    engine.close(clean=True)
    assert rows(tmp_path)[:-1] == before


def test_sequences_go_on_after_the_databases_are_lost(tmp_path: Path) -> None:
    """Also when the newest records lie in a sealed segment."""
    filled(tmp_path)
    for path in tmp_path.glob("*.db"):
        path.unlink()
    engine = open_rig(tmp_path)
    assert write(engine, NOTE)[0].sequence == 13
    engine.close(clean=True)


def test_an_index_ahead_of_the_log_is_rebuilt(tmp_path: Path) -> None:
    """It should not happen; if it does, its rows speak of records that are not there."""
    filled(tmp_path)
    segment_path(tmp_path / "seg" / "ev", 1).write_bytes(segment_path(tmp_path / "seg" / "ev", 1).read_bytes()[:200])
    engine = open_rig(tmp_path)
    assert engine.recovery.rebuilt == (Database.INDEX,)
    assert write(engine, NOTE)[0].sequence > 12
    engine.close(clean=True)
    assert (tmp_path / "index.db.corrupt-1").exists()
    assert [row[0] for row in rows(tmp_path) if row[1] == NOTE] == [1, 13]


def test_lost_segments_do_not_take_meta_with_them(tmp_path: Path) -> None:
    """meta.db holds the truth a second time, and is kept when the log is poorer."""
    filled(tmp_path)
    segment_path(tmp_path / "seg" / "rc", 1).unlink()
    open_rig(tmp_path).close(clean=True)
    assert [row[0] for row in rows(tmp_path) if row[1] == FACT] == [3, 7, 11]


@pytest.mark.parametrize("name", ["index.db", "meta.db"])
def test_a_corrupt_database_is_rebuilt_from_the_log(tmp_path: Path, name: str) -> None:
    """And kept aside."""
    before = filled(tmp_path)
    (tmp_path / name).write_bytes(b"scribble" * 3000)
    engine = open_rig(tmp_path)
    assert engine.recovery.rebuilt == (Database(name.removesuffix(".db")),)
    engine.close(clean=True)
    assert rows(tmp_path) == before
    assert (tmp_path / f"{name}.corrupt-1").exists()


def bump(root: Path, what: str) -> None:
    if what == "NODE":
        text = (root / "NODE").read_text()
        (root / "NODE").write_text(text.replace('"format":1', '"format":2'))
    else:
        connection = sqlite3.connect(root / what)
        connection.execute("PRAGMA user_version = 9")
        connection.close()


@pytest.mark.parametrize("what", ["NODE", "index.db", "meta.db"])
def test_a_newer_directory_is_refused(tmp_path: Path, what: str) -> None:
    """An older release explains itself and changes no record; the index alone may be touched, being derived."""
    filled(tmp_path)
    bump(tmp_path, what)
    truth = [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.startswith("index")]
    before = [path.read_bytes() for path in truth]
    with pytest.raises(NewerFormat):
        open_rig(tmp_path)
    assert [path.read_bytes() for path in truth] == before


def test_an_unreadable_identity_is_refused(tmp_path: Path) -> None:
    """Before anything else is opened."""
    filled(tmp_path)
    (tmp_path / "NODE").write_text("{")
    with pytest.raises(IdentityUnreadable):
        open_rig(tmp_path)


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("open_write", errno.EROFS),
        ("open_write", errno.EACCES),
        ("fdatasync", errno.EIO),
        ("truncate", errno.EIO),
        ("sync_directory", errno.EIO),
    ],
)
def test_a_disk_that_refuses_writing_is_still_read(tmp_path: Path, operation: str, code: int) -> None:
    """With the reason as its state, and with every record, also those that the index had not seen."""
    before = filled(tmp_path, clean=False)
    position = before[0][2:5]
    files = FaultyFiles()
    files.refuse(operation, code, only="" if operation == "sync_directory" else "/")
    for path in tmp_path.glob("seg/*/*.seg"):
        path.write_bytes(path.read_bytes() + b"torn")
    (tmp_path / "index.db").unlink()
    engine = open_rig(tmp_path, files)
    assert engine.state.mode is Mode.READ_ONLY
    assert "refused" in engine.state.reason
    assert engine.stage is None
    assert engine.reader.read(Position(SegmentClass(position[0]), position[1], position[2])).payload == b"payload"
    found = engine.databases[Database.INDEX].connection.execute("SELECT * FROM rows ORDER BY sequence").fetchall()
    assert found == [row for row in before if row[1] != FACT]
    engine.close(clean=True)


def test_an_empty_directory_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """There is nothing to read either."""
    files = FaultyFiles()
    files.refuse("create", errno.EROFS)
    with pytest.raises(OSError):
        open_rig(tmp_path, files)


def test_other_errors_are_not_hidden(tmp_path: Path) -> None:
    """Only what a disk says of itself makes a journal read-only."""
    files = FaultyFiles()
    files.refuse("create", errno.EMFILE)
    with pytest.raises(OSError) as caught:
        open_rig(tmp_path, files)
    assert caught.value.errno == errno.EMFILE


def test_a_reopening_believes_only_what_was_acknowledged(tmp_path: Path) -> None:
    """Bytes after the known end are cut, and a suspect segment is sealed and followed by a new one."""
    files = FaultyFiles()
    engine = open_rig(tmp_path, files)
    write(engine, NOTE)
    kept = rows(tmp_path)
    assert engine.stage is not None

    def guard(operation: str, name: str) -> OSError | None:
        # The sync fails and so does taking the write back: the bytes stay, sound to look at.
        return OSError(errno.EIO, "no") if operation in {"fdatasync", "truncate"} and "ev/" in name else None

    files.guard = guard
    assert isinstance(engine.stage.write([[draft(NOTE, b"never acknowledged")]]), Setback)
    files.heal()
    known = engine.stage.known_ends()
    engine.close(clean=False)
    engine = open_engine(rig_site(tmp_path, files), known)
    assert engine.stage is not None
    assert engine.stage.segments[SegmentClass.EV].number == 2
    assert write(engine, NOTE)[0].position.segment == 2
    engine.close(clean=True)
    assert rows(tmp_path)[:-1] == kept


def test_a_short_disk_opens_low(tmp_path: Path) -> None:
    """Deletes are taken from the first moment on."""
    files = FaultyFiles()
    files.room = Space(1 << 30, 1 << 20)
    engine = open_rig(tmp_path, files, settings=type(SMALL)(preallocate_bytes=4096))
    assert engine.state.mode is Mode.LOW
    engine.close(clean=True)


def test_the_ballast_makes_room_for_opening(tmp_path: Path) -> None:
    """On a disk that others filled, even the databases could not open without it."""
    settings = type(SMALL)(preallocate_bytes=4096, reserve_bytes=8192, free_min_bytes=0)
    open_rig(tmp_path, settings=settings).close(clean=True)
    assert Paths(tmp_path).reserve.exists()
    files = FaultyFiles()
    files.room = Space(1 << 30, 100)
    open_rig(tmp_path, files, settings=settings).close(clean=True)
    assert not Paths(tmp_path).reserve.exists()


def test_a_bad_sector_in_the_open_segment_stops_writing_not_reading(tmp_path: Path) -> None:
    """What cannot be read may be a sound record: nothing is cut off behind it."""
    before = filled(tmp_path, clean=False)
    (tmp_path / "index.db").unlink()
    segment = segment_path(tmp_path / "seg" / "px", 1)
    size = segment.stat().st_size
    files = FaultyFiles()
    whole = files.pread

    def pread(descriptor: int, length: int, offset: int) -> bytes:
        if "px/" in files.names_of[descriptor] and length > 100:
            raise OSError(errno.EIO, "bad sector")
        return whole(descriptor, length, offset)

    files.pread = pread
    engine = open_rig(tmp_path, files)
    assert engine.state.mode is Mode.READ_ONLY
    found = engine.databases[Database.INDEX].connection.execute("SELECT * FROM rows ORDER BY sequence").fetchall()
    assert found == [row for row in before if row[1] not in {FACT, BLOB}]
    engine.close(clean=True)
    assert segment.stat().st_size == size
