"""Whose turn it is to have parts joined: one file of an owner at a time, and no owner's for longer than another's."""

import contextlib
from collections.abc import AsyncGenerator, Sequence

import trio

from edge_node.base.ids import Cid, VaultId
from edge_node.store.bucket_errors import EmptyMultipart, MalformedPartHash, TooManyParts, TotalSizeZero
from edge_node.wire.cid import CidKind, make_cid

PARTS_MAX = 16_384  # 2 TiB of the largest pieces; a record of 0.7 MiB, and its rows take a tenth of a second
NAMED = 512  # CIDs made in a row: 2 ms of the loop
HASH_BYTES = 32
REHASHED_MAX = 1  # parts hashed at once: two would share one disk, and have uploads wait for both


class Joining:
    """The turns of one node. A list of parts is short to send and long to work on: the same part in 16,384 places is
    half a megabyte that stands for terabytes. So who has more than one of them waits for himself, and all files that
    are being joined get on part by part (`hashing`).
    """

    def __init__(self) -> None:
        self.hashing = trio.CapacityLimiter(REHASHED_MAX)
        self._naming = trio.CapacityLimiter(1)
        self._lines: dict[VaultId, trio.Lock] = {}

    @contextlib.asynccontextmanager
    async def turn_of(self, owner: VaultId) -> AsyncGenerator[None, None]:
        """Wait until none of this owner's files is being joined; whoever asks in its name."""
        line = self._lines.setdefault(owner, trio.Lock())
        try:
            async with line:
                yield
        finally:
            if not line.locked() and self._lines.get(owner) is line:
                del self._lines[owner]

    async def name(self, part_hashes: Sequence[bytes]) -> tuple[Cid, ...]:
        """The CIDs of parts: plain pieces, since that is what the node answered when they were put.

        (Reference: DDC protocol, section 3.)
        """
        cids: list[Cid] = []
        async with self._naming:
            for at in range(0, len(part_hashes), NAMED):
                cids += [make_cid(CidKind.RAW_PIECE, digest) for digest in part_hashes[at : at + NAMED]]
                await trio.lowlevel.checkpoint()
        return tuple(cids)


def require_list(part_hashes: Sequence[bytes], total_size: int) -> None:
    """Raise EmptyMultipart, TooManyParts, TotalSizeZero or MalformedPartHash, whatever the bucket holds."""
    if not part_hashes:
        raise EmptyMultipart
    if len(part_hashes) > PARTS_MAX:
        raise TooManyParts(len(part_hashes), PARTS_MAX)
    if not total_size:
        raise TotalSizeZero
    for number, digest in enumerate(part_hashes):
        if len(digest) != HASH_BYTES:
            raise MalformedPartHash(number, len(digest))
