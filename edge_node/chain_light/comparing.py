"""Ask endpoints for what the anchor is held against: its block's state, and what other groups call that block."""

from collections.abc import Sequence
from typing import NamedTuple

import trio

from edge_node.base.clock import Clock
from edge_node.base.errors import EdgeNodeError, RemoteError
from edge_node.base.ids import Hash256, shorten
from edge_node.base.offload import offload
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.cross_check import KEYS, Comparison, StateUnreadable, compare, read_grandpa_state
from edge_node.chain_light.errors import BadAnswer
from edge_node.chain_light.offline_age import agreeing
from edge_node.chain_light.patience import within
from edge_node.chain_light.source import Source
from edge_node.chain_light.source_errors import EndpointUnavailable, place_of
from edge_node.chain_light.sync_policy import SyncPolicy
from edge_node.chain_light.sync_ports import Pool


class OtherFinalBlock(BadAnswer):
    """An endpoint knows another block at a height that is proved to be final."""

    slug = "other-final-block"

    def __init__(self, number: int, ours: Hash256, said: Hash256) -> None:
        self.number, self.ours, self.said = number, ours, said
        super().__init__(f"it has block {shorten(said)} at height {number}, where {shorten(ours)} is final")


class Compared(NamedTuple):
    """What came of one comparison of `anchor`. Without an outcome `why` says what kept it from being had."""

    anchor: Anchor
    outcome: Comparison | None
    why: str
    groups: frozenset[str]
    proof: tuple[bytes, ...]


class Comparing:
    """Compares by the endpoints of a pool; `proofs` counts the proofs of state that were verified."""

    def __init__(self, pool: Pool, *, clock: Clock, policy: SyncPolicy) -> None:
        self._pool, self._clock, self._policy = pool, clock, policy
        self.proofs = 0

    async def compare(self, anchor: Anchor, *, sound: bool = True) -> Compared:
        """Hold the anchor against its block's state, and against what each endpoint calls its block.

        Who has another block has answered badly only where the anchor is `sound`: else it may be ours that is made up.
        """
        groups = await self._agreeing(anchor, sound=sound)
        reasons = []
        for source in self._pool.sources():
            try:
                proof, outcome = await self._by_state(source, anchor)
            except StateUnreadable as unreadable:
                return Compared(anchor, None, str(unreadable), groups, ())
            except (EndpointUnavailable, RemoteError) as refused:
                self._pool.refused(source, refused)
                reasons.append(f"{place_of(source.url)}: {refused}")
            else:
                return Compared(anchor, outcome, "", groups, proof)
        why = f"nobody proved the chain's state of its authorities ({'; '.join(reasons) or 'no endpoint is usable'})"
        return Compared(anchor, None, why, groups, ())

    async def _by_state(self, source: Source, anchor: Anchor) -> tuple[tuple[bytes, ...], Comparison]:
        began = self._clock.monotonic_s()
        entries = tuple(await within(self._policy.hop_s, source, "state_getReadProof", source.proof(anchor.hash, KEYS)))
        outcome = await offload(_compared, anchor, entries)
        self.proofs += 1
        self._pool.served(source, self._clock.monotonic_s() - began)
        return entries, outcome

    async def _agreeing(self, anchor: Anchor, *, sound: bool) -> frozenset[str]:
        """The groups that have the same block at the anchor's height; who has another is told to the pool."""
        said: list[tuple[str, Hash256 | None]] = []
        claims = {one.url: one.finalized or 0 for one in self._pool.statuses()}

        async def ask(source: Source) -> None:
            block = await self._block_of(source, anchor.header.number)
            said.append((source.group, block))
            # Who does not say yet that this height is final may be on a fork for a moment, as honest nodes are.
            final = claims.get(source.url, 0) >= anchor.header.number
            if block is not None and block != anchor.hash and final and sound:
                self._pool.refused(source, OtherFinalBlock(anchor.header.number, anchor.hash, block))

        async with trio.open_nursery() as nursery:
            for source in self._pool.sources():
                nursery.start_soon(ask, source)
        return agreeing(anchor.hash, said)

    async def _block_of(self, source: Source, number: int) -> Hash256 | None:
        """The block an endpoint has at a height; None where it does not say."""
        try:
            said = await within(self._policy.hop_s, source, "chain_getBlockHash", source.block_hashes([number]))
        except EdgeNodeError:  # what is wrong with the connection the pool sees by itself
            return None
        return said[0] if len(said) == 1 else None


def _compared(anchor: Anchor, entries: Sequence[bytes]) -> Comparison:
    return compare(anchor, read_grandpa_state(anchor, entries))
