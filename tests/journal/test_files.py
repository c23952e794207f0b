"""The port to the disk, on a real one."""

import errno
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.journal.files import OsFiles, read_around_damage, read_file, replace_file, write_all
from tests.journal.faulty import FaultyFiles

FILES = OsFiles()


class Dribble(OsFiles):
    """Writes a few bytes a time, as the kernel may."""

    def __init__(self, counts: list[int]) -> None:
        self.counts = counts

    def pwritev(self, descriptor, buffers, offset) -> int:
        count = self.counts.pop(0) if self.counts else 10**6
        return super().pwritev(descriptor, [b"".join(buffers)[:count]], offset)


@given(parts=st.lists(st.binary(max_size=40), max_size=6), counts=st.lists(st.integers(1, 30), max_size=8))
def test_short_writes_are_continued(tmp_path_factory, parts: list[bytes], counts: list[int]) -> None:
    """However the kernel cuts a write, the file holds every byte once, in order."""
    path = tmp_path_factory.mktemp("short") / "file"
    descriptor = FILES.create(path)
    write_all(Dribble(counts), descriptor, parts, 3)
    FILES.close(descriptor)
    assert path.read_bytes() == (bytes(3) + b"".join(parts) if any(parts) else b"")


def test_a_write_of_nothing_is_a_full_disk(tmp_path: Path) -> None:
    """A kernel that takes no byte and reports no error is not asked for ever."""
    descriptor = FILES.create(tmp_path / "file")
    with pytest.raises(OSError) as caught:
        write_all(Dribble([0]), descriptor, [b"bytes"], 0)
    FILES.close(descriptor)
    assert caught.value.errno == errno.ENOSPC


def test_more_buffers_than_one_call_takes_are_written(tmp_path: Path) -> None:
    """The kernel's limit of 1,024 buffers is no limit of ours."""
    descriptor = FILES.create(tmp_path / "file")
    write_all(FILES, descriptor, [b"ab"] * 3000, 0)
    assert FILES.size(descriptor) == 6000
    FILES.close(descriptor)


def test_a_new_file_is_new_and_private(tmp_path: Path) -> None:
    """Mode 0600, and never over an existing one."""
    FILES.close(FILES.create(tmp_path / "file"))
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        FILES.create(tmp_path / "file")


def test_a_replaced_file_is_old_or_new(tmp_path: Path) -> None:
    """A rename that is refused leaves the old content; the draft is no obstacle to the next try."""
    files = FaultyFiles()
    replace_file(files, tmp_path / "file", b"old")
    files.refuse("rename", errno.EIO)
    with pytest.raises(OSError):
        replace_file(files, tmp_path / "file", b"new")
    assert read_file(files, tmp_path / "file", 100) == b"old"
    files.heal()
    replace_file(files, tmp_path / "file", b"newer")
    assert read_file(files, tmp_path / "file", 100) == b"newer"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_replaced_file_is_synced_before_and_after_its_rename(tmp_path: Path) -> None:
    """Content first, then the name, then the directory."""
    files = FaultyFiles()
    replace_file(files, tmp_path / "file", b"content")
    order = [operation for operation, _ in files.calls]
    assert order == ["create", "pwritev", "fdatasync", "rename", "sync_directory"]


def test_a_held_lock_is_refused(tmp_path: Path) -> None:
    """Even within one process, each opening is a holder of its own."""
    held = FILES.lock(tmp_path / "LOCK")
    with pytest.raises(BlockingIOError):
        FILES.lock(tmp_path / "LOCK")
    FILES.close(held)
    FILES.close(FILES.lock(tmp_path / "LOCK"))


def test_allocated_space_counts_as_length(tmp_path: Path) -> None:
    """So that appends within it change data only."""
    descriptor = FILES.create(tmp_path / "file")
    FILES.allocate(descriptor, 0, 10_000)
    assert FILES.size(descriptor) == 10_000
    FILES.truncate(descriptor, 10)
    FILES.forget_cached(descriptor)
    assert FILES.pread(descriptor, 100, 0) == bytes(10)
    FILES.close(descriptor)


def test_space_is_what_the_file_system_says(tmp_path: Path) -> None:
    """Free bytes are never more than there are."""
    space = FILES.space(tmp_path)
    assert 0 < space.free <= space.total


def test_a_bad_sector_reads_as_zeros(tmp_path: Path) -> None:
    """And costs nothing around it."""
    files = FaultyFiles()
    path = tmp_path / "file"
    path.write_bytes(b"x" * 20_000)
    descriptor = files.open_read(path)
    bad = range(8192, 12_288)

    class Sector(OsFiles):
        def pread(self, descriptor, length, offset) -> bytes:
            if offset < bad.stop and offset + length > bad.start:
                raise OSError(errno.EIO, "bad sector")
            return super().pread(descriptor, length, offset)

    wanted = b"x" * 8192 + bytes(4096) + b"x" * (20_000 - 12_288)
    assert read_around_damage(Sector(), descriptor, 0, 1 << 20) == wanted
    assert read_around_damage(Sector(), descriptor, 12_288, 100) == b"x" * 100
    files.refuse("pread", errno.EBADF)
    with pytest.raises(OSError):
        read_around_damage(files, descriptor, 0, 10)
    files.close(descriptor)


def test_an_early_start_of_writing_is_only_advice(tmp_path: Path) -> None:
    """On a range that is not there, or a descriptor that is none, it does nothing."""
    descriptor = FILES.create(tmp_path / "file")
    write_all(FILES, descriptor, [b"bytes"], 0)
    FILES.start_writeback(descriptor, 0, 5)
    FILES.start_writeback(descriptor, 10**9, 5)
    FILES.close(descriptor)
    FILES.start_writeback(-1, 0, 5)
    assert (tmp_path / "file").read_bytes() == b"bytes"
