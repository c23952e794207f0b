"""A trial site: one node process and its device processes, made, enrolled, cut off, killed and started again."""

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import trio

from edge_node.devnet.layout import Place, SiteFiles, StationReport, read_value, write_value
from edge_node.devnet.processes import Processes, TrialFault, command, last_words, run_to_end, wait_for
from edge_node.devnet.station import EASY, LOAD, Pace

START_S = 30.0


class _Made(msgspec.Struct):
    node: str


class _Listening(msgspec.Struct):
    event: str
    http: str


class Site:
    """What the trial does to a node and its devices; binds the loopback only."""

    def __init__(self, root: Path, processes: Processes) -> None:
        self.files = SiteFiles(root)
        self._processes = processes
        self._node: subprocess.Popen[bytes] | None = None
        self._stations: dict[str, subprocess.Popen[bytes]] = {}
        self._listen = "127.0.0.1:0"
        self.node_key, self.url = "", ""
        self.settings = dict[str, str]()  # more of the node's, as environment

    @property
    def port(self) -> int:
        """The node's HTTP port."""
        return urlsplit(self.url).port or 0

    @property
    def node_runs(self) -> bool:
        """Whether the node's process is there."""
        return self._node is not None and self._node.poll() is None

    async def make_node(self) -> None:
        """`edge-node init` in a fresh directory."""
        files = self.files
        made = await run_to_end(
            command("init", "--data-dir", str(files.node), "--config", str(files.config), "--name", "trial", "--json")
        )
        self.node_key = msgspec.json.decode(made, type=_Made).node

    async def start_node(self) -> None:
        """`edge-node run`; the second time on the port of the first, so that devices find it again."""
        environ = self.settings | {"EDGE_NODE__HTTP__LISTEN": self._listen}
        environ |= dict.fromkeys(("EDGE_NODE__HTTP__LISTEN_TLS", "EDGE_NODE__GRPC__LISTEN"), "127.0.0.1:0")
        process = self._processes.start(
            command("run", "--config", str(self.files.config)), self.files.log, environ=environ, piped=True
        )
        assert process.stdout is not None
        self._node = process
        with trio.move_on_after(START_S):
            line = await trio.to_thread.run_sync(process.stdout.readline, abandon_on_cancel=True)
            if not line:
                raise TrialFault(f"the node did not start: {last_words(self.files.log)}")
            self.url = msgspec.json.decode(line, type=_Listening).http
            self._listen = f"127.0.0.1:{self.port}"
            return
        raise TrialFault(f"the node did not listen within {START_S:.0f} s: {last_words(self.files.log)}")

    async def kill_node(self) -> None:
        """kill -9, in the middle of whatever it does."""
        assert self._node is not None
        self._node.kill()
        await wait_for(self._node)

    async def stop_node(self) -> None:
        """SIGTERM and an orderly end; TrialFault if it is none."""
        assert self._node is not None
        self._node.send_signal(signal.SIGTERM)
        code = await wait_for(self._node)
        if code != 0:
            raise TrialFault(f"the node ended with {code}: {last_words(self.files.log)}")

    def start_stations(self, names: Sequence[str], pace: Pace = LOAD) -> None:
        """One process per device; each makes its key and waits to be told where the node is."""
        more = ["--easy"] if pace is EASY else []
        for name in names:
            files = self.files.station(name)
            files.root.mkdir(parents=True)
            self._stations[name] = self._processes.start(
                command("devnet", "station", str(files.root), "--sensor", name, *more), files.log
            )

    async def enrol(self, name: str) -> None:
        """Enrol the public key a device shows, for its own stream only."""
        public = self.files.station(name).public
        with trio.move_on_after(START_S) as waiting:
            while not public.exists():
                self._require_running(name)
                await trio.sleep(0.02)
        if waiting.cancelled_caught:
            raise TrialFault(f"device {name} did not show its key within {START_S:.0f} s")
        config, key = str(self.files.config), public.read_text()
        await run_to_end(
            command("device", "enrol", name, "--key", key, "--stream", f"site/{name}", "--config", config, "--json")
        )

    def tell_stations(self, urls: dict[str, str]) -> None:
        """Give every device the address it is to use; from here on it reads, signs and sends."""
        for name, url in urls.items():
            write_value(self.files.station(name).place, Place(url, self.node_key, self.node_key))
        write_value(self.files.place, Place(self.url, self.node_key, self.node_key))

    async def stop_stations(self) -> dict[str, StationReport]:
        """SIGTERM: each sends what still waits and writes its report."""
        for process in self._stations.values():
            process.send_signal(signal.SIGTERM)
        for name, process in self._stations.items():
            code = await wait_for(process)
            if code != 0:
                raise TrialFault(f"device {name} ended with {code}: {last_words(self.files.station(name).log)}")
        return {name: read_value(self.files.station(name).report, StationReport) for name in self._stations}

    def _require_running(self, name: str) -> None:
        code = self._stations[name].poll()
        if code is not None:
            raise TrialFault(f"device {name} ended with {code}: {last_words(self.files.station(name).log)}")
