"""Lead an anchor on by one endpoint's proofs: from set to set in batches, each verified, kept and told before the next.

Where the endpoint says at which blocks sets are announced, each hand-off takes one short proof. Where it cannot (old
states are pruned) or says something that leads nowhere, the block above the anchor is asked for: that proof brings
every header up to the set's end, and always leads on.
"""

import contextlib
from collections.abc import Sequence
from typing import Final, NamedTuple

import trio

from edge_node.base.clock import Clock
from edge_node.base.errors import EdgeNodeError, RemoteError
from edge_node.base.ids import Hash256
from edge_node.base.offload import offload
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.errors import ChainError
from edge_node.chain_light.hand_offs import HandOffSearch
from edge_node.chain_light.layouts import SET_ID
from edge_node.chain_light.patience import within
from edge_node.chain_light.proof_steps import Answer, follow_answers
from edge_node.chain_light.source import Source
from edge_node.chain_light.source_errors import EndpointSilent, EndpointUnavailable, MalformedAnswer
from edge_node.chain_light.sync_policy import SyncPolicy
from edge_node.chain_light.sync_ports import Pool, Tell, Track

HINTS_BATCH: Final = 64  # heights asked about in one batch of calls
POINTS_MAX: Final = 8_192  # heights asked about in one search: 168 sets take some 2,400, and the rest comes next time
WORKERS: Final = 4  # an endpoint is asked so many things at once


class Hop(NamedTuple):
    """A block to ask a proof for, by height, and by hash as the endpoint says."""

    number: int
    hash: Hash256


class NothingProved(ChainError):
    """An endpoint says that there is more, and proved none of it; `fault` is what was wrong with what it sent."""

    slug = "nothing-proved"
    remedy = "The node asks its other endpoints."

    def __init__(self, number: int, fault: str) -> None:
        self.number, self.fault = number, fault
        super().__init__(f"no proof leads on from block {number}{f': {fault}' if fault else ''}")


class Spent:
    """How long one endpoint may lead: `idle_s` from each thing it proves on, and `warp_s` in all."""

    def __init__(self, policy: SyncPolicy) -> None:
        self._idle_s, self._last_s = policy.idle_s, trio.current_time() + policy.warp_s
        self.scope = trio.CancelScope()
        self.proved()

    def proved(self) -> None:
        """It has proved something just now."""
        self.scope.deadline = min(self._last_s, trio.current_time() + self._idle_s)


