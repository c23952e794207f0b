"""The chain of a trial: a process of its own, a cable between it and the node, and what the node is told of it."""

import signal
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import trio

from edge_node.devnet.layout import SiteFiles
from edge_node.devnet.link import Link
from edge_node.devnet.processes import Processes, TrialFault, command, last_words, wait_for

START_S = 30.0
BLOCK_S = 0.5  # slots of a real chain have 6 s: too long for ten seconds of proof, and for an eye
SET_EVERY = 10  # blocks: a hand-off every five seconds
STALLED_S = 2  # a real node waits three minutes before it worries
GROUP = "trial"


class _Served(msgspec.Struct):
    url: str
    genesis: str
    spec: str
    checkpoint: str
    pin: str
    operator: str


class ChainSite:
    """One chain, reached by the node through a link that can be cut; it goes on while the node cannot see it."""

    def __init__(self, files: SiteFiles, processes: Processes) -> None:
        self._files, self._processes = files, processes
        self._process: subprocess.Popen[bytes] | None = None
        self._link: Link | None = None
        self._served = _Served("", "", "", "", "", "")

    @property
    def url(self) -> str:
        """Where the chain itself is asked, past the cable."""
        return self._served.url

    @property
    def genesis(self) -> str:
        """The hash of its first block."""
        return self._served.genesis

    async def start(self, nursery: trio.Nursery) -> None:
        """The process, and the cable to it; TrialFault when it does not serve."""
        directory = self._files.chain
        self._process = process = self._processes.start(
            command(
                "devnet", "chain", "--directory", str(directory), "--port", "0", "--period", str(BLOCK_S),
                "--set-every", str(SET_EVERY), "--json",
            ),
            self._files.chain_log, piped=True,
        )  # fmt: skip
        self._served = await _first_line(process, self._files.chain_log)
        self._link = Link(urlsplit(self.url).port or 0, nursery)
        await self._link.restore()

    @property
    def environ(self) -> dict[str, str]:
        """The settings of a node that follows this chain over the cable."""
        assert self._link is not None
        settings = {
            "SPEC_FILE": self._served.spec,
            "CHECKPOINT_FILE": self._served.checkpoint,
            "PIN_FILE": self._served.pin,
            "OPERATOR_KEY": self._served.operator,
            "ENDPOINTS": f"{GROUP}=ws://127.0.0.1:{self._link.port}",
            "STALLED_S": str(STALLED_S),
        }
        return {f"EDGE_NODE__CHAIN__{name}": value for name, value in settings.items()}

    def cut(self) -> None:
        """The node no longer reaches its endpoint."""
        assert self._link is not None
        self._link.cut()

    async def restore(self) -> None:
        """The cable is back, at the same address."""
        assert self._link is not None
        await self._link.restore()

    async def stop(self) -> None:
        """SIGTERM and an orderly end; TrialFault if it is none."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = await wait_for(self._process)
        if code != 0:
            raise TrialFault(f"the chain ended with {code}: {last_words(self._files.chain_log)}")


async def _first_line(process: subprocess.Popen[bytes], log: Path) -> _Served:
    assert process.stdout is not None
    with trio.move_on_after(START_S):
        line = await trio.to_thread.run_sync(process.stdout.readline, abandon_on_cancel=True)
        if not line:
            raise TrialFault(f"the chain did not start: {last_words(log)}")
        return msgspec.json.decode(line, type=_Served)
    raise TrialFault(f"the chain did not serve within {START_S:.0f} s: {last_words(log)}")
