"""Where the light client begins: at what is kept, proved once more, or at a checkpoint that is given or was taken."""

import contextlib
from collections.abc import Sequence
from typing import NamedTuple

from edge_node.base.errors import EdgeNodeError
from edge_node.base.ids import Hash256
from edge_node.base.log import get_log
from edge_node.base.offload import FILE, offload
from edge_node.chain_light.anchor_keeper import AnchorKeeper
from edge_node.chain_light.chain_db import ChainDb, Loaded
from edge_node.chain_light.checkpoint import CheckpointKeys, OpenedCheckpoint, open_checkpoint
from edge_node.chain_light.clock_check import ClockCheck

log = get_log("chain")


class Begun(NamedTuple):
    """`halted` is why the client must not go on; `lacking` what was wrong with rows and checkpoints, in words.

    `forced` is a forced change ahead of the anchor: its first block and delay.
    """

    halted: str
    lacking: str
    forced: tuple[int, int] | None


class Beginning:
    """Opens checkpoints as of now, and gives the keeper its first anchor."""

    def __init__(self, keeper: AnchorKeeper, db: ChainDb, keys: CheckpointKeys, clock_check: ClockCheck) -> None:
        self._keeper, self._db, self._keys, self._clock_check = keeper, db, keys, clock_check

    async def open(self, raw: bytes, genesis: Hash256 | None) -> OpenedCheckpoint:
        """A signed checkpoint, if it is believed now; DocumentRefused, MalformedJson, CheckpointRefused."""
        now_ms, marks = self._clock_check.now_ms(), self._keeper.marks
        return await offload(lambda: open_checkpoint(raw, keys=self._keys, genesis=genesis, now_ms=now_ms, marks=marks))

    async def begin(self, given: Sequence[bytes]) -> Begun:
        """Give the keeper what is kept of its network, or the highest checkpoint where that is ahead.

        RecordNewer and ChainDbRefused where the file cannot be used.
        """
        genesis = self._keeper.genesis or await self._genesis_of(given)
        loaded = await offload(self._db.load, genesis, limiter=FILE)
        for words in loaded.damaged:
            log.warning("chain.row_damaged", row=words)
        self._keeper.marks = loaded.marks
        candidates = list(given)
        if loaded.anchors and loaded.genesis is not None:
            newest = loaded.anchors[0]
            self._keeper.begin(loaded.genesis, newest.anchor, newest.verified_ms, loaded.hand_offs)
        elif loaded.genesis is not None:
            candidates += [old.raw for old in await offload(self._db.checkpoints, loaded.genesis, limiter=FILE)]
        refused = await self._begin_by(candidates, loaded.genesis or genesis)
        forced = loaded.forced
        if forced is not None and (not self._keeper.has_anchor or forced[0] <= self._keeper.anchor.header.number):
            forced = None  # it is behind: a checkpoint led past it
        return Begun(_halted(loaded), "; ".join([*loaded.damaged, *refused]), forced)

    async def _genesis_of(self, given: Sequence[bytes]) -> Hash256 | None:
        """The chain of the first checkpoint given, where the network does not fix one."""
        for raw in given:
            with contextlib.suppress(EdgeNodeError):
                return (await self.open(raw, None)).checkpoint.genesis
        return None

    async def _begin_by(self, candidates: Sequence[bytes], genesis: Hash256 | None) -> list[str]:
        """Begin from the highest of these, where it is ahead of what is kept; why others were refused."""
        opened, refused = list[tuple[OpenedCheckpoint, bytes]](), list[str]()
        for raw in candidates:
            try:
                opened.append((await self.open(raw, genesis), raw))
            except EdgeNodeError as why:
                log.warning("chain.checkpoint_refused", reason=str(why))
                refused.append(str(why))
        if opened:
            highest, raw = max(opened, key=lambda one: _height(one[0]))
            if not self._keeper.has_anchor or _height(highest) > self._keeper.anchor.header.number:
                await self._keeper.adopt(highest, raw, settles=False)
        return refused


def _height(opened: OpenedCheckpoint) -> int:
    return opened.checkpoint.anchor.header.number


def _halted(loaded: Loaded) -> str:
    if not loaded.halts:
        return ""
    unsettled = [one.evidence.why for one in loaded.evidence if one.settled_ms is None]
    return unsettled[-1] if unsettled else "evidence of a contradiction is kept that cannot be read"
