"""The one writer of the anchor: what is proved is kept on the disk before it counts, and never goes back.

A hand-off is on the medium before anybody is told of it. Within a set an advance is told at once and written at most
once a minute: a crash costs one question, and no trust. What was followed on from an anchor that was too old, or while
the clock could not be right, is not written at all until it is vouched for: the age would be forgotten with it.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import trio

from edge_node.base.clock import Clock
from edge_node.base.ids import Hash256
from edge_node.base.limits import U53_MAX
from edge_node.base.log import get_log
from edge_node.base.offload import FILE, offload
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.anchor_record import CHECKPOINT_SOURCE, Advanced, Evidence
from edge_node.chain_light.authorities import AuthoritySet
from edge_node.chain_light.babe import BadPreDigest, slot_begins_ms, slot_of
from edge_node.chain_light.chain_db import ChainDb
from edge_node.chain_light.chain_db_errors import ChainDbRefused
from edge_node.chain_light.checkpoint import NO_MARKS, OpenedCheckpoint
from edge_node.chain_light.clock_check import ClockCheck
from edge_node.chain_light.header import Header
from edge_node.chain_light.offline_age import Trust
from edge_node.chain_light.proof_steps import Step
from edge_node.chain_light.spec import ChainSpec, NetworkKind
from edge_node.chain_light.status import FinalBlock
from edge_node.chain_light.sync_policy import SyncPolicy

HISTORY_MAX: Final = 240
RECENT_MAX: Final = 256  # blocks whose hash is remembered, to see another one at their height: 25 minutes
NOTHING_OWED: Final = -1
UNSAVED_MAX: Final = 512  # hand-offs that wait to be vouched for; older ones are on the chain again

log = get_log("chain")


@dataclass(frozen=True, slots=True)
class FinalAt:
    """A block that is final, and the set that finalized it."""

    hash: Hash256
    voters: AuthoritySet


class Unjudged(NamedTuple):
    """What was followed on while there was no time: from a block of `began_ms` and `number`, at `running_s`."""

    began_ms: int
    running_s: float
    number: int


class AnchorKeeper:
    """Holds the newest final block of one network. `on_final` is called, in the loop's thread, after each advance."""

    def __init__(
        self, spec: ChainSpec, db: ChainDb, *, clock: Clock, clock_check: ClockCheck, policy: SyncPolicy, boot: str
    ) -> None:
        self.spec, self.genesis = spec, spec.genesis
        self.trust = Trust()
        self.justification, self.source = b"", ""
        self.verified_ms, self.disk = 0, ""
        self.hand_offs, self.marks = 0, NO_MARKS
        self.history: deque[tuple[int, int]] = deque(maxlen=HISTORY_MAX)
        self.recent: dict[int, FinalAt] = {}
        self.on_final: list[Callable[[Anchor], None]] = []
        self._db, self._clock, self._clock_check, self._policy, self._boot = db, clock, clock_check, policy, boot
        self._anchor: Anchor | None = None
        self._lock = trio.Lock()
        self._unsaved: list[Advanced] = []
        self._saved_s = self._advanced_s = clock.monotonic_s()
        self._unjudged: Unjudged | None = None
        self.owed_above = NOTHING_OWED
        """Above which height a block has to be for its witnesses to count: what is below was known before."""

    @property
    def has_anchor(self) -> bool:
        """Whether there is any."""
        return self._anchor is not None

    @property
    def anchor(self) -> Anchor:
        """The newest final block; AssertionError before there is one."""
        assert self._anchor is not None
        return self._anchor

    @property
    def sound(self) -> bool:
        """Whether what is proved may be acted on and kept: vouched for, by a clock that can be right."""
        return not self.trust.standing and self._unjudged is None

    @property
    def unjudged(self) -> str:
        """Why the age of what was followed is not known; empty when it is."""
        return "" if self._unjudged is None else "what was followed while it could not be is about to be judged anew"

    @property
    def quiet_s(self) -> float:
        """Since the last advance, s of running time."""
        return self._clock.monotonic_s() - self._advanced_s

    def final_block(self) -> FinalBlock | None:
        """The newest final block for a status."""
        if self._anchor is None:
            return None
        header, voters = self._anchor.header, self._anchor.voters
        return FinalBlock(
            number=header.number,
            hash=self._anchor.hash,
            state_root=header.state_root,
            set_id=voters.id,
            voters=len(voters.authorities),
            slot_ms=self.slot_ms(header),
            verified_ms=self.verified_ms,
        )

    def slot_ms(self, header: Header) -> int | None:
        """When a block's slot began, ms UTC; None without a BABE digest of a known form, and for no time there is."""
        try:
            slot = slot_of(header)
        except BadPreDigest:
            return None
        begins_ms = None if slot is None else slot_begins_ms(slot, self.spec.slot_ms)
        return None if begins_ms is None or begins_ms > U53_MAX else begins_ms

    def age_ms(self) -> int:
        """How old the newest final block is: by its slot where clock and slot are known, and not less than quiet_s."""
        slot_ms, now_ms = self.slot_ms(self.anchor.header), self._clock_check.now_ms()
        by_slot = 0 if slot_ms is None or now_ms is None else now_ms - slot_ms
        return max(by_slot, int(self.quiet_s * 1_000))

    def begin(self, genesis: Hash256, anchor: Anchor, verified_ms: int, hand_offs: int) -> None:
        """Go on from an anchor that was read from the disk, or that a checkpoint gave."""
        self.genesis, self.verified_ms, self.hand_offs = genesis, verified_ms, hand_offs
        self.justification, self.trust, self._unjudged, self._unsaved = b"", Trust(), None, []
        self.owed_above = NOTHING_OWED
        self.recent.clear()
        self._set(anchor)

    async def take(self, steps: Sequence[Step], source: str) -> None:
        """Go on through `steps`, unless the anchor is another by now; ChainDbRefused, and then nothing has changed."""
        if not steps:
            return
        async with self._lock:
            if steps[0].before != self._anchor:
                return
            self._judge_age(steps[0].before.header, steps[-1].after.header)
            unsaved = _worth_keeping([*self._unsaved, *(self._advanced(step, source) for step in steps)])
            handed_over = any(step.is_hand_off for step in steps)
            await self._save(unsaved, now=handed_over or steps[-1].after.pending != steps[0].before.pending)
            self.hand_offs += sum(step.is_hand_off for step in steps)
            self._tell(steps, source)

    async def amend(self, before: Anchor, after: Anchor) -> None:
        """Have learned, from the state of the anchor's own block, of a change that is under way."""
        async with self._lock:
            if self._anchor == before:
                self._anchor = after

    async def adopt(self, opened: OpenedCheckpoint, raw: bytes, *, settles: bool = True) -> bool:
        """Keep a checkpoint that was believed; whether it is the anchor now, which one that lies behind never is.

        CheckpointRefused where a later one came first.

        Where it is and `settles`, all evidence is settled with it: an operator has looked at it.
        """
        said = opened.checkpoint
        async with self._lock:
            self.marks.require_forward(opened)  # once more: another one may have been kept since it was opened
            ahead = self._anchor is None or said.anchor.header.number > self._anchor.header.number
            await self._accept(opened, raw, as_anchor=ahead, settles=settles)
            if ahead:
                self.begin(said.genesis, said.anchor, self._accepted_ms(opened), self.hand_offs)
                self.source = CHECKPOINT_SOURCE
                self._final(said.anchor)
            return ahead

    async def replace(self, anchor: Anchor, steps: Sequence[Step], source: str) -> None:
        """Be where a checkpoint's own chain leads, which it vouches for: `anchor` is not below the one there is."""
        async with self._lock:
            if anchor.header.number < self.anchor.header.number:
                return
            await self._written(self._db.save_all, _worth_keeping([self._advanced(step, source) for step in steps]))
            self.trust, self._unjudged, self._unsaved = Trust(), None, []
            self._saved_s = self._clock.monotonic_s()
            self.recent.clear()
            self._set(anchor)
            self._tell(steps, source)

    async def vouch(self, trust: Trust) -> None:
        """Have what witnesses make of the standing; what waited for it is kept."""
        async with self._lock:
            self.trust = trust
            if self._unsaved:
                await self._save(self._unsaved, now=True)

    async def settle_clock(self) -> None:
        """Judge the age of what was followed while the clock could not be right, once it can."""
        async with self._lock:
            if self._unjudged is not None:
                self._judge_age(self.anchor.header, self.anchor.header)
            if self._unsaved:
                await self._save(self._unsaved, now=False)

    async def keep_evidence(self, evidence: Evidence) -> None:
        """Keep evidence for ever; a disk that takes none is told, and the client halts all the same."""
        try:
            await self._written(self._db.save_all, [], [evidence])
        except ChainDbRefused as refused:
            log.error("chain.evidence_not_kept", kind=evidence.kind, reason=str(refused))  # noqa: TRY400 - no bug

    async def close(self) -> None:
        """Keep what is not kept yet."""
        async with self._lock:
            if self._unsaved:
                await self._save(self._unsaved, now=True)

    def height_of(self, block: Hash256) -> int | None:
        """The height of the anchor, or of one of the newest final blocks below it; None for any other block."""
        if self.anchor.hash == block:
            return self.anchor.header.number
        return next((number for number, known in self.recent.items() if known.hash == block), None)

    async def _accept(self, opened: OpenedCheckpoint, raw: bytes, *, as_anchor: bool, settles: bool) -> None:
        now_ms, marks = self._accepted_ms(opened), self.marks.after(opened)

        def keep() -> None:
            self._db.accept(opened, raw, accepted_ms=now_ms, marks=marks, as_anchor=as_anchor)
            if as_anchor and settles:
                self._db.settle(opened.checkpoint.genesis, now_ms)

        await self._written(keep)
        self.marks = marks

    def _accepted_ms(self, opened: OpenedCheckpoint) -> int:
        """Now; where the clock shows less than when it was signed, that."""
        return max(self._clock.now_ms(), opened.checkpoint.issued_ms)

    def _judge_age(self, before: Header, after: Header) -> None:
        """What is owed after going on from `before`, or that it cannot be said while there is no time.

        A clock that `after` shows to be slow is none: it may have stood still for as long as the node was off.
        """
        slot_ms, running_s = self.slot_ms(before), self._clock.monotonic_s()
        began_ms, number = self.verified_ms if slot_ms is None else slot_ms, before.number
        now_ms = self._clock_check.now_ms(self._floor_ms(after))
        if now_ms is None:
            self._unjudged = self._unjudged or Unjudged(began_ms, running_s, number)
            return
        if self._unjudged is not None:
            began_ms, since_s, number = self._unjudged
            now_ms, self._unjudged = now_ms - int((running_s - since_s) * 1_000), None
        trust = self.trust.after(now_ms - began_ms, self.spec.bonding_ms)
        if trust != self.trust:
            self.trust, self.owed_above = trust, number

    def _advanced(self, step: Step, source: str) -> Advanced:
        assert self.genesis is not None
        return Advanced(
            genesis=self.genesis,
            before=step.before,
            after=step.after,
            justification=step.justification,
            source=source,
            verified_ms=self._clock.now_ms(),
            is_hand_off=step.is_hand_off,
            boot=self._boot,
            monotonic_ms=int(self._clock.monotonic_s() * 1_000),
            block_ms=self.slot_ms(step.after.header),
        )

    async def _save(self, unsaved: list[Advanced], *, now: bool) -> None:
        """Write where it may be and is due; else have it wait. ChainDbRefused where it must be `now` and cannot."""
        due = now or self._clock.monotonic_s() - self._saved_s >= self._policy.save_s
        if self.sound and due:
            try:
                await self._written(self._db.save_all, unsaved)
            except ChainDbRefused:
                if now:
                    raise
            else:
                unsaved, self._saved_s = [], self._clock.monotonic_s()
        self._unsaved = unsaved

    async def _written(self, write: Callable[..., object], *arguments: object) -> None:
        try:
            await offload(write, *arguments, limiter=FILE)
        except ChainDbRefused as refused:
            self.disk = str(refused)
            raise
        self.disk = ""

    def _tell(self, steps: Sequence[Step], source: str) -> None:
        for step in steps:
            self.recent |= {number: FinalAt(block, step.before.voters) for number, block in step.trail}
            self.history.append((self._clock.now_ms(), step.after.header.number))
        for number in list(self.recent)[:-RECENT_MAX]:
            del self.recent[number]
        self.justification, self.source = steps[-1].justification, source
        self.verified_ms = self._clock.now_ms()
        self._set(steps[-1].after)
        self._final(steps[-1].after)

    def _set(self, anchor: Anchor) -> None:
        self._anchor, self._advanced_s = anchor, self._clock.monotonic_s()
        self._clock_check.floor_ms = self._floor_ms(anchor.header)

    def _floor_ms(self, header: Header) -> int | None:
        """What no clock that is right is behind of, once the block is final."""
        # A development chain's slots run ahead of time when its blocks come faster than slots.
        return self.slot_ms(header) if self.spec.kind is NetworkKind.LIVE else None

    def _final(self, anchor: Anchor) -> None:
        for told in self.on_final:
            told(anchor)


def _worth_keeping(steps: Sequence[Advanced]) -> list[Advanced]:
    """Every hand-off, and the last step."""
    return [step for step in steps[:-1] if step.is_hand_off][-UNSAVED_MAX:] + list(steps[-1:])
