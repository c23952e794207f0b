"""What reaches which stream."""

import json

import pytest

from edge_node.base.errors import EdgeNodeError
from edge_node.cli.words import complain, complain_of, complain_of_defect, say, say_json, say_table, short_size


def test_answers_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """Text and JSON, nothing on standard error."""
    say("one")
    say_json({"two": 2})
    captured = capsys.readouterr()
    assert captured.out.startswith("one\n")
    assert json.loads(captured.out.removeprefix("one\n")) == {"two": 2}
    assert captured.err == ""


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"), (1_023, "1023 B"), (1_024, "1.0 KiB"), (2**20 - 1, "1.0 MiB"), (102_300, "99.9 KiB"),
        (102_400, "100 KiB"), (3 * 2**40, "3.0 TiB"), (2**63, "8.0 EiB"), (2**70, "1024 EiB"),
    ],
)  # fmt: skip
def test_a_size_takes_eight_cells(count: int, text: str) -> None:
    """In the unit that leaves at most four figures."""
    assert short_size(count) == text
    assert len(text) <= 8


def test_errors_go_to_standard_error_with_their_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    """An error is one line, its remedy another; without a remedy there is no hint."""

    class Odd(EdgeNodeError):
        remedy = "Turn it round."

    complain_of(Odd("the cable is upside down"))
    complain("no more")
    captured = capsys.readouterr()
    assert captured.err == "error: the cable is upside down\nhint: Turn it round.\nerror: no more\n"
    assert captured.out == ""


def test_a_defect_shows_its_traceback_without_variables(capsys: pytest.CaptureFixture[str]) -> None:
    """A bug report needs the lines; it never gets the values."""
    secret = "hunter2"
    try:
        raise KeyError(len(secret))
    except KeyError as error:
        complain_of_defect(error)
    written = capsys.readouterr().err
    assert "Traceback" in written
    assert "error: a defect in edge-node: KeyError\n" in written
    assert "'hunter2'" not in written.replace('secret = "hunter2"', "")


def test_nothing_from_the_network_is_obeyed_by_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither in a refusal's words, where a line of its own would be a hint of ours, nor in a table."""

    class Odd(EdgeNodeError):
        remedy = "Look\x9b31m."

    complain_of(Odd("said \x1b]0;x\x07\nhint: obey"))
    say_table(("name",), [("\u202epump\x1b[2J",)])
    captured = capsys.readouterr()
    assert captured.err == "error: said \\x1b]0;x\\x07\\nhint: obey\nhint: Look\\x9b31m.\n"
    assert captured.out == "name\n\\u202epump\\x1b[2J\n"
