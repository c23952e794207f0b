"""The light client of a node: endpoints, sync and view over one database, as a room that ends and begins again."""

import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import trio

from edge_node.base.clock import Clock
from edge_node.base.errors import EdgeNodeError, Refusal
from edge_node.base.ids import Hash256
from edge_node.base.log import get_log
from edge_node.base.offload import FILE, offload
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.chain_db import ChainDb, open_chain_db
from edge_node.chain_light.checkpoint import OpenedCheckpoint
from edge_node.chain_light.checkpoint_text import document_of
from edge_node.chain_light.clock_check import ClockCheck
from edge_node.chain_light.endpoints import Endpoints
from edge_node.chain_light.errors import ChainError
from edge_node.chain_light.metadata_pin import OpenedPin, open_metadata_pin
from edge_node.chain_light.metadata_pins import KeptPins
from edge_node.chain_light.network import DOCUMENT_FILE_MAX_BYTES, load_network, read_file, vouchers
from edge_node.chain_light.proved import Proved
from edge_node.chain_light.runtime_reader import PinnedRuntime, RuntimeReader
from edge_node.chain_light.runtime_watch import RuntimeWatch
from edge_node.chain_light.spec import ChainSpec, NoAnchor
from edge_node.chain_light.status import UNPROVED_RUNTIME, ChainState, ChainStatus
from edge_node.chain_light.sync import LightClient
from edge_node.chain_light.sync_policy import USUAL, SyncPolicy
from edge_node.chain_light.view import View
from edge_node.settings import ChainSettings
from edge_node.supervise.service import cause_of

STARTING: Final = "the light client is being started"

log = get_log("chain")


class ChainNotReady(ChainError, Refusal):
    """The light client does not run at the moment; `why` is what keeps it from running."""

    slug, status = "chain-not-ready", 503
    remedy = "Try again in a moment; `edge-node chain status` says how it is, and the log why it ended."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the light client does not run: {why}")


@dataclass(frozen=True, slots=True)
class Running:
    """What there is while the light client runs."""

    db: ChainDb
    endpoints: Endpoints
    client: LightClient
    view: View
    runtime: RuntimeWatch


