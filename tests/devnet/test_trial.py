"""The whole trial, shorter: it proves what it prints, and leaves nothing behind however it ends."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from edge_node.devnet.sensors import SENSORS
from edge_node.devnet.trial import run_trial


class Paper:
    """A screen that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.moments: list[str] = []
        self.rows: Sequence[Sequence[str]] = ()

    def live(self, text: str) -> None:
        self.moments.append(text)

    def line(self, text: str = "") -> None:
        self.lines.append(text)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        assert all(len(row) == len(heads) for row in rows)
        self.rows = rows


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where trials make their directories: short, for the node's sockets lie in them."""
    with tempfile.TemporaryDirectory(prefix="en") as directory:
        monkeypatch.setenv("TMPDIR", directory)
        monkeypatch.setattr(tempfile, "tempdir", None)
        yield Path(directory)


def processes_in(directory: Path) -> list[psutil.Process]:
    """Every process whose command line names the directory."""
    return [p for p in psutil.process_iter(["cmdline"]) if str(directory) in " ".join(p.info["cmdline"] or ())]


def test_a_trial_proves_its_claims_and_cleans_up(scratch: Path) -> None:
    """Cut links of a device and of the chain, kill -9, restart; every claim is proved, no process and no file stays."""
    paper = Paper()
    assert run_trial(paper, load_s=4.0)
    proved = [line for line in paper.lines if line.startswith("proved")]
    assert len(proved) == 12
    assert not [line for line in paper.lines if line.startswith("FALSE")]
    assert [row[0] for row in paper.rows] == list(SENSORS)
    assert all(int(row[1]) == int(row[2]) > 0 for row in paper.rows)
    assert any("killed" in moment for moment in paper.moments)
    assert not processes_in(scratch)
    assert not list(scratch.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_trial_leaves_no_process(scratch: Path, number: signal.Signals) -> None:
    """Ctrl-C, a stop or a lost terminal, while node and devices run: all are gone, and the exit code says it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "edge_node", "devnet", "demo", "--once"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"TMPDIR": str(scratch)},
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while not any("run" in found.info["cmdline"] for found in processes_in(scratch)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(30) != 0
    finally:
        process.kill()
        process.wait()
    assert not processes_in(scratch)
