"""Follow a live chain: justifications as endpoints push them, and what they claim where nothing is pushed."""

import contextlib
from typing import Final, NamedTuple

import trio

from edge_node.base.errors import EdgeNodeError, RemoteError
from edge_node.base.ids import Hash256
from edge_node.base.offload import offload
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.anchor_keeper import AnchorKeeper
from edge_node.chain_light.authorities import AuthoritySet
from edge_node.chain_light.errors import ChainError
from edge_node.chain_light.finality import verify_justification
from edge_node.chain_light.finality_errors import BrokenChain, ConflictingFinality
from edge_node.chain_light.header import Header
from edge_node.chain_light.justification import Justification, decode_justification
from edge_node.chain_light.patience import within
from edge_node.chain_light.proof_steps import follow_justification
from edge_node.chain_light.source import Source
from edge_node.chain_light.source_errors import EndpointUnavailable, MalformedAnswer
from edge_node.chain_light.sync_policy import SyncPolicy
from edge_node.chain_light.sync_ports import Pool, Tell
from edge_node.chain_light.warping import NothingProved, Warp

INBOX: Final = 16  # justifications that wait while one is followed; further ones wait with their endpoints
FEEDS_MAX: Final = 4  # endpoints that push at once: one would do, were it sure not to withhold


class TwoFinalBlocks(ChainError):
    """Two blocks of one height have enough votes of the same set: `justification` is of the one we do not follow."""

    slug = "two-final-blocks"
    remedy = ConflictingFinality.remedy

    def __init__(
        self, number: int, ours: Hash256, other: Hash256, voters: AuthoritySet, justification: Justification
    ) -> None:
        self.number, self.ours, self.other = number, ours, other
        self.voters, self.justification = voters, justification
        super().__init__(f"block {number} was finalized twice")


class Pushed(NamedTuple):
    """A justification (SCALE) that an endpoint pushed; its next one waits until `heard` is set."""

    source: Source
    raw: bytes
    heard: trio.Event


class Follower:
    """Hears endpoints of a pool, and leads the keeper's anchor on by what they prove."""

    def __init__(self, pool: Pool, keeper: AnchorKeeper, warp: Warp, *, policy: SyncPolicy) -> None:
        self._pool, self._keeper, self._warp, self._policy = pool, keeper, warp, policy
        self._send, self.inbox = trio.open_memory_channel[Pushed](INBOX)
        self._feeds: set[int] = set()
        self._resting: set[int] = set()

    async def listen(self) -> None:
        """Keep up to FEEDS_MAX feeds of justifications open, until cancelled; they come out of `inbox`."""
        async with trio.open_nursery() as nursery:
            while True:
                for source in self._pool.sources():
                    if len(self._feeds) < FEEDS_MAX and id(source) not in self._feeds | self._resting:
                        self._feeds.add(id(source))
                        nursery.start_soon(self._feed, source)
                await trio.sleep(self._policy.tick_s)

    async def _feed(self, source: Source) -> None:
        try:
            async with source.justifications() as pushed:
                async for raw in pushed:
                    one = Pushed(source, raw, trio.Event())
                    await self._send.send(one)
                    await one.heard.wait()
        except EndpointUnavailable:  # it has no such feed, or the connection ended: claims are looked at all the same
            pass
        except RemoteError as refused:
            self._pool.refused(source, refused)
        self._feeds.discard(id(source))
        self._resting.add(id(source))
        await trio.sleep(self._policy.poll_s)
        self._resting.discard(id(source))

    async def hear(self, source: Source, raw: bytes) -> None:
        """Look at a justification that was pushed. Raises as `Warp.lead`, and TwoFinalBlocks."""
        try:
            justification = await offload(decode_justification, raw)
            await self._follow(source, raw, justification)
        except RemoteError as refused:
            self._pool.refused(source, refused)
            raise

    async def pursue(self, tell: Tell) -> None:
        """Ask each endpoint that says there is more; raises the last fault when nothing came of it."""
        start = self._keeper.anchor.header.number
        fault: EdgeNodeError | None = None
        claims = {one.url: one.finalized for one in self._pool.statuses()}
        for source in self._pool.sources():
            claimed = claims.get(source.url)
            if claimed is not None and claimed <= self._keeper.anchor.header.number:
                continue
            try:
                await self._warp.lead(self._keeper, source, tell)
            except EndpointUnavailable as wrong:
                self._pool.refused(source, wrong)
                fault = wrong
            except (NothingProved, RemoteError) as wrong:
                fault = wrong
        if fault is not None and self._keeper.anchor.header.number == start:
            raise fault

    async def _follow(self, source: Source, raw: bytes, justification: Justification) -> None:
        anchor, number = self._keeper.anchor, justification.target_number
        if number <= anchor.header.number:
            await self._require_known(anchor, justification)
            return
        if number - anchor.header.number > self._policy.link_headers:
            return  # claims are looked at soon, and lead on from there
        headers = await self._headers_to(source, anchor, justification)
        followed = await offload(follow_justification, anchor, raw, headers)
        await self._keeper.take(followed.steps, source.url)
        if isinstance(followed.fault, RemoteError):
            await self._explain(source, followed.fault)
        elif followed.fault is not None:
            raise followed.fault

    async def _explain(self, source: Source, fault: RemoteError) -> None:
        """A justification that does not lead on may be of a set we have yet to be led to: else it is refused."""
        before = self._keeper.anchor
        with contextlib.suppress(NothingProved):
            await self._warp.lead(self._keeper, source, _untold)
        if self._keeper.anchor == before:
            raise fault

    async def _require_known(self, anchor: Anchor, justification: Justification) -> None:
        """TwoFinalBlocks for a valid justification of another block than the final one of its height."""
        number, said = justification.target_number, justification.target_hash
        known = self._keeper.recent.get(number)
        if known is not None and known.hash != said:
            await offload(_verify, justification, known.voters)
            raise TwoFinalBlocks(number, known.hash, said, known.voters, justification)
        if known is None and number == anchor.header.number and anchor.hash != said:
            await offload(_verify, justification, anchor.voters)
            raise TwoFinalBlocks(number, anchor.hash, said, anchor.voters, justification)

    async def _headers_to(self, source: Source, anchor: Anchor, justification: Justification) -> list[Header]:
        """The headers above the anchor up to a justification's block, each found by the hash the one above it names."""
        found: list[Header] = []
        block, number = justification.target_hash, justification.target_number
        while number > anchor.header.number:
            header = await within(self._policy.hop_s, source, "chain_getHeader", source.header(block))
            if header is None:
                raise MalformedAnswer("it has no header of a block that it says is final")
            if header.number != number:
                raise BrokenChain(f"block {header.number} stands where block {number} should")
            found.append(header)
            block, number = header.parent, number - 1
        return found[::-1]


def _verify(justification: Justification, voters: AuthoritySet) -> None:
    verify_justification(justification, voters)


def _untold(_anchor: Anchor, _goal: int) -> None:
    """Who follows does not warp."""
