"""What lies in a class's directory."""

import errno
from pathlib import Path

import pytest

from edge_node.journal.catalogue import list_segments, sweep_debris, unlink_segment
from edge_node.journal.errors import NewerFormat
from edge_node.journal.files import OsFiles
from edge_node.journal.footer import Footer, encode_footer
from edge_node.journal.segment import encode_segment_header
from tests.journal.faulty import FaultyFiles

FILES = OsFiles()
SALT = bytes(range(16))


def segment(folder: Path, number: int, *, size: int = 64, salt: bytes = SALT) -> Path:
    path = folder / f"{number:08d}.seg"
    path.write_bytes(encode_segment_header(number, salt).ljust(size, b"\0"))
    return path


def footer(folder: Path, number: int, *, version: int = 1, end: int = 64, salt: bytes = SALT) -> Path:
    path = folder / f"{number:08d}.sum"
    path.write_bytes(encode_footer(Footer(version, number, salt, end, 1, 2)))
    return path


def test_segments_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """Whatever else lies there is left out."""
    for number in (12, 3, 100_000_000):
        segment(tmp_path, number, size=100)
    footer(tmp_path, 3, end=80)
    (tmp_path / "notes.txt").write_text("mine")
    found = list_segments(FILES, tmp_path, None)
    assert [(one.number, one.salt, one.size, one.end) for one in found] == [
        (3, SALT, 100, 80),
        (12, SALT, 100, 100),
        (100_000_000, SALT, 100, 100),
    ]
    assert found[0].footer is not None


@pytest.mark.parametrize("content", [b"", b"EDGESUM1", b"\0" * 200])
def test_a_damaged_footer_counts_as_none(tmp_path: Path, content: bytes) -> None:
    """The segment is scanned instead."""
    segment(tmp_path, 1)
    footer(tmp_path, 1).write_bytes(content)
    assert list_segments(FILES, tmp_path, None)[0].footer is None


@pytest.mark.parametrize("wrong", [{"end": 65}, {"salt": bytes(16)}])
def test_a_footer_that_does_not_fit_counts_as_none(tmp_path: Path, wrong: dict) -> None:
    """It speaks of more bytes than there are, or of another segment."""
    segment(tmp_path, 1)
    footer(tmp_path, 1, **wrong)
    assert list_segments(FILES, tmp_path, None)[0].footer is None


def test_a_footer_of_another_number_counts_as_none(tmp_path: Path) -> None:
    """A renamed file is no footer."""
    segment(tmp_path, 1)
    footer(tmp_path, 2).rename(tmp_path / "00000001.sum")
    assert list_segments(FILES, tmp_path, None)[0].footer is None


def test_the_salt_is_found_in_footer_or_hint(tmp_path: Path) -> None:
    """A damaged header costs nothing as long as a copy of the salt exists."""
    for number in (1, 2, 3):
        segment(tmp_path, number).write_bytes(bytes(64))
    footer(tmp_path, 1)
    found = list_segments(FILES, tmp_path, (2, b"remembered salt."))
    assert [one.salt for one in found] == [SALT, b"remembered salt.", None]
    assert [one.header_sound for one in found] == [False, False, False]


def test_a_newer_footer_is_refused(tmp_path: Path) -> None:
    """A later release may mean something else by it."""
    segment(tmp_path, 1)
    footer(tmp_path, 1, version=2)
    with pytest.raises(NewerFormat):
        list_segments(FILES, tmp_path, None)


def test_debris_of_a_crash_is_swept(tmp_path: Path) -> None:
    """Drafts, and footers whose segment was dropped; nothing else."""
    segment(tmp_path, 1)
    footer(tmp_path, 1)
    footer(tmp_path, 2)
    (tmp_path / "00000003.sum.tmp").write_bytes(b"")
    sweep_debris(FILES, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000001.seg", "00000001.sum"]


def test_a_removed_segment_takes_its_footer_along(tmp_path: Path) -> None:
    """Removing it again, after a crash in between, is fine."""
    segment(tmp_path, 1)
    segment(tmp_path, 2)
    footer(tmp_path, 1)
    unlink_segment(FILES, tmp_path, 1)
    unlink_segment(FILES, tmp_path, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["00000002.seg"]


def test_a_bad_sector_in_a_header_or_footer_stops_no_start(tmp_path: Path) -> None:
    """The other copy of the salt serves; without a footer the segment is scanned."""
    segment(tmp_path, 1)
    footer(tmp_path, 1)
    for only, header_sound, has_footer in ((".seg", False, True), (".sum", True, False)):
        files = FaultyFiles()
        files.refuse("pread", errno.EIO, only=only)
        (found,) = list_segments(files, tmp_path, None)
        assert (found.salt, found.header_sound, found.footer is not None) == (SALT, header_sound, has_footer)


def test_what_is_absent_costs_no_sync(tmp_path: Path) -> None:
    """Removing it once more is free."""
    segment(tmp_path, 1)
    files = FaultyFiles()
    for _ in range(3):
        unlink_segment(files, tmp_path, 1)
    assert [operation for operation, _ in files.calls] == ["unlink", "sync_directory"]
