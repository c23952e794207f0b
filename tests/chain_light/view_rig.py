"""A view of a development chain: endpoints that are real but for the wire, and a state of the client set by hand."""

from contextlib import asynccontextmanager
from dataclasses import replace

import trio

from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.endpoints import Endpoints
from edge_node.chain_light.spec import Endpoint
from edge_node.chain_light.status import UNPROVED_RUNTIME, ChainState, ChainStatus
from edge_node.chain_light.trie_proof import child_root_key
from edge_node.chain_light.view import View
from tests.chain_light.state_source import StateSource
from tests.devnet.runtime.stage import make_stage

FOLLOWED = ChainStatus(
    network="dev", genesis=None, state=ChainState.FOLLOWING, reason="all is well", remedy="", since_ms=0,
    finalized=None, age_ms=1_234, best=None, provisional="", writes=True,
    runtime=UNPROVED_RUNTIME, endpoints=(), history=(), hand_offs=0,
    proofs=0, refused=0,
)  # fmt: skip


class TrioClock:
    """Trio's own time, which tests may let jump."""

    def now_ms(self):
        return int(trio.current_time() * 1_000)

    def monotonic_s(self):
        return trio.current_time()


class Known:
    """Who knows what is final: the chain's newest final block, in whatever state it is told to be."""

    def __init__(self, chain):
        self.chain, self.has_anchor, self.proofs = chain, True, 0
        self.told = replace(FOLLOWED, genesis=chain.genesis.hash)

    @property
    def anchor(self):
        return Anchor(self.chain.final.header, self.chain.voters.current) if self.has_anchor else None

    def status(self):
        return self.told

    def count_proof(self):
        self.proofs += 1

    def be(self, state, **more):
        self.told = replace(self.told, state=state, **more)


class Rig:
    """A stage, its endpoints, and a view of them."""

    def __init__(self, stage, sources):
        self.stage, self.sources = stage, sources
        self.known = Known(stage.chain)
        by_url = {source.url: source for source in sources}
        self.turns = [trio.Event() for _ in sources]

        async def connect(endpoint, *, task_status):
            """The first time in their order, so that the first leads."""
            await self.turns[[source.url for source in sources].index(endpoint.url)].wait()
            await by_url[endpoint.url].carry(task_status)

        listed = [Endpoint(url=source.url, group=source.group) for source in sources]
        self.pool = Endpoints(listed, clock=TrioClock(), random=bytes, connect=connect)
        self.view = View(self.known, self.pool)

    def refused(self):
        """How many answers of each endpoint were refused."""
        return [one.refused for one in self.pool.statuses()]

    def asked(self, method):
        """How often each endpoint was asked this."""
        return [source.asked[method] for source in self.sources]


@asynccontextmanager
async def viewing(stage=None, *, endpoints=1, children=None):
    """A rig whose endpoints are connected, on a chain whose head is final."""
    stage = stage or make_stage()
    stage.chain.finalize()
    sources = [
        StateSource(stage.chain, f"ws://127.0.0.{place + 1}:9944", f"group-{place}", children=children)
        for place in range(endpoints)
    ]
    rig = Rig(stage, sources)
    async with trio.open_nursery() as nursery:
        await nursery.start(rig.pool.run)
        for place, turn in enumerate(rig.turns):
            turn.set()
            while len(rig.pool.sources()) <= place:
                await rig.pool.wait_change()
        yield rig
        nursery.cancel_scope.cancel()


def child_tries(tries):
    """What a state holds of its child tries: their roots."""
    return {child_root_key(child): bytes(trie.root) for child, trie in tries.items()}
