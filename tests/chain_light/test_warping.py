"""One endpoint leads an anchor on: over sets, by hints or without, and whatever it lies about."""

import pytest
import trio

from edge_node.base.errors import RemoteError
from edge_node.chain_light.beside import Beside
from edge_node.chain_light.finality_errors import ForcedChangeSeen
from edge_node.chain_light.source_errors import EndpointGone, EndpointSilent
from edge_node.chain_light.sync_policy import USUAL, SyncPolicy
from edge_node.chain_light.warping import NothingProved, Warp
from edge_node.devnet.runtime import ChangeOrder
from tests.chain_light.chain_world import FOUR

ORDERS = {
    50: ChangeOrder(FOUR[:3], 0),
    51: ChangeOrder(FOUR, 0),
    90: ChangeOrder(FOUR[1:], 5),
    96: ChangeOrder(FOUR, 0),
    150: ChangeOrder(FOUR[:3], 0),
}


@pytest.fixture
async def long_world(world):
    """200 blocks, with five changes: in two blocks running, with a delay, and right after one."""
    world.grow(160, ORDERS)
    return world


class Unplugging(Beside):
    """A track that pulls the first endpoint's cable at each step."""

    def __init__(self, world):
        super().__init__(world.anchor_at(0))
        self.world = world

    async def take(self, steps, source):
        await super().take(steps, source)
        self.world[0].gone = True


def track_of(world, number=0):
    """A track that begins at a height."""
    return Beside(world.anchor_at(number))


async def lead(world, track, place=0, **policy):
    """Let one endpoint lead; what it was told of the way."""
    told = []
    warp = Warp(world.pool, clock=world.clock, policy=SyncPolicy(**policy))
    goal = await warp.lead(track, world[place], lambda at, goal: told.append((at.header.number, goal)))
    return goal, told


def is_led(world, track):
    """Whether the track is at the newest final block, with the right set."""
    return track.anchor == world.anchor_at(world.chain.final.number)


async def test_every_hand_off_is_followed(long_world, autojump_clock):
    """Adjacent changes, a delay, and a change right after it: the end is the chain's own."""
    track = track_of(long_world)
    goal, told = await lead(long_world, track)
    assert is_led(long_world, track)
    assert goal == long_world.chain.final.number
    assert told[0] == (0, goal)
    assert [step.after.header.number for step in track.steps] == [50, 51, 95, 96, 150, 199]
    assert long_world.pool.complaints == []
    assert long_world.pool.serves == 1


async def test_few_questions_are_asked(long_world, autojump_clock):
    """A batched search and two questions for each hand-off, not a question for each block."""
    track = track_of(long_world)
    await lead(long_world, track)
    assert long_world[0].asked < 40


@pytest.mark.parametrize("fault", ["pruned", "false hints"])
async def test_without_hints_each_step_shows_all_headers(long_world, autojump_clock, fault):
    """Pruned states and false numbers cost time, and lead to the same end; a pruned one is no offence."""
    long_world[0].fault = fault
    track = track_of(long_world)
    await lead(long_world, track)
    assert is_led(long_world, track)
    assert bool(long_world.pool.complaints) is (fault == "false hints")


@pytest.mark.parametrize("batch", [1, 2])
async def test_batches_may_be_small(long_world, autojump_clock, batch):
    """However few proofs are verified at once."""
    track = track_of(long_world)
    await lead(long_world, track, batch=batch, batch_bytes=1)
    assert is_led(long_world, track)


@pytest.mark.parametrize("begin", [48, 50, 51, 89, 92, 95, 96, 149, 150])
async def test_it_goes_on_from_anywhere(long_world, autojump_clock, begin):
    """Also from within a delay, where a change is pending, and from a set's last block."""
    track = track_of(long_world, begin)
    await lead(long_world, track)
    assert is_led(long_world, track)
    assert long_world.pool.complaints == []


@pytest.mark.parametrize(("begin", "end"), [(40, 50), (40, 51), (90, 95), (92, 96), (190, 199)])
async def test_near_the_end_it_goes_step_by_step(long_world, autojump_clock, begin, end):
    """With few blocks to go every header is seen, and no hint is asked for."""
    long_world[0].fault, long_world[0].final_at = "pruned", end
    track = track_of(long_world, begin)
    await lead(long_world, track)
    assert track.anchor == long_world.anchor_at(end)


