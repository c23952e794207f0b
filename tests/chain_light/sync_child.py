"""A light client in a process of its own, to be killed: it says each advance that it tells of on standard output."""

import sys
from dataclasses import replace
from pathlib import Path

import trio

from edge_node.chain_light.spec import NetworkKind
from edge_node.chain_light.sync_policy import USUAL
from edge_node.devnet.runtime import ChangeOrder
from tests.chain_light.chain_world import FOUR, World, running

BLOCKS, EVERY = 90, 4


def make_world(directory):
    """The same chain in every process: a hand-off every few blocks, some with a delay."""
    world = World(directory, kind=NetworkKind.DEVELOPMENT, groups=("a",), policy=replace(USUAL, batch=1, save_s=0.001))
    world.grow(BLOCKS, {n: ChangeOrder(FOUR[n // EVERY % 2 :], n // EVERY % 3) for n in range(EVERY, BLOCKS, EVERY)})
    return world


async def main(directory):
    """Follow until killed."""
    world = make_world(directory)

    def tell(anchor):
        print("told", anchor.header.number, anchor.voters.id, flush=True)

    client = world.client(checkpoints=[world.checkpoint()])
    client.on_final.append(tell)
    async with running(world, client, live=False):
        await trio.sleep_forever()


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]))
