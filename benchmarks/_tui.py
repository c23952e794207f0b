"""A terminal of our own around the UI: what it writes, when, and what it costs; and nodes to look at."""

import contextlib
import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from benchmarks.node_start import make_empty

SIZE = (24, 80)
ROWS = 50_000
CHANGES_PER_FRAME = 50  # four frames a second, the most a node sends: 200 changed rows a second
GIVE_UP_S = 60.0
_CHUNK = 65_536


class Terminal:
    """A pseudo-terminal with a program in it."""

    def __init__(self, argv: Sequence[str]) -> None:
        self.written = 0
        self._text = b""
        pid, self._fd = pty.fork()
        if pid == 0:
            os.environ |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "XDG_CONFIG_HOME": "/nonexistent"}
            os.execv(argv[0], list(argv))
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        self.process = psutil.Process(pid)

    def read(self, wait_s: float) -> bytes:
        """What came within this time; empty when nothing did."""
        ready, _, _ = select.select([self._fd], [], [], wait_s)
        if not ready:
            return b""
        try:
            chunk = os.read(self._fd, _CHUNK)
        except OSError:  # the program left
            return b""
        self.written += len(chunk)
        return chunk

    def until(self, wanted: str, give_up_s: float = GIVE_UP_S) -> float:
        """Seconds until `wanted` was written."""
        began, seen = time.perf_counter(), b""
        while wanted.encode() not in seen:
            if time.perf_counter() - began > give_up_s:
                sys.exit(f"the screen never showed {wanted!r}; last it wrote {seen[-2000:]!r}")
            seen = seen[-_CHUNK:] + self.read(1.0)
        return time.perf_counter() - began

    def drain(self, seconds: float) -> None:
        """Read on for a while."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.read(left)

    def press(self, key: bytes) -> None:
        """Press a key."""
        os.write(self._fd, key)

    def close(self) -> None:
        """End the program, by its own process id."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.process.kill()
        os.close(self._fd)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.process.pid, 0)


@contextlib.contextmanager
def terminal(*argv: str) -> Iterator[Terminal]:
    """A Python program in a terminal."""
    shown = Terminal([sys.executable, *argv])
    try:
        yield shown
    finally:
        shown.close()


@contextlib.contextmanager
def real_node(directory: Path) -> Iterator[Path]:
    """An empty node that runs; its control socket."""
    make_empty(directory)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("EDGE_NODE")}
    environ |= {
        "EDGE_NODE__HTTP__LISTEN": "127.0.0.1:0",
        "EDGE_NODE__HTTP__LISTEN_TLS": "",
        "EDGE_NODE__GRPC__LISTEN": "",
    }
    environ |= {"EDGE_NODE__NODE__DATA_DIR": str(directory)}
    argv = [sys.executable, "-m", "edge_node", "run"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ) as node:
        assert node.stdout is not None
        try:
            json.loads(node.stdout.readline() or sys.exit("the node did not start"))
            yield directory / "run" / "control" / "control.sock"
        finally:
            node.terminate()
            node.wait(30)


@contextlib.contextmanager
def busy_node() -> Iterator[Path]:
    """A process that answers as a node with 50,000 devices, 200 of which change each second; its socket."""
    with tempfile.TemporaryDirectory(prefix="edge-node-bench-") as folder:
        socket = Path(folder) / "s"
        argv = [sys.executable, "-m", "benchmarks._tui", str(socket), str(ROWS), str(CHANGES_PER_FRAME)]
        with subprocess.Popen(argv) as process:
            try:
                give_up = time.monotonic() + GIVE_UP_S
                while not socket.exists() and time.monotonic() < give_up:
                    time.sleep(0.05)
                yield socket
            finally:
                process.terminate()
                process.wait(30)


def device_rows(count: int) -> list[dict[str, object]]:
    """Rows of a list of devices, by key."""
    from tests.tui import scene

    row = scene.devices()[1]
    return [{**row, "key": f"{number:064x}", "name": f"sensor-{number:05}"} for number in range(count)]


async def serve(socket: Path, rows: list[dict[str, object]], changes: int) -> None:
    """Answer on the socket and send a frame of changed rows four times a second, until ended."""
    import asyncio

    from tests.tui.recorded_node import recorded_node

    async with recorded_node(socket) as node:
        node.rows["devices"] = rows
        begin = 0
        while True:
            await asyncio.sleep(0.25)
            changed = [{**row, "events_per_s": begin % 97 + 0.5} for row in rows[begin : begin + changes]]
            begin = (begin + changes) % 1_000  # among them those on the screen
            with contextlib.suppress(ConnectionError):  # the reader left
                await node.send("devices", {"devices": changed})


if __name__ == "__main__":
    import asyncio

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(Path(sys.argv[1]), device_rows(int(sys.argv[2])), int(sys.argv[3])))
