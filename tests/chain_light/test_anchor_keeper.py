"""The one writer of the anchor: on the disk before it counts, never back, and nothing kept that nobody vouches for."""

from dataclasses import replace

import pytest
import trio

from edge_node.chain_light.anchor_keeper import RECENT_MAX
from edge_node.chain_light.babe import PreDigest, SlotKind, pre_digest_item
from edge_node.chain_light.beside import Beside
from edge_node.chain_light.chain_db import open_chain_db
from edge_node.chain_light.chain_db_errors import ChainDbUnwritable
from edge_node.chain_light.checkpoint import open_checkpoint
from edge_node.chain_light.header import BABE
from edge_node.chain_light.offline_age import Standing, Trust
from edge_node.chain_light.sync_policy import USUAL
from edge_node.chain_light.warping import Warp
from edge_node.devnet.runtime import ChangeOrder
from tests.chain_light.chain_world import DAY_MS, FOUR, KEYS

GONE = "the disk is gone"


class BrokenDb:
    """A database whose writes can be made to fail."""

    def __init__(self, db):
        self.db, self.broken = db, False

    def __getattr__(self, name):
        real = getattr(self.db, name)
        if name not in {"save_all", "accept", "settle"}:
            return real

        def write(*arguments, **more):
            if self.broken:
                raise ChainDbUnwritable("chain.db", GONE)
            return real(*arguments, **more)

        return write


@pytest.fixture
async def keeper(world):
    """A keeper at genesis."""
    made = world.keeper(0, db=BrokenDb(open_chain_db(world.directory / "chain.db")))
    yield made
    made._db.db.close()


async def steps_to(world, start, number):
    """The steps from a height to another, through every block's justification."""
    made = []

    class Recording(Beside):
        async def take(self, steps, source):
            made.extend(steps)
            await super().take(steps, source)

    track = Recording(world.anchor_at(start))
    world[0].final_at = number
    await Warp(world.pool, clock=world.clock, policy=USUAL).lead(track, world[0], lambda _at, _goal: None)
    world[0].final_at = None
    return made


def kept(keeper):
    """The anchors on the disk."""
    return [one.anchor.header.number for one in keeper._db.load(keeper.genesis).anchors]


async def test_an_advance_within_a_set_is_told_at_once_and_written_now_and_then(world, autojump_clock, keeper):
    """At most once a minute: what a crash loses is proved again in one question."""
    told = []
    keeper.on_final.append(lambda anchor: told.append(anchor.header.number))
    await keeper.take(await steps_to(world, 0, 39), "ws://a.example")
    assert (keeper.anchor.header.number, kept(keeper), told) == (39, [], [39])
    await trio.sleep(USUAL.save_s)
    world.grow(3)
    await keeper.take(await steps_to(world, 39, 42), "ws://a.example")
    assert kept(keeper) == [42]
    world.grow(3)
    await keeper.take(await steps_to(world, 42, 45), "ws://a.example")
    assert kept(keeper) == [42]
    await keeper.close()
    assert kept(keeper) == [45, 42]


async def test_a_hand_off_is_kept_before_it_counts(world, autojump_clock, keeper):
    """A disk that takes nothing keeps the anchor where it was; the same steps count once it does."""
    told = []
    keeper.on_final.append(lambda anchor: told.append(anchor.header.number))
    world.grow(20, {45: ChangeOrder(FOUR[:3], 0)})
    steps = await steps_to(world, 0, 59)
    keeper._db.broken = True
    with pytest.raises(ChainDbUnwritable):
        await keeper.take(steps, "ws://a.example")
    assert (keeper.anchor, told, keeper.hand_offs) == (world.anchor_at(0), [], 0)
    assert GONE in keeper.disk
    keeper._db.broken = False
    await keeper.take(steps, "ws://a.example")
    assert (keeper.anchor, told, keeper.hand_offs, keeper.disk) == (world.anchor_at(59), [59], 1, "")
    assert kept(keeper)[0] == 59


