"""docs/how-to/devices.md, carried out word for word."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs/how-to/devices.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def command(line: str) -> str:
    """The line with this interpreter for `edge-node` and `python`."""
    return re.sub(r"^(edge-node|python)\b", lambda m: f"{sys.executable} {'-m edge_node' * (m[0] != 'python')}", line)


@contextmanager
def running(line: str, environ: dict[str, str]) -> Iterator[None]:
    node = subprocess.Popen(f"exec {command(line)}", shell=True, env=environ, stdout=subprocess.PIPE)
    assert node.stdout is not None
    try:
        assert b"listening" in node.stdout.readline()
        yield
    finally:
        node.terminate()
        assert node.wait(30) == 0
        node.stdout.close()


def shell(line: str, environ: dict[str, str], directory: Path) -> str:
    done = subprocess.run(
        command(line), shell=True, env=environ, cwd=directory, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_five_commands_and_a_program_put_readings_into_a_stream(tmp_path: Path) -> None:
    """Only the port is another one, since 8091 may be taken where this runs."""
    address = f"127.0.0.1:{free_port()}"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("EDGE_NODE")} | {
        "HOME": str(tmp_path),
        "EDGE_NODE__HTTP__LISTEN": address,
        "EDGE_NODE__HTTP__LISTEN_TLS": "127.0.0.1:0",
        "EDGE_NODE__GRPC__LISTEN": "",
        "EDGE_NODE_URL": f"http://{address}",
    }
    make, look, later = (block.strip().splitlines() for block in blocks("sh"))
    (program,) = blocks("python")
    assert len(make) + len(look) == 5
    (tmp_path / "boiler.py").write_text(program.replace("127.0.0.1:8091", address))
    for line in make[:-1]:
        shell(line, environ, tmp_path)
    with running(make[-1], environ):
        assert "acknowledged=2, events=3" in shell(look[0], environ, tmp_path)
        read = shell(look[1], environ, tmp_path)
        assert '"celsius":21.4' in read
        assert "next 3 of 3, all proofs hold" in read
        shell(later[0], environ, tmp_path)
    assert "hash, signature and place of every event hold" in shell(later[1], environ, tmp_path)
