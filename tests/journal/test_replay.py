"""The databases catch up with the log."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from edge_node.journal import Database, Draft, Kind, NewerFormat, Record
from edge_node.journal.commit import Setback
from edge_node.journal.engine import Engine
from edge_node.journal.footer import Cause
from edge_node.journal.open_segment import segment_path
from edge_node.journal.states import Mode
from edge_node.paths import Paths
from tests.journal.faulty import FaultyFiles
from tests.journal.rig import BLOB, ERASE, FACT, NOTE, draft, open_rig, rig_kinds, rows


def write(engine: Engine, *drafts: Draft) -> list:
    assert engine.stage is not None
    outcome = engine.stage.write([[one] for one in drafts])
    assert not isinstance(outcome, Setback)
    return [places[0] for places in outcome]


def lose(root: Path, *databases: Database) -> None:
    paths = Paths(root)
    for path in (paths.index_db, paths.meta_db):
        if Database(path.stem) in databases:
            for name in root.glob(path.name + "*"):
                name.unlink()


@pytest.mark.parametrize("lost", [[], [Database.INDEX], [Database.META], list(Database)])
def test_a_rebuilt_database_equals_the_kept_one(tmp_path: Path, lost: list[Database]) -> None:
    """From several segments of all classes, with rounds of every mix."""
    engine = open_rig(tmp_path)
    for number in range(60):
        write(engine, *[draft(kind, bytes([number]) * (number * 9)) for kind in (BLOB, NOTE, FACT, ERASE, NOTE)])
    engine.close(clean=True)
    before = rows(tmp_path)
    assert len(before) == 300
    lose(tmp_path, *lost)
    engine = open_rig(tmp_path)
    assert engine.recovery.rebuilt == tuple(lost)
    assert engine.recovery.records_replayed == 240 * (Database.INDEX in lost) + 60 * (Database.META in lost)
    engine.close(clean=True)
    assert rows(tmp_path) == before


def test_classes_are_merged_by_sequence(tmp_path: Path) -> None:
    """An erasure in one class and what it erases in another are applied in the order they were written."""
    seen: list[int] = []

    def watched(kind: Kind) -> Kind:
        def apply(connection, batch) -> None:
            seen.extend(placed.sequence for placed, _ in batch)
            kind.apply(connection, batch)

        return replace(kind, apply=apply)

    engine = open_rig(tmp_path)
    for _ in range(20):
        write(engine, draft(ERASE, b"e"), draft(NOTE, b"n"), draft(BLOB, b"b"))
    engine.close(clean=True)
    lose(tmp_path, Database.INDEX)
    open_rig(tmp_path, kinds=[watched(kind) for kind in rig_kinds()]).close(clean=True)
    assert seen == list(range(1, 61))


def test_nothing_is_replayed_twice(tmp_path: Path) -> None:
    """After a crash each database continues from its own position."""
    engine = open_rig(tmp_path)
    write(engine, draft(FACT, b"f"), draft(NOTE, b"n"))
    write(engine, draft(ERASE, b"e"))
    engine.close(clean=False)
    engine = open_rig(tmp_path)
    assert engine.recovery.records_replayed == 0
    engine.close(clean=True)


def test_damage_is_reported_with_what_is_known(tmp_path: Path) -> None:
    """A rebuild goes on around it; the rows of all other records are there."""
    engine = open_rig(tmp_path)
    places = write(
        engine, *[draft(BLOB, bytes([number]) * 50, bytes.fromhex("01021e20") + bytes(32)) for number in range(9)]
    )
    write(engine, draft(BLOB, b"last"))
    engine.close(clean=True)
    lose(tmp_path, Database.INDEX)
    path = segment_path(tmp_path / "seg" / "px", 1)
    raw = bytearray(path.read_bytes())
    raw[places[4].position.offset + 120] ^= 1
    raw[places[6].position.offset + 4] ^= 1
    path.write_bytes(raw)
    engine = open_rig(tmp_path)
    found = [(damage.position, damage.cause, damage.sequence) for damage in engine.recovery.damages]
    assert found == [(places[4].position, Cause.ROT, 5), (places[6].position, Cause.ROT, None)]
    engine.close(clean=True)
    assert [row[0] for row in rows(tmp_path)] == [1, 2, 3, 4, 6, 8, 9, 10]


def test_a_record_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    """A later release wrote it; leaving it out would forget what it says."""
    engine = open_rig(tmp_path)
    write(engine, draft(ERASE, b"e"))
    engine.close(clean=False)
    lose(tmp_path, Database.INDEX)
    with pytest.raises(NewerFormat):
        open_rig(tmp_path, kinds=rig_kinds()[:3])


def test_a_record_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """And one of an older version is handed to the kind, which knows both."""
    kinds = [replace(kind, version=2) for kind in rig_kinds()]
    engine = open_rig(tmp_path, kinds=kinds)
    write(engine, Draft(NOTE, 1, b"", b"old", b"old"), Draft(NOTE, 2, b"", b"new", b"new"))
    engine.close(clean=False)
    lose(tmp_path, Database.INDEX)
    with pytest.raises(NewerFormat):
        open_rig(tmp_path)
    versions: list[int] = []

    def replay(record: Record) -> bytes:
        versions.append(record.version)
        return record.payload

    open_rig(tmp_path, kinds=[replace(kind, replay=replay) for kind in kinds]).close(clean=True)
    assert versions == [1, 2]


def test_a_large_log_is_applied_in_batches(tmp_path: Path, monkeypatch) -> None:
    """Positions move with each batch, so that a replay cut short goes on from there."""
    from edge_node.journal import replay as module

    engine = open_rig(tmp_path)
    for _ in range(10):
        write(engine, *[draft(NOTE, b"n" * 30)] * 5, draft(FACT, b"f"))
    engine.close(clean=True)
    before = rows(tmp_path)
    lose(tmp_path, *Database)
    monkeypatch.setattr(module, "BATCH_RECORDS", 7)
    open_rig(tmp_path).close(clean=True)
    assert rows(tmp_path) == before


def test_a_bad_sector_costs_only_what_lies_on_it(tmp_path: Path) -> None:
    """A rebuild reads around it."""
    engine = open_rig(tmp_path)
    for number in range(10):
        write(engine, draft(NOTE, bytes([number]) * 3000))
    engine.close(clean=True)
    lose(tmp_path, Database.INDEX)
    files = FaultyFiles()
    bad = range(8192, 12_288)
    whole = files.pread

    def pread(descriptor: int, length: int, offset: int) -> bytes:
        if "ev/00000001.seg" in files.names_of[descriptor] and offset < bad.stop and offset + length > bad.start:
            raise OSError(errno.EIO, "bad sector")
        return whole(descriptor, length, offset)

    files.pread = pread
    engine = open_rig(tmp_path, files)
    assert engine.state.mode is Mode.WRITABLE
    assert {damage.position.segment for damage in engine.recovery.damages} == {1}
    engine.close(clean=True)
    assert [row[0] for row in rows(tmp_path)] == [1, 2, 5, 6, 7, 8, 9, 10]
