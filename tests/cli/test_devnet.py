"""`edge-node devnet`: the words of a trial; the trial itself is proved in tests/devnet."""

import sys

import pytest

from edge_node.cli import main
from edge_node.cli.devnet import Terminal
from edge_node.cli.exits import ExitCode


def test_without_a_terminal_there_is_the_trial(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is started, and the hint says what to type."""
    assert main(["devnet", "demo"]) == 1
    assert "ONCE=1" in capsys.readouterr().err


def test_help_names_what_a_person_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """A trial's own device processes are not on the list."""
    main(["devnet", "--help"])
    said = capsys.readouterr().out
    assert "demo" in said
    assert "station" not in said


def test_a_check_without_a_trial_is_an_error(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    """The missing file is named."""
    assert main(["devnet", "check", str(tmp_path)]) == 1
    assert "place.json" in capsys.readouterr().err


def test_elsewhere_than_on_a_terminal_every_moment_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A log of the run reads from top to bottom, without control characters."""
    screen = Terminal()
    screen.live("working")
    screen.line("done")
    screen.table(("a", "b"), [("1", "2")])
    assert capsys.readouterr().out == "working\ndone\na  b\n1  2\n"


def test_on_a_terminal_the_live_line_is_overwritten(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only lines that stay are left on the screen."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    screen = Terminal()
    screen.live("working")
    screen.live("still working")
    screen.line("done")
    assert capsys.readouterr().out == "\r\x1b[Kworking\r\x1b[Kstill working\r\x1b[Kdone\n"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--port", "65536"),
        ("--period", "0"),
        ("--idle", "-1"),
        ("--finality-ms", "-1"),
        ("--authorities", "0"),
        ("--authorities", "101"),
        ("--set-every", "-1"),
        ("--blocks", "-1"),
        ("--keep", "0"),
        ("--profile", "main"),
        ("--state-version", "2"),
    ],
)
def test_a_chain_that_cannot_be_is_not_begun(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The option is named, and nothing listens."""
    assert main(["devnet", "chain", option, value]) == ExitCode.USAGE
    assert option in capsys.readouterr().err


def test_a_file_of_faults_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything listens."""
    assert main(["devnet", "chain", "--port", "0", "--faults", "/nowhere/faults.json"]) == ExitCode.REFUSED
    assert "/nowhere/faults.json" in capsys.readouterr().err
