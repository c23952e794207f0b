"""A real node process with the five pairs of doors that the SDK's own environment has, and who owns its buckets."""

import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil

from edge_node.base.clock import SystemClock
from edge_node.devnet.processes import bound, clean_environment, command
from edge_node.offline import make_node
from edge_node.settings import load
from edge_node.settings.literal import toml_literal

START_S, STOP_S = 60.0, 40.0
SAMPLE_S = 0.05
MODES = ("storage", "storage", "full", "full", "cache")

# Seeds of the SDK's own tests and of tests/vectors/ddc.json; the addresses are what the SDK makes of them.
PEOPLE: Mapping[str, Mapping[str, str]] = {
    "owner": {
        "uri": "hybrid label reunion only dawn maze asset draft cousin height flock nation",
        "type": "sr25519",
        "address": "6QWSw9cva8DmGCJz7mrepJhF2Z6MBCF1nu56SAErnCHYdpJP",
    },
    "edith": {
        "uri": "0x" + "01" * 32,
        "type": "ed25519",
        "address": "6SeGEQR5w9piHVdKKW5SH2jCiBLDJU6faRYLpoPZNo7CP9Dg",
    },
    "bob": {
        "uri": "0x" + "03" * 32,
        "type": "ed25519",
        "address": "6Usk3JU4dQRPuUE1Bj6iHauTvgem5vm9bCzNNsiinZ6ggkGt",
    },
    "carol": {
        "uri": "0x" + "02" * 32,
        "type": "sr25519",
        "address": "6Q77wxcKgiPMyJoXEZnQqxzUYELgKv9DMrrocxQASX3yJpxd",
    },
}
# Buckets 1 and 2 as the SDK's tests have them; 7 as the vectors do; 99 is nobody's.
PUBLIC, PRIVATE, EDITHS, BOBS, ABSENT = 1, 2, 7, 8, 99
BUCKETS: Sequence[tuple[int, str, bool]] = (
    (PUBLIC, "owner", True),
    (PRIVATE, "owner", False),
    (EDITHS, "edith", False),
    (BOBS, "bob", False),
)


@dataclass
class Place:
    """A running node: the ports of its pairs of doors, its process and its files."""

    root: Path
    modes: Sequence[str]
    grpc: Sequence[int]
    http: Sequence[int]
    process: psutil.Popen
    killed: bool = False

    @property
    def target(self) -> str:
        """The first gRPC door as grpcio names it."""
        return f"127.0.0.1:{self.grpc[0]}"

    @property
    def url(self) -> str:
        """The first HTTP door."""
        return f"http://127.0.0.1:{self.http[0]}"

    @property
    def log(self) -> Path:
        """What the node said."""
        return self.root / "node.log"

    def rss(self) -> int:
        """Bytes of memory that the process holds now."""
        return int(self.process.memory_info().rss)

    def cpu_s(self) -> float:
        """CPU seconds it has used, user and system."""
        return float(sum(self.process.cpu_times()[:2]))

    def metrics(self) -> dict[str, float]:
        """Every sample that the node shows, by its name and labels."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        pairs = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}

    def kill(self) -> None:
        """End the process as a lost machine does; the block that runs it takes this for its end."""
        self.killed = True
        self.process.kill()
        self.process.wait(STOP_S)

    def told(self) -> dict[str, Any]:
        """What the SDK's driver must know."""
        return told(self.grpc, self.http, self.modes)


