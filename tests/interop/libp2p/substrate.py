"""What a full node of a Substrate chain answers over libp2p, for a chain that lives in this process.

Streams of notices are opened by each side in turn: the caller's first, then ours. What is asked is kept in `asked`, and
what went out as proofs in `warps` and `proofs`, for who wants to hold the same bytes against another client; the ids
of the sets that callers said they are in stand in `neighbours`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import trio

from edge_node.base.ids import Hash256
from edge_node.chain_light.commit import CompactCommit, encode_commit
from edge_node.chain_light.header import encode_header
from edge_node.chain_light.justification import decode_justification
from edge_node.chain_light.trie_build import Trie
from edge_node.chain_light.trie_proof import CHILD_STORAGE, encode_proof
from edge_node.devnet.runtime import Block, Chain, NoSuchBlock, warp_proof
from edge_node.trust.keys import SigningKey
from edge_node.wire.scale import blob, uint
from tests.interop.libp2p import bytes as wire
from tests.interop.libp2p.host import Caller, Channel, Handler
from tests.interop.libp2p.noise import public_key_message

FULL = b"\x01"
CODE_KEYS = (b":code", b":heappages")
_HEADER, _BODY = 1 << 24, 1 << 25
_CALL, _READ, _READ_CHILD = 1, 2, 4
_COMMIT, _NEIGHBOUR = 1, 2
_BEST = b"\x01"
BLOCKS_MAX = 128

Warp = Callable[[Hash256], bytes]
Talk = Callable[[Channel, Channel], Awaitable[None]]
Prove = Callable[[Trie, Sequence[bytes]], bytes]


def prove_honestly(state: Trie, keys: Sequence[bytes]) -> bytes:
    """The entries that tell of these keys, as SCALE."""
    return encode_proof(state.prove(keys))


@dataclass
class ChainPeer:
    """One chain as it is served. `read_by_calls` are the keys that any call of the runtime may read.

    `warp` and `prove` make what is sent where that is not to be the truth.
    """

    chain: Chain
    identity: SigningKey
    read_by_calls: tuple[bytes, ...] = ()
    warp: Warp | None = None
    prove: Prove = prove_honestly
    asked: list[str] = field(default_factory=list)
    warps: list[bytes] = field(default_factory=list)
    proofs: list[bytes] = field(default_factory=list)
    neighbours: list[int] = field(default_factory=list)
    _news: trio.Event = field(default_factory=trio.Event)

    @property
    def handlers(self) -> dict[str, Handler]:
        """By protocol."""
        prefix = f"/{self.chain.genesis.hash}"
        return {
            f"{prefix}/block-announces/1": self._noticing("block-announces/1", self._hello, self._announce),
            f"{prefix}/transactions/1": self._noticing("transactions/1", lambda: FULL, _silent),
            f"{prefix}/grandpa/1": self._noticing("grandpa/1", lambda: FULL, self._vote),
            f"{prefix}/sync/warp": partial(self._request, self._warp),
            f"{prefix}/sync/2": partial(self._request, self._sync),
            f"{prefix}/light/2": partial(self._request, self._light),
            f"{prefix}/kad": partial(self._request, _kad),
            "/ipfs/id/1.0.0": self._identify,
            "/ipfs/ping/1.0.0": _ping,
        }

    def _noticing(self, name: str, hello: Callable[[], bytes], talk: Talk) -> Handler:
        return partial(self._notices, f"/{self.chain.genesis.hash}/{name}", hello, talk)

    async def _request(self, answer: Callable[[bytes], bytes], caller: Caller, channel: Channel) -> None:
        asked = await channel.receive()
        await channel.send(answer(asked))
        await channel.stream.close()

    async def _notices(
        self, name: str, hello: Callable[[], bytes], talk: Talk,
        caller: Caller, channel: Channel,
    ) -> None:  # fmt: skip
        """Take the caller's stream, then open ours, and say there what is to be said."""
        await channel.receive()
        await channel.send(hello())
        back = await caller.open(name)
        await back.send(hello())
        await back.receive()
        await talk(channel, back)

    async def _announce(self, heard: Channel, told: Channel) -> None:
        """Say of each new block that it is there, and the best."""
        known = self.chain.head.number
        while True:
            news, newest = self._news, self.chain.head.number
            for number in range(known + 1, newest + 1):
                await told.send(encode_header(self.chain.block_at(number).header) + _BEST + blob(b""))
            known = newest
            await news.wait()

    async def _vote(self, heard: Channel, told: Channel) -> None:
        """Say how far finality is, and prove it to who has come to the set that voted."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tell_finality, told)
            while True:
                notice = await heard.receive()
                if notice[0] == _NEIGHBOUR:
                    self.neighbours.append(int.from_bytes(notice[10:18], "little"))
                    await self._prove(told)

    async def _tell_finality(self, told: Channel) -> None:
        while True:
            news = self._news
            await told.send(self._neighbour())
            await self._prove(told)
            await news.wait()

    async def _prove(self, told: Channel) -> None:
        """The newest justification as a commit, if the other side's set signed it."""
        newest = self.chain.finalities.get(self.chain.final.number)
        if newest is not None and self.neighbours and self.neighbours[-1] == newest.set_id:
            commit = CompactCommit.of(decode_justification(newest.justification), newest.set_id)
            await told.send(bytes((_COMMIT,)) + encode_commit(commit))

    def news(self) -> None:
        """The chain has new blocks, or more of it is final: tell whoever listens."""
        self._news.set()
        self._news = trio.Event()

    def _hello(self) -> bytes:
        head = self.chain.head
        return FULL + uint(head.number, 4) + head.hash + self.chain.genesis.hash

    def _neighbour(self) -> bytes:
        """How far finality is: the packet's version 1."""
        voters = self.chain.voters.current
        newest = self.chain.finalities.get(self.chain.final.number)
        number = 0 if newest is None else decode_justification(newest.justification).round
        return b"\x02\x01" + uint(number, 8) + uint(voters.id, 8) + uint(self.chain.final.number, 4)

    def _warp(self, asked: bytes) -> bytes:
        self.asked.append("warp")
        proof = (self.warp or partial(warp_proof, self.chain))(Hash256(asked))
        self.warps.append(proof)
        return proof

    def _light(self, asked: bytes) -> bytes:
        """Proofs of storage, and those for calls: whatever a call may read."""
        ((number, (message,)),) = wire.fields(asked).items()
        told = wire.fields(message)
        state = self.chain.block(Hash256(told[2][0])).state
        if number == _CALL:
            self.asked.append(f"call {told[3][0].decode()}")
            proof = self.prove(state, (*CODE_KEYS, *self.read_by_calls))
        elif number == _READ:
            self.asked.append("read")
            proof = self.prove(state, told.get(3, []))
        elif number == _READ_CHILD:
            self.asked.append("read child")
            proof = self._prove_child(state, told[3][0], told.get(6, []))
        else:
            raise wire.PeerFault(f"a request of kind {number}")
        self.proofs.append(proof)
        return wire.field(_CALL if number == _CALL else _READ, wire.field(2, proof))

    def _prove_child(self, state: Trie, child: bytes, keys: Sequence[bytes]) -> bytes:
        """The way to the child trie's root, and on from there."""
        inner = self.chain.children.get(child.removeprefix(CHILD_STORAGE))
        return encode_proof(state.prove([child]) + ([] if inner is None else inner.prove(keys)))

    def _sync(self, asked: bytes) -> bytes:
        """Blocks from one of them on, as many as wanted, without justifications: those come in warps and as commits.

        smoldot takes the ones of an answer newest first, and calls one malicious that another has to come before; no
        chain of long sets ever shows it two.
        """
        told = wire.fields(asked)
        wanted, upwards = _first(told, 1, 0), _first(told, 5, 0) == 0
        self.asked.append("blocks")
        try:
            block = self._named(told)
        except NoSuchBlock:
            return b""
        step = 1 if upwards else -1
        last = block.number + step * (min(_first(told, 6, 1), BLOCKS_MAX) - 1)
        numbers = range(block.number, max(0, min(last, self.chain.head.number)) + step, step)
        return b"".join(wire.field(1, self._block(self.chain.block_at(number), wanted)) for number in numbers)

    def _named(self, told: dict) -> Block:
        if 2 in told:
            return self.chain.block(Hash256(told[2][0]))
        return self.chain.block_at(int.from_bytes(told[3][0], "little"))

    def _block(self, block: Block, wanted: int) -> bytes:
        told = wire.field(1, bytes(block.hash))
        if wanted & _HEADER:
            told += wire.field(2, encode_header(block.header))
        if wanted & _BODY:
            told += b"".join(wire.field(3, raw) for raw in block.extrinsics)
        return told

    async def _identify(self, caller: Caller, channel: Channel) -> None:
        names = b"".join(wire.field(3, name.encode()) for name in self.handlers)
        told = wire.field(1, public_key_message(self.identity)) + wire.field(2, b"/ip4/127.0.0.1") + names
        await channel.send(told + wire.field(5, b"/substrate/1.0") + wire.field(6, b"devnet"))
        await channel.stream.close()


async def _silent(heard: Channel, told: Channel) -> None:
    await trio.sleep_forever()


async def _ping(caller: Caller, channel: Channel) -> None:
    while True:
        await channel.stream.send_all(await channel.exactly(32))


def _kad(asked: bytes) -> bytes:
    """Nobody else is known."""
    return wire.field(1, _first(wire.fields(asked), 1, 0))


def _first(told: dict, number: int, default):
    return told.get(number, [default])[0]
