"""`edge-node completion`."""

import shutil
import subprocess

import pytest

from edge_node.cli import main
from edge_node.cli.verbs import VERBS


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_knows_every_verb(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each verb's name stands in the script."""
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert [verb.name for verb in VERBS if verb.name not in script] == []


def test_bash_accepts_its_script(capsys: pytest.CaptureFixture[str]) -> None:
    """The script parses in the shell it is for."""
    assert main(["completion", "bash"]) == 0
    bash = shutil.which("bash")
    assert bash is not None
    subprocess.run([bash, "-n"], input=capsys.readouterr().out, text=True, check=True)
