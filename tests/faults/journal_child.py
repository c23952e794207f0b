"""A process that appends until it is killed, and says on its standard output what was acknowledged."""

import hashlib
import os
import sys
from pathlib import Path

import trio

from edge_node.base.log import configure
from edge_node.journal import Lane, Position
from tests.journal.rig import BLOB, ERASE, FACT, NOTE, draft, open_door, running

WRITERS = 16
SIZES = (0, 17, 300, 300, 1_000, 5_000, 40_000)
KINDS = (NOTE, NOTE, BLOB, FACT, ERASE)


def payload_of(epoch: int, writer: int, number: int) -> bytes:
    """Bytes that anyone can make again from their name."""
    seed = f"{epoch}/{writer}/{number}".encode()
    size = SIZES[hashlib.blake2b(seed).digest()[0] % len(SIZES)]
    return seed + b" " + hashlib.shake_128(seed).digest(size)


async def write(journal, epoch: int, writer: int) -> None:
    number = 0
    while True:
        names = range(number, number + 1 + number % 3)
        drafts = [draft(KINDS[(writer + name) % len(KINDS)], payload_of(epoch, writer, name)) for name in names]
        placed = await journal.append(drafts, Lane(writer % 3))
        lines = [line_of(one.position, epoch, writer, name) for one, name in zip(placed, names, strict=True)]
        # One write per ticket: a line in the pipe is a promise.
        os.write(1, "".join(lines).encode())
        number = names.stop


def line_of(position: Position, epoch: int, writer: int, name: int) -> str:
    return f"{position.segment_class.value} {position.segment} {position.offset} {epoch} {writer} {name}\n"


async def main(folder: Path, epoch: int) -> None:
    configure("warning", "json")  # to standard error: standard output is for promises
    async with running(open_door(folder)) as journal, trio.open_nursery() as nursery:
        os.write(1, b"ready\n")
        for writer in range(WRITERS):
            nursery.start_soon(write, journal, epoch, writer)


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]), int(sys.argv[2]))