@pytest.mark.parametrize("fault", ["torn finality", "flipped finality", "lying header", "no headers"])
async def test_bad_answers_are_told_to_the_pool(long_world, autojump_clock, fault):
    """Nothing comes of them, and who sent them is known."""
    long_world[0].fault = fault
    track = track_of(long_world)
    with pytest.raises((NothingProved, RemoteError)):
        await lead(long_world, track)
    assert track.anchor == long_world.anchor_at(0)
    assert [url for url, _ in long_world.pool.complaints] == [long_world[0].url]


@pytest.mark.parametrize("fault", ["null finality", "old finality"])
async def test_who_has_no_proof_is_no_liar(long_world, autojump_clock, fault):
    """Withholding looks like having nothing: NothingProved, and no complaint."""
    long_world[0].fault = fault
    track = track_of(long_world, 60)
    with pytest.raises(NothingProved):
        await lead(long_world, track)
    assert track.anchor == long_world.anchor_at(60)
    assert long_world.pool.complaints == []


async def test_silence_ends_each_question(long_world, autojump_clock):
    """No question takes longer than its time."""
    long_world[0].fault = "silent"
    with pytest.raises(EndpointSilent):
        await lead(long_world, track_of(long_world))


async def test_what_was_proved_before_it_went_silent_stays(long_world, autojump_clock):
    """The next endpoint goes on from there."""
    track = Unplugging(long_world)
    await lead(long_world, track, batch=1)
    assert track.anchor.header.number == 50
    await lead(long_world, track, place=1)
    assert is_led(long_world, track)


async def test_the_good_part_of_a_batch_counts(long_world, autojump_clock):
    """An endpoint that ends within a batch leaves what it had answered."""
    honest = long_world[0].finality

    async def finality(number):
        if number > 90:
            raise EndpointGone(long_world[0].url, "the cable is out")
        return await honest(number)

    long_world[0].finality = finality
    track = track_of(long_world)
    await lead(long_world, track)
    assert track.anchor.header.number == 95


async def test_an_endpoint_that_is_behind_is_no_progress_and_no_fault(long_world, autojump_clock):
    """It says what it has."""
    long_world[0].final_at = 60
    track = track_of(long_world, 150)
    assert (await lead(long_world, track))[0] == 60
    assert track.anchor == long_world.anchor_at(150)


async def test_a_forced_change_on_the_way_is_told(world, autojump_clock):
    """The block that announces it is final; what follows, nothing proves."""
    world.grow(80, {45: ChangeOrder(FOUR[:3], 100, median=0)})
    track = track_of(world)
    with pytest.raises(ForcedChangeSeen):
        await lead(world, track)
    assert track.anchor.header.number >= 45


async def test_a_search_without_an_end_is_given_up(long_world, autojump_clock, monkeypatch):
    """Who names another set at each height is asked about no more than POINTS_MAX, and then for proofs."""
    monkeypatch.setattr("edge_node.chain_light.warping.POINTS_MAX", 40)
    monkeypatch.setattr("edge_node.chain_light.hand_offs.PROBES_MAX", 8)
    asked = 0

    async def storage(key, blocks):
        nonlocal asked
        asked += len(blocks)
        return [long_world.chain.block(block).number.to_bytes(8, "little") for block in blocks]

    monkeypatch.setattr(long_world[0], "storage", storage)
    track = track_of(long_world)
    await lead(long_world, track)
    assert is_led(long_world, track)
    assert asked


async def test_who_proves_nothing_leads_for_two_minutes(long_world, autojump_clock, monkeypatch):
    """Each question is answered in time, and none of the answers leads on."""
    monkeypatch.setattr(long_world[0], "_ask", lambda: trio.sleep(25))
    began = trio.current_time()
    with pytest.raises(EndpointSilent):
        await lead(long_world, track_of(long_world))
    assert trio.current_time() - began == USUAL.idle_s
