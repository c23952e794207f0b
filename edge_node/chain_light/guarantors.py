"""Who vouches for what was followed on from too old an anchor: groups, a person's hash, a younger checkpoint."""

import contextlib
from typing import Final

import trio

from edge_node.base.errors import RemoteError
from edge_node.base.ids import Hash256
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.anchor_keeper import AnchorKeeper
from edge_node.chain_light.beside import Beside
from edge_node.chain_light.checkpoint import OpenedCheckpoint
from edge_node.chain_light.checkpoint_payload import Checkpoint
from edge_node.chain_light.clock_check import ClockCheck
from edge_node.chain_light.finality_errors import ConflictingFinality, ForcedChangeSeen
from edge_node.chain_light.offline_age import Trust, Witnesses, vouching_checkpoint
from edge_node.chain_light.source_errors import EndpointUnavailable
from edge_node.chain_light.sync_ports import Pool
from edge_node.chain_light.warping import NothingProved, Warp

BESIDE_S: Final = 1_800.0
TYPED_MAX: Final = 16  # hashes that people typed in: the newest are remembered


class Guarantors:
    """Knows them, and gives the keeper what they are worth. `groups` had our block when they were last asked."""

    def __init__(self, pool: Pool, keeper: AnchorKeeper, warp: Warp, clock_check: ClockCheck) -> None:
        self._pool, self._keeper, self._warp, self._clock_check = pool, keeper, warp, clock_check
        self.groups: frozenset[str] = frozenset()
        self._groups_at = 0
        self._typed: list[Hash256] = []
        self._beside: Beside | None = None
        self._led_from: Checkpoint | None = None
        self._led_until_s = float("-inf")

    def hear(self, groups: frozenset[str], number: int) -> None:
        """These groups had our block at this height."""
        self.groups, self._groups_at = groups, number

    def is_ours(self, block: Hash256) -> bool:
        """Whether this is the anchor, or one of the newest final blocks below it."""
        return self._keeper.height_of(block) is not None

    def counts(self, block: Hash256) -> bool:
        """Whether it is ours, and so new that it vouches: who knows what was known before says nothing of the rest."""
        height = self._keeper.height_of(block)
        return height is not None and height > self._keeper.owed_above

    def type_in(self, block: Hash256) -> None:
        """A person says that this block is on the chain."""
        self._typed = [*(typed for typed in self._typed if typed != block), block][-TYPED_MAX:]

    def witnesses(self) -> Witnesses:
        """Who says the same as we, as of now."""
        return Witnesses(
            groups=self.groups if self._groups_at > self._keeper.owed_above else frozenset(),
            typed=any(self.counts(block) for block in self._typed),
            slot_ms=self._keeper.slot_ms(self._keeper.anchor.header),
            now_ms=self._clock_check.now_ms(),
        )

    @property
    def leads_beside(self) -> bool:
        """Whether our own chain has to wait: to one that is made up, every honest proof looks like a forgery.

        Half an hour is longer than any ban.
        """
        return self._beside is not None and trio.current_time() < self._led_until_s

    def forget_beside(self) -> None:
        """There is a new anchor: what was followed beside the old one has no use."""
        self._beside = None

    async def settle(self) -> bool:
        """Give the keeper the standing that they are enough for; whether it is another now. ChainDbRefused."""
        before = self._keeper.trust
        if before.standing:
            await self._lead_beside()
        trust = self._keeper.trust.vouched(self.witnesses())
        if trust != self._keeper.trust:
            await self._keeper.vouch(trust)
        return trust != before

    async def take_in(self, opened: OpenedCheckpoint) -> None:
        """A checkpoint behind the anchor vouches where it lies on our chain, or once its own chain has led as far."""
        said = opened.checkpoint
        if not self._vouches(said):
            return
        if self.is_ours(said.anchor.hash):
            await self._keeper.vouch(Trust())
        else:
            self._beside, self._led_from = Beside(said.anchor), said
            self._led_until_s = trio.current_time() + BESIDE_S

    def _vouches(self, said: Checkpoint) -> bool:
        """Whether a checkpoint is young enough by now."""
        now_ms, slot_ms = self._clock_check.now_ms(), self._keeper.slot_ms(said.anchor.header)
        bonding_ms = self._keeper.spec.bonding_ms
        return now_ms is not None and vouching_checkpoint(slot_ms, said.issued_ms, now_ms, bonding_ms)

    async def _lead_beside(self) -> None:
        """Lead a checkpoint's chain on beside ours; where it is as far, it is the one that counts."""
        for source in self._pool.sources():
            if (beside := self._beside) is None or self._led_from is None:
                return
            if not self._vouches(self._led_from):  # it waited until it was old itself
                self.forget_beside()
                return
            with contextlib.suppress(
                EndpointUnavailable, NothingProved, RemoteError, ForcedChangeSeen, ConflictingFinality
            ):
                await self._warp.lead(beside, source, _untold)
            if beside.steps and beside.anchor.header.number >= self._keeper.anchor.header.number:
                await self._keeper.replace(beside.anchor, beside.steps, source.url)
                self._beside = None


def _untold(_at: Anchor, _goal: int) -> None:
    """Nobody waits for what is followed beside."""
