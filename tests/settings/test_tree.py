"""The tree of settings itself."""

import pytest

from edge_node.settings.tree import Settings


def test_a_snapshot_is_frozen() -> None:
    """Nobody changes a setting in place: a reload swaps the whole snapshot."""
    with pytest.raises(AttributeError):
        Settings().http.listen = ""  # type: ignore[misc]
