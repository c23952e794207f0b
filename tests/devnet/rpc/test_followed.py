"""The node's own light client on a served chain, over real sockets: every fault and lie is met as it should be."""

from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
import pytest
import trio

from edge_node.base.clock import SystemClock
from edge_node.chain_light.chain_db import open_chain_db
from edge_node.chain_light.checkpoint import CheckpointKeys
from edge_node.chain_light.endpoints import Endpoints
from edge_node.chain_light.shipped import shipped_spec
from edge_node.chain_light.spec import Endpoint
from edge_node.chain_light.status import ChainState
from edge_node.chain_light.storage_key import storage_key
from edge_node.chain_light.sync import LightClient
from edge_node.chain_light.sync_policy import SyncPolicy
from edge_node.chain_light.view import View
from edge_node.devnet.chain_program import first_checkpoint
from edge_node.devnet.chain_service import Brakes, ChainService
from edge_node.devnet.pallets import sdk_profile
from edge_node.devnet.rpc import serve_rpc
from edge_node.devnet.runtime import ChangeOrder
from edge_node.devnet.set_changes import rotated
from edge_node.trust.keys import SigningKey
from tests.devnet.runtime.stage import ALICE, VALIDATORS, Stage, make_genesis, seed

POLICY = SyncPolicy(stalled_s=2, poll_s=0.2, cross_check_s=1, vouch_s=0.5, tick_s=0.1, hop_s=3)
WAIT_S = 40


@dataclass
class Followed:
    """A chain, its servers, and who follows it."""

    service: ChainService
    servers: list
    client: LightClient
    view: View

    async def until(self, *states):
        """Wait for a state; the status then."""
        with trio.move_on_after(WAIT_S):
            while self.client.status().state not in states:
                await trio.sleep(0.02)
        status = self.client.status()
        assert status.state in states, (status.state, status.reason, status.endpoints)
        return status

    async def reaches(self, number):
        """Wait until a block is proved final."""
        with trio.move_on_after(WAIT_S):
            while (final := self.client.status().finalized) is None or final.number < number:
                await trio.sleep(0.02)
        status = self.client.status()
        assert status.finalized.number >= number, (status.state, status.reason, status.endpoints)
        assert status.finalized.hash == self.service.chain.block_at(status.finalized.number).hash

    async def reads_right(self):
        """What the view proves is what the chain holds."""
        key = storage_key(self.service.chain.form.item("System", "Account"), ALICE.id)
        proved = await self.view.read(key)
        assert proved.value == self.service.chain.block_at(proved.number).state.get(key)


@asynccontextmanager
async def followed(directory, *, blocks=0, lies=(), count=2, **how):
    """A chain with a block every tenth of a second and some servers, of which the first lies; followed from block 0."""
    service = ChainService(
        sdk_profile(), make_genesis(), clock=SystemClock(), **({"block": 0.1, "finality_delay_s": 0.05} | how)
    )
    service.prebuild(blocks)
    key = SigningKey(seed("operator"))
    db = open_chain_db(directory / "chain.db")
    async with trio.open_nursery() as nursery:
        await nursery.start(service.run)
        servers = [await nursery.start(serve_rpc, service) for _ in range(count)]
        for lie in lies:
            servers[0].served.lie(*lie)
        endpoints = tuple(Endpoint(url=one.url, group=f"group-{place}") for place, one in enumerate(servers))
        spec = msgspec.structs.replace(shipped_spec("dev"), endpoints=endpoints, genesis=service.chain.genesis.hash)
        pool = Endpoints(spec.endpoints, clock=SystemClock(), random=bytes, expected_genesis=spec.genesis)
        client = LightClient(
            spec, pool, db, clock=SystemClock(), policy=POLICY,
            keys=CheckpointKeys(release=frozenset(), operator=key.public),
            checkpoints=[first_checkpoint(service.chain, SystemClock().now_ms(), key)],
        )  # fmt: skip
        await nursery.start(pool.run)
        await nursery.start(client.run)
        yield Followed(service, servers, client, View(client, pool))
        nursery.cancel_scope.cancel()
    db.close()


async def test_a_long_history_is_warped_through(tmp_path):
    """Twenty changes of sets, and then live."""
    async with followed(tmp_path, blocks=400, set_every=20) as one:
        await one.until(ChainState.FOLLOWING)
        await one.reaches(400)
        await one.reaches(one.service.chain.final.number + 5)
        assert one.client.status().finalized.set_id >= 20
        await one.reads_right()


@pytest.mark.parametrize(
    "lie",
    [
        ("wrong-proof",), ("short-proof",), ("other-genesis",), ("wrong-header",), ("forged-vote",), ("no-finality",),
        ("stale-head",), ("huge",), ("silent",), ("slow", 0.5), ("hangs-up",), ("wrong-value",), ("permuted-metadata",),
    ],
    ids=lambda lie: lie[0],
)  # fmt: skip
async def test_one_endpoint_lies_and_one_does_not(tmp_path, lie):
    """The client goes on with the truth, whatever the other says."""
    async with followed(tmp_path, blocks=60, set_every=20, lies=[lie]) as one:
        await one.reaches(64)
        await one.reads_right()


async def test_withheld_finality_is_a_stall_and_no_more(tmp_path):
    """The reason is told, and it recovers by itself."""
    async with followed(tmp_path) as one:
        await one.until(ChainState.FOLLOWING)
        one.service.brake(Brakes(withhold_finality=True))
        status = await one.until(ChainState.STALLED)
        assert status.reason
        one.service.brake(Brakes())
        await one.until(ChainState.FOLLOWING)


async def test_two_truths_halt_it(tmp_path):
    """Both are proved, so neither is followed."""
    async with followed(tmp_path, block=0.3) as one:
        await one.until(ChainState.FOLLOWING)
        await one.reaches(3)
        one.service.forge(one.service.chain.final.number)
        await one.until(ChainState.HALTED)


async def test_a_forced_change_wants_a_checkpoint(tmp_path):
    """It is proved on the chain that was followed, and not by whom it changes."""
    async with followed(tmp_path) as one:
        await one.until(ChainState.FOLLOWING)
        await one.service.schedule(ChangeOrder(rotated(VALIDATORS, 1), 8, one.service.chain.final.number))
        await one.until(ChainState.NEEDS_CHECKPOINT)


async def test_changes_with_delays_are_followed(tmp_path):
    """In force at once, or announced and in force five blocks later, by turns; what is read after each is right."""
    async with followed(tmp_path) as one:
        await one.until(ChainState.FOLLOWING)
        for turn, delay in enumerate((5, 0, 0, 5), 1):
            await one.service.schedule(ChangeOrder(rotated(VALIDATORS, turn), delay))
            await one.reaches(one.service.chain.head.number + 8)
            final = one.client.status().finalized
            assert (final.set_id, final.voters) == (turn, 3)
            assert one.client.anchor.voters.authorities == rotated(VALIDATORS, turn)
            await one.reads_right()
        status = one.client.status()
        assert (status.state, status.hand_offs, status.refused) == (ChainState.FOLLOWING, 4, 0)


async def test_a_chain_that_is_gone_and_comes_back(tmp_path):
    """With one server that hangs up at everything: unreachable, and then followed again."""
    async with followed(tmp_path, count=1) as one:
        await one.until(ChainState.FOLLOWING)
        one.servers[0].served.lie("hangs-up")
        status = await one.until(ChainState.STALLED, ChainState.PROBING)
        assert status.reason
        one.servers[0].served.be_honest()
        await one.until(ChainState.FOLLOWING)
        assert Stage(one.service.chain).read("Grandpa", "CurrentSetId") == 0
