"""The light client over real sockets: two endpoints of a development chain that lives, one of which lies; cables."""

import os
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import trio

from edge_node.base.clock import SystemClock
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.chain_db import open_chain_db
from edge_node.chain_light.checkpoint import sign_checkpoint
from edge_node.chain_light.checkpoint_payload import Checkpoint
from edge_node.chain_light.endpoints import Endpoints
from edge_node.chain_light.grandpa import AuthoritySet
from edge_node.chain_light.shipped import shipped_spec
from edge_node.chain_light.spec import Endpoint
from edge_node.chain_light.status import ChainState
from edge_node.chain_light.sync import LightClient
from edge_node.chain_light.sync_policy import USUAL
from edge_node.devnet.chain_service import ChainService
from edge_node.devnet.faults import Lie, Lies
from edge_node.devnet.pallets import sdk_profile
from edge_node.devnet.rpc import serve_rpc
from edge_node.devnet.runtime import Genesis
from tests.chain_light.chain_world import DAY_MS, FOUR, KEYS, OPERATOR
from tests.devnet.runtime.stage import VALIDATORS

POLICY = replace(USUAL, stalled_s=1.5, poll_s=0.3, tick_s=0.1, cross_check_s=1, vouch_s=0.5)
S = ChainState


class Place:
    """A chain with a block every 50 ms and another set every ten, served twice."""

    def __init__(self, nursery):
        self.nursery, self.clock = nursery, SystemClock()
        genesis = Genesis(validators=VALIDATORS, balances={})
        self.service = ChainService(
            sdk_profile(), genesis, clock=self.clock, block=0.05, finality_delay_s=0.02, set_every=10
        )
        self.lies, self.servers, self.ports = [Lies(), Lies()], [None, None], [0, 0]

    async def plug(self, place):
        """Serve the chain at this place, always at the same port."""
        started = trio.Event()

        async def serve():
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as nursery:
                    server = await nursery.start(
                        lambda task_status: serve_rpc(
                            self.service, port=self.ports[place], lies=self.lies[place], task_status=task_status
                        )
                    )
                    self.ports[place], self.servers[place] = server.port, scope
                    started.set()

        self.nursery.start_soon(serve)
        await started.wait()

    def unplug(self, place):
        """Serve it no more."""
        self.servers[place].cancel()

    def checkpoint(self):
        """A signed checkpoint of the first block."""
        now_ms = self.clock.now_ms()
        anchor = Anchor(self.service.chain.genesis.header, AuthoritySet(0, FOUR))
        said = Checkpoint(genesis=anchor.hash, anchor=anchor, issued_ms=now_ms, expires_ms=now_ms + DAY_MS, counter=1)
        return sign_checkpoint(said, [OPERATOR])


@asynccontextmanager
async def living(tmp_path):
    """A place, and a client that follows it by both endpoints."""
    async with trio.open_nursery() as nursery:
        place = Place(nursery)
        await nursery.start(place.service.run)
        for number in range(2):
            await place.plug(number)
        endpoints = [Endpoint(url=f"ws://127.0.0.1:{port}", group=f"g{port}") for port in place.ports]
        pool = Endpoints(endpoints, clock=place.clock, random=os.urandom)
        db = open_chain_db(tmp_path / "chain.db")
        client = LightClient(
            shipped_spec("dev"), pool, db, clock=place.clock, keys=KEYS, policy=POLICY, checkpoints=[place.checkpoint()]
        )
        await nursery.start(pool.run)
        await nursery.start(client.run)
        yield place, client
        nursery.cancel_scope.cancel()
    db.close()


async def until(client, wanted):
    """Wait for what is asked of the status."""
    with trio.move_on_after(30):
        while not wanted(client.status()):
            with trio.move_on_after(0.1):
                await client.wait_change()
        return client.status()
    raise AssertionError(f"never: {client.status()}")


def beyond(number):
    """Whether more is final, and followed."""
    return lambda status: status.state is S.FOLLOWING and status.finalized.number > number


async def test_sets_change_while_it_follows(tmp_path):
    """Hand-offs every half second; the anchor is the chain's own."""
    async with living(tmp_path) as (place, client):
        status = await until(client, beyond(45))
        assert status.hand_offs >= 4
        assert status.refused == 0
        number = client.anchor.header.number
        assert client.anchor.hash == place.service.chain.block_at(number).hash


@pytest.mark.parametrize(
    "lie",
    [
        Lie.WRONG_PROOF, Lie.OTHER_GENESIS, Lie.WRONG_HEADER, Lie.STALE_HEAD, Lie.FORGED_VOTE, Lie.SILENT, Lie.HANGS_UP,
    ],
)  # fmt: skip
async def test_one_that_lies_stops_nobody(tmp_path, lie):
    """The other one is enough on a development chain, whatever the first does."""
    async with living(tmp_path) as (place, client):
        await until(client, beyond(3))
        place.lies[0].tell(lie)
        seen = client.anchor.header.number
        await until(client, beyond(seen + 20))
        number = client.anchor.header.number
        assert client.anchor.hash == place.service.chain.block_at(number).hash


async def test_cables_that_are_pulled_stall_it_and_it_recovers(tmp_path):
    """Both are gone: STALLED within the bound, and why. Put back, it follows without help."""
    async with living(tmp_path) as (place, client):
        await until(client, beyond(3))
        for number in range(2):
            place.unplug(number)
        status = await until(client, lambda one: one.state is S.STALLED)
        assert "no endpoint can be used" in status.reason
        for number in range(2):
            await place.plug(number)
        await until(client, beyond(status.finalized.number + 10))
