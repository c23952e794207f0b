"""The live demonstration: a node, its five devices and its chain at an easy pace, operated from the terminal UI.

Now and then one device is cut off and comes back with what it queued, the chain's only endpoint is out of reach for a
while, and a stranger without a right knocks, so that there is something to find. It ends when the operator leaves the
UI; no process and no file is left.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import trio

from edge_node.base.ids import PublicKey
from edge_node.client import ClientError, Node
from edge_node.devnet.chain_site import ChainSite
from edge_node.devnet.link import Link
from edge_node.devnet.processes import TrialFault, bound, clean_environment, processes
from edge_node.devnet.sensors import SENSORS
from edge_node.devnet.site import Site
from edge_node.devnet.station import EASY
from edge_node.devnet.trial import CUT_DEVICE, Screen
from edge_node.paths import Paths
from edge_node.trust.keys import SigningKey

CUT_EVERY_S, CUT_S = 40.0, 12.0  # long enough to be noticed, often enough to be met
CHAIN_CUT_EVERY_S = 55.0  # not in step with the device's
KNOCK_EVERY_S = 9.0
UI = (sys.executable, "-m", "tui")  # a process of its own: it runs on another loop, and has the terminal to itself
UI_END_S = 5.0  # for a UI that is asked to end, before it is ended
# Leave the second screen, show the cursor, stop reporting the mouse: what a UI that was killed could not do itself.
_CALM = "\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[0m"


def run_show(screen: Screen, ui: Sequence[str] = ()) -> bool:
    """Set up a site, show it until the operator leaves, take it down; whether all ended as it should.

    `ui` replaces the terminal UI's command; it is run with this process's terminal and with the socket's path behind.
    TrialFault when the site cannot be set up. Its directory stays only if something was wrong.
    """
    root = Path(tempfile.mkdtemp(prefix="edge-node-demo-"))
    well = False
    try:
        with terminal_restored():
            well = trio.run(_Show(root, screen, ui).run)
    finally:
        if well:
            shutil.rmtree(root)
        else:
            screen.line(f"the site's directory is kept: {root}")
    return well


@contextmanager
def terminal_restored() -> Iterator[None]:
    """After the block the terminal is as it was, whatever a UI that was killed left of it."""
    try:
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
    except (OSError, ValueError, termios.error):
        yield  # no terminal, nothing to restore
        return
    try:
        yield
    finally:
        changed = termios.tcgetattr(descriptor) != before
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        if changed and sys.stdout.isatty():
            sys.stdout.write(_CALM)
            sys.stdout.flush()


class _Show:
    def __init__(self, root: Path, screen: Screen, ui: Sequence[str]) -> None:
        self._root, self._screen, self._ui = root, screen, ui
        self._up = False

    async def run(self) -> bool:
        with processes() as started, trio.open_signal_receiver(signal.SIGTERM, signal.SIGHUP) as signals:
            site = Site(self._root, started)
            chain = ChainSite(site.files, started)
            async with trio.open_nursery() as nursery:
                with trio.CancelScope() as showing:
                    nursery.start_soon(_end_on_signal, signals, showing)
                    await self._show(site, chain, nursery)
                if self._up:  # else a signal came before there was anything to stop in order
                    await self._take_down(site)
                    await chain.stop()
                nursery.cancel_scope.cancel()
        return True

    async def _show(self, site: Site, chain: ChainSite, nursery: trio.Nursery) -> None:
        link = await self._set_up(site, chain, nursery)
        self._up = True
        socket = Paths(site.files.node).control_socket
        async with trio.open_nursery() as events:
            events.start_soon(_cut_now_and_then, link, CUT_EVERY_S)
            events.start_soon(_cut_now_and_then, chain, CHAIN_CUT_EVERY_S)
            events.start_soon(_knock, site)
            code = await _show_ui([*(self._ui or UI), "--socket", str(socket)])
            events.cancel_scope.cancel()
        if code:
            raise TrialFault(f"the terminal UI ended with {code}")

    async def _set_up(self, site: Site, chain: ChainSite, nursery: trio.Nursery) -> Link:
        self._screen.live("making a chain, a node and five devices")
        site.start_stations(list(SENSORS), EASY)
        async with trio.open_nursery() as making:
            making.start_soon(site.make_node)
            await chain.start(nursery)
        site.settings = chain.environ
        for name in SENSORS:
            self._screen.live(f"enrolling {name}")
            await site.enrol(name)
        self._screen.live("starting the node")
        await site.start_node()
        link = Link(site.port, nursery)
        await link.restore()
        site.tell_stations(dict.fromkeys(SENSORS, site.url) | {CUT_DEVICE: f"http://127.0.0.1:{link.port}"})
        return link

    async def _take_down(self, site: Site) -> None:
        """Devices first, each sending what still waits, then the node.

        If the operator has stopped the node already, nobody takes what waits, and the devices end with their processes.
        """
        if not site.node_runs:
            await site.stop_node()  # a fault unless it ended in order
            self._screen.line("the node was stopped; its devices and their directory are gone")
            return
        self._screen.live("stopping the devices and the node")
        reports = await site.stop_stations()
        await site.stop_node()
        stored = sum(report.acknowledged for report in reports.values())
        self._screen.line(f"{stored} readings were stored; the node, its devices and their directory are gone")


async def _show_ui(command: Sequence[str]) -> int:
    """Run the UI on this terminal; its exit code. Cancelled, it is asked to end and then ended."""
    process = _start(command)
    try:
        return await trio.to_thread.run_sync(process.wait, abandon_on_cancel=True)
    finally:
        _end(process)


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    # In this thread: the kernel ends a bound process with the thread that started it, and trio starts processes in a
    # worker thread, which is gone when it had nothing to do for ten seconds.
    return subprocess.Popen(bound(command), env=clean_environment())


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(UI_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def _end_on_signal(signals: AsyncIterator[int], scope: trio.CancelScope) -> None:
    async for _ in signals:
        scope.cancel()
        return


class Cable(Protocol):
    """What can be cut and put back."""

    def cut(self) -> None:
        """Nothing comes through any more."""
        ...

    async def restore(self) -> None:
        """It is as before."""
        ...


async def _cut_now_and_then(link: Cable, every_s: float) -> None:
    while True:
        await trio.sleep(every_s)
        link.cut()
        try:
            await trio.sleep(CUT_S)
        finally:
            with trio.CancelScope(shield=True):  # at the end the device still has something to send
                await link.restore()


async def _knock(site: Site) -> None:
    """A key nobody enrolled asks for a stream: refused each time, with its reason on the screens."""
    with SigningKey.generate(os.urandom) as stranger:
        while True:
            await trio.sleep(KNOCK_EVERY_S)
            with suppress(ClientError):
                async with Node(site.url, stranger, node=PublicKey.parse(site.node_key), random=os.urandom) as node:
                    await node.read_stream("site/cpu", limit=1)
