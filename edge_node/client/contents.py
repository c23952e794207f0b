"""Content on its way between a file and a node: hashed as it passes, on disk under its name only when it is right."""

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol, Self

import anyio
from blake3 import blake3

from edge_node.base.ids import Cid
from edge_node.base.limits import EXTENT_BYTES
from edge_node.client.errors import ContentMismatch
from edge_node.wire.cid import cid_digest


class Hasher(Protocol):
    """BLAKE3 or BLAKE2b, as the CID says."""

    def update(self, data: bytes, /) -> object:
        """Take in more bytes."""
        ...

    def digest(self) -> bytes:
        """The digest of all bytes so far."""
        ...


def hasher_of(cid: Cid) -> Hasher:
    """The hash a CID is made with: BLAKE3-256, or BLAKE2b-256 in the legacy form."""
    return hashlib.blake2b(digest_size=32) if len(cid) == Cid.legacy_size else blake3()


async def hash_file(path: Path) -> tuple[bytes, int]:
    """BLAKE3-256 and size of a file, read in 1 MiB steps off the event loop."""
    return await anyio.to_thread.run_sync(_hash_file, path)


def _hash_file(path: Path) -> tuple[bytes, int]:
    hasher, size = blake3(), 0
    with path.open("rb") as file:
        while chunk := file.read(EXTENT_BYTES):
            hasher.update(chunk)
            size += len(chunk)
    return hasher.digest(), size


async def read_file(path: Path) -> AsyncIterator[bytes]:
    """The bytes of a file in 1 MiB steps."""
    file = await anyio.to_thread.run_sync(path.open, "rb")
    try:
        while chunk := await anyio.to_thread.run_sync(file.read, EXTENT_BYTES):
            yield chunk
    finally:
        file.close()


class Cut:
    """Bytes in 1 MiB steps."""

    def __init__(self, content: bytes) -> None:
        self._left = memoryview(content)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        step, self._left = self._left[:EXTENT_BYTES], self._left[EXTENT_BYTES:]
        return bytes(step)


async def save_verified(cid: Cid, chunks: AsyncIterator[bytes], path: Path, limit: int) -> int:
    """Write content beside `path` and rename it there once it hashes to `cid`, durable on return; its size.

    ContentMismatch otherwise, and for more than `limit` bytes; then nothing is left of it.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    hasher, size = hasher_of(cid), 0
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        async for chunk in chunks:
            size += len(chunk)
            _require(size <= limit, cid, f"more than {limit} bytes came")
            await anyio.to_thread.run_sync(_take, descriptor, hasher, chunk)
        _require(hasher.digest() == cid_digest(cid), cid, f"{size} bytes came that hash to something else")
        await anyio.to_thread.run_sync(os.fsync, descriptor)
        draft.rename(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    return size


def _require(holds: bool, cid: Cid, why: str) -> None:  # noqa: FBT001 - it reads as an assertion
    if not holds:
        raise ContentMismatch(cid, why)


def _take(descriptor: int, hasher: Hasher, chunk: bytes) -> None:
    hasher.update(chunk)
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]
