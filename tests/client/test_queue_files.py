"""The files of a queue directory."""

import os
from pathlib import Path

import pytest

from edge_node.client.queue_errors import QueueDamaged, QueueInUse
from edge_node.client.queue_files import DATABASE, LIVES, put_aside, read_lives, take_lock, write_lives


def test_a_directory_is_held_once(tmp_path: Path) -> None:
    """The second taker is refused until the first lets go."""
    first = take_lock(tmp_path)
    with pytest.raises(QueueInUse):
        take_lock(tmp_path)
    os.close(first)
    os.close(take_lock(tmp_path))


def test_putting_aside_keeps_every_byte(tmp_path: Path) -> None:
    """Database and journal are renamed together; nothing is left under the old names."""
    (tmp_path / DATABASE).write_bytes(b"half a database")
    (tmp_path / f"{DATABASE}-wal").write_bytes(b"its journal")
    damage = put_aside(tmp_path, "torn", 17)
    assert damage.aside.read_bytes() == b"half a database"
    assert (tmp_path / f"{damage.aside.name}-wal").read_bytes() == b"its journal"
    assert not list(tmp_path.glob(f"{DATABASE}")) + list(tmp_path.glob(f"{DATABASE}-*"))


def test_lives_are_read_as_written(tmp_path: Path) -> None:
    """A new device has none."""
    assert read_lives(tmp_path) == {}
    write_lives(tmp_path, {"aa/s": 7})
    write_lives(tmp_path, {"aa/s": 8, "aa/t": 1})
    assert read_lives(tmp_path) == {"aa/s": 8, "aa/t": 1}


def test_unreadable_lives_are_put_aside_with_an_error(tmp_path: Path) -> None:
    """Numbers must not begin again at 1 without anybody being told."""
    (tmp_path / LIVES).write_bytes(b"\x00\x00")
    with pytest.raises(QueueDamaged) as caught:
        read_lives(tmp_path)
    assert caught.value.aside.read_bytes() == b"\x00\x00"
