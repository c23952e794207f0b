"""Logs as events."""

import json
from collections.abc import Iterator

import pytest
import structlog

from edge_node.base.log import configure, get_log


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
