"""What the light client asks of an endpoint, whatever carries the words: an answer is a hint, or goes to a verifier."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import trio

from edge_node.base.ids import Hash256
from edge_node.chain_light.header import Header


class Source(Protocol):
    """One endpoint. Methods raise what is wrong with the connection or the answer (chain_light/source_errors).

    None where the endpoint says that it has no such thing. Nothing here is believed: a hash is compared, a proof is
    verified, the rest is a hint.
    """

    @property
    def url(self) -> str:
        """Where it is."""
        ...

    @property
    def group(self) -> str:
        """Whose it is: endpoints of one group are one witness."""
        ...

    async def genesis(self) -> Hash256:
        """The hash of block 0, as it says."""
        ...

    async def finalized(self) -> Hash256:
        """The newest final block, as it says."""
        ...

    async def header(self, block: Hash256 | None = None) -> Header | None:
        """The header of a block, hashed again and compared (OtherHeader); of the best head without a hash: a hint."""
        ...

    async def block_hashes(self, numbers: Sequence[int]) -> list[Hash256 | None]:
        """The hashes at these heights, as it says; one batch."""
        ...

    async def storage(self, key: bytes, blocks: Sequence[Hash256]) -> list[bytes | None]:
        """A value at each of these blocks, as it says and without a proof; one batch. For searching only."""
        ...

    async def finality(self, number: int) -> bytes | None:
        """A finality proof for `number` (SCALE): of its set's last block, or of the newest justified one."""
        ...

    async def proof(self, block: Hash256, keys: Sequence[bytes]) -> list[bytes]:
        """The trie nodes that prove these keys at a block."""
        ...

    async def child_proof(self, block: Hash256, child: bytes, keys: Sequence[bytes]) -> list[bytes]:
        """The trie nodes that prove these keys of a child trie at a block; `child` without its prefix."""
        ...

    async def keys_under(self, block: Hash256, prefix: bytes, after: bytes | None, count: int) -> list[bytes]:
        """Keys under a prefix, in order, as it says: what to ask proofs for, never a complete list."""
        ...

    async def metadata(self, block: Hash256) -> bytes:
        """The runtime's metadata at a block, as it says: worth nothing without a pin."""
        ...

    async def submit(self, extrinsic: bytes) -> Hash256:
        """Send an extrinsic; its hash. That it was taken says nothing about any block."""
        ...

    def justifications(self) -> AbstractAsyncContextManager[trio.MemoryReceiveChannel[bytes]]:
        """Justifications as they come (SCALE); the channel is bounded and ends with the connection."""
        ...