@contextmanager
def peak_of(place: Place) -> Iterator[list[int]]:
    """The RSS of the node before, and the highest while the block runs."""
    seen, done = [place.rss(), place.rss()], Event()

    def sample() -> None:
        while not done.wait(SAMPLE_S):
            seen[1] = max(seen[1], place.rss())

    thread = Thread(target=sample)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def told(grpc: Sequence[int], http: Sequence[int], modes: Sequence[str]) -> dict[str, Any]:
    """A place for the driver: nodes, people and buckets."""
    nodes = [
        {"mode": mode.capitalize(), "grpcUrl": f"grpc://127.0.0.1:{one}", "httpUrl": f"http://127.0.0.1:{two}"}
        for mode, one, two in zip(modes, grpc, http, strict=True)
    ]
    buckets = [{"id": number, "owner": owner, "isPublic": public} for number, owner, public in BUCKETS]
    return {"nodes": nodes, "people": PEOPLE, "buckets": buckets}


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody holds now, all different.

    Below those that the system gives to whoever calls: or a caller could have one before the node does.
    """
    lowest_given = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    found = list[int]()
    with ExitStack() as held:
        for _ in range(64 + count):
            port = 10_240 + secrets.randbelow(lowest_given - 10_240)
            one = held.enter_context(closing(socket.socket()))
            with suppress(OSError):
                one.bind(("127.0.0.1", port))
                found.append(port)
            if len(found) == count:
                return found
    raise AssertionError("hardly a port of this machine is free")


@dataclass(frozen=True)
class Home:
    """A node that was made and does not run: its files and the ports that every life of it has."""

    root: Path
    modes: Sequence[str]
    grpc: Sequence[int]
    http: Sequence[int]

    @contextmanager
    def living(self, environ: Mapping[str, str] | None = None) -> Iterator[Place]:
        """Run it as `edge-node run` does until the block ends; an end that nobody asked for is an error."""
        config = self.root / "edge-node.toml"
        with (self.root / "node.log").open("ab") as log:
            process = psutil.Popen(
                bound(command("run", "--config", str(config))),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                env=clean_environment() | dict(environ or {}),
            )  # fmt: skip
        place = Place(self.root, self.modes, self.grpc, self.http, process)
        try:
            _await_ports(place)
            yield place
            if not place.killed:
                process.send_signal(signal.SIGTERM)
            code, wanted = process.wait(STOP_S), -signal.SIGKILL if place.killed else 0
            assert code == wanted, f"the node ended with {code}: {place.log.read_text()[-2_000:]}"
        finally:
            if process.is_running():
                process.kill()
            process.wait()
            process.stdout.close()


def home_of(root: Path, modes: Sequence[str] = ("full",), **settings: Mapping[str, object]) -> Home:
    """Make a node in `root`."""
    grpc, http = free_ports(len(modes)), free_ports(len(modes))
    config = write_config(root, modes, grpc, http, settings)
    make_node(load(config, {}).settings, SystemClock(), os.urandom, {})
    return Home(root, modes, grpc, http)


@contextmanager
def running_node(root: Path, modes: Sequence[str] = ("full",), **settings: Mapping[str, object]) -> Iterator[Place]:
    """Make a node in `root` and run it until the block ends."""
    with home_of(root, modes, **settings).living() as place:
        yield place


def write_config(
    root: Path,
    modes: Sequence[str],
    grpc: Sequence[int],
    http: Sequence[int],
    settings: Mapping[str, Mapping[str, object]],
) -> Path:
    """The node's settings file: `settings` go over what every test wants."""
    pairs = [
        f"{mode} grpc=127.0.0.1:{one} http=127.0.0.1:{two}"
        for mode, one, two in list(zip(modes, grpc, http, strict=True))[1:]
    ]
    owners = [
        f"{number} owner={PEOPLE[owner]['address']}" + (" public" if public else "")
        for number, owner, public in BUCKETS
    ]
    sections: dict[str, dict[str, object]] = {
        "node": {"data_dir": str(root / "data")},
        "http": {"listen": f"127.0.0.1:{http[0]}", "listen_tls": "", "metrics": True},
        "grpc": {"listen": f"127.0.0.1:{grpc[0]}"},
        "ddc": {"mode": modes[0], "doors": pairs, "buckets": owners},
        # A test's directory may be too deep for a socket's path.
        "control": {"socket": "none", "view_socket": "none"},
        "clock": {"quality": "network"},
        "log": {"level": "warning"},
    }
    for name, values in settings.items():
        sections.setdefault(name, {}).update(values)
    text = "".join(
        f"[{name}]\n" + "".join(f"{key} = {toml_literal(value)}\n" for key, value in values.items())
        for name, values in sections.items()
    )
    root.mkdir(parents=True, exist_ok=True)
    config = root / "edge-node.toml"
    config.write_text(text)
    return config


def _await_ports(place: Place) -> None:
    give_up = time.monotonic() + START_S
    waiting = [*place.grpc, *place.http]
    while waiting and time.monotonic() < give_up:
        assert place.process.poll() is None, f"the node did not start: {place.log.read_text()[-2_000:]}"
        try:
            socket.create_connection(("127.0.0.1", waiting[0]), 1).close()
            waiting.pop(0)
        except OSError:
            time.sleep(0.05)
    assert not waiting, f"nobody listens on {waiting}: {place.log.read_text()[-2_000:]}"
