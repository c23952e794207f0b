"""Logs as events."""

import json
import re
from collections.abc import Iterator

import pytest
import structlog

from edge_node.base.log import configure, get_log, set_level


@pytest.fixture(autouse=True)
def _back_to_defaults() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_json_lines_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """An event is one JSON object with its room, level and data."""
    configure("info", "json")
    get_log("store").info("piece.repaired", shards=2)
    captured = capsys.readouterr()
    line = json.loads(captured.err)
    assert (line["event"], line["room"], line["level"], line["shards"]) == ("piece.repaired", "store", "info", 2)
    assert line["timestamp"].endswith("Z")
    assert captured.out == ""


def test_lower_levels_are_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """Below the level nothing is written; `auto` without a terminal is JSON."""
    configure("warning")
    log = get_log("store")
    log.info("piece.read")
    log.warning("piece.lost")
    assert json.loads(capsys.readouterr().err)["event"] == "piece.lost"


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_never_shows_variables(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The lines of code are there, the values are not: keys may be among them."""
    configure("info", form)  # type: ignore[arg-type]
    secret = "hunter2"
    try:
        raise ValueError(len(secret))
    except ValueError as error:
        get_log("trust").error("key.unreadable", exc_info=error)
    written = capsys.readouterr().err
    assert "Traceback" in written
    assert "ValueError: 7" in written
    assert "hunter2" not in written


def test_a_level_changes_while_running(capsys: pytest.CaptureFixture[str]) -> None:
    """A logger made before hears of it; the form stays; a level that is none changes nothing."""
    log = get_log("store")
    configure("warning", "json")
    log.info("piece.read")
    set_level("debug")
    log.debug("piece.found")
    with pytest.raises(KeyError):
        set_level("loud")
    log.debug("piece.found")
    set_level("error")
    log.warning("piece.lost")
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["piece.found", "piece.found"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_terminal_is_never_steered(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences and direction marks that a peer chose are shown, not obeyed, in values and in tracebacks."""
    configure("info", form)  # type: ignore[arg-type]
    hostile = "/\x1b[2J\u202e\r\nfake"
    get_log("serving").error("request.broken", path=hostile, exc_info=ValueError(hostile))
    written = capsys.readouterr().err
    ours = re.sub(r"\x1b\[\d+m", "", written)  # the renderer's own colours
    assert not set("\x1b\u202e\r") & set(ours)


def test_a_line_is_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    """A value of 10 MB gives a line that journald takes whole."""
    configure("info", "json")
    get_log("serving").error("request.broken", path="x" * 10_000_000)
    assert len(capsys.readouterr().err) < 2_000
