"""Justifications that are pushed, claims that are not, and two final blocks of one height."""

import pytest
import trio

from edge_node.base.errors import RemoteError
from edge_node.chain_light.finality_errors import ConflictingFinality, ForcedChangeSeen, TooFewVotes
from edge_node.chain_light.following import FEEDS_MAX, Follower, TwoFinalBlocks
from edge_node.chain_light.source_errors import EndpointSilent
from edge_node.chain_light.sync_policy import USUAL
from edge_node.chain_light.warping import NothingProved, Warp
from edge_node.devnet.runtime import ChangeOrder
from tests.chain_light.chain_world import FOUR, ChainSource
from tests.devnet.runtime.stage import VALIDATORS


@pytest.fixture
async def follower(world):
    """A follower at block 39, the newest final one."""
    keeper = world.keeper(39)
    yield Follower(world.pool, keeper, Warp(world.pool, clock=world.clock, policy=USUAL), policy=USUAL)
    keeper._db.close()


def at(follower):
    return follower._keeper.anchor.header.number


def newest(world):
    """The justification of the newest final block."""
    return world.chain.finalities[world.chain.final.number].justification


async def test_a_pushed_justification_leads_on(world, autojump_clock, follower):
    """With the headers between, so that announcements are seen."""
    world.grow(7, {43: ChangeOrder(FOUR[:3], 9)})
    await follower.hear(world[0], newest(world))
    assert follower._keeper.anchor == world.anchor_at(46)
    assert follower._keeper.anchor.pending.last_of_set == 52
    await follower.hear(world[1], newest(world))
    assert at(follower) == 46


async def test_a_justification_beyond_the_sets_end_asks_for_the_hand_off_first(world, autojump_clock, follower):
    """The push of the block that ended the set was missed."""
    world.grow(1, {41: ChangeOrder(FOUR[:3], 0)})
    world.grow(9)
    await follower.hear(world[0], newest(world))
    assert follower._keeper.anchor == world.anchor_at(49)
    assert follower._keeper.anchor.voters.id == 1


async def test_one_far_ahead_is_left_to_the_claims(world, autojump_clock, follower):
    """Hundreds of headers are not fetched one by one."""
    world.grow(100)
    await follower.hear(world[0], newest(world))
    assert at(follower) == 39
    await follower.pursue(lambda _at, _goal: None)
    assert at(follower) == 139


@pytest.mark.parametrize("spoil", [lambda raw: raw[:-1], lambda raw: raw[:5] + b"\xff" + raw[6:]])
async def test_bad_justifications_are_told(world, autojump_clock, follower, spoil):
    """Torn, or not signed: who pushed it is known."""
    world.grow(2)
    world[0].final_at = 39
    with pytest.raises(RemoteError):
        await follower.hear(world[0], spoil(newest(world)))
    assert at(follower) == 39
    assert [url for url, _ in world.pool.complaints] == [world[0].url]


async def test_claims_are_followed_where_nothing_is_pushed(world, autojump_clock, follower):
    """A leader that withholds is passed by: whoever says more is asked."""
    world[0].final_at = 39
    world.grow(9)
    await follower.pursue(lambda _at, _goal: None)
    assert at(follower) == 48
    assert world.pool.complaints == []
    asked = [source.asked for source in world.sources]
    assert asked[0] == 0, "it claims nothing that is not proved"
    await follower.pursue(lambda _at, _goal: None)
    assert [source.asked for source in world.sources] == asked


async def test_claims_without_proof_are_a_fault(world, autojump_clock, follower):
    """Nothing came of what was claimed: why is raised, for people to read."""
    world.grow(9)
    world[0].fault = world[1].fault = "null finality"
    with pytest.raises(NothingProved):
        await follower.pursue(lambda _at, _goal: None)
    world[0].fault = world[1].fault = "silent"
    with pytest.raises(EndpointSilent):
        await follower.pursue(lambda _at, _goal: None)
    assert at(follower) == 39


async def test_a_forced_change_is_told(world, autojump_clock, follower):
    """On our own chain, by our own set."""
    world.grow(5, {42: ChangeOrder(FOUR[:3], 50, median=0)})
    with pytest.raises(ForcedChangeSeen):
        await follower.hear(world[0], newest(world))
    assert at(follower) == 44


async def test_two_final_blocks_of_one_height_are_told(world, autojump_clock, follower):
    """Pushed for the anchor's own height, or for one of the newest below: valid votes of the same set."""
    _, forked = world.fork(39)
    with pytest.raises(TwoFinalBlocks):
        await follower.hear(world[0], forked)
    world.grow(20)
    await follower.hear(world[0], newest(world))
    _, forked = world.fork(45)
    with pytest.raises(TwoFinalBlocks) as two:
        await follower.hear(world[0], forked)
    assert (two.value.number, two.value.ours) == (45, world.chain.block_at(45).hash)
    assert at(follower) == 59


async def test_a_fork_above_the_anchor_conflicts(world, autojump_clock, follower):
    """Its headers lead below the anchor without meeting it."""
    block, _ = world.fork(39)
    _, child = world.fork(40, parent=block)
    with pytest.raises(ConflictingFinality):
        await follower.hear(world[0], child)
    assert at(follower) == 39


async def test_a_forged_fork_is_only_its_senders_fault(world, autojump_clock, follower):
    """Two of four voters make no contradiction."""
    _, forked = world.fork(39, signers=VALIDATORS[:2])
    with pytest.raises(TooFewVotes):
        await follower.hear(world[0], forked)
    assert [url for url, _ in world.pool.complaints] == [world[0].url]


async def test_a_forged_fork_below_the_anchor_is_no_contradiction(world, autojump_clock, follower):
    """Its votes are counted in the set that finalized the height."""
    world.grow(20)
    await follower.hear(world[0], newest(world))
    _, forked = world.fork(45, signers=VALIDATORS[:2])
    with pytest.raises(TooFewVotes):
        await follower.hear(world[1], forked)
    assert [url for url, _ in world.pool.complaints] == [world[1].url]


async def test_old_justifications_of_our_blocks_are_nothing(world, autojump_clock, follower):
    """What is final already is not verified again; what nobody remembers is not judged."""
    await follower.hear(world[0], world.chain.finalities[39].justification)
    _, forked = world.fork(20)
    await follower.hear(world[0], forked)
    assert world.pool.complaints == []


async def test_feeds_are_opened_again_and_bounded(world, autojump_clock, follower):
    """Up to FEEDS_MAX endpoints are heard; one that comes back is heard again, one without a feed is no liar."""
    world.sources[:] = [ChainSource(world, f"e{n}", f"g{n}") for n in range(FEEDS_MAX + 2)]
    world[1].fault = "no feed"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(follower.listen)
        await trio.sleep(60)
        assert sum(len(source.pushed) for source in world.sources) == FEEDS_MAX
        for send in list(world[0].pushed):
            send.close()
        await trio.sleep(60)
        assert sum(len(source.pushed) for source in world.sources) == FEEDS_MAX
        world.grow(3)
        source, raw, heard = await follower.inbox.receive()
        assert raw == newest(world)
        assert source in world.sources
        assert not heard.is_set()
        nursery.cancel_scope.cancel()
    assert world.pool.complaints == []
