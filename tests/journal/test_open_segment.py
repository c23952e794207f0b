"""A segment open for appending, and its way back."""

import errno
from pathlib import Path

import pytest

from edge_node.journal.files import OsFiles
from edge_node.journal.footer import Cause, Hole, decode_footer
from edge_node.journal.open_segment import OpenSegment, footer_path, segment_path
from edge_node.journal.segment import SegmentClass, decode_segment_header
from tests.journal.faulty import FaultyFiles

SALT = bytes(range(16))
EV = SegmentClass.EV


@pytest.fixture
def files() -> FaultyFiles:
    return FaultyFiles()


def create(files: OsFiles, folder: Path, step: int = 4096) -> OpenSegment:
    return OpenSegment.create(files, folder, EV, 1, SALT, step)


def append(segment: OpenSegment, content: bytes, sequence: int = 1) -> None:
    segment.write([content], len(content))
    segment.sync()
    segment.advance(segment.end + len(content), sequence, sequence)


def test_a_new_segment_is_durable_before_its_first_record(files: FaultyFiles, tmp_path: Path) -> None:
    """Header and space, then the file's sync, then the name's."""
    create(files, tmp_path).close()
    order = [operation for operation, _ in files.calls]
    assert order == ["create", "pwritev", "allocate", "fdatasync", "rename", "sync_directory"]
    header = decode_segment_header(segment_path(tmp_path, 1).read_bytes())
    assert header is not None
    assert (header.number, header.salt) == (1, SALT)


@pytest.mark.parametrize("operation", ["pwritev", "allocate", "fdatasync", "rename", "sync_directory"])
def test_a_creation_cut_short_leaves_no_file(files: FaultyFiles, tmp_path: Path, operation: str) -> None:
    """So that the next try finds the name free."""
    files.refuse(operation, errno.ENOSPC)
    with pytest.raises(OSError):
        create(files, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_records_follow_each_other(files: FaultyFiles, tmp_path: Path) -> None:
    """`end` moves only when told that the bytes are synced."""
    segment = create(files, tmp_path)
    segment.write([b"lost"], 4)
    append(segment, b"kept")
    append(segment, b"more", 2)
    segment.close()
    assert segment_path(tmp_path, 1).read_bytes()[64:72] == b"keptmore"
    assert (segment.end, segment.first_sequence, segment.last_sequence) == (72, 1, 2)


def test_space_is_taken_in_steps(files: FaultyFiles, tmp_path: Path) -> None:
    """One allocation serves many appends; a large record takes as many steps as it needs."""
    segment = create(files, tmp_path)
    files.calls.clear()
    append(segment, bytes(1000))
    assert "allocate" not in [operation for operation, _ in files.calls]
    append(segment, bytes(9000))
    assert segment_path(tmp_path, 1).stat().st_size == 3 * 4096
    segment.close()


def test_the_last_bytes_of_a_disk_are_used(files: FaultyFiles, tmp_path: Path) -> None:
    """A whole step may not fit where the record does."""
    segment = create(files, tmp_path)
    files.refuse("allocate", errno.ENOSPC, times=1)
    append(segment, bytes(5000))
    assert segment_path(tmp_path, 1).stat().st_size == 64 + 5000
    segment.close()


def test_a_file_system_that_cannot_allocate_gets_sparse_files(files: FaultyFiles, tmp_path: Path) -> None:
    """Preallocation is a help, not a need."""
    files.refuse("allocate", errno.EOPNOTSUPP)
    segment = create(files, tmp_path)
    append(segment, b"record")
    assert segment_path(tmp_path, 1).stat().st_size == 4096
    segment.close()


def test_a_segment_without_steps_grows_by_writing(files: FaultyFiles, tmp_path: Path) -> None:
    """Preallocation may be switched off."""
    segment = create(files, tmp_path, step=0)
    append(segment, b"record")
    assert segment_path(tmp_path, 1).stat().st_size == 70
    segment.close()


def test_rewinding_cuts_off_what_did_not_count(files: FaultyFiles, tmp_path: Path) -> None:
    """Durably: the cut is synced."""
    segment = create(files, tmp_path)
    append(segment, b"kept")
    segment.write([b"torn"], 4)
    files.calls.clear()
    segment.rewind()
    assert [operation for operation, _ in files.calls] == ["truncate", "fdatasync"]
    assert segment_path(tmp_path, 1).read_bytes()[64:] == b"kept"
    append(segment, b"more")
    segment.close()
    assert segment_path(tmp_path, 1).read_bytes()[64:72] == b"keptmore"


def test_after_a_sync_error_the_descriptor_is_not_asked_again(files: FaultyFiles, tmp_path: Path) -> None:
    """Linux reports the error once and forgets the pages; a fresh descriptor cuts them off."""
    segment = create(files, tmp_path)
    append(segment, b"kept")
    files.refuse("fdatasync", errno.EIO, times=1)
    segment.write([b"torn"], 4)
    with pytest.raises(OSError):
        segment.sync()
    assert segment.suspect
    files.calls.clear()
    segment.rewind()
    assert [operation for operation, _ in files.calls] == ["open_write", "truncate", "fdatasync"]
    segment.close()


def test_a_sealed_segment_has_its_length_and_footer(files: FaultyFiles, tmp_path: Path) -> None:
    """The preallocated rest goes; the footer says what a start must know."""
    segment = create(files, tmp_path)
    append(segment, b"record", 9)
    hole = Hole(64, 8, Cause.TORN)
    segment.seal((hole,))
    segment.close()
    assert segment.sealed
    assert segment_path(tmp_path, 1).stat().st_size == 70
    footer = decode_footer(footer_path(tmp_path, 1).read_bytes())
    assert footer == (1, 1, SALT, 70, 9, 9, (hole,))
