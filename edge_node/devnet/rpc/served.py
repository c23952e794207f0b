"""What one server answers from: a chain, its own lies, and what of it clients ask for again and again."""

from collections.abc import Callable
from functools import cache

from edge_node.base.ids import Hash256, PublicKey
from edge_node.chain_light.metadata_bytes import write_metadata
from edge_node.chain_light.trie_build import Trie
from edge_node.devnet.chain_service import ChainService
from edge_node.devnet.faults import Lie, Lies
from edge_node.devnet.rpc.json_rpc import RpcError
from edge_node.devnet.rpc.permuted import permuted
from edge_node.devnet.rpc.subscriptions import Board
from edge_node.devnet.runtime import Block, NoSuchBlock, StateDiscarded
from edge_node.devnet.runtime.form import Form

UNKNOWN_BLOCK = 4_003  # "client error" of a node's state and chain methods


class Served:
    """The chain as one server shows it. `random(n)` makes the ids of subscriptions, `peer` is the node's name."""

    def __init__(self, service: ChainService, lies: Lies, random: Callable[[int], bytes], peer: PublicKey) -> None:
        self.service, self.lies, self.random, self.peer = service, lies, random, peer
        self.board = Board(lies)
        self._stale: tuple[Block, Block] | None = None
        self._metadata = cache(self._write_metadata)

    @property
    def form(self) -> Form:
        """The runtime's."""
        return self.service.chain.form

    @property
    def best(self) -> Block:
        """The newest block, as it is told."""
        return self._stale[0] if self._stale else self.service.chain.head

    @property
    def final(self) -> Block:
        """The newest final block, as it is told."""
        return self._stale[1] if self._stale else self.service.chain.final

    def lie(self, name: str, much: float | None = None) -> None:
        """Begin a lie; NoSuchLie."""
        self.lies.tell(name, much)
        if name == Lie.STALE_HEAD:
            self._stale = (self.service.chain.head, self.service.chain.final)

    def be_honest(self, name: str | None = None) -> None:
        """End a lie, or all; NoSuchLie."""
        self.lies.stop(name)
        if Lie.STALE_HEAD not in self.lies.told:
            self._stale = None

    def block(self, at: Hash256 | None) -> Block | None:
        """The block of this hash, the best one without; None for an unknown hash."""
        if at is None:
            return self.best
        try:
            return self.service.chain.block(at)
        except NoSuchBlock:
            return self.service.forged.get(at)

    def known(self, at: Hash256 | None) -> Block:
        """The same; RpcError for an unknown hash."""
        block = self.block(at)
        if block is None:
            raise RpcError(UNKNOWN_BLOCK, f"Client error: UnknownBlock: Header was not found in the database: 0x{at}")
        return block

    def state(self, at: Hash256 | None) -> Trie:
        """The state after a block; RpcError where it is unknown or discarded."""
        block = self.known(at)
        try:
            return self.service.chain.state_of(block)
        except StateDiscarded:
            why = f"Client error: UnknownBlock: State already discarded for 0x{block.hash}"
            raise RpcError(UNKNOWN_BLOCK, why) from None

    def metadata(self, version: int) -> bytes:
        """The runtime's metadata in version 14 or 15, written once."""
        return self._metadata(version, Lie.PERMUTED_METADATA in self.lies.told)

    def _write_metadata(self, version: int, lying: bool) -> bytes:  # noqa: FBT001 (a key of the cache)
        metadata = self.form.metadata
        return write_metadata(permuted(metadata) if lying else metadata, version)
