"""Attaching through ssh, with a program in ssh's place that does what ssh would."""

import asyncio
import os
import stat
import sys
from pathlib import Path

import pytest

from tests.tui.recorded_node import recorded_node
from tests.tui.rig import attached, under_asyncio, until
from tui.attach import (
    DEFAULT_SOCKET,
    BadTarget,
    Target,
    ToolMissing,
    Tunnel,
    TunnelClosed,
    parse_target,
    ssh_command,
    tunnel_to,
)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("ssh://ops@box", Target("box", "ops")),
        ("ssh://box", Target("box")),
        ("ssh://ops@box:2222", Target("box", "ops", 2222)),
        ("ssh://ops@[::1]:22/run/edge/c.sock", Target("::1", "ops", 22, "/run/edge/c.sock")),
        ("ssh://ops@box/", Target("box", "ops", None, DEFAULT_SOCKET)),
    ],
)
def test_a_target_is_read(text: str, target: Target) -> None:
    """User, host, port and socket; what is missing has its default."""
    assert parse_target(text) == target


@pytest.mark.parametrize(
    "text",
    [
        "box", "http://box", "ssh://", "ssh://-oProxyCommand=evil", "ssh://-o@box", "ssh://a:secret@box", "ssh://box:x",
        "ssh://box:99999", "ssh://box/a%20b", "ssh://b%20o@x", "ssh://b%0ao@x", "ssh://box/x?y",
    ],
)  # fmt: skip
def test_a_bad_target_is_refused(text: str) -> None:
    """Above all what would become an option of ssh."""
    with pytest.raises(BadTarget):
        parse_target(text)


def test_the_command_line_asks_only_while_it_may() -> None:
    """BatchMode is off at first and on when the screen is taken; the place stands behind `--`."""
    asking, quiet = (ssh_command(Target("box", "ops", 22), Path("/t/s"), quiet=quiet) for quiet in (False, True))
    assert "BatchMode=yes" not in asking
    assert "BatchMode=yes" in quiet
    assert asking[-2:] == ["--", "ops@box"]
    assert asking[asking.index("-L") + 1] == f"/t/s:{DEFAULT_SOCKET}"


FORWARD = """
import os, signal, socket, sys, threading
local, remote = sys.argv[1:]
print("Welcome to the box.", file=sys.stderr, flush=True)
server = socket.socket(socket.AF_UNIX); server.bind(local); server.listen()
def pump(one, other):
    while data := one.recv(65536):
        other.sendall(data)
    other.shutdown(socket.SHUT_WR)
while True:
    here, _ = server.accept()
    there = socket.socket(socket.AF_UNIX); there.connect(remote)
    for pair in ((here, there), (there, here)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
"""


def forwarding(tunnel: Tunnel, remote: Path) -> list[str]:
    return [sys.executable, "-c", FORWARD, str(tunnel.socket), str(remote)]


@under_asyncio
async def test_the_far_socket_comes_here(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Through a directory nobody else may enter; the process is ours and gone at the end, the directory too."""
    async with recorded_node(tmp_path / "far"), tunnel_to(Target("box")) as tunnel:
        directory = tunnel.socket.parent
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        tunnel._command = forwarding(tunnel, tmp_path / "far")
        await tunnel.ensure()
        pid = tunnel._process.pid
        async with attached(await tunnel.ensure()) as pilot:
            await until(pilot, lambda: len(pilot.app.state.devices) == 25)
        assert tunnel._process.pid == pid
    assert not directory.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert "Welcome to the box." in capfd.readouterr().err


@under_asyncio
async def test_ssh_speaks_for_itself(tmp_path: Path) -> None:
    """What it said last is the reason; it is started again for the next attempt, then without asking."""
    script = "import sys; print('ops@box: Permission denied (publickey).', file=sys.stderr); sys.exit(255)"
    async with tunnel_to(Target("box"), [sys.executable, "-c", script]) as tunnel:
        tunnel.take_screen()
        for _ in range(2):
            with pytest.raises(TunnelClosed, match=r"^ops@box: Permission denied \(publickey\)\.$"):
                await tunnel.ensure()


@under_asyncio
async def test_a_dead_tunnel_is_dug_again(tmp_path: Path) -> None:
    """When ssh ended, the next attempt starts another."""
    async with recorded_node(tmp_path / "far"), tunnel_to(Target("box")) as tunnel:
        tunnel._command = forwarding(tunnel, tmp_path / "far")
        await tunnel.ensure()
        first = tunnel._process
        first.kill()
        await first.wait()
        await tunnel.ensure()
        assert tunnel._process.pid != first.pid


@under_asyncio
async def test_no_ssh_is_said() -> None:
    """With what to install."""
    async with tunnel_to(Target("box"), ["no-such-program-anywhere"]) as tunnel:
        with pytest.raises(ToolMissing):
            await asyncio.wait_for(tunnel.ensure(), 10)
