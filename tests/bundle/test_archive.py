"""The archive: always the same for the same, bounded, whole, private."""

import io
import os
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from edge_node.bundle.archive import (
    FOLDER,
    PART_MAX_BYTES,
    TOTAL_MAX_BYTES,
    BundleExists,
    Part,
    bounded,
    pack,
    within_total,
    write_archive,
)

PARTS = [Part("b.txt", b"two", ""), Part("a.json", b"{}", "")]


def test_the_same_parts_give_the_same_bytes_in_order() -> None:
    """Two bundles can be compared, and none tells who made it."""
    packed = pack(PARTS, 1_700_000_000_000)
    assert packed == pack(PARTS[::-1], 1_700_000_000_000)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        entries = archive.getmembers()
        assert [entry.name for entry in entries] == [f"{FOLDER}/a.json", f"{FOLDER}/b.txt"]
        assert {(entry.mode, entry.uid, entry.uname, entry.mtime) for entry in entries} == {
            (0o600, 0, "", 1_700_000_000)
        }


def test_a_part_at_its_bound_and_one_byte_above() -> None:
    """Of a log the newest lines stay, of a document nothing: half of it is none."""
    line = b"x" * 1_023 + b"\n"
    lines = line * (PART_MAX_BYTES // len(line))
    assert bounded(Part("l.jsonl", lines, "")).content == lines
    cut = bounded(Part("l.jsonl", b"oldest\n" + lines, "")).content
    assert len(cut) <= PART_MAX_BYTES
    assert cut.startswith(b"# left out")
    assert cut.endswith(line)
    assert bounded(Part("d.json", b" " * (PART_MAX_BYTES + 1), "")).content.startswith(b'{"left_out_bytes"')


def test_all_parts_together_are_bounded() -> None:
    """What does not fit leaves its name and a note."""
    parts = [Part(f"{number}.txt", b"x" * PART_MAX_BYTES, "") for number in range(5)]
    kept = within_total([*parts, Part("small", b"s", "")])
    assert sum(len(part.content) for part in kept) < TOTAL_MAX_BYTES + 100
    assert [part.name for part in kept] == ["0.txt", "1.txt", "2.txt", "3.txt", "4.txt", "small"]


def test_the_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    """And there is nothing else beside it."""
    before = os.umask(0)
    try:
        write_archive(tmp_path / "b.tar.gz", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "b.tar.gz").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["b.tar.gz"]


def test_nothing_is_overwritten_and_no_link_followed(tmp_path: Path) -> None:
    """Not even a link to nothing."""
    (tmp_path / "b").write_bytes(b"mine")
    with pytest.raises(BundleExists):
        write_archive(tmp_path / "b", b"x")
    (tmp_path / "l").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleExists):
        write_archive(tmp_path / "l", b"x")
    assert (tmp_path / "b").read_bytes() == b"mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "l"]


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    """A limit of file size stands in for the disk's."""
    script = (
        "import resource, signal, sys; from pathlib import Path; from edge_node.bundle import write_archive;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10));"
        "write_archive(Path(sys.argv[1]), bytes(100))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "b")], capture_output=True, check=False)
    assert b"File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []
