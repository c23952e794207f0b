"""The view of a chain that is really served: JSON-RPC over WebSocket, by honest endpoints and lying ones."""

from contextlib import asynccontextmanager

import pytest
import trio

from edge_node.base.clock import SystemClock
from edge_node.chain_light.endpoints import Endpoints
from edge_node.chain_light.layouts import NUMBER
from edge_node.chain_light.metadata_bytes import metadata_hash
from edge_node.chain_light.metadata_pin import MetadataPin, Runtime, open_metadata_pin, sign_metadata_pin
from edge_node.chain_light.metadata_pin_errors import MetadataNotPinned
from edge_node.chain_light.metadata_pins import MetadataPins
from edge_node.chain_light.runtime_reader import RuntimeReader
from edge_node.chain_light.source_errors import NoEndpoint
from edge_node.chain_light.spec import Endpoint
from edge_node.chain_light.storage_key import item_prefix
from edge_node.chain_light.view import View
from edge_node.devnet.faults import Lie, Lies
from edge_node.devnet.pallets import dev_profile, sdk_profile
from edge_node.devnet.rpc import serve_rpc
from tests.chain_light.test_runtime_reader import COLD_KEY, KEYS
from tests.chain_light.view_rig import Known
from tests.devnet.rpc.desk import CHILD, serving
from tests.devnet.runtime.stage import ALICE

ACCOUNTS = item_prefix("System", "Account")
WAIT_S = 20


class Seen:
    """A served chain, the servers' lies, and a view of it through a pool of real connections."""

    def __init__(self, desk, lies, urls):
        self.desk, self.lies, self.chain = desk, lies, desk.chain
        listed = [Endpoint(url=url, group=f"group-{place}") for place, url in enumerate(urls)]
        self.pool = Endpoints(listed, clock=SystemClock(), random=bytes)
        self.known = Known(desk.chain)
        self.view = View(self.known, self.pool)

    def refused(self):
        return sum(one.refused for one in self.pool.statuses())


@asynccontextmanager
async def seeing(*, servers=2, profile=sdk_profile, version=0):
    async with serving(profile(version)) as desk, trio.open_nursery() as nursery:
        lies = [Lies() for _ in range(servers)]
        urls = []
        for one in lies:

            async def serve(one=one, task_status=trio.TASK_STATUS_IGNORED):
                await serve_rpc(desk.service, lies=one, task_status=task_status)

            urls.append((await nursery.start(serve)).url)
        await desk.blocks(2)
        seen = Seen(desk, lies, urls)
        await nursery.start(seen.pool.run)
        with trio.fail_after(WAIT_S):
            while len(seen.pool.sources()) < servers:
                await seen.pool.wait_change()
        yield seen
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("profile", [sdk_profile, dev_profile], ids=["sdk", "dev-80013"])
@pytest.mark.parametrize("version", [0, 1], ids=["state version 0", "state version 1"])
async def test_all_reads_of_a_served_chain(profile, version):
    """Values, prefixes whole, child tries, and what the release reads by itself."""
    async with seeing(servers=1, profile=profile, version=version) as seen:
        view, final = seen.view, seen.chain.final
        assert (await view.read(NUMBER.key)).value == (2).to_bytes(4, "little")
        for prefix in (ACCOUNTS, b"", b"nothing"):
            assert (await view.read_prefix(prefix)).value == tuple(final.state.pairs(prefix))
        for key, value in (*CHILD[b"shelf"].items(), (b"none", None)):
            assert (await view.read_child(b"shelf", key)).value == value
        assert (await view.read_child(b"no shelf", b"a")).value is None
        assert (await view.account(ALICE.id)).value.nonce == 0
        assert (await view.runtime()).value.spec_version == profile(version).version.spec_version
        assert len((await view.grandpa_set()).value[1]) == 4
        assert seen.refused() == 0


@pytest.mark.parametrize("lie", [Lie.WRONG_PROOF, Lie.SHORT_PROOF, Lie.HUGE, Lie.HANGS_UP])
async def test_a_server_that_lies_is_passed_over(lie):
    """Whichever of the two leads: what leaves the view is so."""
    async with seeing() as seen:
        leader = seen.pool.sources()[0].url
        liar = next(place for place, one in enumerate(seen.pool.statuses()) if one.url == leader)
        seen.lies[liar].tell(lie)
        assert (await seen.view.read_prefix(ACCOUNTS)).value == tuple(seen.chain.final.state.pairs(ACCOUNTS))
        assert (await seen.view.read(b"absent")).value is None
        assert seen.pool.sources()[0].url != leader


@pytest.mark.parametrize("lie", [Lie.WRONG_PROOF, Lie.SHORT_PROOF])
async def test_when_all_lie_nothing_leaves(lie):
    """And each is told why."""
    async with seeing() as seen:
        for one in seen.lies:
            one.tell(lie)
        with pytest.raises(NoEndpoint) as none:
            await seen.view.read(NUMBER.key)
        assert len(none.value.reasons) == 2


async def test_a_value_without_a_proof_is_never_asked_for():
    """A server that lies about those alone is no worse than an honest one."""
    async with seeing(servers=1) as seen:
        seen.lies[0].tell(Lie.WRONG_VALUE)
        assert (await seen.view.read(NUMBER.key)).value == (2).to_bytes(4, "little")
        assert seen.refused() == 0


async def test_permuted_metadata_signs_and_reads_nothing():
    """It is refused by its hash, before a byte of it is read; without the lie it is what was pinned."""
    async with seeing(servers=1) as seen:
        genesis, code = seen.chain.genesis.hash, (await seen.view.code()).value
        raw = await seen.pool.sources()[0].metadata(seen.chain.final.hash)
        runtime = Runtime(genesis, (await seen.view.runtime()).value.spec_version, code)
        pin = MetadataPin(runtime=runtime, metadata=(metadata_hash(raw),), issued_ms=0, counter=1)
        document = sign_metadata_pin(pin, [COLD_KEY])
        pins = MetadataPins().after(open_metadata_pin(document, keys=KEYS, genesis=genesis, now_ms=None))
        reader = RuntimeReader(seen.view, seen.pool, lambda: pins, genesis)
        seen.lies[0].tell(Lie.PERMUTED_METADATA)
        with pytest.raises(MetadataNotPinned, match="another hash"):
            await reader.read()
        seen.lies[0].stop()
        found = await reader.read_item("System", "Account", ALICE.id)
        assert found.value == seen.desk.stage.read("System", "Account", ALICE.id)
