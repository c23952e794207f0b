"""A process that fills buckets until it is killed, and says on its standard output what was acknowledged."""

import os
import sys
from pathlib import Path

import trio
from blake3 import blake3

from edge_node.base.log import configure
from edge_node.trust.access import Verb
from edge_node.wire.cid import cid_digest, format_cid, raw_piece_cid
from tests.store.name_rig import signed_record
from tests.store.rig import Store, bucket_of, key_of, opened

BUCKETS = [bucket_of("ann", 1), bucket_of("ann", 2), bucket_of("bob", 3)]
SIZES = (10, 70_000, 1_100_000)


def part_of(epoch: int, writer: int, number: int) -> bytes:
    """Bytes that anyone can make again from their name; some of them the same for all writers."""
    seed = f"{epoch}/{writer if number % 3 else 'all'}/{number}".encode()
    return blake3(seed).digest(SIZES[number % len(SIZES)])


async def write(store: Store, epoch: int, writer: int) -> None:
    bucket, number = BUCKETS[writer % len(BUCKETS)], 0
    access = store.may_in(bucket, Verb.PUT)
    while True:
        parts = [part_of(epoch, writer, number + at) for at in range(3)]
        for part in parts:
            promise("piece", bucket.id, (await store.put_in(bucket, part)).cid)
        hashes = [cid_digest(raw_piece_cid(part)) for part in parts]
        put = await store.files.put_multipart(access, bucket, hashes, sum(map(len, parts)))
        promise("file", bucket.id, put.cid)
        node = b"\x0a\x04" + number.to_bytes(4, "big")
        promise("node", bucket.id, (await store.dag.put(access, bucket, node)).cid)
        name = f"{epoch}/{writer}/{number}"
        await store.names.put(access, bucket, signed_record(key_of("ann"), put.cid, name))
        promise("name", bucket.id, put.cid, name)
        number += 3


def promise(what: str, bucket: int, cid: bytes, name: str = "-") -> None:
    # One write each: a line in the pipe is a promise.
    os.write(1, f"{what} {bucket} {format_cid(cid)} {name}\n".encode())


async def main(folder: Path, epoch: int) -> None:
    configure("warning", "json")  # to standard error: standard output is for promises
    async with opened(folder) as store, trio.open_nursery() as nursery:
        os.write(1, b"ready\n")
        for writer in range(6):
            nursery.start_soon(write, store, epoch, writer)


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]), int(sys.argv[2]))
