"""The light client: from what is kept to the newest final block, and along with the chain (docs/specs/chain-client.md).

The keeper alone moves the anchor, and only on a proof. Whatever ends a step here, an endpoint's fault, a disk, a clock,
is told as a reason, and the next step begins by itself.
"""

import contextlib
import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import trio

from edge_node.base.clock import Clock
from edge_node.base.errors import RemoteError
from edge_node.base.ids import Hash256
from edge_node.base.log import get_log
from edge_node.base.offload import FILE, offload
from edge_node.chain_light import stages
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.anchor_keeper import AnchorKeeper
from edge_node.chain_light.anchor_record import Evidence
from edge_node.chain_light.beginning import Beginning
from edge_node.chain_light.chain_db import ChainDb, StoredEvidence
from edge_node.chain_light.chain_db_errors import ChainDbRefused
from edge_node.chain_light.checkpoint import CheckpointKeys, OpenedCheckpoint
from edge_node.chain_light.clock_check import ClockCheck
from edge_node.chain_light.comparing import Compared, Comparing
from edge_node.chain_light.conflict import authorities_evidence, conflict_evidence
from edge_node.chain_light.cross_check import Agrees, Differs, Forces
from edge_node.chain_light.finality_errors import ConflictingFinality, ForcedChangeSeen
from edge_node.chain_light.following import Follower, Pushed, TwoFinalBlocks
from edge_node.chain_light.guarantors import Guarantors
from edge_node.chain_light.outlook import Outlook
from edge_node.chain_light.proved import NotProvable
from edge_node.chain_light.source_errors import EndpointUnavailable
from edge_node.chain_light.spec import ChainSpec, NetworkKind
from edge_node.chain_light.stages import Stage
from edge_node.chain_light.staleness import stage_of
from edge_node.chain_light.status import UNPROVED_RUNTIME, ChainState, ChainStatus
from edge_node.chain_light.sync_policy import USUAL, SyncPolicy
from edge_node.chain_light.sync_ports import Pool
from edge_node.chain_light.warping import NothingProved, Warp

CLOSE_S: Final = 5  # for the last write at shutdown

log = get_log("chain")