class Warp:
    """Leads tracks on by the endpoints of a pool."""

    def __init__(self, pool: Pool, *, clock: Clock, policy: SyncPolicy) -> None:
        self._pool, self._clock, self._policy = pool, clock, policy

    async def lead(self, track: Track, source: Source, tell: Tell) -> int:
        """Go on as far as `source` proves; the height it says is final.

        Raises what the source raises, NothingProved when there is more and nothing of it was proved, RemoteError for
        an answer that was refused (and is told to the pool), ForcedChangeSeen, ConflictingFinality, ChainDbRefused.
        What was proved before stays.
        """
        began, start = self._clock.monotonic_s(), track.anchor.header.number
        goal = Hop(start, track.anchor.hash)
        spent = Spent(self._policy)
        with spent.scope:
            goal = await self._goal(source)
            await self._lead_to(track, source, goal, tell, spent)
        if spent.scope.cancelled_caught and track.anchor.header.number == start:
            raise EndpointSilent(source.url, "grandpa_proveFinality", self._policy.idle_s)
        if track.anchor.header.number > start:
            self._pool.served(source, self._clock.monotonic_s() - began)
        return goal.number

    async def _lead_to(self, track: Track, source: Source, goal: Hop, tell: Tell, spent: Spent) -> None:
        start, fault = track.anchor.header.number, None
        while (before := track.anchor).header.number < goal.number:
            tell(before, goal.number)
            for way in (self._by_hints, self._by_step):
                try:
                    await way(track, source, goal, spent)
                except (RemoteError, EndpointUnavailable) as wrong:
                    fault = wrong
                if track.anchor != before:
                    break
            else:
                break
        if isinstance(fault, RemoteError):
            self._pool.refused(source, fault)
        if track.anchor.header.number == start < goal.number:
            raise fault if isinstance(fault, EndpointUnavailable) else NothingProved(start, str(fault or ""))

    async def _by_hints(self, track: Track, source: Source, goal: Hop, spent: Spent) -> None:
        """Go on by the proofs of the blocks that the endpoint says end sets, and of the newest final one."""
        await self._follow(track, source, await self._plan(source, track.anchor, goal), spent)

    async def _by_step(self, track: Track, source: Source, goal: Hop, spent: Spent) -> None:
        """Go on by the proof of the block above the anchor, which needs no hint but that block's hash."""
        number = track.anchor.header.number + 1
        block = goal.hash if number == goal.number else (await self._hashes(source, [number]))[number]
        await self._follow(track, source, [Hop(number, block)], spent)

    async def _goal(self, source: Source) -> Hop:
        """The newest final block, as the endpoint says."""
        try:
            block = await within(self._policy.hop_s, source, "chain_getFinalizedHead", source.finalized())
            header = await within(self._policy.hop_s, source, "chain_getHeader", source.header(block))
            if header is None:
                raise MalformedAnswer("it has no header of the block that it calls final")
        except RemoteError as refused:
            self._pool.refused(source, refused)
            raise
        return Hop(header.number, block)

    async def _plan(self, source: Source, anchor: Anchor, goal: Hop) -> list[Hop]:
        """The blocks to ask proofs for: those that end or announce a set, and the goal.

        None where a step shows every header anyway, or where hints are lacking and no end of a set is known.
        """
        if goal.number - anchor.header.number <= self._policy.link_headers:
            return []
        last = anchor.pending.last_of_set
        numbers = {last} if last is not None and last < goal.number else set[int]()
        hashes = {goal.number: goal.hash}
        # A pruned state, or a lie: the step from the anchor needs no hints.
        with contextlib.suppress(EndpointUnavailable, RemoteError):
            numbers |= {*await self._announcing(source, anchor, goal, hashes)}
        lacking = sorted(numbers - hashes.keys())
        hashes |= await self._hashes(source, lacking) if lacking else {}
        return [Hop(number, hashes[number]) for number in sorted(numbers)]

    async def _announcing(
        self, source: Source, anchor: Anchor, goal: Hop, hashes: dict[int, Hash256]
    ) -> tuple[int, ...]:
        """The heights of blocks that announce a set, as the endpoint's numbers of sets have it; `hashes` is filled.

        The goal is the last of them, unless POINTS_MAX were asked about before all were found.
        """
        low_id = anchor.voters.id + len(anchor.pending.changes)
        ids = await self._set_ids(source, {goal.number: goal.hash})
        search = HandOffSearch.between(anchor.header.number, low_id, goal.number, ids[goal.number])
        while (probes := search.probes()) and len(search.points) < POINTS_MAX:
            found = await self._hashes(source, probes)
            hashes |= found
            search = search.learned(await self._set_ids(source, found))
        return search.announcing if probes else (*search.announcing, goal.number)

    async def _hashes(self, source: Source, numbers: Sequence[int]) -> dict[int, Hash256]:
        """The hashes at these heights; MalformedAnswer where one is lacking."""
        found = dict[int, Hash256]()
        for first in range(0, len(numbers), HINTS_BATCH):
            batch = numbers[first : first + HINTS_BATCH]
            said = await within(self._policy.hop_s, source, "chain_getBlockHash", source.block_hashes(batch))
            if len(said) != len(batch) or None in said:
                raise MalformedAnswer("it has no block at a height below its newest final one")
            found |= {number: block for number, block in zip(batch, said, strict=True) if block is not None}
        return found

    async def _set_ids(self, source: Source, blocks: dict[int, Hash256]) -> dict[int, int]:
        """The runtime's number of the set at these blocks; RemoteError where it is none."""
        found = dict[int, int]()
        numbers = list(blocks)
        for first in range(0, len(numbers), HINTS_BATCH):
            batch = numbers[first : first + HINTS_BATCH]
            said = await within(
                self._policy.hop_s,
                source,
                "state_getStorage",
                source.storage(SET_ID.key, [blocks[number] for number in batch]),
            )
            if len(said) != len(batch):
                raise MalformedAnswer("it answers more or fewer questions than were asked")
            found |= {number: _set_id(raw) for number, raw in zip(batch, said, strict=True)}
        return found

    async def _follow(self, track: Track, source: Source, hops: Sequence[Hop], spent: Spent) -> None:
        """Ask for proofs in batches, and go on as far as they lead; RemoteError for the first that is refused."""
        for first in range(0, len(hops), self._policy.batch):
            batch = hops[first : first + self._policy.batch]
            answers = await self._answers(source, batch)
            before = track.anchor
            followed = await offload(follow_answers, before, answers)
            await track.take(followed.steps, source.url)
            if followed.steps:
                spent.proved()
            if followed.fault is not None:
                raise followed.fault
            if len(answers) < len(batch) or track.anchor == before:
                return

    async def _answers(self, source: Source, hops: Sequence[Hop]) -> list[Answer]:
        """What the endpoint answers to each, up to the first that it has nothing for; what it raises is raised."""
        answers: dict[int, Answer] = {}
        faults: dict[int, EdgeNodeError] = {}
        ahead = iter(enumerate(hops))

        async def work() -> None:
            for place, hop in ahead:
                if faults or sum(len(answer.proof) for answer in answers.values()) > self._policy.batch_bytes:
                    return
                try:
                    answer = await self._answer(source, hop)
                except EdgeNodeError as fault:
                    faults[place] = fault
                    return
                if answer is None:
                    return
                answers[place] = answer

        async with trio.open_nursery() as nursery:
            for _ in range(WORKERS):
                nursery.start_soon(work)
        good = [answers[place] for place in range(len(hops)) if all(below in answers for below in range(place + 1))]
        if faults and not good:
            raise faults[min(faults)]
        return good

    async def _answer(self, source: Source, hop: Hop) -> Answer | None:
        """The finality proof for one block and its header; None where the endpoint has no proof."""
        header = await within(self._policy.hop_s, source, "chain_getHeader", source.header(hop.hash))
        if header is None or header.number != hop.number:
            raise MalformedAnswer("its block of a height has another height, or no header")
        raw = await within(self._policy.hop_s, source, "grandpa_proveFinality", source.finality(hop.number))
        return None if raw is None else Answer(raw, header)


def _set_id(raw: bytes | None) -> int:
    if raw is None:
        raise MalformedAnswer("it names no number of a set")
    return SET_ID.decode(raw)
