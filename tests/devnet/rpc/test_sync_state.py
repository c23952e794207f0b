"""`sync_state_genSyncSpec`: what it says is read as an operator's own node's would be, and held against the chain."""

import json

from edge_node.chain_light.authority_state import decode_authority_state
from edge_node.chain_light.checkpoint_draft import read_sync_state
from edge_node.chain_light.header import genesis_header, hash_header
from edge_node.chain_light.trie_build import Trie
from tests.devnet.rpc.desk import CHILD, bytes_of, serving


async def test_a_checkpoint_can_be_made_of_it():
    """The final header and its voters, after changes and with one under way."""
    async with serving() as desk:
        for delay in (0, 2):
            await desk.ask("devnet_scheduleChange", delay)
            await desk.blocks(4)
        await desk.ask("devnet_scheduleChange", 9)
        await desk.blocks(2)
        anchor = read_sync_state(json.dumps(await desk.ask("sync_state_genSyncSpec", True)).encode())
        assert anchor.hash == desk.chain.final.hash
        assert anchor.voters == desk.chain.voters.current
        assert anchor.pending == desk.chain.voters.pending
        assert anchor.pending.last_of_set == 18


async def test_it_tells_where_each_set_ended():
    """By set id, and what several announcements wait for each other."""
    async with serving() as desk:
        await desk.ask("devnet_scheduleChange", 0)
        await desk.blocks(3)
        await desk.ask("devnet_withholdFinality", True)
        for _ in range(2):
            await desk.ask("devnet_scheduleChange", 1)
            await desk.ask("devnet_writeBlocks", 3)
        spec = await desk.ask("sync_state_genSyncSpec", False)
        state = decode_authority_state(bytes_of(spec["lightSyncState"]["grandpaAuthoritySet"]))
        assert state.set_changes == ((0, 1),)
        assert state.best_finalized == 3
        (first,) = state.standard
        (second,) = first.then
        assert [(one.number, one.change.delay) for one in (first, second)] == [(4, 1), (7, 1)]
        assert second.hash == desk.chain.block_at(7).hash


async def test_the_first_state_gives_the_genesis():
    """Its root is the first header's, child tries included."""
    async with serving() as desk:
        raw = (await desk.ask("sync_state_genSyncSpec", True))["genesis"]["raw"]
        top = {bytes_of(key): bytes_of(value) for key, value in raw["top"].items()}
        for name, pairs in raw["childrenDefault"].items():
            child = Trie({bytes_of(key): bytes_of(value) for key, value in pairs.items()}, 0)
            top[bytes_of(name)] = child.root
        assert len(raw["childrenDefault"]) == len(CHILD)
        assert hash_header(genesis_header(Trie(top, 0).root)) == desk.chain.genesis.hash
