"""`edge-node tui`: its way to the UI, and that nothing of the UI is loaded elsewhere."""

import subprocess
import sys

import pytest

from edge_node.cli.entry import main
from edge_node.cli.exits import ExitCode


def test_without_a_terminal_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe is nothing to draw on; the hint names what scripts use."""
    assert main(["tui", "--socket", "/nowhere"]) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert "a terminal" in said
    assert "hint:" in said


def test_the_other_verbs_load_no_textual() -> None:
    """Neither the overview of the verbs nor a node's process imports the terminal UI."""
    script = "import sys, edge_node.cli, edge_node.node, edge_node.cli.run; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"textual", "tui", "tui.app"} & set(loaded)
