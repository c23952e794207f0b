"""docs/how-to/follow-a-chain.md: its first three commands, carried out word for word, and the states it tells of."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_node.chain_light.status import ChainState

TEXT = (Path(__file__).parents[2] / "docs/how-to/follow-a-chain.md").read_text()
WAIT_S = 60


def blocks() -> list[str]:
    """The commands, with this interpreter for `edge-node`, and without the environment it is in already."""
    found = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    lines = [block.replace(". .venv/bin/activate\n", "") for block in found]
    return [re.sub(r"(?<![\w/.])edge-node(?= )", f"{sys.executable} -m edge_node", block) for block in lines]


@contextmanager
def going_on(script: str, place: Path, environ: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """A terminal in which the last command of a block goes on."""
    *before, last = script.strip().splitlines()
    process = subprocess.Popen(
        ["bash", "-ec", "\n".join([*before, f"exec {last}"])], cwd=place, env=environ, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT_S)
        assert process.stdout is not None
        process.stdout.close()


def test_a_development_chain_in_three_commands(tmp_path: Path) -> None:
    """Only the ports are others, since those of the page may be taken where this runs."""
    chain, run, status, *_ = blocks()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("EDGE_NODE")} | {
        "EDGE_NODE__HTTP__LISTEN": "127.0.0.1:0", "EDGE_NODE__HTTP__LISTEN_TLS": "", "EDGE_NODE__GRPC__LISTEN": "",
    }  # fmt: skip
    init = [sys.executable, "-m", "edge_node", "init", "--data-dir", "node", "--plain", "loopback"]
    subprocess.run(init, cwd=tmp_path, env=environ, check=True, capture_output=True)
    with going_on(f"{chain.strip()} --port 0", tmp_path, environ), going_on(run, tmp_path, environ):
        until = time.monotonic() + WAIT_S
        while True:
            asking = ["bash", "-ec", status]
            done = subprocess.run(asking, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                break
            assert time.monotonic() < until, done.stdout + done.stderr
    assert "following" in done.stdout


def test_every_state_is_explained() -> None:
    """A row for each."""
    for state in ChainState:
        assert f"`{state}`" in TEXT


def test_every_command_of_the_page_is_one() -> None:
    """Its verb answers to --help."""
    from edge_node.cli import main

    verbs = set(re.findall(r"edge-node ((?:chain|devnet)(?: [a-z-]+)+)", TEXT))
    assert len(verbs) > 8
    for verb in sorted(verbs):
        words = verb.split()
        depth = 3 if words[1] in {"checkpoint", "metadata"} else 2
        assert main([*words[:depth], "--help"]) == 0, verb
