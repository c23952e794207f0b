"""The files by which the processes of a trial find each other."""

from pathlib import Path

import pytest

from edge_node.devnet.layout import Place, SiteFiles, read_value, write_value


def test_a_value_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    """A reader never sees half of it, and no draft stays."""
    file = tmp_path / "place.json"
    with pytest.raises(FileNotFoundError):
        read_value(file, Place)
    write_value(file, Place("http://127.0.0.1:1", "aa", "bb"))
    assert read_value(file, Place) == Place("http://127.0.0.1:1", "aa", "bb")
    assert list(tmp_path.iterdir()) == [file]


def test_every_path_lies_inside_the_trials_directory() -> None:
    """Removing the one directory removes everything."""
    root = Path("/trial")
    site, station = SiteFiles(root), SiteFiles(root).station("cpu")
    paths = [site.node, site.config, site.operator_key, site.log, site.place, site.history, station.key, station.public,
             station.place, station.queue, station.ledger, station.report, station.log]  # fmt: skip
    assert all(path.is_relative_to(root) for path in paths)
    assert len(set(paths)) == len(paths)
