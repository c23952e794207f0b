"""The pool of endpoints: one connection each, kept and probed; who is usable, who leads, and why the others do not.

Nothing is believed for who said it: questions go to the leader first, and to the next when an answer is none or is
refused. A wrong answer costs its endpoint a ban, an endpoint of another chain is banned for that.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import trio

from edge_node.base.clock import Clock
from edge_node.base.errors import EdgeNodeError, RemoteError
from edge_node.base.ids import Hash256
from edge_node.base.log import get_log
from edge_node.base.offload import offload
from edge_node.chain_light import rpc
from edge_node.chain_light.endpoint_member import Carried, Connect, Member, ends_within
from edge_node.chain_light.endpoint_score import FAILURES_MAX, Score, back_off_s, in_order, note_heights
from edge_node.chain_light.errors import ChainError
from edge_node.chain_light.source import Source
from edge_node.chain_light.source_errors import (
    EndpointBusy,
    EndpointGone,
    EndpointSilent,
    EndpointUnavailable,
    NoEndpoint,
    OtherChain,
    place_of,
)
from edge_node.chain_light.spec import Endpoint
from edge_node.chain_light.status import EndpointStatus, Verdict

POLL_S: Final = 6.0  # a block's time on our networks: heights are hints for people, and for who leads
SETTLED_S: Final = 60.0  # a connection that lasted so long was a good one: the next attempt is a first one

log = get_log("chain")

T = TypeVar("T")
U = TypeVar("U")


class Endpoints:
    """See the module. `run` keeps the connections; everything else may be called at any time from the same loop."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        *,
        clock: Clock,
        random: Callable[[int], bytes],
        connect: Connect = rpc.connect,
        expected_genesis: Hash256 | None = None,
    ) -> None:
        self._clock = clock
        self._random = random
        self._connect = connect
        self._members = [Member(endpoint) for endpoint in endpoints]
        self._by_url = {member.endpoint.url: member for member in self._members}
        self._leader: str | None = None
        self._genesis = expected_genesis
        self._change = trio.Event()

    @property
    def expected_genesis(self) -> Hash256 | None:
        """The chain they have to serve; None takes the first one's and then holds the others to it.

        Set, it bans those that are known to serve another.
        """
        return self._genesis

    @expected_genesis.setter
    def expected_genesis(self, genesis: Hash256 | None) -> None:
        self._genesis = genesis
        for member in self._members:
            if genesis is None or member.genesis is None:
                continue
            if member.genesis != genesis:
                self._ban(member, OtherChain(genesis, member.genesis))
            elif member.other_than not in (None, genesis):  # it was banned for not being of the first one's chain
                member.pardon()
        self._tell()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep a connection with every endpoint until cancelled."""
        async with trio.open_nursery() as nursery:
            for member in self._members:
                nursery.start_soon(self._keep, member)
            task_status.started()
            await trio.sleep_forever()

    # --- who can be asked

    def sources(self) -> list[Source]:
        """Those that can be asked now, the leader first."""
        members = [self._by_url[score.url] for score in self._ranked()]
        return [member.source for member in members if member.source is not None]

    def groups(self) -> set[str]:
        """The groups of those."""
        return {source.group for source in self.sources()}

    def statuses(self) -> tuple[EndpointStatus, ...]:
        """What is thought of each and why, in the order they were given."""
        now, now_ms, leader = self._clock.monotonic_s(), self._clock.now_ms(), self._lead()
        return tuple(member.score.status(now, now_ms, leads=member.endpoint.url == leader) for member in self._members)

    def evidence(self, url: str) -> tuple[str, ...]:
        """What was refused of an endpoint, the newest last."""
        return tuple(self._by_url[url].score.evidence)

    async def wait_change(self) -> None:
        """Until something about the endpoints is otherwise: who is usable, who leads, what heights they claim."""
        await self._change.wait()

    # --- what became of questions

    async def ask(self, question: Callable[[Source], Awaitable[T]], verify: Callable[[T], U]) -> U:
        """What `verify` makes of an answer: the leader's, or the next one's when it has none or it is refused.

        Each endpoint is asked at most once. `verify` runs in a worker thread and raises what an answer is refused for,
        a RemoteError; anything else it raises is raised here. NoEndpoint with all reasons when nobody's was good.
        """
        reasons: dict[str, str] = {}
        for source in self.sources():
            began = self._clock.monotonic_s()
            try:
                answer = await question(source)
                seconds = self._clock.monotonic_s() - began
                value = await offload(verify, answer)
            except (RemoteError, EndpointUnavailable) as error:
                reasons[source.url] = str(error)
                self.refused(source, error)
                continue
            self.served(source, seconds)
            return value
        raise NoEndpoint(reasons or {one.url: one.reason for one in self.statuses()})

    def served(self, source: Source, seconds: float) -> None:
        """An answer of `source` was verified and used."""
        self._by_url[source.url].score.serve(seconds)

    def refused(self, source: Source, error: EdgeNodeError) -> None:
        """A question to `source` ended in `error`: a RemoteError bans it, anything else was no answer."""
        member, now = self._by_url[source.url], self._clock.monotonic_s()
        if isinstance(error, RemoteError):
            self._ban(member, error, counts=True)
        elif isinstance(error, EndpointBusy) or (isinstance(error, EndpointGone) and not member.lives(source)):
            return  # the queue is ours; and an end is noted once, where the connection is kept
        elif member.score.fail(str(error), now) >= FAILURES_MAX and isinstance(error, EndpointSilent):
            self._lose(member, error)
            member.drop("it does not answer")
        self._tell()

    def drop_all(self, reason: str) -> None:
        """End every connection and connect anew at once, as after a sleep of the machine. Bans stay."""
        for member in self._members:
            member.drop(reason)
        self._tell()

    # --- one endpoint's life

    async def _keep(self, member: Member) -> None:
        while True:
            await member.wait_pardon(self._ban_left_s(member))
            began = self._clock.monotonic_s()
            with member.begin():
                await self._visit(member)
            if self._clock.monotonic_s() - began >= SETTLED_S:
                member.attempts = 0
            chance = int.from_bytes(self._random(2), "big") / 65_535
            await member.pause(back_off_s(member.attempts, chance))

    async def _visit(self, member: Member) -> None:
        """One connection from its beginning to its end, which becomes what is thought of the endpoint."""
        error: EdgeNodeError
        try:
            async with trio.open_nursery() as nursery:
                try:
                    source: Carried = await nursery.start(self._carry, member)
                    error = await self._attend(member, source)
                except ChainError as unreachable:
                    error = unreachable
                nursery.cancel_scope.cancel()
        except ExceptionGroup:
            log.exception("endpoint.broken", url=place_of(member.endpoint.url))
            error = EndpointGone(member.endpoint.url, "an error of ours")
        finally:
            member.source = None
        if self._ban_left_s(member):
            pass  # it was ended for that, and said already
        elif isinstance(error, RemoteError):
            self._ban(member, error, counts=True)
        else:
            self._lose(member, error)
        self._tell()

    async def _carry(self, member: Member, *, task_status: trio.TaskStatus[Carried]) -> None:
        await self._connect(member.endpoint, task_status=task_status)

    async def _attend(self, member: Member, source: Carried) -> EdgeNodeError:
        """Probe it, let it be asked, and look at its heights until it ends: by what."""
        try:
            await self._probe(member, source)
            member.source = source
            member.score.admit()
            log.info(
                "endpoint.admitted", url=place_of(source.url), group=source.group, finalized=member.score.finalized
            )
            self._tell()
            while not await ends_within(source, POLL_S):
                await self._poll(member, source)
        except (ChainError, RemoteError) as error:
            return error if source.ending is None else source.ending
        return EndpointGone(source.url, "it ended") if source.ending is None else source.ending

    async def _probe(self, member: Member, source: Carried) -> None:
        member.genesis = await source.genesis()
        if self._genesis is None:
            self._genesis = member.genesis
        member.other_than = self._genesis if member.genesis != self._genesis else None
        if member.genesis != self._genesis:
            raise OtherChain(self._genesis, member.genesis)
        await self._look(member, source)

    async def _poll(self, member: Member, source: Carried) -> None:
        try:
            await self._look(member, source)
        except (ChainError, RemoteError) as error:
            if source.ending is None:
                self.refused(source, error)
        self._tell()

    async def _look(self, member: Member, source: Carried) -> None:
        """Take the heights it claims, as hints."""
        began = self._clock.monotonic_s()
        head = await source.finalized()
        member.score.note(self._clock.monotonic_s() - began)
        finalized, best = await source.header(head), await source.header()
        if finalized is not None:
            member.score.finalized = finalized.number
        if best is not None:
            member.score.best = best.number

    def _lose(self, member: Member, error: EdgeNodeError) -> None:
        verdict = Verdict.SILENT if isinstance(error, EndpointSilent) else Verdict.UNREACHABLE
        if member.score.verdict is Verdict.SILENT and isinstance(error, EndpointGone):
            return  # it was dropped for its silence: that it is gone now is no news
        if member.score.usable or member.score.verdict is not verdict:
            log.warning("endpoint.lost", url=place_of(member.endpoint.url), verdict=verdict.value, reason=str(error))
        member.score.lose(verdict, str(error))

    def _ban(self, member: Member, error: RemoteError, *, counts: bool = False) -> None:
        now = self._clock.monotonic_s()
        for_s = (member.score.refuse if counts else member.score.ban)(str(error), now)
        log.warning("endpoint.banned", url=place_of(member.endpoint.url), reason=str(error), for_s=for_s)
        member.drop(f"banned: {error}")

    def _ban_left_s(self, member: Member) -> float:
        until = member.score.banned_until
        return max(0.0, until - self._clock.monotonic_s()) if until is not None else 0.0

    # --- who leads

    def _ranked(self) -> list[Score]:
        scores, now = [member.score for member in self._members], self._clock.monotonic_s()
        return in_order(scores, self._leader, now)

    def _lead(self) -> str | None:
        ranked = self._ranked()
        return ranked[0].url if ranked else None

    def _tell(self) -> None:
        """Something is otherwise: see who leads, and wake those who wait for a change."""
        note_heights([member.score for member in self._members], self._clock.monotonic_s())
        leader = self._lead()
        if leader is not None and leader != self._leader:
            log.info("endpoint.preferred", url=place_of(leader))
        self._leader = leader
        self._change.set()
        self._change = trio.Event()
