"""The way to a node's socket: a path on this machine, or one that ssh brings here.

`ssh://user@host[:port][/path/of/socket]` has the system's ssh forward the node's Unix socket to one in a fresh
directory of ours, mode 0700. Who may connect is decided by sshd and by the socket's own group on the far side. ssh asks
for passwords and unknown hosts on the terminal before the screen is taken over; what it says is shown as it says it.
"""

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from edge_node.base.errors import EdgeNodeError

DEFAULT_SOCKET = "/var/lib/edge-node/run/control/control.sock"
READY_WITHIN_S = 120.0  # a person may be typing a password
POLL_S = 0.05
STOP_WITHIN_S = 3.0
SOCKET_PATH_MAX = 107  # sun_path less its closing zero (unix(7))
_SAID_LINES = 20


class AttachError(EdgeNodeError):
    """There is no way to the node."""

    slug = "attach"


class BadTarget(AttachError):
    """What was given with --attach is no place to attach to."""

    remedy = "Write ssh://user@host, ssh://user@host:2222 or ssh://user@host/path/of/control.sock."

    def __init__(self, text: str, why: str) -> None:
        super().__init__(f"{text!r} cannot be attached to: {why}")


class ToolMissing(AttachError):
    """ssh is not installed."""

    remedy = "Install the OpenSSH client."

    def __init__(self) -> None:
        super().__init__("there is no ssh on this machine")


class TunnelClosed(AttachError):
    """ssh ended; what it said last is the reason."""

    remedy = "Try the same with ssh alone; see that sshd allows AllowStreamLocalForwarding."

    def __init__(self, code: int | None, said: str) -> None:
        self.code, self.said = code, said
        super().__init__(said or f"ssh ended with code {code}")


class TunnelSlow(AttachError):
    """ssh did not bring the socket in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"ssh brought no socket within {seconds:.0f} s")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to attach through ssh."""

    host: str
    user: str = ""
    port: int | None = None
    socket: str = DEFAULT_SOCKET

    @property
    def place(self) -> str:
        """As ssh wants it."""
        return f"{self.user}@{self.host}" if self.user else self.host


def parse_target(text: str) -> Target:
    """Read `ssh://user@host[:port][/socket]`; BadTarget otherwise. Nothing in it can become an option of ssh."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadTarget(text, str(error)) from error
    if parts.scheme != "ssh" or not host or parts.query or parts.fragment or parts.password is not None:
        raise BadTarget(text, "wants ssh://user@host[:port][/socket], without a password")
    user, path = unquote(parts.username or ""), unquote(parts.path)
    if any(word.startswith("-") or not word.isprintable() or " " in word for word in (host, user, path) if word):
        raise BadTarget(text, "a name begins with - or holds a blank")
    return Target(host, user, port, path if path not in {"", "/"} else DEFAULT_SOCKET)


def ssh_command(target: Target, local: Path, *, quiet: bool) -> list[str]:
    """The command line; `quiet` when the screen is taken and ssh may not ask."""
    port = ["-p", str(target.port)] if target.port is not None else []
    batch = ["-o", "BatchMode=yes"] if quiet else []
    return [
        "ssh", "-N", "-T", "-o", "ExitOnForwardFailure=yes", "-o", "StreamLocalBindMask=0177",
        "-o", "StreamLocalBindUnlink=yes", "-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=2", *batch, *port,
        "-L", f"{local}:{target.socket}", "--", target.place,
    ]  # fmt: skip


class Tunnel:
    """One ssh process and its socket; `ensure` starts it again when it ended."""

    def __init__(self, target: Target, directory: Path, command: Sequence[str] | None = None) -> None:
        self.target, self.socket = target, directory / "node.sock"
        self._command = command  # a test's; None: ssh
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._said: deque[str] = deque(maxlen=_SAID_LINES)
        self._screen_taken = False

    def take_screen(self) -> None:
        """From now on ssh may neither ask nor write on the terminal."""
        self._screen_taken = True

    async def ensure(self) -> Path:
        """The socket, with a living ssh behind it. TunnelClosed in ssh's own words, TunnelSlow."""
        if self._process is not None and self._process.returncode is None and self.socket.exists():
            return self.socket
        await self.close()
        await self._start()
        waited_s = 0.0
        while not self.socket.exists():
            if self._process is None or self._process.returncode is not None:
                await self._heard()
                raise TunnelClosed(None if self._process is None else self._process.returncode, self.said)
            if waited_s >= READY_WITHIN_S:
                await self.close()
                raise TunnelSlow(READY_WITHIN_S)
            await asyncio.sleep(POLL_S)
            waited_s += POLL_S
        return self.socket

    @property
    def said(self) -> str:
        """What ssh said last, as it said it."""
        return " ".join(line for line in self._said if line)

    async def _start(self) -> None:
        command = list(self._command or ssh_command(self.target, self.socket, quiet=self._screen_taken))
        if shutil.which(command[0]) is None:
            raise ToolMissing
        self._said.clear()
        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL if self._screen_taken else None,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=self._screen_taken,
        )
        self._listening = asyncio.create_task(self._listen(self._process))

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while chunk := await process.stderr.readline():
            text = chunk.decode(errors="replace").strip()
            self._said.append(text)
            if not self._screen_taken:
                sys.stderr.write(text + "\n")

    async def _heard(self) -> None:
        if self._listening is not None:
            with contextlib.suppress(TimeoutError, ValueError):
                await asyncio.wait_for(self._listening, 1.0)

    async def close(self) -> None:
        """End our ssh, by its process id."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError, ValueError):
                await self._listening
            self._listening = None
        self._remove_socket()

    def _remove_socket(self) -> None:
        self.socket.unlink(missing_ok=True)


@asynccontextmanager
async def tunnel_to(target: Target, command: Sequence[str] | None = None) -> AsyncIterator[Tunnel]:
    """A tunnel in a directory of its own; both are gone at the end."""
    directory = _private_directory()
    tunnel = Tunnel(target, directory, command)
    try:
        yield tunnel
    finally:
        await tunnel.close()
        shutil.rmtree(directory, ignore_errors=True)


def _private_directory() -> Path:
    """A fresh directory of mode 0700 (tempfile's promise) whose path leaves room for a socket's name."""
    directory = Path(tempfile.mkdtemp(prefix="edge-node-tui-"))
    if len(os.fsencode(directory / "node.sock.0123456789abcdef")) > SOCKET_PATH_MAX:  # ssh binds under a longer name
        directory.rmdir()
        raise BadTarget(str(directory), "the path of its socket would be too long; set TMPDIR to a shorter one")
    return directory
