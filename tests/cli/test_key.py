"""`edge-node key`: files are made once, and only public halves are shown."""

import json
from pathlib import Path

import pytest

from edge_node.cli import main


def test_new_and_show_agree_and_hide_the_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`show` gives the public key that `new` gave; neither prints the seed."""
    file = tmp_path / "a.key"
    assert main(["key", "new", str(file), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)["key"]
    assert main(["key", "show", str(file)]) == 0
    shown = capsys.readouterr().out
    assert made in shown
    assert file.read_text().strip() not in shown + made


def test_new_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An existing file is refused and kept."""
    file = tmp_path / "a.key"
    assert main(["key", "new", str(file)]) == 0
    seed = file.read_bytes()
    assert main(["key", "new", str(file)]) == 1
    assert file.read_bytes() == seed
    assert "hint:" in capsys.readouterr().err


def test_show_without_a_file_is_the_node_s_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The node key is found through the settings."""
    assert main(["init", "--data-dir", str(tmp_path / "n"), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert main(["key", "show", "--config", made["config"], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["key"] == made["node"]