class Chain:
    """One followed network. `run` is a service that may end and be run again; everything else is asked meanwhile."""

    def __init__(
        self, settings: ChainSettings, spec: ChainSpec, db_file: Path, clock: Clock, policy: SyncPolicy = USUAL
    ) -> None:
        """`policy` is the sync's, but for what the settings say."""
        self.spec, self.keys = spec, vouchers(settings)
        self._settings, self._db_file, self._clock = settings, db_file, clock
        self._policy = replace(policy, stalled_s=settings.stalled_s)
        self._running: Running | None = None
        self._since_ms = clock.now_ms()
        self._why = STARTING
        self._boot = os.urandom(8).hex()
        self._pins: tuple[ChainDb, Hash256, KeptPins] | None = None
        self._reader: tuple[KeptPins, RuntimeReader] | None = None
        self._pinning = trio.Lock()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Follow the chain until cancelled; raises what ended it. The node does not wait for the chain."""
        task_status.started()
        self._why = STARTING
        try:
            async with self._open() as running, trio.open_nursery() as nursery:
                await nursery.start(running.endpoints.run)
                await nursery.start(running.client.run)
                await nursery.start(running.runtime.run)
        except Exception as error:
            self._why = cause_of(error)
            raise

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[Running, None]:
        """The client over its database, for as long as the block lasts."""
        given = await self._checkpoint_of_settings()
        db = await offload(open_chain_db, self._db_file, limiter=FILE)
        try:
            self._running = self._build(db, given)
            yield self._running
        finally:
            self._running, self._since_ms = None, self._clock.now_ms()
            with trio.CancelScope(shield=True):
                await offload(db.close, limiter=FILE)

    def _build(self, db: ChainDb, given: Sequence[bytes]) -> Running:
        endpoints = Endpoints(
            self.spec.endpoints, clock=self._clock, random=os.urandom, expected_genesis=self.spec.genesis
        )
        client = LightClient(
            self.spec, endpoints, db, clock=self._clock, keys=self.keys, policy=self._policy, checkpoints=given,
            boot=self._boot,
        )  # fmt: skip
        return Running(db, endpoints, client, View(client, endpoints), RuntimeWatch(self.read_runtime))

    async def _checkpoint_of_settings(self) -> list[bytes]:
        """The document that the settings name. One that cannot be read is told and no more: a USB stick may be gone."""
        path = self._settings.checkpoint_file
        if not path:
            return []
        try:
            raw = await offload(read_file, "chain.checkpoint_file", path, DOCUMENT_FILE_MAX_BYTES, limiter=FILE)
            return [document_of(raw)]
        except EdgeNodeError as refused:
            log.warning("chain.checkpoint_refused", reason=str(refused))
            return []

    def status(self) -> ChainStatus:
        """How it is."""
        if self._running is not None:
            told, runtime = self._running.client.status(), self._running.runtime.status
            return replace(told, writes=told.writes and not runtime.why, runtime=runtime)
        return ChainStatus(
            network=self.spec.id, genesis=self.spec.genesis, state=ChainState.LOADING, reason=self._why, remedy="",
            since_ms=self._since_ms, finalized=None, age_ms=None, best=None, provisional="", writes=False,
            runtime=UNPROVED_RUNTIME,
            endpoints=(), history=(), hand_offs=0, proofs=0, refused=0,
        )  # fmt: skip

    @property
    def view(self) -> View:
        """What is proved, for other rooms to read; ChainNotReady."""
        return self._require().view

    def condition(self) -> str:
        """What is wrong with it, in words; empty while the chain is followed."""
        status = self.status()
        if status.state is not ChainState.FOLLOWING:
            return f"{status.state}: {status.reason}"
        return status.provisional

    def anchor(self) -> tuple[Hash256, Anchor]:
        """See control.ChainDesk."""
        client = self._require().client
        if client.anchor is None or client.genesis is None:
            raise NoAnchor(self.spec.id, self.spec.genesis)
        return client.genesis, client.anchor

    async def examine(self, raw: bytes) -> OpenedCheckpoint:
        """See control.ChainDesk."""
        return await self._require().client.examine(raw)

    async def import_checkpoint(self, raw: bytes) -> OpenedCheckpoint:
        """See control.ChainDesk."""
        return await self._require().client.import_checkpoint(raw)

    async def confirm(self, block: Hash256) -> str:
        """See control.ChainDesk."""
        return await self._require().client.confirm(block)

    async def pins(self) -> Sequence[OpenedPin]:
        """See control.PinDesk."""
        async with self._pinning:
            return (await self._kept_pins()).current.listed()

    async def examine_pin(self, raw: bytes) -> OpenedPin:
        """See control.PinDesk."""
        now_ms = ClockCheck(self._clock, self._policy).now_ms()
        async with self._pinning:
            pins = await self._kept_pins()
        opened = open_metadata_pin(raw, keys=self.keys, genesis=self._genesis(), now_ms=now_ms)
        pins.current.after(opened)
        return opened

    async def import_pin(self, raw: bytes) -> OpenedPin:
        """See control.PinDesk."""
        now_ms = ClockCheck(self._clock, self._policy).now_ms()
        async with self._pinning:
            pins = await self._kept_pins()
            opened = await offload(partial(pins.accept, raw, now_ms=now_ms), limiter=FILE)
        self._require().runtime.look_again()
        return opened

    async def read_runtime(self) -> Proved[PinnedRuntime]:
        """The runtime of the newest final block, proved, with metadata that somebody vouches for: whoever signs or
        decodes begins here. MetadataNotPinned, NoAnchor, ChainNotReady, and whatever View.read raises.
        """
        running, genesis = self._require(), self._genesis()
        async with self._pinning:
            pins = await self._kept_pins()
        if self._reader is None or self._reader[0] is not pins:
            reader = RuntimeReader(running.view, running.endpoints, lambda: pins.current, genesis)
            self._reader = (pins, reader)
        return await self._reader[1].read()

    async def _kept_pins(self) -> KeptPins:
        """The pins of this network, read once in each life of the database; one caller at a time."""
        running, genesis = self._require(), self._genesis()
        if self._pins is None or self._pins[0] is not running.db or self._pins[1] != genesis:
            pins = KeptPins(running.db, self.keys, genesis)
            await offload(pins.load, limiter=FILE)
            await self._take_pin_of_settings(pins)
            self._pins = (running.db, genesis, pins)
        return self._pins[2]

    async def _take_pin_of_settings(self, pins: KeptPins) -> None:
        """Believe the document that the settings name; one that is refused is told and no more."""
        path, now_ms = self._settings.pin_file, ClockCheck(self._clock, self._policy).now_ms()
        if not path:
            return
        try:
            raw = await offload(read_file, "chain.pin_file", path, DOCUMENT_FILE_MAX_BYTES, limiter=FILE)
            await offload(partial(pins.accept, raw, now_ms=now_ms), limiter=FILE)
        except EdgeNodeError as refused:
            log.warning("chain.pin_refused", reason=str(refused))

    def _genesis(self) -> Hash256:
        """The chain's first block; NoAnchor while it is not known."""
        genesis = self._require().client.genesis
        if genesis is None:
            raise NoAnchor(self.spec.id, None)
        return genesis

    def _require(self) -> Running:
        if self._running is None:
            raise ChainNotReady(self._why)
        return self._running


def open_chain(settings: ChainSettings, db_file: Path, clock: Clock) -> Chain:
    """The chain that the settings name; blocking, for two small files. Raises what load_network does."""
    return Chain(settings, load_network(settings), db_file, clock)
