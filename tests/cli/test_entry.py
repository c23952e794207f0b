"""From a command line to an exit code."""

import subprocess
import sys
from pathlib import Path

import pytest

from edge_node.base.errors import Refusal
from edge_node.cli import entry, main


def test_an_answer_is_zero(capsys: pytest.CaptureFixture[str]) -> None:
    """A verb that answers ends with 0 and nothing on standard error."""
    assert main(["version"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("line", [["bogus"], ["version", "--bogus"], ["completion"], ["completion", "tcsh"]])
def test_a_wrong_command_line_is_two(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Unknown words, options and values are usage errors, told on standard error."""
    assert main(line) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert captured.out == ""


def test_a_settings_fault_is_three(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names file and line, the hint what to do."""
    file = tmp_path / "e.toml"
    file.write_text("[http]\nlistn = 1\n")
    assert main(["settings", "--config", str(file)]) == 3
    written = capsys.readouterr().err
    assert written.startswith(f"error: {file}:2: unknown setting `http.listn`")
    assert "\nhint: " in written


class OutOfTea(Refusal):
    remedy = "Boil water."


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OutOfTea("no tea"), 1, "error: no tea\nhint: Boil water.\n"),
        (ExceptionGroup("the node", [OutOfTea("no tea"), OutOfTea("none")]), 1, "error: none\n"),
        (OSError(98, "Address already in use"), 1, "error: [Errno 98] Address already in use\n"),
        (KeyboardInterrupt(), 130, ""),
        (SystemExit(7), 7, ""),
        (ZeroDivisionError("x"), 70, "error: a defect in edge-node: ZeroDivisionError\n"),
        (ExceptionGroup("mixed", [OutOfTea("no tea"), ValueError()]), 70, "error: no tea\n"),
    ],
)
def test_what_goes_wrong_in_a_verb(
    error: BaseException, code: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Our own errors speak for themselves, in groups too; anything else is a defect of the program."""

    def run(arguments: object) -> int:
        raise error

    monkeypatch.setattr(entry, "_run", run)
    assert main([]) == code
    assert words in capsys.readouterr().err


def test_a_reader_that_has_had_enough_is_no_error() -> None:
    """`edge-node settings | head` ends quietly."""
    script = f"{sys.executable} -m edge_node settings --json | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[\n0\n", "")


def test_running_the_package_is_the_same_command() -> None:
    """`python -m edge_node` works where no script is installed."""
    done = subprocess.run([sys.executable, "-m", "edge_node", "bogus"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
