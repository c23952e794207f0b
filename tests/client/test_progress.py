"""Chunks and how far they are."""

from collections.abc import AsyncIterator

import pytest

from edge_node.client.contents import Cut
from edge_node.client.progress import Told, untold


async def some(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_every_chunk_is_told_once_it_was_taken() -> None:
    """In order, with the size in all; the last one too; an empty chunk says nothing."""
    heard: list[tuple[int, int | None]] = []
    taken = []
    async for chunk in Told(some(b"ab", b"", b"cde"), lambda done, size: heard.append((done, size)), 5):
        taken.append((chunk, list(heard)))
    assert taken == [(b"ab", []), (b"", [(2, 5)]), (b"cde", [(2, 5)])]
    assert heard == [(2, 5), (5, 5)]


async def test_nobody_needs_to_listen() -> None:
    """The bytes are the same."""
    assert b"".join([chunk async for chunk in Told(some(b"ab", b"c"), untold, None)]) == b"abc"


@pytest.mark.parametrize("size", [0, 1, 2**20, 2**20 + 1])
async def test_bytes_are_cut_and_whole(size: int) -> None:
    """No step is empty or above 1 MiB."""
    content = bytes(size)
    steps = [step async for step in Cut(content)]
    assert b"".join(steps) == content
    assert all(0 < len(step) <= 2**20 for step in steps)
