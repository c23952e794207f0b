"""The processes of a trial: started with a clean environment, ended with it, whatever happens."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import trio

from edge_node.base.errors import EdgeNodeError

STOP_S = 20.0  # a node drains for 10 s at most, a station for 15 s


class TrialFault(EdgeNodeError):
    """The trial could not be carried out; `why` names the step and what its process said."""

    slug = "trial-fault"
    remedy = "Look at the logs in the trial's directory."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def clean_environment() -> dict[str, str]:
    """This process's environment without the settings of some other node."""
    return {name: value for name, value in os.environ.items() if not name.startswith("EDGE_NODE")}


def command(*arguments: str) -> list[str]:
    """`edge-node …` with the interpreter that runs this."""
    return [sys.executable, "-m", "edge_node", *arguments]


# prctl(PR_SET_PDEATHSIG, SIGTERM), which execve keeps: the kernel itself ends the child of a trial that was killed.
_BIND = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15, 0, 0, 0); os.execvp(sys.argv[1], sys.argv[1:])"


def bound(arguments: Sequence[str]) -> list[str]:
    """The command as one that is sent SIGTERM when the process that started it is gone, even by kill -9.

    FileNotFoundError at once without such a program: inside the shell around it nobody would see it.
    """
    if shutil.which(arguments[0]) is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), arguments[0])
    return [sys.executable, "-I", "-S", "-c", _BIND, *arguments]


class Processes:
    """Every process of a trial, so that none outlives it."""

    def __init__(self) -> None:
        self._running: list[subprocess.Popen[bytes]] = []

    def start(
        self, arguments: Sequence[str], log: Path, *, environ: dict[str, str] | None = None, piped: bool = False
    ) -> subprocess.Popen[bytes]:
        """Start one; its words go to the end of `log`, its standard output to a pipe if asked."""
        with log.open("ab") as file:
            process = subprocess.Popen(
                bound(arguments),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if piped else file,
                stderr=file,
                env=clean_environment() | (environ or {}),
                # Ctrl-C is for the trial, which stops its processes in their order.
                start_new_session=True,
            )
        self._running.append(process)
        return process

    def kill_all(self) -> None:
        """End whatever still runs, at once."""
        for process in self._running:
            if process.poll() is None:
                process.kill()
        for process in self._running:
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@contextmanager
def processes() -> Iterator[Processes]:
    """Processes that are all gone after the block."""
    all_of_them = Processes()
    try:
        yield all_of_them
    finally:
        all_of_them.kill_all()


async def wait_for(process: subprocess.Popen[bytes], timeout_s: float = STOP_S) -> int:
    """The exit code; TrialFault when the process does not end in time."""
    with trio.move_on_after(timeout_s):
        while (code := process.poll()) is None:  # noqa: ASYNC110 - another process has no Event of ours
            await trio.sleep(0.02)
        return code
    raise TrialFault(f"process {process.pid} did not end within {timeout_s:.0f} s")


async def run_to_end(arguments: Sequence[str], environ: dict[str, str] | None = None, timeout_s: float = 60.0) -> bytes:
    """The standard output of a command that must succeed; TrialFault with its complaint otherwise."""
    with trio.move_on_after(timeout_s):
        done = await trio.run_process(
            arguments,
            capture_stdout=True,
            capture_stderr=True,
            check=False,
            env=clean_environment() | (environ or {}),
            start_new_session=True,
        )
        if done.returncode != 0:
            said = (done.stderr or b"").decode(errors="replace").strip()
            raise TrialFault(f"`edge-node {' '.join(arguments[3:5])}` ended with {done.returncode}: {said[-500:]}")
        return done.stdout or b""
    raise TrialFault(f"`edge-node {' '.join(arguments[3:5])}` did not end within {timeout_s:.0f} s")


def last_words(log: Path, lines: int = 5) -> str:
    """The end of a log, for a fault's message."""
    with suppress(FileNotFoundError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return ""
