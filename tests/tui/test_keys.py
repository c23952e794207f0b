"""The operator's own keys."""

from pathlib import Path

import pytest

from tui.keydoc import all_rows
from tui.keys import KeysUnreadable, keys_path, read_keys, shown_key

NAMES = [row.name for row in all_rows()]


def test_no_file_is_no_own_keys(tmp_path: Path) -> None:
    """Nobody needs one."""
    assert read_keys(tmp_path / "keys.toml", NAMES) == {}


def test_own_keys_are_read(tmp_path: Path) -> None:
    """One table, names as in docs/keys.md."""
    path = tmp_path / "keys.toml"
    path.write_text('[keys]\n"screen.devices" = "6"\n"table.down" = "down,ctrl+n"\n')
    assert read_keys(path, NAMES) == {"screen.devices": "6", "table.down": "down,ctrl+n"}


@pytest.mark.parametrize(
    "text",
    [
        "[keys", "keys = 5", "[keys]\nnowhere = 'x'", "[keys]\n'screen.logs' = 5", "[other]\na = 'b'",
        "[keys]\n'screen.logs' = ''", "[keys]\n'screen.logs' = 'x'\n'screen.store' = 'x'", "\xff",
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_named(text: str, tmp_path: Path) -> None:
    """With its place, before the screen is taken."""
    path = tmp_path / "keys.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(KeysUnreadable, match=str(path)):
        read_keys(path, NAMES)


def test_the_file_stands_where_configuration_stands() -> None:
    """XDG first, then the home directory."""
    assert keys_path({"XDG_CONFIG_HOME": "/c", "HOME": "/h"}) == Path("/c/edge-node/keys.toml")
    assert keys_path({"HOME": "/h"}) == Path("/h/.config/edge-node/keys.toml")


def test_keys_are_shown_as_they_are_printed() -> None:
    """Not by the names a terminal library gives them."""
    assert shown_key("question_mark,f1") == "? F1"
    assert shown_key("left_square_bracket") == "["
    assert shown_key("G") == "G"
