"""A development chain that lives: extrinsics come into blocks, blocks become final a moment later, and all are told.

A block is written as soon as something waits for it, or at a fixed period; finality follows after a delay that is never
nothing, since clients that see both at once take a refused call for a success.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple, Protocol

import trio

from edge_node.base.clock import Clock
from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import Hash256
from edge_node.base.log import get_log
from edge_node.base.offload import offload
from edge_node.chain_light.era import Mortal
from edge_node.chain_light.extensions import terms_of
from edge_node.chain_light.extrinsic import decode_extrinsic, extrinsic_hash
from edge_node.chain_light.storage_key import storage_key, value_of
from edge_node.devnet.extrinsic_watch import Status, StatusKind, Watch, Watches
from edge_node.devnet.pallets.babe import SLOT_MS
from edge_node.devnet.pallets.profile import Profile
from edge_node.devnet.pool import Pool, Waiting
from edge_node.devnet.runtime import Block, Chain, ChangeOrder, Finality, Genesis, InvalidExtrinsic
from edge_node.devnet.runtime.block import EXTRINSICS_BYTES_MAX
from edge_node.devnet.set_changes import is_free, require_free, rotated

log = get_log("devnet")

FINALITY_DELAY_S: Final = 0.15
BATCH_S: Final = 0.003  # what comes within so little time shares a block
BLOCK_EXTRINSICS_MAX: Final = 512  # two or three seconds of work: what is more waits for the next block
INLINE_EXTRINSICS_MAX: Final = 2  # a millisecond each: more of them are worth a thread's hop
INLINE_BYTES_MAX: Final = 1_024  # a batch may be one extrinsic and hundreds of calls
UNFINAL_S_MIN: Final = 0.01
FORGED_MAX: Final = 64


class Told(Protocol):
    """Who is told of what happens, on the loop and at once: it may not wait."""

    def on_block(self, block: Block) -> None:
        """A block was written; it is the best one."""
        ...

    def on_final(self, blocks: Sequence[Block], finalities: Sequence[Finality]) -> None:
        """Blocks became final, oldest first, by these justifications."""
        ...


class Pace(NamedTuple):
    """When blocks come: at once for an extrinsic, or at a period. `idle_s`: an empty one when nothing came so long."""

    period_s: float | None = None
    idle_s: float | None = None
    finality_delay_s: float = FINALITY_DELAY_S


class Keep(NamedTuple):
    """What stays in memory: states and bodies of the newest blocks; older justifications of every so many blocks."""

    blocks: int = 8_192
    justification_period: int = 512


@dataclass(frozen=True, slots=True)
class Brakes:
    """Faults of the chain itself, which may be set at any time; `ahead_ms` is how far its time is ahead."""

    withhold_finality: bool = False
    stop_blocks: bool = False
    ahead_ms: int = 0


class ChainService:
    """A chain and the two loops that move it. `set_every`: another authority set after every so many blocks."""

    def __init__(
        self,
        profile: Profile,
        genesis: Genesis,
        *,
        clock: Clock,
        finality_delay_s: float = FINALITY_DELAY_S,
        block: Literal["instant"] | float = "instant",
        idle_s: float | None = None,
        set_every: int = 0,
        keep: Keep | None = None,
    ) -> None:
        self.chain = Chain(profile, genesis)
        self.pool = Pool()
        self.watches = Watches()
        self.brakes = Brakes()
        self.forged = dict[Hash256, Block]()
        self._clock = clock
        self._pace = Pace(None if block == "instant" else block, idle_s, max(UNFINAL_S_MIN, finality_delay_s))
        self._set_every, self._keep = set_every, keep or Keep()
        self._told = list[Told]()
        self._future = set[Hash256]()
        self._tick = 0.0
        self._due = deque[tuple[float, int]]()
        self._moving = trio.Lock()
        self._wake_writer, self._wake_finalizer = trio.Event(), trio.Event()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Write and finalize blocks until cancelled."""
        async with trio.open_nursery() as nursery:
            self._tick = trio.current_time()
            nursery.start_soon(self._write_always)
            nursery.start_soon(self._finalize_always)
            task_status.started()

    def listen(self, told: Told) -> None:
        """Tell `told` of every block from now on."""
        self._told.append(told)

    def forget(self, told: Told) -> None:
        """Tell it no more."""
        self._told.remove(told)

    def now_ms(self) -> int:
        """The chain's time: the clock's, with what a fault put it ahead or back, and never before 1970."""
        return max(0, self._clock.now_ms() + self.brakes.ahead_ms)

    def submit(self, raw: bytes, watch: Watch | None = None) -> Hash256:
        """Take an extrinsic for one of the next blocks; its hash.

        InvalidExtrinsic, PoolRefusal, or what decode_extrinsic raises. `watch` is told of it from now on.
        """
        extrinsic = extrinsic_hash(raw)
        self.pool.require_new(extrinsic, self._clock.monotonic_s())
        waiting, ready = self._examine(raw, extrinsic)
        usurped = self.pool.add(waiting)
        if usurped is not None:
            self.watches.tell(usurped.hash, Status(StatusKind.USURPED, extrinsic))
        if watch is not None:
            self.watches.add(extrinsic, watch)
            watch(Status(StatusKind.READY if ready else StatusKind.FUTURE))
        if ready:
            self._tell_ready()
        else:
            self._future.add(extrinsic)
        self._wake_writer.set()
        return extrinsic

    def _tell_ready(self) -> None:
        """Say so to those who wait for others, when those came."""
        if self._future:
            ready = {waiting.hash for waiting in self._waiting()} & self._future
            self._future -= ready
            for extrinsic in ready:
                self.watches.tell(extrinsic, Status(StatusKind.READY))

    def _waiting(self) -> list[Waiting]:
        return self.pool.ready(self.nonce_of)

    def _examine(self, raw: bytes, extrinsic: Hash256) -> tuple[Waiting, bool]:
        """The extrinsic as the pool keeps it, and whether it could come now, given those that wait before it."""
        if len(raw) > EXTRINSICS_BYTES_MAX:
            raise InvalidExtrinsic("ExhaustsResources")
        future = False
        try:
            self.chain.check(raw)
        except InvalidExtrinsic as invalid:
            if invalid.kind != "Future":
                self.pool.ban(extrinsic, self._clock.monotonic_s())
                raise
            future = True
        signed = decode_extrinsic(self.chain.form.metadata, raw).signed
        assert signed is not None, "an unsigned one was refused"
        assert signed.account is not None, "a signer by another name was refused"
        terms = terms_of(signed.extra)
        dies_at = terms.era.death(self.chain.head.number) if isinstance(terms.era, Mortal) else None
        waiting = Waiting(extrinsic, raw, signed.account, terms.nonce, terms.tip, dies_at)
        return waiting, not future or self.next_nonce(signed.account) >= terms.nonce

    def nonce_of(self, account: bytes) -> int:
        """The account's nonce in the best block's state."""
        item = self.chain.form.item("System", "Account")
        held: Any = value_of(item, self.chain.head.state.get(storage_key(item, account)))
        return int(held["nonce"])

    def next_nonce(self, account: bytes) -> int:
        """The nonce that the account's next extrinsic is to have, after those that wait."""
        return self.pool.next_nonce(account, self.nonce_of(account))

    async def write_blocks(self, count: int) -> None:
        """Write so many blocks now, whatever the pace."""
        for _ in range(count):
            await self._write()

    async def schedule(self, order: ChangeOrder) -> None:
        """Announce a change of authorities in the next block; ChangeUnderWay."""
        async with self._moving:  # a block that is being written may announce one itself
            require_free(self.chain)
            self.chain.schedule(order)

    def prebuild(self, count: int) -> None:
        """Write `count` final blocks at once, before anybody is served, in the slots up to now: for long histories."""
        period = self._keep.justification_period
        for number in range(1, count + 1):
            self._rotate()
            self.chain.write(self.now_ms() - (count - number) * SLOT_MS)
            if self.chain.voters.pending.changes or number == count or number % period == 0:
                self.chain.finalize()
            self.chain.prune(*self._keep)

    def _rotate(self) -> None:
        number = self.chain.head.number + 1
        if self._set_every and number % self._set_every == 0 and is_free(self.chain):
            validators = self.chain.rules.validators
            self.chain.schedule(ChangeOrder(rotated(validators, number // self._set_every), 0))

    def brake(self, brakes: Brakes) -> None:
        """Set the chain's faults, or lift them."""
        self.brakes = brakes
        log.info(
            "devnet.fault_set",
            withhold_finality=brakes.withhold_finality,
            stop_blocks=brakes.stop_blocks,
            ahead_ms=brakes.ahead_ms,
        )
        self._wake_writer.set()
        self._wake_finalizer.set()

    def forge(self, number: int) -> Finality:
        """Show a second block of this height as final, signed by the set that votes now: two truths, both proved."""
        block, finality = self.chain.forge(number, self.now_ms() + 1)
        if len(self.forged) >= FORGED_MAX:
            del self.forged[next(iter(self.forged))]
        self.forged[block.hash] = block
        self._tell_final([block], [finality])
        return finality

    async def _write_always(self) -> None:
        while True:
            await self._until_due()
            if self.brakes.stop_blocks:
                continue
            try:
                await self._write()
            except EdgeNodeError:
                # Root can write into the state what no pallet can read. A real chain then stands still, and its nodes
                # go on answering: so does this one.
                log.exception("devnet.block_not_written", number=self.chain.head.number + 1)
                self.brake(replace(self.brakes, stop_blocks=True))

    async def _until_due(self) -> None:
        """Wait until a block is to be written."""
        pace = self._pace
        if pace.period_s is not None:
            # A block that took longer than the period is followed at once, and no time is made up for.
            self._tick = max(self._tick + pace.period_s, trio.current_time())
            await trio.sleep_until(self._tick)
            return
        with trio.move_on_after(math.inf if pace.idle_s is None else pace.idle_s):
            while self.brakes.stop_blocks or not self._waiting():
                self._wake_writer = trio.Event()
                await self._wake_writer.wait()
        await trio.sleep(BATCH_S)

    async def _write(self) -> Block:
        async with self._moving:
            self._rotate()
            offered = [waiting.raw for waiting in self._waiting()[:BLOCK_EXTRINSICS_MAX]]
            if len(offered) > INLINE_EXTRINSICS_MAX or sum(map(len, offered)) > INLINE_BYTES_MAX:
                block = await offload(self.chain.write, self.now_ms(), offered)
            else:
                block = self.chain.write(self.now_ms(), offered)
        self._settle(block)
        return block

    def _settle(self, block: Block) -> None:
        """Tell what became of those that waited, and when it will be final."""
        included = [extrinsic_hash(raw) for raw in block.extrinsics[1:]]
        for extrinsic in included:
            self._forget(extrinsic)
        for told in tuple(self._told):
            told.on_block(block)
        self.watches.included(block.number, block.hash, included)
        for refused in block.refused:
            if not refused.why.waits:
                self._refuse(extrinsic_hash(refused.raw))
        for waiting in self.pool.outlived(block.number + 1):
            self._refuse(waiting.hash)
        self._due.append((trio.current_time() + self._pace.finality_delay_s, block.number))
        self._wake_finalizer.set()

    def _refuse(self, extrinsic: Hash256) -> None:
        self._forget(extrinsic)
        self.pool.ban(extrinsic, self._clock.monotonic_s())
        self.watches.tell(extrinsic, Status(StatusKind.INVALID))

    def _forget(self, extrinsic: Hash256) -> None:
        self.pool.remove(extrinsic)
        self._future.discard(extrinsic)

    async def _finalize_always(self) -> None:
        while True:
            while not self._due or self.brakes.withhold_finality:
                self._wake_finalizer = trio.Event()
                await self._wake_finalizer.wait()
            await trio.sleep_until(self._due[0][0])
            if not self.brakes.withhold_finality:
                await self._finalize()

    async def _finalize(self) -> None:
        now_s, before = trio.current_time(), self.chain.final.number
        number = before
        while self._due and self._due[0][0] <= now_s:
            number = max(number, self._due.popleft()[1])
        async with self._moving:
            finalities = self.chain.finalize(number)
            blocks = [self.chain.block_at(height) for height in range(before + 1, number + 1)]
            self.chain.prune(*self._keep)
        if finalities:
            self._tell_final(blocks, finalities)
            self.watches.finalized(number)

    def _tell_final(self, blocks: Sequence[Block], finalities: Sequence[Finality]) -> None:
        for told in tuple(self._told):
            told.on_final(blocks, finalities)
