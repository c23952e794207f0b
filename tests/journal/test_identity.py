"""NODE: written once, refused when it cannot be trusted."""

from pathlib import Path

import pytest

from edge_node.journal.errors import IdentityUnreadable, NewerFormat
from edge_node.journal.files import OsFiles
from edge_node.journal.identity import ensure_identity, read_identity
from edge_node.paths import Paths
from tests.journal.rig import StillClock

FILES = OsFiles()


def ensure(root: Path):
    return ensure_identity(Paths(root), FILES, lambda count: b"\x07" * count, StillClock())


def test_a_new_directory_gets_an_identity_that_stays(tmp_path: Path) -> None:
    """The id is random, the time is the clock's, the first incarnation is 1."""
    first = ensure(tmp_path)
    assert (first.format, first.id, first.created_ms, first.incarnation) == (1, "07" * 16, 1_000_000, 1)
    assert ensure(tmp_path) == first == read_identity(Paths(tmp_path), FILES)


def test_no_directory_has_no_identity(tmp_path: Path) -> None:
    """Reading creates nothing."""
    assert read_identity(Paths(tmp_path), FILES) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"format": 1}', b'{"format":"1","id":"a","created_ms":1,"incarnation":1}']
)
def test_an_unreadable_identity_is_refused(tmp_path: Path, content: bytes) -> None:
    """Guessing who the node is would be worse than not starting."""
    Paths(tmp_path).identity.write_bytes(content)
    with pytest.raises(IdentityUnreadable):
        ensure(tmp_path)


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    """An older release does not touch a newer directory."""
    Paths(tmp_path).identity.write_bytes(b'{"format":2,"id":"a","created_ms":1,"incarnation":1,"more":true}')
    with pytest.raises(NewerFormat):
        ensure(tmp_path)


def test_unknown_fields_are_tolerated(tmp_path: Path) -> None:
    """A later release of the same format may add some."""
    Paths(tmp_path).identity.write_bytes(b'{"format":1,"id":"a","created_ms":1,"incarnation":3,"more":true}')
    assert ensure(tmp_path).incarnation == 3


def test_segments_without_an_identity_are_refused(tmp_path: Path) -> None:
    """A lost NODE beside data is a damage to look at, not a new node."""
    (tmp_path / "seg" / "ev").mkdir(parents=True)
    ensure(tmp_path)
    Paths(tmp_path).identity.unlink()
    (tmp_path / "seg" / "ev" / "00000001.seg").write_bytes(b"")
    with pytest.raises(IdentityUnreadable):
        ensure(tmp_path)
