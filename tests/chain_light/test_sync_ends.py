"""The light client dies at every moment it writes, and goes on from what is on the medium."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest
import trio

from edge_node.chain_light.chain_db import open_chain_db
from edge_node.chain_light.status import ChainState
from tests.chain_light.chain_world import World, running, until
from tests.chain_light.sync_child import make_world

ROOT = Path(__file__).parents[2]


class Died(Exception):
    """The power is gone."""


class DyingDb:
    """A database whose process dies before, or after, its write number `last`."""

    def __init__(self, db, last, *, after):
        self.db, self.last, self.after, self.writes = db, last, after, 0

    def __getattr__(self, name):
        real = getattr(self.db, name)
        if name not in {"save_all", "accept"}:
            return real

        def write(*arguments, **more):
            self.writes += 1
            if self.writes == self.last and not self.after:
                raise Died
            real(*arguments, **more)
            if self.writes == self.last:
                raise Died

        return write


@contextmanager
def death():
    """What the death of the client comes out as."""
    try:
        yield
    except* Died:
        pass


async def die(world, checkpoint, last, *, after):
    """Run a client that dies at a write; what it told, and whether it came to that write."""
    told = []
    db = DyingDb(open_chain_db(world.directory / "chain.db"), last, after=after)
    client = world.client(db=db, checkpoints=[checkpoint])
    client.on_final.append(lambda anchor: told.append((anchor.header.number, anchor.voters.id)))
    with death():
        async with running(world, client, live=False):
            await until(client, ChainState.FOLLOWING)
    db.close()
    return told, db.writes >= last


def require_kept(world, told):
    """What was told of a hand-off is on the medium; what is there is the chain's."""
    db = open_chain_db(world.directory / "chain.db")
    loaded = db.load(world.chain.genesis.hash)
    db.close()
    assert loaded.damaged == ()
    if told:
        handed_over = next(number for number, set_id in told if set_id == told[-1][1])
        assert loaded.anchors[0].anchor.header.number >= handed_over
    for one in loaded.anchors:
        assert one.anchor == world.anchor_at(one.anchor.header.number)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_it_dies_at_every_write(tmp_path, inline_threads, autojump_clock, after):
    """Before the commit nothing was told, after it nothing is lost; the next life ends where the chain does."""
    last, came = 1, True
    while came:
        directory = tmp_path / str(last)
        directory.mkdir()
        world = make_world(directory)
        checkpoint = world.checkpoint()
        told, came = await die(world, checkpoint, last, after=after)
        require_kept(world, told)
        async with running(world, live=False, checkpoints=[checkpoint]) as client:
            await until(client, ChainState.FOLLOWING)
            assert client.anchor == world.anchor_at(world.chain.final.number)
        last += 1
    assert last > 20, "it wrote for each batch"


@pytest.mark.parametrize("lines", [1, 7, 15])
def test_a_process_that_is_killed_goes_on(tmp_path, lines):
    """SIGKILL right after an advance was told: it is on the medium, and the rest is proved anew."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.chain_light.sync_child", str(tmp_path)],
        cwd=ROOT, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True,
    )  # fmt: skip
    try:
        said = (line.split() for line in child.stdout)
        told = [(int(words[1]), int(words[2])) for words in islice((w for w in said if w[0] == "told"), lines)]
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=30)

    async def go_on():
        world = make_world(tmp_path)
        require_kept(world, told)
        async with running(world, live=False) as client:
            await until(client, ChainState.FOLLOWING, seconds=30)
            assert client.anchor == world.anchor_at(world.chain.final.number)

    assert len(told) == lines
    trio.run(go_on)


async def test_a_world_is_the_same_each_time(tmp_path, inline_threads, autojump_clock):
    """What the two tests above stand on."""
    one, other = make_world(tmp_path), make_world(tmp_path)
    assert isinstance(one, World)
    assert one.chain.head.hash == other.chain.head.hash