async def test_within_a_set_a_broken_disk_is_told_and_nothing_stops(world, autojump_clock, keeper):
    """Reads go on in memory, and what waits is written later."""
    keeper._db.broken = True
    await trio.sleep(USUAL.save_s)
    await keeper.take(await steps_to(world, 0, 39), "ws://a.example")
    assert keeper.anchor.header.number == 39
    assert GONE in keeper.disk
    keeper._db.broken = False
    await keeper.close()
    assert kept(keeper) == [39]


async def test_steps_from_elsewhere_are_not_taken(world, autojump_clock, keeper):
    """They are of another moment: the anchor moved while they were verified."""
    await keeper.take(await steps_to(world, 20, 39), "ws://a.example")
    await keeper.take([], "ws://a.example")
    assert keeper.anchor == world.anchor_at(0)


async def test_what_an_old_anchor_led_to_is_not_kept_until_vouched_for(world, autojump_clock, keeper):
    """28 days later: a restart must find the old anchor, and judge its age again."""
    await keeper.take(await steps_to(world, 0, 39), "ws://a.example")
    await keeper.close()
    world.grow(20, {45: ChangeOrder(FOUR[:3], 0)})
    world.clock.offset_ms += 28 * DAY_MS
    await keeper.take(await steps_to(world, 39, 59), "ws://a.example")
    assert keeper.trust.standing is Standing.PROVISIONAL
    assert not keeper.sound
    await keeper.close()
    assert (keeper.anchor.header.number, kept(keeper)) == (59, [39])
    await keeper.vouch(Trust())
    assert kept(keeper)[0] == 59
    assert [one.header.number for one in keeper._db.hand_offs(keeper.genesis)] == [45]


async def test_age_is_judged_once_the_clock_can_be_right(world, autojump_clock, keeper):
    """At 1970 nothing is kept; when the time comes, the age counts as of when the chain was followed on."""
    now_ms = world.clock.offset_ms
    world.clock.offset_ms = 0
    await keeper.take(await steps_to(world, 0, 39), "ws://a.example")
    assert not keeper.sound
    await keeper.close()
    assert kept(keeper) == []
    world.clock.offset_ms = now_ms
    await keeper.settle_clock()
    assert keeper.sound
    await keeper.close()
    assert kept(keeper) == [39]
    world.grow(9)
    world.clock.offset_ms = 0
    await keeper.take(await steps_to(world, 39, 48), "ws://a.example")
    world.clock.offset_ms = now_ms + 28 * DAY_MS
    await keeper.settle_clock()
    assert keeper.trust.standing is Standing.PROVISIONAL


async def test_the_age_is_that_of_the_first_step_without_a_clock(world, autojump_clock, keeper):
    """What follows it is young, and led to by what was old."""
    await keeper.take(await steps_to(world, 0, 39), "ws://a.example")
    world.stage.now_ms += 28 * DAY_MS
    world.grow(9)
    world.clock.offset_ms = 0
    await keeper.take(await steps_to(world, 39, 48), "ws://a.example")
    world.grow(9)
    now_ms, world.clock.offset_ms = world.clock.offset_ms, 0
    await keeper.take(await steps_to(world, 48, 57), "ws://a.example")
    assert keeper.unjudged
    world.clock.offset_ms = now_ms
    await keeper.settle_clock()
    assert keeper.trust.standing is Standing.PROVISIONAL
    assert not keeper.unjudged


async def test_a_checkpoint_ahead_is_the_anchor_and_one_behind_is_not(world, autojump_clock, keeper):
    """Both are kept with their marks; the height never goes back."""
    for number, ahead in ((30, True), (35, True)):
        raw = world.checkpoint(number)
        opened = open_checkpoint(raw, keys=KEYS, genesis=keeper.genesis, now_ms=None)
        assert await keeper.adopt(opened, raw) is ahead
        assert keeper.anchor == world.anchor_at(number)
        assert keeper.marks.block[0] == number
    await keeper.take(await steps_to(world, 35, 39), "ws://a.example")
    raw = world.checkpoint(36)
    assert not await keeper.adopt(open_checkpoint(raw, keys=KEYS, genesis=None, now_ms=None), raw)
    assert keeper.anchor == world.anchor_at(39)
    assert keeper._db.load(keeper.genesis).marks == keeper.marks


