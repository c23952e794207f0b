"""Verified reads by position, from any thread, whatever becomes of the segment meanwhile."""

import errno
import threading
from pathlib import Path

import pytest

from edge_node.journal.commit import Setback
from edge_node.journal.engine import Engine
from edge_node.journal.errors import DigestMismatch, NewerFormat, RecordAbsent, RecordUnreadable
from edge_node.journal.kinds import Placed
from edge_node.journal.open_segment import footer_path, segment_path
from edge_node.journal.reader import SegmentReader
from edge_node.journal.segment import SegmentClass
from tests.journal.faulty import FaultyFiles
from tests.journal.rig import NOTE, draft, open_rig

EV = SegmentClass.EV
CID = bytes.fromhex("01021e20") + bytes(32)


def put(engine: Engine, *payloads: bytes) -> list[Placed]:
    assert engine.stage is not None
    outcome = engine.stage.write([[draft(NOTE, payload, CID)] for payload in payloads])
    assert not isinstance(outcome, Setback)
    return [places[0] for places in outcome]


def flip(root: Path, number: int, offset: int) -> None:
    path = segment_path(root / "seg" / "ev", number)
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


def test_a_record_comes_back_with_all_its_fields(tmp_path: Path) -> None:
    """Also an empty one."""
    engine = open_rig(tmp_path)
    for payload, placed in zip((b"body", b""), put(engine, b"body", b""), strict=True):
        record = engine.reader.read(placed.position)
        assert (record.payload, record.cid, record.kind, record.version) == (payload, CID, NOTE, 1)
        assert record.placed == placed
    engine.close(clean=True)


@pytest.mark.parametrize(
    ("at", "part"), [(0, "header"), (60, "header"), (99, "header"), (100, "payload"), (103, "payload")]
)
def test_rot_is_never_handed_out(tmp_path: Path, at: int, part: str) -> None:
    """The error names the segment and the offset."""
    engine = open_rig(tmp_path)
    (placed,) = put(engine, b"body")
    flip(tmp_path, 1, placed.position.offset + at)
    with pytest.raises(DigestMismatch) as caught:
        engine.reader.read(placed.position)
    assert (caught.value.position, caught.value.part) == (placed.position, part)
    engine.close(clean=False)


def test_a_position_that_is_no_record_is_refused(tmp_path: Path) -> None:
    """An offset between records, or beyond the end."""
    engine = open_rig(tmp_path)
    (placed,) = put(engine, b"body")
    for offset in (placed.position.offset + 8, 10**9):
        with pytest.raises(DigestMismatch):
            engine.reader.read(placed.position._replace(offset=offset))
    engine.close(clean=True)


def test_an_absent_segment_is_named(tmp_path: Path) -> None:
    """It was dropped, or never there."""
    engine = open_rig(tmp_path)
    (placed,) = put(engine, b"body")
    with pytest.raises(RecordAbsent):
        engine.reader.read(placed.position._replace(segment=9))
    engine.close(clean=True)


def test_a_damaged_segment_header_is_survived_where_the_salt_is_known(tmp_path: Path) -> None:
    """From the footer, or from what recovery told; without either nothing can be verified."""
    engine = open_rig(tmp_path)
    (placed,) = put(engine, b"body")
    assert engine.stage is not None
    salt = engine.stage.segments[EV].salt
    engine.stage.segments[EV].seal()
    flip(tmp_path, 1, 20)
    reader = SegmentReader(FaultyFiles(), tmp_path / "seg")
    assert reader.read(placed.position).payload == b"body"
    reader.close()
    footer_path(tmp_path / "seg" / "ev", 1).unlink()
    with pytest.raises(DigestMismatch) as caught:
        reader.read(placed.position)
    assert caught.value.part == "segment header"
    reader.know_salt(EV, 1, salt)
    assert reader.read(placed.position).payload == b"body"
    reader.close()
    engine.close(clean=False)


