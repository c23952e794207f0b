"""`edge-node doctor` on a node that is stopped, running, broken."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_node.cli import main

# Everything is imported before the rights are given up: the interpreter itself may lie where only root reads.
STRANGER = """
import os, sys
import edge_node.base.log, edge_node.client.local, edge_node.doctor, edge_node.settings
from edge_node.cli import main
from edge_node.cli.doctor import doctor
os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.exit(main(["doctor", *sys.argv[1:]]))
"""


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    for door in ("LISTEN", "LISTEN_TLS"):
        monkeypatch.setenv(f"EDGE_NODE__HTTP__{door}", "127.0.0.1:0")
    monkeypatch.setenv("EDGE_NODE__GRPC__LISTEN", "127.0.0.1:0")
    assert main(["init", "--data-dir", str(tmp_path / "node"), "--json"]) == 0
    capsys.readouterr()
    return tmp_path / "node"


@pytest.fixture
def passable(home: Path) -> Iterator[Path]:
    """The node where others may come by. pytest closes its own directories again whenever another session begins."""
    with tempfile.TemporaryDirectory(prefix="edge-node-") as place:
        directory = Path(place)
        directory.chmod(0o755)
        moved = directory / home.name
        shutil.move(home, moved)
        moved.chmod(0o755)
        settings = moved / "edge-node.toml"
        settings.write_text(settings.read_text().replace(str(home), str(moved)))
        settings.chmod(0o644)
        yield moved


def run(home: Path, *more: str) -> int:
    return main(["doctor", "--config", str(home / "edge-node.toml"), *more])


@pytest.fixture
def running(home: Path) -> Iterator[Path]:
    command = [sys.executable, "-m", "edge_node", "run", "--config", str(home / "edge-node.toml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as node:
        try:
            assert node.stdout is not None
            assert node.stdout.readline()
            yield home
        finally:
            node.send_signal(signal.SIGTERM)
            node.communicate()


def test_each_finding_is_a_line_and_the_last_line_sums_up(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Verdict, check, evidence; the exit code is that of the worst."""
    code = run(home)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok       node.process")
    assert "0 bad" in lines[-1]
    assert code == (1 if " 1 warn" in lines[-1] else 0)


def test_the_report_in_json_and_its_exit_code(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One document, and 2 for what is broken."""
    (home / "keys/node.key").chmod(0o644)
    assert run(home, "--json", "--deep") == 2
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "bad"
    assert {"check", "verdict", "evidence", "remedy", "facts"} == set(report["findings"][0])


def test_a_running_node_is_examined_beside_its_work(running: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It holds LOCK and its databases; nothing of that is wrong."""
    assert run(running, "--json") < 2
    found = {finding["check"]: finding for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert "edge-node run" in found["node.process"]["evidence"]
    assert found["segments.log"]["verdict"] == "ok"
    assert found["databases.index"]["verdict"] == "ok"


def test_settings_a_start_would_refuse(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line and the name, and no traceback."""
    with (home / "edge-node.toml").open("a") as file:
        file.write("colour = 1\n")
    assert run(home) == 2
    assert "colour" in capsys.readouterr().out


def test_a_directory_that_is_not_mounted(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is made in its place."""
    home.rename(home.with_name("elsewhere"))
    home.with_name("elsewhere").joinpath("edge-node.toml").rename(home.with_name("edge-node.toml"))
    assert main(["doctor", "--config", str(home.with_name("edge-node.toml"))]) == 2
    assert "is not there" in capsys.readouterr().out
    assert not home.exists()


def test_a_node_that_hangs_is_told_apart_from_one_that_is_busy(
    running: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its process is there and its socket takes the question; no answer comes."""
    assert run(running, "--json") < 2
    found = {finding["check"]: finding for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert found["node.health"]["verdict"] == "ok"
    os.kill(found["node.process"]["facts"]["pid"], signal.SIGSTOP)
    try:
        assert run(running, "--json") == 2
    finally:
        os.kill(found["node.process"]["facts"]["pid"], signal.SIGCONT)
    found = {finding["check"]: finding for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert found["node.health"]["verdict"] == "bad"
    assert found["segments.log"]["verdict"] == "ok"


@pytest.mark.needs_root
def test_a_stranger_learns_nothing_and_claims_nothing(passable: Path) -> None:
    """What may not be looked at is unknown, neither well nor broken."""
    done = subprocess.run(
        [sys.executable, "-c", STRANGER, "--json", "--config", str(passable / "edge-node.toml")],
        capture_output=True, check=False,
    )  # fmt: skip
    found = {finding["check"]: finding["verdict"] for finding in json.loads(done.stdout)["findings"]}
    for check in (
        "node.process",
        "key.check",
        "segments.check",
        "databases.check",
        "certificate.check",
        "permissions.user",
    ):
        assert found.get(check) == "unknown", (check, done.stdout.decode())
    assert done.returncode < 2, done.stdout
