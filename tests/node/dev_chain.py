"""A real `edge-node devnet chain` in a process of its own, and what a node needs to follow it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_S = 30.0


@dataclass
class DevChain:
    """A chain that grows, twice a second, with another set of authorities every ten blocks."""

    place: Path
    url: str
    genesis: str
    operator: str
    process: "subprocess.Popen[str]"

    @property
    def spec(self) -> Path:
        return self.place / "spec.json"

    @property
    def checkpoint(self) -> Path:
        return self.place / "checkpoint.json"

    @property
    def pin(self) -> Path:
        """The word for its runtime's metadata."""
        return self.place / "metadata-pin.json"

    @property
    def cold_key(self) -> Path:
        """What checkpoint.json is signed with."""
        return self.place / "operator.key"

    def settings(self, *lines: str) -> str:
        """The section of a node that follows it."""
        return "\n".join(
            ("[chain]", f'spec_file = "{self.spec}"', f'operator_key = "{self.operator}"', "stalled_s = 5", *lines, "")
        )

    def hold(self) -> None:
        """Say nothing any more; connections stay."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def dev_chain(place: Path, *options: str) -> Iterator[DevChain]:
    """A new chain with its files in `place`."""
    command = [sys.executable, "-m", "edge_node", "devnet", "chain", "--port", "0", "--directory", str(place), "--json",
               "--period", "0.5", "--idle", "0.5", "--set-every", "10", *options]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EDGE_NODE")}
    log = place.with_name(f"{place.name}.err").open("w")
    with log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, place.with_name(f"{place.name}.err").read_text()
            told = json.loads(line)
            yield DevChain(place, told["url"], told["genesis"], told["operator"], process)
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait(START_S)
