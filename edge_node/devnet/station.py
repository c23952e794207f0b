"""One device process of a trial: makes its key, reads a sensor, signs, queues, sends, and keeps a ledger."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import trio

from edge_node.base.clock import SystemClock
from edge_node.base.ids import PublicKey, VaultId
from edge_node.base.log import configure
from edge_node.client import Device
from edge_node.devnet.layout import Place, StationFiles, StationReport, read_value, write_value
from edge_node.devnet.ledger import Ledger
from edge_node.devnet.sensors import SENSORS, Reading
from edge_node.trust.keystore import read_key_file, write_key_file
from edge_node.trust.signing_key import SigningKey

SINGLE_EVERY = 5  # after so many batches one reading goes alone, under a signature of its own
DRAIN_S = 15.0


class Pace(NamedTuple):
    """How often a device looks at its sensor, and how many readings it signs together."""

    every_s: float
    batch_of: int


LOAD = Pace(0.005, 20)  # five devices give a thousand readings a second, each a fresh look at the machine
EASY = Pace(0.125, 4)  # forty a second: an eye can follow


def run_station(directory: Path, sensor: str, pace: Pace = LOAD) -> None:
    """Run until SIGTERM or SIGINT, or until the parent process is gone; then send what waits and write the report."""
    configure("warning", "json")
    files = StationFiles(directory)
    directory.mkdir(parents=True, exist_ok=True)
    if not files.key.exists():
        with SigningKey.generate(os.urandom) as made:
            write_key_file(files.key, made)
    with read_key_file(files.key) as key, Ledger(files.ledger) as ledger:
        files.public.with_suffix(".draft").write_text(str(key.public))
        files.public.with_suffix(".draft").rename(files.public)
        trio.run(_run, files, sensor, pace, key, ledger)


async def _run(files: StationFiles, sensor: str, pace: Pace, key: SigningKey, ledger: Ledger) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_stop_on_signal, signals, nursery.cancel_scope)
            nursery.start_soon(_stop_with_parent, os.getppid(), nursery.cancel_scope)
            place = await _wait_for_place(files)
            await _work(files, place, sensor, pace, key, ledger)


async def _stop_on_signal(signals: AsyncIterator[int], scope: trio.CancelScope) -> None:
    async for _ in signals:
        scope.cancel()
        return


async def _stop_with_parent(parent: int, scope: trio.CancelScope) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110 - nobody tells an orphan
        await trio.sleep(0.5)
    scope.cancel()


async def _wait_for_place(files: StationFiles) -> Place:
    while not files.place.exists():  # noqa: ASYNC110 - another process writes the file
        await trio.sleep(0.02)
    return read_value(files.place, Place)


async def _work(files: StationFiles, place: Place, sensor: str, pace: Pace, key: SigningKey, ledger: Ledger) -> None:
    clock = SystemClock()
    device = Device(
        place.url,
        key,
        VaultId.parse(place.vault),
        files.queue,
        stream=f"site/{sensor}",
        source=f"urn:edge-node:trial:{sensor}",
        event_type=f"machine.{sensor}",
        on_receipt=lambda body, receipt: ledger.note(body, receipt, clock.now_ms()),
        node=PublicKey.parse(place.node),
        clock=clock,
    )
    async with device:
        taken = _Taken()
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(device.run)
                await _take_readings(device, sensor, pace, taken)
        finally:
            with trio.CancelScope(shield=True):
                await _finish(files, device, taken)


class _Taken:
    """How many readings are in the queue's care."""

    events = 0


async def _take_readings(device: Device, sensor: str, pace: Pace, taken: _Taken) -> None:
    read, batch, batches = SENSORS[sensor], list[Reading](), 0
    while True:
        batch.append(read())
        if len(batch) >= pace.batch_of:
            await device.record_batch(batch)
            taken.events += len(batch)
            batch, batches = [], batches + 1
            if batches % SINGLE_EVERY == 0:
                await device.record(read())
                taken.events += 1
        await trio.sleep(pace.every_s)


async def _finish(files: StationFiles, device: Device, taken: _Taken) -> None:
    report = await device.send(DRAIN_S)
    counts = await device.counts()
    write_value(
        files.report,
        StationReport(
            taken=taken.events,
            acknowledged=report.events,
            duplicates=report.duplicates,
            refused=counts.refused,
            waiting=counts.waiting,
            offline_s=report.offline_s,
        ),
    )
