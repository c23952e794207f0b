"""`edge-node settings`."""

import json
from pathlib import Path

import pytest

from edge_node.cli import main


def test_table_and_json_show_value_and_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """File, environment and default are told apart, in both forms."""
    file = tmp_path / "e.toml"
    file.write_text("[node]\nname = 'barn'\nkey_file = '/where/it/is'\n")
    monkeypatch.setenv("EDGE_NODE__LOG__LEVEL", "debug")
    assert main(["settings", "--config", str(file)]) == 0
    table = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert table["node.name"] == ['"barn"', f"{file}:2", "restart"]
    assert table["log.level"] == ['"debug"', "environment", "EDGE_NODE__LOG__LEVEL", "live"]
    assert table["log.form"] == ['"auto"', "default", "restart"]
    assert table["node.key_file"][0] == "<set>"

    assert main(["settings", "--config", str(file), "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["node.name"]["value"], rows["node.name"]["source"]) == ('"barn"', f"{file}:2")


def test_the_variable_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --config, $EDGE_NODE_CONFIG is read."""
    file = tmp_path / "e.toml"
    file.write_text("[node]\nname = 'shed'\n")
    monkeypatch.setenv("EDGE_NODE_CONFIG", str(file))
    assert main(["settings"]) == 0
    assert '"shed"' in capsys.readouterr().out
