"""An endpoint for the state of a chain in memory: it tells the truth, and lies where it is told to.

What it answers can be changed by name: `source.lies["proof"] = fn` has `fn` given the honest answer and the arguments,
and its answer is sent. `source.silent` are methods that never answer; `source.asked` counts what was asked.
"""

from collections import Counter

import trio

from edge_node.chain_light.source_errors import EndpointGone, EndpointRefused
from edge_node.chain_light.trie_build import join_proofs
from edge_node.chain_light.trie_proof import child_root_key
from edge_node.devnet.runtime.chain import NoSuchBlock


class StateSource:
    """One endpoint of a chain. `children` are its default child tries by id."""

    def __init__(self, chain, url="ws://127.0.0.1:9944", group="a", *, children=None):
        self.chain, self.url, self.group = chain, url, group
        self.children = children or {}
        self.lies, self.silent, self.asked = {}, set(), Counter()
        self.ending, self._ended = None, trio.Event()

    async def carry(self, task_status=trio.TASK_STATUS_IGNORED):
        """Be connected, until closed: what endpoints.Connect does once it knows which source an endpoint is."""
        self.ending, self._ended = None, trio.Event()
        task_status.started(self)
        await self._ended.wait()

    async def wait_ended(self):
        await self._ended.wait()

    def close(self, why):
        self.ending = self.ending or EndpointGone(self.url, why)
        self._ended.set()

    async def genesis(self):
        return await self._say("genesis", self.chain.genesis.hash)

    async def finalized(self):
        return await self._say("finalized", self.chain.final.hash)

    async def header(self, block=None):
        found = self.chain.head if block is None else self._block(block)
        return await self._say("header", None if found is None else found.header, block)

    async def block_hashes(self, numbers):
        known = [self.chain.block_at(n).hash if n <= self.chain.head.number else None for n in numbers]
        return await self._say("block_hashes", known, numbers)

    async def storage(self, key, blocks):
        return await self._say("storage", [self._state("storage", block).get(key) for block in blocks], key, blocks)

    async def proof(self, block, keys):
        return await self._say("proof", self._state("proof", block).prove(keys), block, keys)

    async def child_proof(self, block, child, keys):
        top = self._state("child_proof", block).prove([child_root_key(child)])
        inner = self.children[child].prove(keys) if child in self.children else []
        return await self._say("child_proof", join_proofs([top, inner]), block, child, keys)

    async def keys_under(self, block, prefix, after, count):
        keys = [key for key, _ in self._state("keys_under", block).pairs(prefix) if after is None or key > after]
        return await self._say("keys_under", keys[:count], block, prefix, after, count)

    async def metadata(self, block):
        self._state("metadata", block)
        return await self._say("metadata", self.chain.form.written(15), block)

    async def _say(self, method, honest, *arguments):
        """The answer, after a turn of the loop as any answer takes; or what the endpoint is told to say instead."""
        self.asked[method] += 1
        await trio.lowlevel.checkpoint()
        if method in self.silent:
            await trio.sleep_forever()
        lie = self.lies.get(method)
        return honest if lie is None else lie(honest, *arguments)

    def _block(self, block):
        try:
            return self.chain.block(block)
        except NoSuchBlock:
            return None

    def _state(self, method, block):
        found = self._block(block)
        if found is None:
            raise EndpointRefused(method, 4003, "unknown block")
        return found.state
