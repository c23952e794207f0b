"""The layout of a data directory."""

from pathlib import Path

from edge_node.paths import Paths


def test_every_path_is_inside_the_root_and_none_twice() -> None:
    """Nothing of a node lies outside its data directory, and no two things share a place."""
    paths = Paths(Path("/srv/node"))
    named = [getattr(paths, name) for name, kind in vars(Paths).items() if isinstance(kind, property)]
    assert [path for path in named if not path.is_relative_to(paths.root) or path == paths.root] == []
    assert len(set(named)) == len(named)


def test_key_files_share_one_directory() -> None:
    """One directory, mode 0700, holds everything that must not leak."""
    paths = Paths(Path("/srv/node"))
    assert paths.node_key.parent == paths.keys
    assert paths.tls.parent == paths.keys
