"""The trial: ten seconds of load with a cut link and a kill -9, then a second process proves what came of it."""

import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
import trio

from edge_node.base.clock import Clock, SystemClock
from edge_node.devnet.chain_outage import Outage
from edge_node.devnet.chain_site import ChainSite
from edge_node.devnet.chain_watch import ChainWatch
from edge_node.devnet.check import CheckReport
from edge_node.devnet.layout import History, StationReport, write_value
from edge_node.devnet.ledger import Entry, read_ledger
from edge_node.devnet.link import Link
from edge_node.devnet.processes import TrialFault, command, processes, run_to_end
from edge_node.devnet.sensors import SENSORS
from edge_node.devnet.site import Site
from edge_node.paths import Paths

CUT_DEVICE = "network"
LOAD_S = 10.0
CUT_AT_S, RESTORE_AT_S, KILL_AT_S = 1.5, 4.5, 6.0
RECONNECT_S = 10.0  # how much longer than LOAD_S the load lasts until every device has been answered after the restart

__all__ = ["Screen", "TrialFault", "run_trial"]


class Screen(Protocol):
    """Where a trial shows itself."""

    def live(self, text: str) -> None:
        """What happens at the moment; may be overwritten by the next."""
        ...

    def line(self, text: str = "") -> None:
        """A line that stays."""
        ...

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Aligned columns."""
        ...


def run_trial(screen: Screen, *, load_s: float = LOAD_S) -> bool:
    """Run the whole trial in a temporary directory; whether every claim holds.

    TrialFault when it could not be carried out. The directory stays if anything was wrong. No process outlives the
    call, however it ends.
    """
    root = Path(tempfile.mkdtemp(prefix="edge-node-trial-"))
    holds = False
    try:
        holds = trio.run(_Trial(root, screen, SystemClock(), load_s).run)
    finally:
        if holds:
            shutil.rmtree(root)
        else:
            screen.line(f"the trial's directory is kept: {root}")
    return holds


class _Trial:
    def __init__(self, root: Path, screen: Screen, clock: Clock, load_s: float) -> None:
        self._root, self._screen, self._clock, self._load_s = root, screen, clock, load_s
        self._doing = ""

    async def run(self) -> bool:
        with processes() as started, trio.open_signal_receiver(signal.SIGTERM, signal.SIGHUP) as signals:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_end_on_signal, signals)
                site = Site(self._root, started)
                holds = await self._run(site, ChainSite(site.files, started), nursery)
                nursery.cancel_scope.cancel()
        return holds

    async def _run(self, site: Site, chain: ChainSite, nursery: trio.Nursery) -> bool:
        link = await self._set_up(site, chain, nursery)
        watch = ChainWatch(Paths(site.files.node).control_socket, self._clock)
        nursery.start_soon(watch.run)
        began_s = self._clock.monotonic_s()
        outage = Outage(chain, watch, self._clock)
        history = await self._load(site, link, outage)
        self._screen.live("stopping the devices; each sends what still waits")
        reports = await site.stop_stations()
        took_s = self._clock.monotonic_s() - began_s
        write_value(site.files.history, history)
        write_value(site.files.chain_history, outage.history())
        self._screen.live("a second process re-reads every acknowledged event and verifies it")
        output = await run_to_end(command("devnet", "check", str(self._root), "--json"))
        await site.stop_node()
        await chain.stop()
        return self._tell(msgspec.json.decode(output, type=CheckReport), reports, history, took_s)

    async def _set_up(self, site: Site, chain: ChainSite, nursery: trio.Nursery) -> Link:
        self._screen.live("making a chain, a node and five devices")
        site.start_stations(list(SENSORS))
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
        urls = dict.fromkeys(SENSORS, site.url) | {CUT_DEVICE: f"http://127.0.0.1:{link.port}"}
        site.tell_stations(urls)
        return link

    async def _load(self, site: Site, link: Link, outage: Outage) -> History:
        began = self._clock.monotonic_s()
        share = self._load_s / LOAD_S
        self._doing = "load"
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._show_progress, site, began)
            async with trio.open_nursery() as outages:
                outages.start_soon(outage.run)
                await trio.sleep(CUT_AT_S * share)
                self._doing, cut_ms = f"{CUT_DEVICE} and the chain cut off", self._clock.now_ms()
                link.cut()
                await trio.sleep((RESTORE_AT_S - CUT_AT_S) * share)
                restored_ms = self._clock.now_ms()
                await link.restore()
                self._doing = f"{CUT_DEVICE} on the line again"
                await trio.sleep((KILL_AT_S - RESTORE_AT_S) * share)
            self._doing, killed_ms = "node killed (-9), starting again", self._clock.now_ms()
            await site.kill_node()
            await site.start_node()
            self._doing, restarted_ms = "node runs again", self._clock.now_ms()
            with trio.move_on_after(self._load_s + RECONNECT_S - (self._clock.monotonic_s() - began)):
                await self._until_reconnected(site, restarted_ms)
                await outage.until_followed()
                await trio.sleep(max(0.0, self._load_s - (self._clock.monotonic_s() - began)))
            nursery.cancel_scope.cancel()
        return History(CUT_DEVICE, cut_ms, restored_ms, killed_ms, restarted_ms)

    async def _until_reconnected(self, site: Site, since_ms: int) -> None:
        while not all(_answered_since(site, name, since_ms) for name in SENSORS):  # noqa: ASYNC110 - in files
            await trio.sleep(0.1)

    async def _show_progress(self, site: Site, began: float) -> None:
        last_s, last = 0.0, 0
        while True:
            await trio.sleep(0.5)
            now_s = self._clock.monotonic_s() - began
            total = sum(entry.count for name in SENSORS for entry in _entries(site, name))
            rate = (total - last) / (now_s - last_s)
            self._screen.live(f"{now_s:5.1f} s  {total:6} events acknowledged  {rate:6.0f}/s  {self._doing}")
            last_s, last = now_s, total

    def _tell(self, found: CheckReport, reports: dict[str, StationReport], history: History, took_s: float) -> bool:
        line = self._screen.line
        for claim in found.claims:
            line(f"{'proved' if claim.holds else 'FALSE '}  {claim.text}")
        line()
        rows = [
            (tally.device, str(tally.acknowledged), str(tally.verified), str(tally.duplicates),
             f"{reports[tally.device].offline_s:.1f}")
            for tally in found.devices
        ]  # fmt: skip
        self._screen.table(("device", "acknowledged", "verified", "duplicates", "offline s"), rows)
        line()
        lost = [name for name, report in reports.items() if report.waiting or report.refused]
        total = sum(tally.verified for tally in found.devices)
        taken = sum(report.taken for report in reports.values())
        down_s = (history.restarted_ms - history.killed_ms) / 1_000
        holds = all(claim.holds for claim in found.claims) and not lost and taken == total
        verdict = "all claims hold" if holds else "NOT everything holds"
        line(
            f"{verdict}: {taken} readings taken, {total} stored and verified, {total / took_s:.0f}/s over"
            f" {took_s:.1f} s, node down for {down_s:.1f} s of it"
        )
        for name in lost:
            line(f"FALSE   {name} ended with {reports[name].waiting} waiting and {reports[name].refused} refused")
        return holds


async def _end_on_signal(signals: AsyncIterator[int]) -> None:
    async for number in signals:
        raise TrialFault(f"ended by {signal.Signals(number).name}")


def _entries(site: Site, name: str) -> list[Entry]:
    return read_ledger(site.files.station(name).ledger)


def _answered_since(site: Site, name: str, since_ms: int) -> bool:
    return any(entry.t_ms > since_ms for entry in reversed(_entries(site, name)))
