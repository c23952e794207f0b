"""`edge-node version`."""

import json

import pytest

from edge_node import __version__
from edge_node.cli import main


def test_text_and_json_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """Both name the version and what it runs on."""
    assert main(["version"]) == 0
    text = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert main(["version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == text
    assert text["edge-node"] == __version__
