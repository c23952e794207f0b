"""The Chain screen in a real terminal, on a real node that follows a real chain: what an operator sees and does."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.tui.test_tmux import CLI, Terminal

pytestmark = pytest.mark.needs_tmux


@contextmanager
def process(
    arguments: list[str], log: Path, **settings: str
) -> Iterator[tuple[dict[str, Any], subprocess.Popen[bytes]]]:
    """One that says in its first line where it is; ended in order."""
    with log.open("wb") as file:
        started = subprocess.Popen(
            [*CLI, *arguments], stdout=subprocess.PIPE, stderr=file, env={**os.environ, **settings}
        )
    assert started.stdout is not None
    try:
        yield json.loads(started.stdout.readline()), started
    finally:
        started.send_signal(signal.SIGCONT)
        started.send_signal(signal.SIGTERM)
        started.wait(30)
        started.stdout.close()


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_an_operator_looks_at_the_chain(size: tuple[int, int], tmp_path: Path) -> None:
    """Finality advances; a checkpoint is imported and a hash confirmed; a chain that stops is said, and goes on."""
    folder, config = tmp_path / "node", tmp_path / "node" / "edge-node.toml"
    subprocess.run(
        [*CLI, "init", "--data-dir", str(folder), "--name", "edge-07", "--plain", "loopback"],
        check=True, capture_output=True,
    )  # fmt: skip
    served = ["devnet", "chain", "--port", "0", "--period", "0.5", "--directory", str(tmp_path / "c"), "--json"]
    doors = {"EDGE_NODE__HTTP__LISTEN": "127.0.0.1:0", "EDGE_NODE__HTTP__LISTEN_TLS": "", "EDGE_NODE__GRPC__LISTEN": ""}
    with process(served, tmp_path / "chain.log") as (place, chain):
        follow = {
            "EDGE_NODE__CHAIN__SPEC_FILE": place["spec"], "EDGE_NODE__CHAIN__CHECKPOINT_FILE": place["checkpoint"],
            "EDGE_NODE__CHAIN__OPERATOR_KEY": place["operator"], "EDGE_NODE__CHAIN__STALLED_S": "3",
            "EDGE_NODE__CHAIN__PIN_FILE": place["pin"],
        }  # fmt: skip
        with process(["run", "--config", str(config)], tmp_path / "node.log", **doors, **follow):
            command = f"{sys.executable} -m edge_node tui --config {config}"
            terminal = Terminal(f"edge-node-{os.getpid()}-{time.monotonic_ns()}", size, command, tmp_path)
            try:
                _look(terminal, place, chain)
            finally:
                terminal.close()


def _look(terminal: Terminal, place: dict[str, Any], chain: subprocess.Popen[bytes]) -> None:
    terminal.until("edge-07", "● live", "● following")
    terminal.keys("2")
    terminal.until("● FOLLOWING", "finalized", "● leads", f"genesis {place['genesis'][:12]}")
    before = _height(terminal)
    while _height(terminal) <= before:
        time.sleep(0.1)
    terminal.keys("i")
    terminal.until("Import a checkpoint")
    terminal.keys(place["checkpoint"], "Enter", "Tab", "Enter")
    terminal.until("danger", "Believe that block 0", f"Type {place['genesis'][:8]} to go on")
    terminal.keys(place["genesis"][:8], "Enter")
    terminal.until("chain.checkpoint is done")
    terminal.keys("c")
    terminal.until("Confirm a block")
    terminal.keys(f"0x{place['genesis']}", "Enter", "Tab", "Enter")
    terminal.until("It counts as one group of endpoints", f"Type {place['genesis'][:8]} to go on")
    terminal.keys(place["genesis"][:8], "Enter")
    terminal.until("chain.confirm is done")
    chain.send_signal(signal.SIGSTOP)
    terminal.until("▲ STALLED", "○ writes nothing", "do ")
    chain.send_signal(signal.SIGCONT)
    terminal.until("● FOLLOWING", "● may write")
    terminal.keys("1")
    terminal.until("● following", "1 of 1 usable")


def _height(terminal: Terminal) -> int:
    found = re.search(r"finalized +([0-9,]+)", terminal.until("finalized"))
    return int(found[1].replace(",", "")) if found else -1
