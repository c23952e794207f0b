"""Processes that never outlive their trial."""

import os
import sys
from pathlib import Path

import pytest

from edge_node.devnet.processes import (
    TrialFault,
    clean_environment,
    command,
    last_words,
    processes,
    run_to_end,
    wait_for,
)

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_all_are_gone_after_the_block(tmp_path: Path) -> None:
    """Also when the block ends in an error."""
    started = []
    with pytest.raises(FileNotFoundError), processes() as running:  # noqa: PT012 - the block is what is tested
        started += [running.start(SLEEP, tmp_path / "log", piped=piped) for piped in (False, True)]
        running.start(["/nonexistent"], tmp_path / "log")
    assert all(process.poll() == -9 for process in started)


def test_settings_of_another_node_are_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trial is the same on a machine that runs a node."""
    monkeypatch.setenv("EDGE_NODE_CONFIG", "/etc/other.toml")
    monkeypatch.setenv("EDGE_NODE__NODE__NAME", "other")
    assert not [name for name in clean_environment() if name.startswith("EDGE_NODE")]
    assert clean_environment()["PATH"] == os.environ["PATH"]


async def test_a_process_that_does_not_end_is_a_fault(tmp_path: Path) -> None:
    """Waiting has a limit."""
    with processes() as running:
        process = running.start(SLEEP, tmp_path / "log")
        with pytest.raises(TrialFault, match="did not end"):
            await wait_for(process, 0.05)
        process.kill()
        assert await wait_for(process) == -9


async def test_a_command_gives_its_output_or_its_complaint() -> None:
    """The fault names the verb and what it said."""
    assert (await run_to_end(command("version"))).startswith(b"edge-node")
    with pytest.raises(TrialFault, match=r"`edge-node key show` ended with 1(.|\n)*there is no such file"):
        await run_to_end(command("key", "show", "/nonexistent"))


def test_the_end_of_a_log_is_quoted(tmp_path: Path) -> None:
    """Five lines say enough; no log says nothing."""
    (tmp_path / "log").write_text("\n".join(map(str, range(9))))
    assert last_words(tmp_path / "log") == "4\n5\n6\n7\n8"
    assert last_words(tmp_path / "none") == ""