class LightClient:
    """Follows one network by the endpoints of `pool`, keeping what it proved in `db`.

    `checkpoints` are signed documents to begin from where nothing newer is kept. `run` once; the rest may be called
    from any task of the same loop.
    """

    def __init__(
        self,
        spec: ChainSpec,
        pool: Pool,
        db: ChainDb,
        *,
        clock: Clock,
        keys: CheckpointKeys,
        policy: SyncPolicy = USUAL,
        checkpoints: Sequence[bytes] = (),
        boot: str = "",
    ) -> None:
        self.spec = spec
        self._pool, self._db, self._clock, self._policy = pool, db, clock, policy
        self._given = tuple(checkpoints)
        self._clock_check = ClockCheck(clock, policy)
        self._keeper = AnchorKeeper(spec, db, clock=clock, clock_check=self._clock_check, policy=policy, boot=boot)
        self._keeper.on_final.append(lambda _: self._moved())
        self._warp = Warp(pool, clock=clock, policy=policy)
        self._follower = Follower(pool, self._keeper, self._warp, policy=policy)
        self._guarantors = Guarantors(pool, self._keeper, self._warp, self._clock_check)
        self._beginning = Beginning(self._keeper, db, keys, self._clock_check)
        self._comparing = Comparing(pool, clock=clock, policy=policy)
        self._outlook = Outlook(clock, policy, live=spec.kind is NetworkKind.LIVE)
        self._stage, self._since_ms = stages.loading(), clock.now_ms()
        self._changed = trio.Event()
        self._anew, self._why_anew = trio.Event(), "the node starts"
        self._halted = ""
        self._differed: Compared | None = None
        self._compared_s = self._polled_s = clock.monotonic_s()
        self._proofs_of_view = 0
        self._begun, self._has_begun = trio.Event(), False

    # What others may ask and tell at any time.

    @property
    def anchor(self) -> Anchor | None:
        """The newest block that is proved to be final."""
        return self._keeper.anchor if self._keeper.has_anchor else None

    @property
    def genesis(self) -> Hash256 | None:
        """The chain's first block, where it is known."""
        return self._keeper.genesis

    @property
    def on_final(self) -> list[Callable[[Anchor], None]]:
        """Called after each advance, in the loop's thread: for caches, and quickly."""
        return self._keeper.on_final

    def count_proof(self) -> None:
        """Somebody else verified a proof of state; the status counts them."""
        self._proofs_of_view += 1

    def status(self) -> ChainStatus:
        """Everything at this moment; cheap."""
        endpoints, keeper = self._pool.statuses(), self._keeper
        provisional = keeper.trust.reason(self._guarantors.witnesses()) if keeper.has_anchor else ""
        return ChainStatus(
            network=self.spec.id,
            genesis=keeper.genesis,
            state=self._stage.state,
            reason=self._stage.reason,
            remedy=self._stage.remedy,
            since_ms=self._since_ms,
            finalized=keeper.final_block(),
            age_ms=keeper.age_ms() if keeper.has_anchor else None,
            best=self._outlook.best(endpoints),
            provisional=provisional,
            writes=self._stage.state in stages.WRITES and keeper.sound,
            runtime=UNPROVED_RUNTIME,
            endpoints=endpoints,
            history=tuple(keeper.history),
            hand_offs=keeper.hand_offs,
            proofs=self._comparing.proofs + self._proofs_of_view,
            refused=sum(one.refused for one in endpoints),
        )

    async def wait_change(self) -> None:
        """Until the state, its reason or the anchor is another."""
        await self._changed.wait()

    async def examine(self, raw: bytes) -> OpenedCheckpoint:
        """A signed checkpoint, if it would be believed now; DocumentRefused, MalformedJson, CheckpointRefused.

        Waits until what was kept is read: nobody knows before what it may not fall behind. NotProvable if it never is.
        """
        await self._begun.wait()
        if not self._has_begun:
            raise NotProvable(self._stage.state, "what was kept could not be read")
        return await self._beginning.open(raw, self._keeper.genesis)

    async def import_checkpoint(self, raw: bytes) -> OpenedCheckpoint:
        """Believe a signed checkpoint, durably; refusals as `examine`, and ChainDbRefused.

        Ahead of the anchor it is the anchor, and ends HALTED and NEEDS_CHECKPOINT. Behind it, it moves nothing back,
        and where somebody has to vouch for the anchor it does, once its own chain has led there.
        """
        opened = await self.examine(raw)
        if await self._keeper.adopt(opened, raw):
            self._halted, self._differed, self._outlook.state = "", None, ""
            self._guarantors.forget_beside()
            self._begin_anew("a checkpoint was given")
        elif self._keeper.trust.standing:
            await self._guarantors.take_in(opened)
            self._compared_s = float("-inf")
            self._tell_change()
        return opened

    async def confirm(self, block: Hash256) -> str:
        """Take a hash that a person typed as one witness; what came of it, in words."""
        self._guarantors.type_in(block)
        if not self._keeper.has_anchor:
            return "it is remembered; nothing is proved yet that it could be compared with"
        if not self._guarantors.is_ours(block):
            return "it is remembered, and counts once a block of this hash is proved among the newest final ones"
        if not self._guarantors.counts(block):
            return "it is on the chain that is proved here, and older than what has to be vouched for: type a newer one"
        await self._settle_trust()
        return "it is on the chain that is proved here, and counts as one group"

    async def halt_evidence(self) -> tuple[StoredEvidence, ...]:
        """What is kept of contradictions on this network."""
        return (await offload(self._db.load, self._keeper.genesis, limiter=FILE)).evidence

    # The states.

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Go through the states until cancelled; started as soon as what was kept is read."""
        await self._load()
        task_status.started()
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._follower.listen)
                nursery.start_soon(self._watch_clock)
                while True:
                    await self._round()
        finally:
            with trio.move_on_after(CLOSE_S, shield=True), contextlib.suppress(ChainDbRefused):
                await self._keeper.close()

    async def _round(self) -> None:
        """From the clock on to following, until something wants a new beginning."""
        if self._halted or not self._keeper.has_anchor:
            await self._wait_for_somebody()
        self._anew = trio.Event()
        self._turn(stages.clock_check(self._why_anew))
        self._pool.expected_genesis = self._keeper.genesis
        await self._guarded(self._keeper.settle_clock)
        await self._probe()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._hear)
            nursery.start_soon(self._go_along)
            nursery.start_soon(self._judge_always)
            await self._anew.wait()
            nursery.cancel_scope.cancel()

    async def _wait_for_somebody(self) -> None:
        """Until a person has given a checkpoint."""
        while self._halted or not self._keeper.has_anchor:
            if self._halted:
                self._turn(stages.halted(self._halted))
            self._anew = trio.Event()
            await self._anew.wait()

    async def _load(self) -> None:
        """Begin from what is kept, or from a checkpoint that was given."""
        try:
            begun = await self._beginning.begin(self._given)
            self._has_begun = True
        finally:
            self._begun.set()
        self._halted = begun.halted
        if begun.forced is not None:
            self._outlook.note_forced(*begun.forced)
        if not (self._halted or self._keeper.has_anchor):
            self._turn(stages.no_anchor(self.spec.name, begun.lacking))

    async def _probe(self) -> None:
        """Until an endpoint can be used."""
        self._turn(stages.probing(self._pool.statuses()))
        began_s = self._clock.monotonic_s()
        while not self._pool.sources() and not self._anew.is_set():
            if self._clock.monotonic_s() - began_s > self._policy.stalled_s:
                self._judge()
            else:
                self._turn(stages.probing(self._pool.statuses()))
            with trio.move_on_after(self._policy.tick_s):
                await self._pool.wait_change()

    async def _catch_up(self) -> None:
        """Follow the chain on from where it was left."""
        goal = max((one.finalized or 0 for one in self._pool.statuses()), default=0)
        self._tell_warp(self._keeper.anchor, goal)
        if not self._guarantors.leads_beside:
            await self._follower.pursue(self._tell_warp)

    async def _cross_check(self) -> None:
        """Hold the anchor against the chain's own state and the other groups, and settle what is owed."""
        anchor = self._keeper.anchor
        if self._stage.state is ChainState.WARPING:
            self._turn(stages.cross_check(f"block {anchor.header.number} is held against its own state"))
        compared = await self._comparing.compare(anchor, sound=not self._keeper.trust.standing)
        self._compared_s = self._clock.monotonic_s()
        self._guarantors.hear(compared.groups, anchor.header.number)
        self._outlook.state = compared.why
        match compared.outcome:
            case Agrees(after):
                self._differed = None
                await self._keeper.amend(anchor, after)
            case Forces(number, delay):
                await self._note_forced(number, delay)
            case Differs(why):
                self._outlook.state = why
                await self._differs(compared, why)
            case None:
                pass
        await self._settle_trust()

    async def _hear(self) -> None:
        """Follow what is pushed, also while an endpoint is waited for that says nothing: none holds up another."""
        async with trio.open_nursery() as nursery:
            async for pushed in self._follower.inbox:
                nursery.start_soon(self._hear_one, pushed)

    async def _hear_one(self, pushed: Pushed) -> None:
        try:
            if not self._guarantors.leads_beside:
                await self._guarded(functools.partial(self._follower.hear, pushed.source, pushed.raw))
        finally:
            pushed.heard.set()

    async def _go_along(self) -> None:
        """Catch up, then look at claims, state and age for as long as nothing wants a new beginning."""
        await self._guarded(self._catch_up)
        await self._guarded(self._cross_check)
        while True:
            self._judge()
            await trio.sleep(self._policy.tick_s)
            if self._due(self._polled_s, self._policy.poll_s) and not self._guarantors.leads_beside:
                self._polled_s = self._clock.monotonic_s()
                tell = functools.partial(self._tell_gap, self._keeper.anchor.header.number)
                await self._guarded(functools.partial(self._follower.pursue, tell))
            if self._due(self._compared_s, self._compare_every_s()) or self._stage.state is ChainState.WARPING:
                self._compared_s = self._clock.monotonic_s()
                await self._guarded(self._cross_check)

    # What ends a step.

    async def _guarded(self, step: Callable[[], Awaitable[None]]) -> None:
        """Do a step; what ends it is told, and kept where it is evidence."""
        try:
            await step()
        except ForcedChangeSeen as forced:
            await self._note_forced(forced.number + forced.delay, forced.delay)
        except ConflictingFinality as conflict:
            anchor = conflict.anchor
            await self._contradicted(
                TwoFinalBlocks(anchor.header.number, anchor.hash, conflict.other, anchor.voters, conflict.justification)
            )
        except TwoFinalBlocks as conflict:
            await self._contradicted(conflict)
        except ChainDbRefused as refused:
            if self._outlook.last_fault != str(refused):  # it is tried again every few seconds
                log.warning("chain.not_kept", reason=str(refused))
            self._outlook.last_fault = str(refused)
        except (EndpointUnavailable, NothingProved, RemoteError) as fault:
            self._outlook.last_fault = str(fault)

    async def _note_forced(self, number: int, delay: int) -> None:
        """A forced change is proved, in force from block `number` on."""
        if self._outlook.forced == (number, delay):
            return
        self._outlook.note_forced(number, delay)
        assert self._keeper.genesis is not None
        try:
            await offload(self._db.note_forced, self._keeper.genesis, number, delay, limiter=FILE)
        except ChainDbRefused as refused:
            log.warning("chain.not_kept", reason=str(refused))

    async def _contradicted(self, conflict: TwoFinalBlocks) -> None:
        """Halt: the chain's authorities finalized two blocks of one height."""
        why = stages.conflict_words(conflict.number, conflict.ours, conflict.other)
        assert self._keeper.genesis is not None
        with trio.CancelScope(shield=True):
            evidence = await offload(
                _conflict_evidence,
                self._keeper.genesis,
                conflict,
                self._keeper.justification,
                why,
                self._clock.now_ms(),
            )
        await self._halt(evidence)

    async def _differs(self, compared: Compared, why: str) -> None:
        """Halt when the state names others at a second height: once may be a fault that the next block mends."""
        before, self._differed = self._differed, self._differed or compared
        if before is None or before.anchor.header.number == compared.anchor.header.number:
            return
        assert self._keeper.genesis is not None
        now_ms, source = self._clock.now_ms(), self._keeper.source
        await self._halt(
            authorities_evidence(
                self._keeper.genesis, compared.anchor, compared.proof, why=why, source=source, found_ms=now_ms
            )
        )

    async def _halt(self, evidence: Evidence) -> None:
        with trio.CancelScope(shield=True):  # whatever else begins anew meanwhile: what was seen stays seen
            await self._keeper.keep_evidence(evidence)
        self._halted = evidence.why
        log.error("chain.halted", reason=evidence.why)
        self._turn(stages.halted(evidence.why))
        self._anew.set()

    def _begin_anew(self, why: str) -> None:
        self._why_anew = why
        self._anew.set()

    async def _watch_clock(self) -> None:
        """A clock that was set, or a sleep: connections are dead, and what is known is old."""
        self._clock_check.begin()
        while True:
            await trio.sleep(self._policy.tick_s)
            if jump := self._clock_check.jump():
                self._pool.drop_all(jump)
                self._begin_anew(jump)

    # What is told.

    async def _judge_always(self) -> None:
        """Also while an endpoint is waited for; a warp that gets on is left to tell of itself."""
        while True:
            await trio.sleep(self._policy.tick_s)
            if self._stage.state not in {ChainState.WARPING, ChainState.CROSS_CHECK} or self._is_quiet:
                self._judge()

    @property
    def _is_quiet(self) -> bool:
        return self._keeper.quiet_s > self._policy.stalled_s

    def _judge(self) -> None:
        """Be in the state that the facts are."""
        if self._halted or self._anew.is_set():
            return
        facts = self._outlook.facts(
            finalized=self._keeper.anchor.header.number,
            age_ms=self._keeper.age_ms(),
            endpoints=self._pool.statuses(),
            groups=frozenset(self._pool.groups()),
            clock_fault=self._clock_check.fault() or self._keeper.unjudged,
            disk=self._keeper.disk,
        )
        stage = stage_of(facts)
        if self._stage.state is not ChainState.PROBING or stage.state is ChainState.STALLED:
            self._turn(stage)

    def _turn(self, stage: Stage) -> None:
        after = stages.turned(self._stage, stage)
        if after == self._stage:
            return
        if after.state != self._stage.state:
            self._since_ms = self._clock.now_ms()
            log.info("chain.state_changed", state=str(after.state), reason=after.reason)
        self._stage = after
        self._tell_change()

    def _moved(self) -> None:
        self._outlook.advanced(self._keeper.anchor.header.number)
        self._tell_change()

    def _tell_change(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    @property
    def _is_of_now(self) -> bool:
        """Whether nobody can be far ahead, whatever they say: our newest block was made just now."""
        has_slot = self._keeper.slot_ms(self._keeper.anchor.header) is not None
        return has_slot and self._keeper.age_ms() <= self._policy.stalled_s * 1_000

    def _tell_warp(self, at: Anchor, goal: int) -> None:
        if self._halted:  # whoever is still on the way when the other task has halted tells nobody of it
            return
        self._turn(stages.warping(at.header.number, goal, at.voters.id))

    def _tell_gap(self, start: int, at: Anchor, goal: int) -> None:
        """While following, only a long way is called a warp, and only one that has got on from `start`."""
        far = goal - at.header.number > self._policy.warp_blocks and not self._is_of_now
        if (far and at.header.number > start) or self._stage.state is ChainState.WARPING:
            self._tell_warp(at, goal)

    async def _settle_trust(self) -> None:
        """See whether enough vouch for what is proved."""
        if await self._guarantors.settle():
            self._tell_change()

    def _due(self, since_s: float, every_s: float) -> bool:
        return self._clock.monotonic_s() - since_s >= every_s

    def _compare_every_s(self) -> float:
        open_question = bool(self._keeper.trust.standing or self._outlook.state)
        return self._policy.vouch_s if open_question else self._policy.cross_check_s


def _conflict_evidence(genesis: Hash256, conflict: TwoFinalBlocks, ours: bytes, why: str, found_ms: int) -> Evidence:
    return conflict_evidence(
        genesis, conflict.voters, ours, conflict.justification, why=why, source="", found_ms=found_ms
    )
