"""What holds whatever happens: the height never goes back, nothing unverified counts, and there is always a reason."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from edge_node.base.errors import EdgeNodeError
from edge_node.chain_light.babe import slot_of
from edge_node.chain_light.cross_check import PENDING_KEY
from edge_node.chain_light.stages import WRITES
from edge_node.chain_light.status import ChainState
from edge_node.chain_light.sync_policy import USUAL
from edge_node.devnet.runtime import ChangeOrder
from edge_node.trust.keys import SigningKey
from tests.chain_light.chain_world import DAY_MS, FOUR, World, run_inline, running, until
from tests.devnet.runtime.stage import VALIDATORS

FAULTS = (
    "", "", "silent", "slow", "mute", "lying header", "no headers", "other hashes", "pruned", "false hints",
    "null finality", "old finality", "torn finality", "flipped finality", "short proof", "no proof", "boasts",
)  # fmt: skip
NO_WAIT = {ChainState.NO_ANCHOR, ChainState.HALTED, ChainState.NEEDS_CHECKPOINT}

EVENTS = st.one_of(
    st.tuples(st.just("sleep"), st.sampled_from([1, 7, 40, 200])),
    st.tuples(st.just("sleep"), st.sampled_from([1, 7, 40])),
    st.tuples(st.just("fault"), st.integers(0, 1), st.sampled_from(FAULTS)),
    st.tuples(st.just("gone"), st.integers(0, 1), st.booleans()),
    st.tuples(st.just("stale"), st.integers(0, 1), st.booleans()),
    st.tuples(st.just("change"), st.sampled_from([0, 0, 1, 5]), st.integers(0, 1)),
    st.tuples(st.just("paused"), st.booleans()),
    st.tuples(st.just("unfinal"), st.booleans()),
    st.tuples(st.just("clock"), st.sampled_from([-DAY_MS, 3_600_000, 3 * DAY_MS, 28 * DAY_MS])),
    st.tuples(st.just("fork"), st.integers(0, 3), st.sampled_from([2, 4])),
    st.tuples(st.just("checkpoint"), st.integers(0, 20), st.booleans()),
    st.tuples(st.just("typed")),
    st.tuples(st.just("restart")),
)


class Watch:
    """Looks at a client at every turn."""

    def __init__(self, world):
        self.world, self.height, self.client = world, 0, None

    def begin(self, client):
        """A new life: what is on the disk may be less than was told, by what is proved anew."""
        self.client = client
        self.height = 0 if client.anchor is None else client.anchor.header.number
        client.on_final.append(self.look)
        self.look(client.anchor)

    def look(self, anchor):
        """The invariants."""
        status = self.client.status()
        assert status.reason
        assert status.writes <= (status.state in WRITES and not status.provisional)
        if anchor is None:
            return
        assert anchor.header.number >= self.height
        self.height = anchor.header.number
        assert anchor == self.world.anchor_at(self.height), "only the chain's own blocks, with the sets that follow"
        assert status.finalized.number == self.height


class Story:
    """One world, its client, and what happens to them."""

    def __init__(self, directory):
        self.world = World(directory, policy=replace(USUAL, tick_s=3, poll_s=12))
        self.world.grow(20)
        self.watch = Watch(self.world)

    async def tell(self, events):
        """Let the events happen, with a new life at each restart."""
        events = iter(events)
        again = True
        checkpoints = [self.world.checkpoint()]
        while again:
            async with running(self.world, checkpoints=checkpoints) as client:
                self.watch.begin(client)
                again = await self.live(client, events)

    async def live(self, client, events):
        """Events until a restart; whether there is one."""
        for name, *arguments in events:
            if name == "restart":
                return True
            await getattr(self, name)(client, *arguments)
            await trio.sleep(2)
            self.watch.look(client.anchor)
        await self.mend(client)
        return False

    async def mend(self, client):
        """With everything in order again it follows, unless a person is wanted."""
        self.world.paused = self.world.unfinal = False
        self.world.clock.offset_ms += max(0, self.newest_ms - self.world.clock.now_ms())
        for source in self.world.sources:
            source.fault, source.gone, source.final_at = "", False, None
        status = await until(client, lambda one: one.state in NO_WAIT | {ChainState.FOLLOWING}, seconds=1_500)
        self.watch.look(client.anchor)
        assert status.reason

    @property
    def newest_ms(self):
        """The time of the newest block's slot."""
        return slot_of(self.world.chain.head.header) * 6_000

    async def sleep(self, client, seconds):
        await trio.sleep(seconds)

    async def fault(self, client, place, what):
        self.world[place].fault = what

    async def gone(self, client, place, is_gone):
        self.world[place].gone = is_gone

    async def stale(self, client, place, is_stale):
        self.world[place].final_at = self.world.chain.final.number if is_stale else None

    async def change(self, client, delay, first):
        if self.world.chain.head.state.get(PENDING_KEY) is None and not self.world.chain._changes:
            self.world.chain.schedule(ChangeOrder(FOUR[first:], delay))

    async def paused(self, client, value):
        self.world.paused = value

    async def unfinal(self, client, value):
        self.world.unfinal = value

    async def clock(self, client, by_ms):
        self.world.clock.offset_ms += by_ms

    async def fork(self, client, back, signers):
        if client.anchor is not None and client.anchor.header.number > back:
            _, raw = self.world.fork(client.anchor.header.number - back, signers=VALIDATORS[:signers])
            self.world[0].push(raw)

    async def checkpoint(self, client, back, ours):
        number = max(0, self.world.chain.final.number - back)
        key = {} if ours else {"key": SigningKey.from_seed(b"\x44" * 32)}
        with suppress(EdgeNodeError):
            await client.import_checkpoint(self.world.checkpoint(number, **key))

    async def typed(self, client):
        await client.confirm(self.world.chain.final.hash)


@settings(max_examples=15)
@given(st.lists(EVENTS, max_size=10))
def test_whatever_happens(events):
    """Endpoints lie and vanish, sets change, clocks jump, people come with checkpoints, and lives end."""
    with TemporaryDirectory() as directory, mock.patch.object(trio.to_thread, "run_sync", run_inline):

        async def story():
            await Story(Path(directory)).tell(events)

        trio.run(story, clock=MockClock(autojump_threshold=0))
