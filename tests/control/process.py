"""A real `edge-node run` in a process of its own, in a place with a short path."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from edge_node.paths import Paths

START_S = 30.0


@dataclass
class Process:
    """A node that runs; its settings file may be changed."""

    root: Path
    config: Path
    url: str
    process: "subprocess.Popen[str]"

    @property
    def socket(self) -> Path:
        return Paths(self.root).control_socket

    def configure(self, text: str) -> None:
        """Write the settings file anew."""
        head = f'[node]\ndata_dir = "{self.root}"\n[grpc]\nlisten = "127.0.0.1:0"\n[http]\nlisten = "127.0.0.1:0"\n'
        self.config.write_text(head + text)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("EDGE_NODE")}
        with self.root.with_name("err").open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "edge_node", "run", "--config", str(self.config)],
                stdout=subprocess.PIPE, stderr=errors, text=True, env=environment,
            )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log()
        self.url = json.loads(line)["http"]

    def kill(self) -> None:
        """SIGKILL, and nothing of an end."""
        assert self.process.stdout is not None
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def hang_up(self) -> None:
        """SIGHUP."""
        self.process.send_signal(signal.SIGHUP)

    def log(self) -> str:
        """What it said."""
        return self.root.with_name("err").read_text()

    def doors(self) -> list[dict[str, Any]]:
        """Where it listens."""
        found: list[dict[str, Any]] = self.get("/v1/node")["doors"]
        return found

    def get(self, path: str) -> dict[str, Any]:
        """A document of its control socket."""
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.socket)), base_url="http://node") as client:
            found: dict[str, Any] = client.get(path).json()
            return found

    def cli(self, *arguments: str, answer: str = "") -> "subprocess.CompletedProcess[str]":
        """Another process of ours, for the same settings."""
        return subprocess.run(
            [sys.executable, "-m", "edge_node", *arguments, "--config", str(self.config)],
            input=answer, capture_output=True, text=True, timeout=START_S, check=False,
        )  # fmt: skip


@contextmanager
def running_process(sections: str = "") -> Iterator[Process]:
    """A fresh node that runs, with `sections` in its settings; stopped in order at the end, which must go well."""
    with tempfile.TemporaryDirectory(prefix="en") as place:
        root, environment = Path(place) / "d", {k: v for k, v in os.environ.items() if not k.startswith("EDGE_NODE")}
        made = [sys.executable, "-m", "edge_node", "init", "--data-dir", str(root), "--plain", "loopback"]
        subprocess.run(made, check=True, capture_output=True, env=environment)
        config = root / "edge-node.toml"
        node = Process(root, config, "", None)  # type: ignore[arg-type]
        node.configure('listen_tls = "127.0.0.1:0"\n' + sections)
        node.start()
        try:
            yield node
        finally:
            node.process.terminate()
            try:
                code = node.process.wait(START_S)
            except subprocess.TimeoutExpired:
                node.process.kill()
                node.process.wait()
                raise
            node.process.stdout.close()
        assert code == 0, node.log()


def until(condition: object, within_s: float = START_S) -> None:
    """Wait until `condition()` holds."""
    assert callable(condition)
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
