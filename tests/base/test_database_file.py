"""A database and its side files are renamed or removed together."""

from pathlib import Path

from edge_node.base.database_file import remove_database, set_aside

SIDES = ("", "-wal", "-shm")


def test_names_for_damaged_files_are_never_reused(tmp_path: Path) -> None:
    """Each is kept, with what lay beside it under its new name too."""
    path = tmp_path / "some.db"
    for number in (1, 2):
        for side in SIDES:
            path.with_name(path.name + side).write_bytes(side.encode() + bytes((number,)))
        aside = set_aside(path)
        assert aside.name == f"some.db.corrupt-{number}"
        assert [aside.with_name(aside.name + side).read_bytes() for side in SIDES] == [
            side.encode() + bytes((number,)) for side in SIDES
        ]
    assert not path.exists()


def test_a_database_is_removed_whole(tmp_path: Path) -> None:
    """What is not there is no error; what belongs to another stays."""
    path, other = tmp_path / "some.db", tmp_path / "some.db.corrupt-1"
    for one in (path, path.with_name("some.db-wal"), other):
        one.write_bytes(b"x")
    remove_database(path)
    assert list(tmp_path.iterdir()) == [other]
