"""`edge-node chain status` and `confirm`: what is said of a node without a chain, and how a table is filled."""

import json
from collections.abc import Iterator

import pytest

from edge_node.cli import main
from edge_node.cli.chain import _age, _show
from edge_node.client.control import read_as
from edge_node.control.chain_rows import chain_document
from tests.control.process import Process, running_process
from tests.control.test_chain_rows import STATUS

Out = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def node() -> Iterator[Process]:
    with running_process() as process:
        yield process


def test_a_node_without_a_chain_says_what_to_set(node: Process, capsys: Out) -> None:
    """In words and in JSON; the exit code says that nothing is followed."""
    assert main(["chain", "status", "--config", str(node.config)]) == 1
    said = capsys.readouterr().out
    assert "off" in said
    assert "chain.network" in said
    assert main(["chain", "status", "--json", "--config", str(node.config)]) == 1
    assert json.loads(capsys.readouterr().out)["network"] is None


def test_nothing_can_be_believed_there(node: Process, capsys: Out) -> None:
    """The node says what is missing."""
    assert main(["chain", "confirm", "00" * 32, "--yes", "--config", str(node.config)]) == 1
    assert "no network is set" in capsys.readouterr().err


def test_a_chain_is_shown_in_aligned_columns(capsys: Out) -> None:
    """State, reason, finality, and a row for each endpoint."""
    from edge_node.cli.chain import _Chain

    _show(read_as(chain_document(STATUS), _Chain))
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("network     dev, which begins with 6767") for line in lines)
    assert any(line.startswith("finalized   120  6868") for line in lines)
    heads, row = lines[-2:]
    assert heads.index("verdict") == row.index("usable, leads")
    assert row.startswith("ws://127.0.0.1:9944  here")


@pytest.mark.parametrize(
    ("ms", "words"), [(900, "1 s"), (119_000, "119 s"), (7_100_000, "118 min"), (200_000_000, "2 days")]
)
def test_ages_are_in_one_unit(ms: int, words: str) -> None:
    """The one that leaves few figures."""
    assert _age(ms) == words