async def test_a_chain_that_is_vouched_for_replaces_ours_from_its_height_on(world, autojump_clock, keeper):
    """Never by a lower block, whoever vouches for it."""
    await keeper.take(await steps_to(world, 0, 39), "ws://a.example")
    keeper.trust = Trust(Standing.PROVISIONAL, 28 * DAY_MS)
    low = [step._replace(after=world.anchor_at(38)) for step in await steps_to(world, 10, 39)]
    await keeper.replace(world.anchor_at(38), low, "ws://b.example")
    assert (keeper.anchor, keeper.sound) == (world.anchor_at(39), False)
    await keeper.replace(world.anchor_at(39), await steps_to(world, 10, 39), "ws://b.example")
    assert (keeper.anchor, keeper.sound, kept(keeper)) == (world.anchor_at(39), True, [39])


async def test_a_disk_that_refuses_lifts_nothing(world, autojump_clock, keeper):
    """What is vouched for could not be kept: what nobody vouches for is still that."""
    keeper.begin(keeper.genesis, world.anchor_at(30), world.clock.now_ms(), 0)
    keeper.trust = Trust(Standing.PROVISIONAL, 28 * DAY_MS)
    keeper._db.broken = True
    with pytest.raises(ChainDbUnwritable):
        await keeper.replace(world.anchor_at(39), await steps_to(world, 10, 39), "ws://b.example")
    assert (keeper.anchor, keeper.sound) == (world.anchor_at(30), False)
    keeper._db.broken = False
    await keeper.replace(world.anchor_at(39), await steps_to(world, 10, 39), "ws://b.example")
    assert (keeper.anchor, keeper.sound, kept(keeper)[0]) == (world.anchor_at(39), True, 39)


async def test_a_clock_that_stood_still_makes_no_anchor_young(world, autojump_clock, keeper):
    """Off for four days, and no battery in the clock: the chain itself tells that it is slow."""
    await keeper.take(await steps_to(world, 0, 39), "ws://a.example")
    await keeper.close()
    stood_ms = world.clock.offset_ms
    world.stage.now_ms += 4 * DAY_MS
    world.grow(20, {45: ChangeOrder(FOUR[:3], 0)})
    right_ms, world.clock.offset_ms = world.clock.offset_ms, stood_ms
    await keeper.take(await steps_to(world, 39, 59), "ws://a.example")
    assert not keeper.sound
    assert kept(keeper) == [39]
    world.clock.offset_ms = right_ms
    await keeper.settle_clock()
    assert keeper.trust.standing is Standing.PROVISIONAL
    assert keeper.owed_above == 39


async def test_a_slot_beyond_all_time_is_none(world, keeper, autojump_clock):
    """What no clock and no column can hold."""
    header = world.chain.block_at(30).header
    digest = tuple(
        pre_digest_item(PreDigest(SlotKind.SECONDARY_PLAIN, 0, (1 << 64) - 1)) if item.engine == BABE else item
        for item in header.digest
    )
    assert keeper.slot_ms(header) is not None
    assert keeper.slot_ms(replace(header, digest=digest)) is None


async def test_the_newest_blocks_are_remembered_and_no_more(world, autojump_clock, keeper):
    """Their hashes are known, to see another one at their height; memory has a bound."""
    for _ in range(10):
        world.grow(40)
        await keeper.take(await steps_to(world, keeper.anchor.header.number, world.chain.final.number), "ws://a")
    assert len(keeper.recent) == RECENT_MAX
    assert keeper.height_of(world.chain.final.hash) is not None
    assert not keeper.height_of(world.chain.block_at(1).hash) is not None
    assert len(keeper.history) == 10


async def test_the_status_block_says_what_is_held(world, autojump_clock, keeper):
    """Number, set and slot's time; the age is no less than the time since it was proved."""
    await keeper.take(await steps_to(world, 0, 39), "ws://a.example")
    final = keeper.final_block()
    assert (final.number, final.set_id, final.voters) == (39, 0, 4)
    assert final.slot_ms is not None
    await trio.sleep(100)
    assert keeper.age_ms() >= 100_000
    assert keeper.age_ms() == world.clock.now_ms() - final.slot_ms
