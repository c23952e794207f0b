"""The node under what the unit allows: its system calls and no others, no memory both writable and executable."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from edge_node.cli import main
from tests.firmware.unit import allowed_calls

JAIL = Path(__file__).with_name("jail.py")
DOORS = {
    "EDGE_NODE__HTTP__LISTEN": "127.0.0.1:0",
    "EDGE_NODE__HTTP__LISTEN_TLS": "127.0.0.1:0",
    "EDGE_NODE__GRPC__LISTEN": "127.0.0.1:0",
}


def jailed(calls: set[str], *command: str) -> subprocess.Popen[str]:
    """A command of this interpreter in the jail."""
    process = subprocess.Popen(
        [sys.executable, str(JAIL), sys.executable, *command],
        env=os.environ | DOORS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(" ".join(calls))
    process.stdin.close()
    process.stdin = None  # communicate() is not to flush what is closed
    return process


@pytest.mark.needs_systemd
def test_a_node_lives_within_its_unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It starts, stores and reads a piece, answers over TLS and to its operator, reloads, ends; nothing is amiss."""
    assert main(["init", "--data-dir", str(tmp_path / "n")]) == 0
    process = jailed(allowed_calls(), "-m", "edge_node", "run", "--config", str(tmp_path / "n/edge-node.toml"))
    try:
        assert process.stdout is not None
        doors = json.loads(process.stdout.readline())
        piece = tmp_path / "piece"
        piece.write_bytes(bytes(3_000_000))
        asking = ["--node", doors["http"], "--key", str(tmp_path / "n/keys/operator.key")]
        capsys.readouterr()
        assert main(["piece", "put", str(piece), "--json", *asking]) == 0
        cid = json.loads(capsys.readouterr().out)["cid"]
        assert main(["piece", "get", cid, "-o", str(tmp_path / "copy"), *asking]) == 0
        assert httpx.get(doors["https"] + "/readyz", verify=False).json()["ready"] is True
        operator = httpx.HTTPTransport(uds=str(tmp_path / "n/run/control/control.sock"))
        with httpx.Client(transport=operator, base_url="http://localhost") as client:
            assert client.get("/v1/node").json()["ready"] is True
            assert client.get("/v1/metrics").status_code == 200
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    assert (tmp_path / "copy").read_bytes() == piece.read_bytes()
    amiss = [line for line in map(json.loads, said.splitlines()) if line["level"] != "info"]
    assert [line for line in amiss if line["event"] != "socket.not_given"] == []  # no such groups on this machine


@pytest.mark.needs_systemd
def test_the_jail_holds() -> None:
    """What the unit takes away is refused: setting the clock, and memory that is writable and executable."""
    probe = (
        "import mmap, time\n"
        "for attempt in (lambda: time.clock_settime(time.CLOCK_REALTIME, 0), lambda: mmap.mmap(-1, 4096, prot=7)):\n"
        "    try:\n"
        "        attempt()\n"
        "    except PermissionError:\n"
        "        print('refused')\n"
    )
    process = jailed(allowed_calls(), "-c", probe)
    out, errors = process.communicate(timeout=30)
    assert out.split().count("refused") >= 1, errors
