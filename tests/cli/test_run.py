"""`edge-node run` as a service manager sees it: a process, a line when ready, an ordered end."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

from edge_node.cli import main
from edge_node.trust.keystore import write_key_file
from edge_node.trust.signing_key import SigningKey
from tests.trust.test_dev_keys import DEVELOPMENT, seed_of

DOORS = {
    "EDGE_NODE__HTTP__LISTEN": "127.0.0.1:0",
    "EDGE_NODE__HTTP__LISTEN_TLS": "127.0.0.1:0",
    "EDGE_NODE__GRPC__LISTEN": "127.0.0.1:0",
}


@contextmanager
def running(config: Path, below: int | None = None, **more: str) -> Iterator[subprocess.Popen[str]]:
    limited = [] if below is None else ["prlimit", f"--nofile={below}:"]
    process = subprocess.Popen(
        [*limited, sys.executable, "-m", "edge_node", "run", "--config", str(config)],
        env=os.environ | DOORS | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def made(tmp_path: Path) -> Path:
    assert main(["init", "--data-dir", str(tmp_path / "n")]) == 0
    return tmp_path / "n" / "edge-node.toml"


def test_run_names_its_doors_serves_and_ends_on_sigterm(tmp_path: Path) -> None:
    """The line on standard output names addresses that answer; SIGTERM ends the process with 0 and gives LOCK back."""
    config = made(tmp_path)
    with running(config) as process:
        assert process.stdout is not None
        doors = json.loads(process.stdout.readline())
        assert doors["event"] == "listening"
        assert doors["https"].startswith("https://127.0.0.1:")
        with urlopen(doors["http"] + "/readyz", timeout=10) as answer:
            assert json.load(answer)["ready"] is True
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert main(["device", "list", "--config", str(config)]) == 0


def test_a_second_process_on_the_directory_is_refused(tmp_path: Path) -> None:
    """It ends at once with exit code 4 and names the first one's pid; the first goes on."""
    config = made(tmp_path)
    with running(config) as first:
        assert first.stdout is not None
        doors = json.loads(first.stdout.readline())
        with running(config) as second:
            _, errors = second.communicate(timeout=20)
            assert second.returncode == 4
            assert str(first.pid) in errors
        with urlopen(doors["http"] + "/healthz", timeout=10) as answer:
            assert answer.status == 200


def test_a_port_in_use_ends_the_start_with_a_remedy(tmp_path: Path) -> None:
    """The address is named, a hint given, and the directory left unlocked."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with running(made(tmp_path / "a")) as first:
        assert first.stdout is not None
        address = json.loads(first.stdout.readline())["http"].removeprefix("http://")
        config = made(tmp_path / "b")
        with running(config, EDGE_NODE__HTTP__LISTEN=address) as second:
            _, errors = second.communicate(timeout=20)
            assert second.returncode == 1
            assert address in errors
            assert "hint:" in errors
        assert main(["device", "list", "--config", str(config)]) == 0


def test_broken_settings_end_the_start_with_their_line(tmp_path: Path) -> None:
    """Exit code 3, the file, the line and the nearest name."""
    config = made(tmp_path)
    config.write_text('[http]\nlisten_tsl = "127.0.0.1:0"\n')
    with running(config) as process:
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 3
        assert "listen_tls" in errors
        assert ":2" in errors or "line 2" in errors


def test_run_takes_the_descriptors_it_may_have(tmp_path: Path) -> None:
    """A service manager's low limit is raised as far as it permits, before clients can use it up."""
    config, possible = made(tmp_path), resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with running(config, below=256) as process:
        assert process.stdout is not None
        process.stdout.readline()
        allowed, _ = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    assert allowed == min(65_536, possible)


def heard(manager: socket.socket) -> list[dict[str, str]]:
    """The notices a service manager finds waiting."""
    notices = []
    while True:
        try:
            lines = manager.recv(65_536).decode().split("\n")
        except BlockingIOError:
            return notices
        notices.append(dict(line.split("=", 1) for line in lines))


def test_the_service_manager_is_told(tmp_path: Path) -> None:
    """Words while it starts, ready once the doors are open, fed as often as its watchdog asks, stopping at the end."""
    config = made(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as manager:
        manager.bind(str(tmp_path / "notify"))
        with running(config, NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="900000") as process:
            assert process.stdout is not None
            process.stdout.readline()
            notices: list[dict[str, str]] = []
            while sum("WATCHDOG" in notice for notice in notices) < 3:
                notices += heard(manager)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
            notices += heard(manager)
    assert notices[0] == {"STATUS": "opening the log"}
    told = [name for notice in notices for name in notice if name not in {"STATUS", "WATCHDOG"}]
    assert told == ["READY", "STOPPING"]
    assert any(notice.get("STATUS") == "ready" and "WATCHDOG" in notice for notice in notices)


def test_a_reload_is_told_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    """SIGHUP, as `systemctl reload` sends it: reloading with the time, then ready, by a bad file too."""
    config = made(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as manager:
        manager.bind(str(tmp_path / "notify"))
        with running(config, NOTIFY_SOCKET=str(tmp_path / "notify")) as process:
            assert process.stdout is not None
            process.stdout.readline()
            config.write_text("[http]\nno_such_setting = 1\n")
            process.send_signal(signal.SIGHUP)
            told: list[str] = []
            while told.count("READY") < 2:
                told += [name for notice in heard(manager) for name in notice if name != "STATUS"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
    assert told == ["READY", "RELOADING", "MONOTONIC_USEC", "READY"]


def test_a_manager_that_never_reads_does_not_hold_up_the_node(tmp_path: Path) -> None:
    """Its queue is full before the node starts: the node serves and ends as ever."""
    config, address = made(tmp_path), f"\0edge-node-test-{os.getpid()}"
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as crowd,
    ):
        manager.bind(address)
        with suppress(BlockingIOError):
            while True:
                crowd.sendto(b"STATUS=noise", address)
        with running(config, NOTIFY_SOCKET="@" + address[1:], WATCHDOG_USEC="300000") as process:
            assert process.stdout is not None
            doors = json.loads(process.stdout.readline())
            with urlopen(doors["http"] + "/readyz", timeout=10) as answer:
                assert json.load(answer)["ready"] is True
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0


def test_a_key_that_everybody_has_is_refused_unless_the_chain_is_a_development_one(tmp_path: Path) -> None:
    """The process ends at once and says which key, why, and what to do; on a development chain it runs."""
    config = made(tmp_path)
    with SigningKey.from_seed(seed_of(DEVELOPMENT)) as key:
        write_key_file(tmp_path / "dev.key", key)
    dev = {"EDGE_NODE__NODE__KEY_FILE": str(tmp_path / "dev.key")}
    live = {"EDGE_NODE__CHAIN__NETWORK": "cere-testnet", "EDGE_NODE__CHAIN__ENDPOINTS": "own=ws://127.0.0.1:1"}
    for network in ({}, live):
        with running(config, **dev, **network) as process:
            out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (1, "")
        assert "the node key 6" in err
        assert "the development phrase ed25519, whose secret half everybody has" in err
        assert "hint: Put a key of your own in its place" in err
    with running(config, **dev, EDGE_NODE__CHAIN__NETWORK="dev") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "listening"


def test_a_network_that_cannot_be_followed_is_told_at_the_start(tmp_path: Path) -> None:
    """A slip in its name is no node that quietly follows nothing."""
    with running(made(tmp_path), EDGE_NODE__CHAIN__NETWORK="cere-mainet") as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "no network 'cere-mainet' comes with this release" in err
