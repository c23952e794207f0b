"""`edge-node devnet`: the words of a trial; the trial itself is proved in tests/devnet."""

import sys

import pytest

from edge_node.cli import main
from edge_node.cli.devnet import Terminal


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
