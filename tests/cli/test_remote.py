"""Options and errors of the verbs that speak to a node."""

from pathlib import Path

import pytest

from edge_node.cli import main
from edge_node.cli.remote import KeyNotGiven, ask
from edge_node.client import Node
from edge_node.trust.keys import SigningKey
from edge_node.trust.keystore import write_key_file
from tests.client.rig import TinyNode


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A key file as `key new` makes it."""
    file = tmp_path / "reader.key"
    write_key_file(file, SigningKey.from_seed(b"r" * 32))
    return file


def test_a_question_is_asked_under_the_key(key_file: Path) -> None:
    """The answer comes back from the event loop."""
    with TinyNode() as node:
        assert ask(node.url, key_file, "", str(node.vault), Node.list_streams) == []


def test_without_a_key_nothing_is_asked() -> None:
    """The remedy names option and variable."""
    with pytest.raises(KeyNotGiven) as caught:
        ask("http://127.0.0.1:1", None, "", "", Node.list_streams)
    assert "EDGE_NODE_KEY" in caught.value.remedy


def test_node_and_key_come_from_the_environment(
    key_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A shell session names them once."""
    with TinyNode() as node:
        monkeypatch.setenv("EDGE_NODE_URL", node.url)
        monkeypatch.setenv("EDGE_NODE_KEY", str(key_file))
        assert main(["stream", "list", "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"


def test_a_node_that_does_not_answer_is_a_kind_error(key_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, what and what to do, no traceback."""
    node = TinyNode()
    node.start()
    node.stop()
    assert main(["stream", "list", "--node", node.url, "--key", str(key_file)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {node.url} gave no answer")
    assert "hint: Check that the node runs" in said
    assert "Traceback" not in said