def test_a_newer_segment_is_refused(tmp_path: Path) -> None:
    """Its records may be laid out otherwise."""
    from blake3 import blake3

    engine = open_rig(tmp_path)
    (placed,) = put(engine, b"body")
    path = segment_path(tmp_path / "seg" / "ev", 1)
    content = bytearray(path.read_bytes())
    content[8] = 2
    content[56:64] = blake3(bytes(content[:56])).digest(8)
    path.write_bytes(content)
    with pytest.raises(NewerFormat):
        engine.reader.read(placed.position)
    engine.close(clean=False)


def test_descriptors_are_bounded(tmp_path: Path) -> None:
    """The one used longest ago is closed; its records stay readable."""
    engine = open_rig(tmp_path)
    places = [put(engine, bytes([number]) * 12_000)[0] for number in range(8)]
    assert len({placed.position.segment for placed in places}) > 3
    files = FaultyFiles()
    reader = SegmentReader(files, tmp_path / "seg", limit=2)
    for _ in range(2):
        for number, placed in enumerate(places):
            assert reader.read(placed.position).payload == bytes([number]) * 12_000
    assert len(reader._handles) == 2
    reader.close()
    assert len(reader._handles) == 0
    engine.close(clean=True)


def test_a_dropped_segment_is_read_to_the_end_by_who_has_it(tmp_path: Path) -> None:
    """Its descriptor is closed by the last reader, not under it."""
    engine = open_rig(tmp_path)
    (placed,) = put(engine, b"body")
    files = FaultyFiles()
    reader = SegmentReader(files, tmp_path / "seg")

    def drop_meanwhile(operation: str, name: str) -> None:
        if operation == "pread" and files.calls[-2:] == [("pread", name)] * 2:
            segment_path(tmp_path / "seg" / "ev", 1).unlink(missing_ok=True)
            reader.forget(EV, 1)

    files.guard = drop_meanwhile
    assert reader.read(placed.position).payload == b"body"
    with pytest.raises(RecordAbsent):
        reader.read(placed.position)
    engine.close(clean=False)


def test_many_threads_read_at_once(tmp_path: Path) -> None:
    """With fewer descriptors than segments, so that they are closed and opened all the time."""
    engine = open_rig(tmp_path)
    places = [put(engine, bytes([number]) * 9_000)[0] for number in range(12)]
    reader, wrong = SegmentReader(FaultyFiles(), tmp_path / "seg", limit=2), []

    def read_all(shift: int) -> None:
        for step in range(60):
            number = (step * 5 + shift) % len(places)
            if reader.read(places[number].position).payload != bytes([number]) * 9_000:
                wrong.append(number)

    threads = [threading.Thread(target=read_all, args=(shift,)) for shift in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    reader.close()
    engine.close(clean=True)


def test_a_bad_sector_is_damage_like_any_other(tmp_path: Path) -> None:
    """Whoever handles a wrong digest handles it too."""
    files = FaultyFiles()
    engine = open_rig(tmp_path, files)
    (placed,) = put(engine, b"body")
    engine.reader.read(placed.position)
    files.refuse("pread", errno.EIO)
    with pytest.raises(RecordUnreadable) as caught:
        engine.reader.read(placed.position)
    assert isinstance(caught.value, DigestMismatch)
    assert "segment ev/00000001 at 64 cannot be read" in str(caught.value)
    files.heal()
    engine.close(clean=True)


def test_a_bad_sector_under_the_segment_header_costs_no_record(tmp_path: Path) -> None:
    """The salt is known from elsewhere, as for a header that rotted."""
    engine = open_rig(tmp_path)
    (placed,) = put(engine, b"body")
    engine.close(clean=True)

    class BadFirstSector(FaultyFiles):
        def pread(self, descriptor: int, length: int, offset: int) -> bytes:
            if offset == 0:
                raise OSError(errno.EIO, "bad sector")
            return super().pread(descriptor, length, offset)

    engine = open_rig(tmp_path)
    reader = SegmentReader(BadFirstSector(), tmp_path / "seg")
    reader.know_salt(EV, placed.position.segment, engine.stage.segments[EV].salt)
    assert reader.read(placed.position).payload == b"body"
    reader.close()
    engine.close(clean=True)
