"""Which file is read, and what is said when it cannot be."""

import os
from pathlib import Path

import pytest

from edge_node.settings.errors import SettingsConflict, SettingsFileUnreadable
from edge_node.settings.load import find_file, load


def test_search_order(tmp_path: Path) -> None:
    """--config, then $EDGE_NODE_CONFIG, then the system's file if it exists, then none."""
    system = tmp_path / "system.toml"
    environ = {"EDGE_NODE_CONFIG": "/env.toml"}
    assert find_file(Path("/option.toml"), environ, system) == Path("/option.toml")
    assert find_file(None, environ, system) == Path("/env.toml")
    assert find_file(None, {}, system) is None
    system.touch()
    assert find_file(None, {}, system) == system


def test_a_file_and_the_environment(tmp_path: Path) -> None:
    """The snapshot holds both, and names the file that was read."""
    file = tmp_path / "e.toml"
    file.write_text("[node]\nname = 'barn'\n")
    loaded = load(file, {"EDGE_NODE__LOG__LEVEL": "debug"})
    assert (loaded.settings.node.name, loaded.settings.log.level, loaded.file) == ("barn", "debug", str(file))


def test_no_file_is_defaults(tmp_path: Path) -> None:
    """Without any file the defaults stand."""
    assert load(None, {}, tmp_path / "absent").file == ""


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    """A file that was asked for by name is never silently absent."""
    with pytest.raises(SettingsFileUnreadable, match="No such file"):
        load(tmp_path / "absent.toml", {})
    with pytest.raises(SettingsFileUnreadable, match="No such file"):
        load(None, {"EDGE_NODE_CONFIG": str(tmp_path / "absent.toml")})
    with pytest.raises(SettingsFileUnreadable, match="directory"):
        load(tmp_path, {})


def test_an_endless_file_is_refused() -> None:
    """A device named by mistake is not read to its end, which it does not have."""
    with pytest.raises(SettingsFileUnreadable, match="not a settings file"):
        load(Path("/dev/zero"), {})


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    """Nobody may ever write to it: a running node told to read its settings again would wait for ever."""
    os.mkfifo(tmp_path / "e.toml")
    with pytest.raises(SettingsFileUnreadable, match="a pipe"):
        load(tmp_path / "e.toml", {})


def test_rules_across_fields_are_checked(tmp_path: Path) -> None:
    """What load returns has passed every rule."""
    file = tmp_path / "e.toml"
    file.write_text("[http]\nlisten = '0.0.0.0:1'\n")
    with pytest.raises(SettingsConflict):
        load(file, {})
