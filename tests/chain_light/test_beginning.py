"""The first anchor of a life: what is kept, or the highest checkpoint that is believed."""

import pytest

from edge_node.chain_light.beginning import Beginning
from edge_node.chain_light.checkpoint_errors import CheckpointExpired
from edge_node.chain_light.clock_check import ClockCheck
from edge_node.chain_light.conflict import authorities_evidence
from edge_node.chain_light.spec import NetworkKind
from edge_node.chain_light.sync_policy import USUAL
from edge_node.trust.keys import SigningKey
from tests.chain_light.chain_world import DAY_MS, KEYS, World


@pytest.fixture
async def begin(world):
    """Begin, each time with a keeper that knows nothing; what came of it, and the keeper."""
    kept = []

    async def once(given=(), a_world=world):
        keeper = a_world.keeper()
        kept.append(keeper)
        made = Beginning(keeper, keeper._db, KEYS, ClockCheck(a_world.clock, USUAL))
        return await made.begin(given), keeper

    yield once
    for keeper in kept:
        keeper._db.close()


async def test_nothing_is_nothing(begin, autojump_clock):
    """No row and no checkpoint: no anchor, and nothing wrong with it."""
    begun, keeper = await begin()
    assert begun == ("", "", None)
    assert not keeper.has_anchor


async def test_the_highest_checkpoint_is_begun_from_and_kept(world, begin, autojump_clock):
    """The next life needs none; an older one that the settings still name changes nothing."""
    low, high = world.checkpoint(5), world.checkpoint(12)
    _, keeper = await begin([low, high])
    assert keeper.anchor == world.anchor_at(12)
    _, keeper = await begin([])
    assert keeper.anchor == world.anchor_at(12)
    begun, keeper = await begin([low])
    assert keeper.anchor == world.anchor_at(12)
    assert begun.lacking
    _, keeper = await begin([world.checkpoint(20)])
    assert keeper.anchor == world.anchor_at(20)


async def test_what_is_not_believed_is_told(world, begin, autojump_clock):
    """By nobody's key, and torn: each with its reason."""
    begun, keeper = await begin([world.checkpoint(5, key=SigningKey.from_seed(b"\x55" * 32)), b"{"])
    assert not keeper.has_anchor
    assert begun.lacking.count(";") >= 1


async def test_a_checkpoint_ends(world, begin, autojump_clock):
    """It is judged by a clock that can be right, and not by one that cannot."""
    raw = world.checkpoint(5, days=1)
    world.clock.offset_ms += 2 * DAY_MS
    begun, keeper = await begin([raw])
    assert not keeper.has_anchor
    assert begun.lacking
    made = Beginning(keeper, keeper._db, KEYS, ClockCheck(world.clock, USUAL))
    with pytest.raises(CheckpointExpired):
        await made.open(raw, None)
    world.clock.offset_ms = 0
    _, keeper = await begin([raw])
    assert keeper.anchor == world.anchor_at(5)


async def test_evidence_that_is_unsettled_halts(world, begin, autojump_clock):
    """Also where the checkpoint of the settings is ahead: a person has to look first."""
    _, keeper = await begin([world.checkpoint(5)])
    found = authorities_evidence(
        world.chain.genesis.hash, world.anchor_at(5), (), why="it names others", source="", found_ms=1
    )
    await keeper.keep_evidence(found)
    begun, keeper = await begin([world.checkpoint(30)])
    assert begun.halted == "it names others"
    assert keeper.anchor == world.anchor_at(30)
    begun, _ = await begin()
    assert begun.halted, "what the settings name settles nothing"


async def test_a_development_chain_is_named_by_its_checkpoint(tmp_path, inline_threads, begin, autojump_clock):
    """A new chain on the old database begins at its own checkpoint; without one, where the newest rows are."""
    one = World(tmp_path, kind=NetworkKind.DEVELOPMENT)
    one.grow(10)
    _, keeper = await begin([one.checkpoint(4)], one)
    assert keeper.genesis == one.chain.genesis.hash
    _, keeper = await begin([], one)
    assert (keeper.genesis, keeper.anchor) == (one.chain.genesis.hash, one.anchor_at(4))
