"""Groups, people and checkpoints vouch for what an old anchor led to."""

import pytest
import trio

from edge_node.base.ids import Hash256
from edge_node.chain_light.checkpoint import open_checkpoint
from edge_node.chain_light.guarantors import BESIDE_S, TYPED_MAX, Guarantors
from edge_node.chain_light.offline_age import Standing, Trust
from edge_node.chain_light.sync_policy import USUAL
from edge_node.chain_light.warping import Warp
from tests.chain_light.chain_world import DAY_MS, KEYS


@pytest.fixture
async def guarantors(world):
    """Of a keeper at block 30 that is provisional."""
    keeper = world.keeper(30)
    keeper.trust = Trust(Standing.PROVISIONAL, 28 * DAY_MS)
    warp = Warp(world.pool, clock=world.clock, policy=USUAL)
    yield Guarantors(world.pool, keeper, warp, keeper._clock_check)
    keeper._db.close()


def opened(world, number, **more):
    """A checkpoint that is believed."""
    return open_checkpoint(world.checkpoint(number, **more), keys=KEYS, genesis=None, now_ms=None)


async def test_three_witnesses_lift_it(world, autojump_clock, guarantors):
    """Two groups and a person whose hash is on our chain; until then it is told who is lacking."""
    guarantors.groups = frozenset({"a", "b"})
    assert not await guarantors.settle()
    guarantors.type_in(world.chain.block_at(29).hash)
    assert not await guarantors.settle(), "the keeper does not remember this block"
    guarantors.type_in(world.chain.block_at(30).hash)
    assert await guarantors.settle()
    assert guarantors._keeper.sound
    assert not await guarantors.settle()


async def test_typed_hashes_are_bounded(guarantors, autojump_clock):
    """The newest count; one typed twice counts once."""
    for number in range(40):
        guarantors.type_in(Hash256(number.to_bytes(32, "big")))
        guarantors.type_in(Hash256(number.to_bytes(32, "big")))
    assert len(guarantors._typed) == len(set(guarantors._typed)) == TYPED_MAX


async def test_a_checkpoint_on_our_chain_vouches_at_once(world, autojump_clock, guarantors):
    """It is the anchor's own block."""
    await guarantors.take_in(opened(world, 30))
    assert guarantors._keeper.sound


async def test_one_below_vouches_when_its_chain_has_led_as_far(world, autojump_clock, guarantors):
    """Endpoints that lie about it change nothing; the height never goes back."""
    await guarantors.take_in(opened(world, 10))
    assert not guarantors._keeper.sound
    world[0].fault = world[1].fault = "torn finality"
    assert not await guarantors.settle()
    assert guarantors._keeper.anchor == world.anchor_at(30)
    world[1].fault = ""
    world[1].banned_until_s = 0
    assert await guarantors.settle()
    assert guarantors._keeper.anchor == world.anchor_at(39)
    assert guarantors._keeper._db.load(world.chain.genesis.hash).anchors[0].anchor == world.anchor_at(39)


async def test_what_is_followed_beside_waits_until_it_is_as_far(world, autojump_clock, guarantors):
    """An endpoint that is behind leads a part of the way; nobody is asked once nothing is owed."""
    world.grow(20)
    await guarantors._keeper.amend(world.anchor_at(30), world.anchor_at(59))
    await guarantors.take_in(opened(world, 10))
    world[0].final_at = world[1].final_at = 39
    assert not await guarantors.settle()
    assert guarantors._beside.anchor == world.anchor_at(39)
    world[0].final_at = world[1].final_at = None
    assert await guarantors.settle()
    assert guarantors._keeper.sound
    await guarantors.take_in(opened(world, 11))
    asked = world[0].asked
    assert not await guarantors.settle()
    assert world[0].asked == asked


@pytest.mark.parametrize("late", [DAY_MS, 28 * DAY_MS])
async def test_an_old_one_does_not(world, autojump_clock, guarantors, late):
    """Older than stakes are bound, or by a clock that cannot be right: nothing is followed beside."""
    if late == DAY_MS:
        world.clock.offset_ms = 0
    else:
        world.clock.offset_ms += late
    await guarantors.take_in(opened(world, 30))
    assert not guarantors._keeper.sound


async def test_a_new_anchor_forgets_what_was_followed_beside(world, autojump_clock, guarantors):
    """It was of the one before."""
    await guarantors.take_in(opened(world, 10))
    guarantors.forget_beside()
    assert not await guarantors.settle()
    assert guarantors._keeper.anchor == world.anchor_at(30)


async def test_who_knew_what_was_known_before_vouches_for_nothing(world, autojump_clock, guarantors):
    """Groups that have the old anchor, and a person who typed it, say nothing of what it was followed by."""
    guarantors._keeper.owed_above = 30
    guarantors.hear(frozenset({"a", "b", "c"}), 30)
    guarantors.type_in(world.chain.block_at(30).hash)
    assert guarantors.witnesses().count == 0
    assert not await guarantors.settle()
    guarantors._keeper.owed_above = 29
    assert guarantors.witnesses().count == 4
    assert await guarantors.settle()


async def test_a_checkpoint_that_grows_old_while_it_is_followed_is_dropped(world, autojump_clock, guarantors):
    """By then its own voters may have withdrawn their stakes."""
    await guarantors.take_in(opened(world, 10))
    world.clock.offset_ms += 4 * DAY_MS
    assert not await guarantors.settle()
    assert guarantors._beside is None
    assert guarantors._keeper.anchor == world.anchor_at(30)


async def test_our_own_chain_waits_half_an_hour_for_the_one_beside(world, autojump_clock, guarantors):
    """And no longer, where nobody leads that one on."""
    assert not guarantors.leads_beside
    await guarantors.take_in(opened(world, 10))
    assert guarantors.leads_beside
    await trio.sleep(BESIDE_S)
    assert not guarantors.leads_beside
    assert await guarantors.settle()
    await guarantors.take_in(opened(world, 20))
    guarantors.forget_beside()
    assert not guarantors.leads_beside
