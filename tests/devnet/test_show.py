"""The live demonstration, on a terminal of its own, ends with nothing left, however it ends."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from edge_node.devnet import TrialFault
from edge_node.devnet.sensors import SENSORS
from edge_node.devnet.show import _show_ui, run_show, terminal_restored
from tests.devnet.test_trial import Paper, processes_in

# Stands where the terminal UI stands: asks the node through the same socket until every device has been seen.
WATCHER = """
import json, os, sys, time
from pathlib import Path
from edge_node.client.local import ask_socket
ask = lambda what: json.loads(ask_socket(Path(sys.argv[sys.argv.index("--socket") + 1]), what))
for _ in range(200):
    if sum(device["last_seen_ms"] is not None for device in ask("/v1/devices")["devices"]) == {wanted}:
        break
    time.sleep(0.1)
else:
    sys.exit(99)
"""
SEEN = len(SENSORS)


def watcher(code: int) -> list[str]:
    return [sys.executable, "-c", WATCHER.format(wanted=SEEN) + f"sys.exit({code})"]


def stopper() -> list[str]:
    """Also stops the node, as the operator may."""
    stop = "os.kill(ask('/v1/node')['pid'], 15); time.sleep(3)"
    return [sys.executable, "-c", WATCHER.format(wanted=SEEN) + stop]


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where demonstrations make their directories: short, for the node's sockets lie in them."""
    with tempfile.TemporaryDirectory(prefix="en") as directory:
        monkeypatch.setenv("TMPDIR", directory)
        monkeypatch.setattr(tempfile, "tempdir", None)
        yield Path(directory)


def test_an_operator_may_stop_the_node(scratch: Path) -> None:
    """Then there is nobody to send to, and the end is as clean."""
    paper = Paper()
    assert run_show(paper, stopper())
    assert "the node was stopped" in paper.lines[-1]
    assert processes_in(scratch) == []
    assert list(scratch.iterdir()) == []


def test_a_ui_that_breaks_is_a_fault_and_leaves_its_traces(scratch: Path) -> None:
    """The directory with the logs is kept and named; no process is."""
    paper = Paper()
    with pytest.RaisesGroup(pytest.RaisesExc(TrialFault, match="ended with 3")):
        run_show(paper, watcher(3))
    (kept,) = scratch.iterdir()
    assert str(kept) in paper.lines[-1]
    assert processes_in(scratch) == []


class Terminal:
    """`edge-node devnet demo` on a pseudo-terminal of 80 columns and 24 lines."""

    def __init__(self) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave, self.said = slave, b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edge_node", "devnet", "demo"], stdin=slave, stdout=slave, stderr=slave,
            env=os.environ | {"TERM": "xterm-256color", "LANG": "C.UTF-8"}, start_new_session=True,
        )  # fmt: skip

    def until(self, wanted: bytes, within_s: float = 60.0) -> None:
        """Read what is drawn until `wanted` stands in it."""
        give_up = time.monotonic() + within_s
        while wanted not in self.said:
            assert time.monotonic() < give_up, self.said[-2_000:]
            if select.select([self._master], [], [], 0.2)[0]:
                self.said += os.read(self._master, 65_536)

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def end(self, within_s: float = 60.0) -> int:
        """The exit code, with everything read meanwhile."""
        give_up = time.monotonic() + within_s
        while self.process.poll() is None:
            assert time.monotonic() < give_up
            if select.select([self._master], [], [], 0.2)[0]:
                self.said += os.read(self._master, 65_536)
        while select.select([self._master], [], [], 0.1)[0]:
            self.said += os.read(self._master, 65_536)
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self._master)
        os.close(self.slave)


@pytest.fixture
def terminal(scratch: Path) -> Iterator[Terminal]:
    opened = Terminal()
    try:
        yield opened
    finally:
        opened.close()


def test_the_operator_looks_and_leaves(terminal: Terminal, scratch: Path) -> None:
    """The real UI at 80 by 24 shows a healthy node and five devices; q ends it all, and the terminal is as it was."""
    terminal.until(b"healthy")
    terminal.until(b"5 streams")
    terminal.type(b"q")
    assert terminal.end() == 0
    assert b"readings were stored" in terminal.said
    assert termios.tcgetattr(terminal.slave) == terminal.before
    assert processes_in(scratch) == []
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(("number", "moment"), [(signal.SIGTERM, b"healthy"), (signal.SIGHUP, b"enrolling")])
def test_a_signal_ends_it_at_any_moment(terminal: Terminal, scratch: Path, number: int, moment: bytes) -> None:
    """While it is shown, and while it is being set up."""
    terminal.until(moment)
    terminal.process.send_signal(number)
    assert terminal.end() == 0
    assert termios.tcgetattr(terminal.slave) == terminal.before
    assert processes_in(scratch) == []
    assert list(scratch.iterdir()) == []


def test_not_even_a_kill_leaves_a_process(terminal: Terminal, scratch: Path) -> None:
    """Node, devices and UI are bound to the one that started them; only the directory stays."""
    terminal.until(b"healthy")
    terminal.process.kill()
    give_up = time.monotonic() + 40
    while processes_in(scratch):
        assert time.monotonic() < give_up, processes_in(scratch)
        time.sleep(0.1)


def test_a_terminal_that_was_left_wild_is_calmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A UI that was killed could not put back what it had changed."""
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    with open(slave, "r+b", buffering=0) as file:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdin", file)
        with terminal_restored():
            wild = termios.tcgetattr(slave)
            wild[3] &= ~termios.ECHO
            termios.tcsetattr(slave, termios.TCSADRAIN, wild)
        assert termios.tcgetattr(slave) == before
    os.close(master)


async def test_a_ui_does_not_end_with_an_idle_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel ends a bound process with the thread that started it: that is one which stays."""
    monkeypatch.setattr("trio._core._thread_cache.IDLE_TIMEOUT", 0.05)
    assert await _show_ui([sys.executable, "-c", "import time; time.sleep(1)"]) == 0


async def test_a_ui_is_ended_with_the_show() -> None:
    """Asked, and in the end not asked: nothing of it stays."""
    for deaf in ("", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "):
        with trio.move_on_after(1.0) as showing:
            await _show_ui([sys.executable, "-c", f"{deaf}import os, time; time.sleep(60)"])
        assert showing.cancelled_caught
