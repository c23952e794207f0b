"""The whole way: a real node, the real program in a real terminal, what an operator does in the first minutes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.needs_tmux

CLI = [sys.executable, "-m", "edge_node"]
WAIT_S = 30.0


class Terminal:
    """A tmux server of our own name with one window."""

    def __init__(self, name: str, size: tuple[int, int], command: str, folder: Path) -> None:
        self.name = name
        environment = {**os.environ, "TERM": "xterm-256color", "XDG_CONFIG_HOME": str(folder), "LC_ALL": "C.UTF-8"}
        cells, rows = size
        self._tmux(
            "-f", "/dev/null", "new-session", "-d", "-x", str(cells), "-y", str(rows), "-c", str(folder), command,
            environment=environment,
        )  # fmt: skip

    def _tmux(self, *words: str, environment: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            ["tmux", "-L", self.name, *words], capture_output=True, text=True, check=False, env=environment, timeout=30
        )
        return done.stdout

    def text(self) -> str:
        return self._tmux("capture-pane", "-p")

    def keys(self, *keys: str) -> None:
        """One after the other, as a hand does."""
        for key in keys:
            self._tmux("send-keys", key)
            time.sleep(0.2)

    def until(self, *words: str) -> str:
        """Wait for all of these to stand on the screen."""
        give_up = time.monotonic() + WAIT_S
        while time.monotonic() < give_up:
            text = self.text()
            if all(word in text for word in words):
                return text
            time.sleep(0.1)
        raise AssertionError(f"never saw {words}; the screen shows\n{self.text()}")

    def close(self) -> None:
        self._tmux("kill-server")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[tuple[Path, str, subprocess.Popen[bytes]]]:
    """A node with doors on free ports: its settings file, its URL, its process."""
    folder, config = tmp_path / "node", tmp_path / "node" / "edge-node.toml"
    subprocess.run(
        [*CLI, "init", "--data-dir", str(folder), "--name", "edge-07", "--plain", "loopback"],
        check=True, capture_output=True,
    )  # fmt: skip
    doors = {"EDGE_NODE__HTTP__LISTEN": "127.0.0.1:0", "EDGE_NODE__HTTP__LISTEN_TLS": "", "EDGE_NODE__GRPC__LISTEN": ""}
    environment = {**os.environ, **doors}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*CLI, "run", "--config", str(config)], stdout=subprocess.PIPE, stderr=log, env=environment
        )
    assert process.stdout is not None
    url = process.stdout.readline().decode().split('"http":"')[1].split('"')[0]
    yield config, url, process
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    process.stdout.close()


def test_an_operators_first_minutes(node: tuple[Path, str, subprocess.Popen[bytes]], tmp_path: Path) -> None:
    """See the node, enrol a device, cut it off, verify a piece, filter the settings, lose the node, leave."""
    config, url, process = node
    (tmp_path / "content").write_bytes(b"a piece of the operator's " * 5_000)
    stored = subprocess.run(
        [*CLI, "piece", "put", str(tmp_path / "content"), "--node", url,
         "--key", str(config.parent / "keys/operator.key")],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    command = f"{sys.executable} -m edge_node tui --config {config}"
    terminal = Terminal(f"edge-node-{os.getpid()}-{time.monotonic_ns()}", (80, 24), command, tmp_path)
    try:
        terminal.until("edge-07", "uds rw", "● live", "● healthy", "● writable")
        terminal.keys("3")
        cid = stored.stdout.split()[0]
        terminal.until("Pieces", cid[:20])
        terminal.keys("v")
        terminal.until("here: intact, hashed on this side; the node: intact")
        terminal.keys(".")
        terminal.until("operator", "● active")
        terminal.keys("n")
        terminal.until("Enrol a device")
        terminal.keys("pump-3", "Enter", "5" * 64, "Enter", "Enter", "Enter", "Enter", "Tab", "Enter")
        terminal.until("Confirm")
        terminal.keys("Enter")
        if "device.enrol is done" not in terminal.until("Devices"):
            terminal.until("pump-3", "● active     device")
        terminal.keys("Down", "s")
        terminal.until("Confirm", "danger", "Type pump-3 to go on")
        terminal.keys("pump-3", "Enter")
        terminal.until("▲ suspended")
        terminal.keys(",", "/", "name=http.l*", "Enter")
        terminal.until("/name=http.l*", "http.listen_tls", "1/2 of")
        terminal.keys("1")
        terminal.until("▲ 1 suspended")
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        terminal.until("✖ lost", "▲ 1 suspended")
        terminal.keys("q")
        give_up = time.monotonic() + WAIT_S
        while terminal.text() and time.monotonic() < give_up:
            time.sleep(0.1)
        assert not terminal.text()
    finally:
        terminal.close()
