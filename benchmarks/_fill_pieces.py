"""Fills a node's store with pieces and dies in the middle of the last ones: `python -m benchmarks._fill_pieces DIR N`.

The pieces go through `store.pieces`, as those that come through the door do. Then more are under way when the process
kills itself with SIGKILL: no close, no checkpoint, no clean mark.
"""

import os
import signal
import sys
from pathlib import Path

import trio

from benchmarks.journal_pieces import Shelf, make_contents, open_shelf

PIECE_BYTES = 1_024
IN_FLIGHT = 256
ROUND = 5_000  # contents made at a time
UNDER_WAY = 512  # puts that the kill cuts off


def fill(directory: Path, count: int) -> None:
    """Store `count` pieces, then never return."""
    trio.run(_fill, directory, count)


async def _fill(directory: Path, count: int) -> None:
    async with open_shelf(directory) as shelf:
        left = count
        while left:
            await _put(shelf, some := min(left, ROUND))
            left -= some
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_put, shelf, UNDER_WAY)
            await trio.sleep(0.02)
            os.kill(os.getpid(), signal.SIGKILL)


async def _put(shelf: Shelf, count: int) -> None:
    contents = iter(make_contents(PIECE_BYTES, count))

    async def worker() -> None:
        for content in contents:
            await shelf.put(content)

    async with trio.open_nursery() as nursery:
        for _ in range(IN_FLIGHT):
            nursery.start_soon(worker)


if __name__ == "__main__":
    fill(Path(sys.argv[1]), int(sys.argv[2]))
