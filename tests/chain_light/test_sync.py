"""The light client as a whole, on a chain in this process and a clock that waits for nobody."""

import dataclasses
import sqlite3

import pytest
import trio
from structlog.testing import capture_logs

from edge_node.base.ids import Hash256
from edge_node.chain_light import stages
from edge_node.chain_light.anchor import Anchor
from edge_node.chain_light.authorities import AuthoritySet
from edge_node.chain_light.chain_db_errors import ChainDbUnwritable
from edge_node.chain_light.checkpoint_errors import CheckpointGoesBack, CheckpointNotTrusted
from edge_node.chain_light.header import hash_header
from edge_node.chain_light.justification import Justification, encode_justification
from edge_node.chain_light.offline_age import Standing, Trust
from edge_node.chain_light.pending_changes import PendingChanges
from edge_node.chain_light.proved import NotProvable
from edge_node.chain_light.spec import NetworkKind
from edge_node.chain_light.status import ChainState
from edge_node.chain_light.sync_policy import USUAL
from edge_node.devnet.runtime import ChangeOrder
from edge_node.trust.keys import SigningKey
from tests.chain_light.chain_world import DAY_MS, FOUR, ChainSource, World, running, until

S = ChainState
HOUR_MS = 3_600_000


def is_on_chain(world, client):
    """Whether the anchor is a final block of the chain, with the set that follows it."""
    return client.anchor == world.anchor_at(client.anchor.header.number)


def beyond(number):
    """Whether more than this is final."""
    return lambda status: status.finalized is not None and status.finalized.number > number


async def test_from_a_checkpoint_to_following(world, autojump_clock):
    """Genesis is given; the chain is proved to its newest final block, and followed as it grows."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        status = await until(client, S.FOLLOWING)
        assert status.finalized.number >= 39
        assert status.writes
        assert (status.provisional, status.refused, status.network) == ("", 0, "dev")
        later = await until(client, beyond(status.finalized.number + 5))
        assert later.state is S.FOLLOWING
        assert later.history[-1][1] == later.finalized.number
        assert later.age_ms < 60_000
        assert is_on_chain(world, client)


async def test_every_state_on_the_way_is_told(world, autojump_clock):
    """From nothing: a person gives a checkpoint, and each step shows."""
    with capture_logs() as logs:
        async with running(world) as client:
            status = client.status()
            assert status.state is S.NO_ANCHOR
            assert "checkpoint" in status.remedy
            assert (status.finalized, status.age_ms, status.writes, client.anchor) == (None, None, False, None)
            world[0].gone = world[1].gone = True
            await trio.sleep(1)
            await client.import_checkpoint(world.checkpoint())
            assert (await until(client, S.PROBING)).remedy
            world[0].gone = world[1].gone = False
            await until(client, S.FOLLOWING)
    order = [entry["state"] for entry in logs if entry["event"] == "chain.state_changed"]
    assert order == [S.NO_ANCHOR, S.CLOCK_CHECK, S.PROBING, S.WARPING, S.CROSS_CHECK, S.FOLLOWING]


async def test_a_change_is_waited_for(world, autojump_clock):
    """Who waits is woken by an advance."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        number = (await until(client, S.FOLLOWING)).finalized.number
        while client.anchor.header.number == number:
            await client.wait_change()


async def test_silence_stalls_within_its_bound(world, autojump_clock):
    """Also while an endpoint is waited for: each question may take its 30 s."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
        for source in world.sources:
            source.fault = "silent"
        began = trio.current_time()
        status = await until(client, S.STALLED, seconds=400)
        assert trio.current_time() - began <= USUAL.stalled_s + 10
        assert "none has proved it" in status.reason
    async with running(world, policy=dataclasses.replace(USUAL, hop_s=900)) as client:
        began = trio.current_time()
        await until(client, S.STALLED, seconds=400)
        assert trio.current_time() - began <= USUAL.stalled_s + 10


@pytest.mark.parametrize(
    ("more", "told"),
    [({"key": SigningKey.from_seed(b"\x22" * 32)}, "operator"), ({"issued_ms": 1_780_000_000_000, "days": 1}, "ended")],
)
async def test_a_checkpoint_that_is_not_believed_is_none(world, autojump_clock, more, told):
    """Signed by others, or expired: NO_ANCHOR, and the reason says what was given."""
    async with running(world, checkpoints=[world.checkpoint(**more)]) as client:
        await trio.sleep(100)
        status = client.status()
        assert status.state is S.NO_ANCHOR
        assert told in status.reason


async def test_sessions_of_ten_blocks_are_followed(world, autojump_clock):
    """Sets change every ten blocks, without a delay and with one of five, while the chain lives."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
        for turn in range(8):
            order = ChangeOrder(FOUR[: 3 + turn % 2], 5 * (turn % 2))
            world.chain.schedule(order)
            await trio.sleep(60)
            assert client.status().state is S.FOLLOWING
        await trio.sleep(30)
        status = client.status()
        assert (status.finalized.set_id, status.hand_offs) == (8, 8)
        assert is_on_chain(world, client)
        assert status.refused == 0


@pytest.mark.parametrize(
    "fault",
    [
        "silent", "slow", "mute", "no feed", "lying header", "no headers", "other hashes", "pruned", "false hints",
        "null finality", "old finality", "torn finality", "flipped finality", "short proof", "other proof",
        "no proof", "boasts", "other chain",
    ],
)  # fmt: skip
async def test_one_bad_endpoint_stops_nobody(world, autojump_clock, fault):
    """Whatever the leader does, the chain is followed by the other one, and nothing but the chain is believed."""
    world.grow(100, {60: ChangeOrder(FOUR[:3], 5), 90: ChangeOrder(FOUR, 0)})
    world[0].fault = fault
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, beyond(138))
        await until(client, beyond(160))
        assert is_on_chain(world, client)
        assert client.status().finalized.set_id == 2
        await until(client, lambda status: status.state in {S.FOLLOWING, S.DEGRADED}, seconds=30)


@pytest.mark.parametrize(
    "fault", ["silent", "lying header", "no headers", "null finality", "torn finality", "flipped finality", "boasts"]
)
async def test_when_all_are_bad_nothing_is_believed(world, autojump_clock, fault):
    """The anchor stays where a person put it; within the bound the client is stalled and says so."""
    for source in world.sources:
        source.fault = fault
    async with running(world, checkpoints=[world.checkpoint(20)]) as client:
        status = await until(client, S.STALLED, seconds=900)
        assert status.finalized.number == 20
        assert status.reason
        for source in world.sources:
            source.fault = ""
        await until(client, S.FOLLOWING, seconds=900)
        assert is_on_chain(world, client)


async def test_a_leader_that_withholds_is_passed_by(world, autojump_clock):
    """Its old height is no fault; the other group's newer one is proved."""
    world[0].final_at = 30
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, beyond(60))
        assert client.status().refused == 0


async def test_endpoints_of_one_group_degrade_a_live_network(tmp_path, inline_threads, autojump_clock):
    """Reads go on with a flag, writes do not; a second operator's endpoint mends it."""
    world = World(tmp_path, groups=("a", "a"))
    world.grow(20)
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        status = await until(client, S.DEGRADED)
        assert "only one group" in status.reason
        assert not status.writes
        await until(client, beyond(25))
        world.sources.append(ChainSource(world, "b", "b"))
        assert (await until(client, S.FOLLOWING)).writes


async def test_a_development_chain_is_followed_by_one_endpoint(tmp_path, inline_threads, autojump_clock):
    """Its genesis is its checkpoint's, and slots that run ahead of time are no fault of the clock."""
    world = World(tmp_path, groups=("here",), kind=NetworkKind.DEVELOPMENT)
    world.grow(20)
    world.clock.offset_ms -= HOUR_MS
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        assert (await until(client, S.FOLLOWING)).writes
        assert client.genesis == world.chain.genesis.hash == world.pool.expected_genesis


async def test_a_pulled_endpoint_stalls_within_its_bound_and_recovers(world, autojump_clock):
    """Nobody has to do anything about it but put the cable back."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
        for source in world.sources:
            source.gone = True
        pulled = trio.current_time()
        status = await until(client, S.STALLED, seconds=USUAL.stalled_s + 10)
        assert trio.current_time() - pulled <= USUAL.stalled_s + 10
        assert "no endpoint can be used" in status.reason
        assert "unreachable" in status.reason
        for source in world.sources:
            source.gone = False
        await until(client, S.FOLLOWING, seconds=60)
        await until(client, beyond(status.finalized.number + 20), seconds=60)


@pytest.mark.parametrize(
    ("attribute", "told"), [("unfinal", "finalizes none"), ("paused", "makes no blocks")], ids=["finality", "blocks"]
)
async def test_a_chain_that_stands_still_is_told_as_that(world, autojump_clock, attribute, told):
    """Heads that grow without finality, and no heads at all, are two things, and neither is the endpoints' fault."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
        setattr(world, attribute, True)
        status = await until(client, S.STALLED, seconds=300)
        await trio.sleep(200)
        assert told in client.status().reason
        assert not client.status().writes
        setattr(world, attribute, False)
        await until(client, S.FOLLOWING, seconds=60)
        assert client.status().finalized.number > status.finalized.number
        assert client.status().refused == 0


async def test_claims_without_proof_want_a_checkpoint_after_half_an_hour(world, autojump_clock):
    """Two groups say more is final, nothing they send proves it; the first proof that leads on ends it."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
        for source in world.sources:
            source.fault = "null finality"
        lag = await until(client, S.STALLED, seconds=400)
        assert "none has proved it" in lag.reason
        began = trio.current_time()
        status = await until(client, S.NEEDS_CHECKPOINT, seconds=2_000)
        assert trio.current_time() - began > USUAL.given_up_s - 400
        assert "a, b" in status.reason
        world[1].fault = ""
        status = await until(client, lambda one: one.finalized.number > lag.finalized.number, seconds=100)
        assert client.status().state is not S.NEEDS_CHECKPOINT


async def test_a_gap_that_nobody_bridges_stays_a_stall(world, autojump_clock):
    """Trying again is no warp: the state does not flicker."""
    async with running(
        world, checkpoints=[world.checkpoint()], policy=dataclasses.replace(USUAL, warp_blocks=10)
    ) as client:
        await until(client, S.FOLLOWING)
        for source in world.sources:
            source.fault = "null finality"
        await until(client, S.STALLED, seconds=400)
        with capture_logs() as logs:
            await trio.sleep(300)
        assert [entry for entry in logs if entry["event"] == "chain.state_changed"] == []
        for source in world.sources:
            source.fault = ""
        await until(client, S.FOLLOWING, seconds=100)


def made_up(world, low, high):
    """Headers of no chain from one height to another; the hash of the last."""
    block = Hash256(b"\x07" * 32)
    for number in range(low, high + 1):
        header = dataclasses.replace(world.chain.genesis.header, number=number, parent=block)
        block = hash_header(header)
        world.forged[block] = header
    return block


async def test_one_that_answers_slowly_holds_up_no_other(world, autojump_clock, monkeypatch):
    """It pushes what nobody signed, and takes nine seconds for each header that would tell: others are heard."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
        before = client.status().finalized.number
        block = made_up(world, before + 1, before + 60)
        real = world[0].header

        async def slowly(block=None):
            await trio.sleep(9 if block in world.forged else 0)
            return await real(block)

        async def never(number):
            return None

        monkeypatch.setattr(world[0], "header", slowly)
        for source in world.sources:
            monkeypatch.setattr(source, "finality", never)
        for _ in range(20):
            world[0].push(encode_justification(Justification(1, block, before + 60, ())))
        await trio.sleep(400)
        assert client.status().state is not S.STALLED
        assert client.status().finalized.number > before + 60


async def test_a_boast_is_no_warp(world, autojump_clock, monkeypatch):
    """One of two says that thousands of blocks are final: who is proved to be up to date goes on as before."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
        high = world.chain.head.number + 100_000
        block = made_up(world, high, high)
        world[0].fault = "boasts"

        async def boast():
            return block

        async def slowly(number):
            await trio.sleep(25)

        monkeypatch.setattr(world[0], "finalized", boast)
        monkeypatch.setattr(world[0], "finality", slowly)
        before = client.status().finalized.number
        with capture_logs() as logs:
            await trio.sleep(900)
        assert [entry["state"] for entry in logs if entry["event"] == "chain.state_changed"] == []
        assert client.status().finalized.number > before + 100


async def test_what_is_halted_is_told_of_nothing_else(world, autojump_clock):
    """Another task may still be on its way when one has seen the contradiction."""
    client = world.client(checkpoints=[world.checkpoint()])
    await client._load()
    client._halted, client._stage = "so", stages.halted("so")
    client._tell_warp(client.anchor, 9)
    assert client.status().state is S.HALTED


async def test_agreement_about_the_old_anchor_vouches_for_nothing_new(world, autojump_clock, monkeypatch):
    """60 hours later: one endpoint answers late which block it has, and pushes what leads on from it meanwhile."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
    old = client.anchor.header.number
    world.clock.offset_ms += 60 * HOUR_MS
    world.stage.now_ms = world.clock.now_ms()
    for source in world.sources:
        source.final_at = old
    real, pushed = world[0].block_hashes, trio.Event()

    async def late(numbers):
        if numbers == [old]:
            await pushed.wait()
            await trio.sleep(5)
        return await real(numbers)

    monkeypatch.setattr(world[0], "block_hashes", late)
    async with running(world, live=False, policy=dataclasses.replace(USUAL, jump_s=100)) as client:
        await trio.sleep(3)
        world[0].final_at = None
        world.grow(3)
        monkeypatch.setattr(world[1], "block_hashes", lambda numbers: _only(real, numbers, old))  # it has no more
        pushed.set()
        await until(client, lambda one: one.finalized.number > old)
        await trio.sleep(100)
        assert client.status().provisional
        assert not client.status().writes


async def _only(real, numbers, highest):
    """The hashes of one who has seen no more than that."""
    return [found if number <= highest else None for number, found in zip(numbers, await real(numbers), strict=True)]


async def test_a_forced_change_wants_a_checkpoint(world, autojump_clock):
    """Proved on our own chain; a newer checkpoint leads on, and ends it."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
        world.chain.schedule(ChangeOrder(FOUR[:3], 5, median=0))
        world.lag = 0
        world.paused = True
        forcing = world.stage.write()
        world.finalize(forcing.number)
        status = await until(client, S.NEEDS_CHECKPOINT, seconds=60)
        assert f"block {forcing.number} forces" in status.reason
        assert status.finalized.number == forcing.number
        assert not status.writes
        world.grow(20)
        await trio.sleep(900)
        assert client.status().state is S.NEEDS_CHECKPOINT
        await client.import_checkpoint(world.after_forced(forcing.number + 20))
        world.paused = False
        await until(client, S.FOLLOWING, seconds=60)


async def test_two_final_blocks_halt_for_good(world, autojump_clock):
    """Evidence is kept; a restart stays halted, endpoints mend nothing, a newer checkpoint does."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
        number = client.anchor.header.number
        _, forked = world.fork(number)
        world[1].push(forked)
        status = await until(client, S.HALTED, seconds=30)
        assert f"block {number} was finalized twice" in status.reason
        assert not status.writes
        (evidence,) = await client.halt_evidence()
        assert dict(evidence.evidence.parts)["theirs"] == forked
        await trio.sleep(300)
        assert client.status().state is S.HALTED
        assert client.anchor.header.number == number
    async with running(world) as client:
        await trio.sleep(300)
        assert client.status().state is S.HALTED
        assert client.anchor.header.number <= number
        await client.import_checkpoint(world.checkpoint(number + 10))
        await until(client, S.FOLLOWING)
        assert len(await client.halt_evidence()) == 1
    async with running(world) as client:
        await until(client, S.FOLLOWING)


async def test_halted_without_an_anchor_waits_for_a_person_too(world, autojump_clock):
    """Every anchor and checkpoint is damaged and evidence is not: a new checkpoint begins anew."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
        _, forked = world.fork(client.anchor.header.number)
        world[1].push(forked)
        await until(client, S.HALTED, seconds=30)
    conn = sqlite3.connect(world.directory / "chain.db")
    for table in ("anchors", "documents"):
        conn.execute(f"UPDATE {table} SET record = zeroblob(length(record))")
    conn.commit()
    conn.close()
    async with running(world, live=False) as client:
        await trio.sleep(5)
        assert (client.status().state, client.anchor) == (S.HALTED, None)
        await client.import_checkpoint(world.checkpoint(30))
        await until(client, S.FOLLOWING)


def number_sets(world, number):
    """Have the chain's state count this set, whatever its headers say."""
    world.stage.now_ms = world.clock.now_ms()
    raw = number.to_bytes(8, "little")
    assert world.stage.set_raw("Grandpa", "CurrentSetId", raw=raw) == "Ok"


async def test_a_state_that_names_others_halts_at_a_second_height(world, autojump_clock):
    """At one height it only degrades, however often that is looked at."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
        number_sets(world, 9)
        world.lag = 0
        await trio.sleep(10)
        world.paused = True
        await until(client, lambda one: one.state is not S.FOLLOWING, seconds=700)
        await trio.sleep(700)
        assert client.status().state is S.STALLED
        assert await client.halt_evidence() == ()
        world.paused = False
        status = await until(client, S.HALTED, seconds=100)
        assert "counts set 9" in status.reason
        (evidence,) = await client.halt_evidence()
        assert evidence.evidence.kind == "other-authorities"


async def test_a_state_that_is_mended_is_forgotten(world, autojump_clock):
    """Once, and once more later, are not twice running."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        for _ in range(2):
            await until(client, S.FOLLOWING, seconds=100)
            number_sets(world, 9)
            status = await until(client, S.DEGRADED, seconds=700)
            assert "counts set 9" in status.reason
            number_sets(world, 0)
        await until(client, S.FOLLOWING, seconds=100)
        assert await client.halt_evidence() == ()


async def test_what_a_checkpoint_forgot_is_learned_from_the_state(world, autojump_clock):
    """A change that was under way, and that no header showed: the hand-off is followed all the same."""
    world.grow(5, {42: ChangeOrder(FOUR[:3], 12)})
    forgetful = dataclasses.replace(world.anchor_at(44), pending=PendingChanges())
    async with running(world, checkpoints=[world.checkpoint(anchor=forgetful)]) as client:
        await until(client, S.FOLLOWING)
        assert client.anchor.pending.last_of_set == 54
        status = await until(client, beyond(60), seconds=200)
        assert (status.finalized.set_id, status.refused) == (1, 0)
        assert is_on_chain(world, client)


async def test_a_forced_change_that_no_header_showed_is_seen_in_the_state(world, autojump_clock):
    """It was announced below the checkpoint."""
    world.grow(5, {42: ChangeOrder(FOUR[:3], 90, median=0)})
    world.paused = True
    anchor = Anchor(world.chain.block_at(44).header, world.anchor_at(41).voters)
    async with running(world, checkpoints=[world.checkpoint(anchor=anchor)]) as client:
        status = await until(client, S.NEEDS_CHECKPOINT, seconds=60)
        assert "block 42 forces" in status.reason


async def test_a_clock_at_1970_degrades_until_it_is_set(world, autojump_clock):
    """What is read is proved; whether it is of now nobody can say. Setting the clock begins anew by itself."""
    right = world.clock.offset_ms
    raw = world.checkpoint()
    world.clock.offset_ms = 0
    world.paused = True
    async with running(world, checkpoints=[raw]) as client:
        status = await until(client, S.DEGRADED)
        assert "before this release" in status.reason
        assert (status.finalized.number, status.writes) == (39, False)
        world.clock.offset_ms = right
        await until(client, lambda one: one.writes, seconds=60)
        assert client.status().state is S.FOLLOWING
        assert len(world.pool.drops) == 1


async def test_a_clock_behind_the_chain_is_not_believed(world, autojump_clock):
    """The newest final block is of a time the clock has yet to show."""
    world.clock.offset_ms -= 2 * HOUR_MS
    async with running(world, checkpoints=[world.checkpoint(issued_ms=world.clock.now_ms())]) as client:
        status = await until(client, S.DEGRADED)
        assert "behind a block that is final" in status.reason


async def test_a_sleep_drops_connections_and_begins_anew(world, autojump_clock):
    """Wall time jumped: CLOCK_CHECK, and back to following without help."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
        world.clock.offset_ms += 8 * HOUR_MS
        await trio.sleep(3)
        assert ["ahead by 28800 s" in reason for reason in world.pool.drops] == [True]
        await until(client, S.FOLLOWING, seconds=60)
        assert client.status().provisional == ""


async def test_28_days_asleep_is_provisional_until_vouched_for(tmp_path, inline_threads, autojump_clock):
    """Nothing of it is written, a restart forgets nothing of it; three groups and a person's hash lift it."""
    world = World(tmp_path, groups=("a", "b"))
    world.grow(20)
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
    world.stage.now_ms = world.clock.now_ms() + 28 * DAY_MS
    world.grow(60, {50: ChangeOrder(FOUR[:3], 0)})
    for _ in range(2):
        async with running(world, live=False) as client:
            status = await until(client, beyond(world.chain.final.number - 1))
            await trio.sleep(20)
            status = client.status()
            assert "28 days" in status.provisional
            assert not status.writes
            stored = client.db.load(world.chain.genesis.hash).anchors[0].anchor.header.number
            assert stored < 50
    async with running(world) as client:
        await until(client, beyond(status.finalized.number))
        assert "remembered" in await client.confirm(world.chain.genesis.hash)
        await trio.sleep(60)
        assert client.status().provisional
        said = await client.confirm(client.anchor.hash)
        assert "counts as one group" in said
        await until(client, lambda one: not one.provisional, seconds=100)
        await until(client, lambda one: one.writes, seconds=100)
        stored = client.db.load(world.chain.genesis.hash).anchors[0].anchor.header.number
        assert stored >= status.finalized.number


async def test_a_young_checkpoint_behind_the_anchor_vouches_by_its_own_chain(world, autojump_clock):
    """Followed beside ours; where it leads as far, it is what is believed, and the height never went back."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
    world.stage.now_ms = world.clock.now_ms() + 28 * DAY_MS
    world.grow(200, {100: ChangeOrder(FOUR[:3], 0), 180: ChangeOrder(FOUR, 0)})
    async with running(world) as client:
        status = await until(client, lambda one: one.provisional and one.finalized.number > 230)
        await client.import_checkpoint(world.checkpoint(150))
        assert client.status().finalized.number >= status.finalized.number
        await until(client, lambda one: not one.provisional and one.writes, seconds=100)
        assert client.status().finalized.number >= status.finalized.number
        assert is_on_chain(world, client)


async def test_a_made_up_chain_keeps_no_honest_endpoint_from_leading_beside(world, autojump_clock):
    """Old keys have led it astray, and each honest proof looks forged: a checkpoint's chain wins nevertheless."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
    world.stage.now_ms = world.clock.now_ms() + 4 * DAY_MS
    world.grow(30, {50: ChangeOrder(FOUR[:3], 0)})
    block, _ = world.fork(world.chain.final.number - 10)
    async with running(world, live=False) as client:
        keeper = client._keeper
        made_up = Anchor(world.forged[block], AuthoritySet(7, FOUR[:1]))
        keeper._anchor, keeper.trust = made_up, Trust(Standing.PROVISIONAL, 4 * DAY_MS)
        world.grow(1)
        await trio.sleep(50)
        assert client.anchor == made_up
        assert world.pool.complaints
        world.clock.offset_ms += 1_000
        await client.import_checkpoint(world.checkpoint(55))
        status = await until(client, lambda one: not one.provisional, seconds=1_200)
        assert status.finalized.number > made_up.header.number
        assert is_on_chain(world, client)


async def test_an_old_checkpoint_vouches_for_nothing(world, autojump_clock):
    """Its block is older than stakes are bound: whoever signed it says nothing about what came since."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
    world.stage.now_ms = world.clock.now_ms() + 28 * DAY_MS
    world.grow(60)
    async with running(world) as client:
        await until(client, lambda one: bool(one.provisional))
        await client.import_checkpoint(world.checkpoint(30))
        await trio.sleep(120)
        assert client.status().provisional


@pytest.mark.parametrize(("hours", "groups", "lifted"), [(40, 1, True), (60, 1, False), (60, 2, True)])
async def test_between_two_and_three_days_a_second_group_is_wanted(
    tmp_path, inline_threads, autojump_clock, hours, groups, lifted
):
    """Up to two thirds of the bonding time nothing is asked for."""
    world = World(tmp_path, groups=("a", "b"))
    world.grow(20)
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
    world.stage.now_ms = world.clock.now_ms() + hours * HOUR_MS
    world.grow(10)
    del world.sources[groups:]
    async with running(world) as client:
        await until(client, beyond(world.chain.final.number - 1))
        await trio.sleep(100)
        assert bool(client.status().provisional) is not lifted


async def test_a_checkpoint_must_not_go_back(world, autojump_clock):
    """Counters and heights of checkpoints only grow; nothing is moved by one that is refused."""
    old, new = world.checkpoint(10), world.checkpoint(30)
    async with running(world, checkpoints=[new]) as client:
        await until(client, S.FOLLOWING)
        with pytest.raises(CheckpointGoesBack):
            await client.import_checkpoint(old)
        with pytest.raises(CheckpointNotTrusted):
            await client.examine(world.checkpoint(35, key=SigningKey.from_seed(b"\x33" * 32)))
        assert client.status().finalized.number >= 39


async def test_a_checkpoint_waits_until_what_is_kept_is_read(world, autojump_clock):
    """Given while the node starts, it goes back behind nothing: neither marks nor anchor."""
    raws = [world.checkpoint(10), world.checkpoint(20), world.checkpoint(30)]
    async with running(world, checkpoints=[raws[1]]) as client:
        await until(client, S.FOLLOWING)
    final = client.status().finalized.number
    client, refused = world.client(), []

    async def give(raw):
        try:
            await client.import_checkpoint(raw)
        except CheckpointGoesBack as why:
            refused.append(why)

    async with trio.open_nursery() as nursery:
        for raw in (raws[0], raws[2], raws[1]):
            nursery.start_soon(give, raw)
        await trio.sleep(1)
        assert not refused
        async with running(world, client) as client:
            await trio.sleep(1)
            loaded = client.db.load(world.chain.genesis.hash)
    assert refused
    assert loaded.marks.block[0] == 30
    assert loaded.anchors[0].anchor.header.number >= final


async def test_a_checkpoint_is_not_waited_for_in_vain(world, autojump_clock):
    """What is kept cannot be read: who waits for that is told."""
    client = world.client()
    client.db.close()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ends_badly, client)
        with trio.fail_after(5), pytest.raises(NotProvable):
            await client.import_checkpoint(world.checkpoint())


async def ends_badly(client):
    """Run it to its end."""
    with pytest.raises(ChainDbUnwritable):
        await client.run()


async def test_it_goes_on_from_the_disk(world, autojump_clock):
    """No checkpoint is needed again, and what was final before is final at once."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        number = (await until(client, S.FOLLOWING)).finalized.number
        await until(client, beyond(number + 15))
        number = client.anchor.header.number
    async with running(world, live=False) as client:
        assert client.anchor.header.number == number
        await until(client, S.FOLLOWING)


@pytest.mark.parametrize("damage", [1, 2, 9])
async def test_damaged_rows_are_passed_over(world, autojump_clock, damage):
    """The row before is believed; with none left the checkpoint that was accepted is, and nothing that is damaged."""
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
        for _ in range(3):
            world.chain.schedule(ChangeOrder(FOUR, 0))
            await trio.sleep(80)
    conn = sqlite3.connect(world.directory / "chain.db")
    rows = [row for (row,) in conn.execute("SELECT id FROM anchors ORDER BY id DESC")][:damage]
    for row in rows:
        conn.execute("UPDATE anchors SET record = zeroblob(length(record)) WHERE id = ?", (row,))
    conn.commit()
    conn.close()
    async with running(world) as client:
        await until(client, S.FOLLOWING)
        assert is_on_chain(world, client)


async def test_every_advance_is_told(world, autojump_clock):
    """Caches hear of each, in order."""
    told = []
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        client.on_final.append(lambda anchor: told.append(anchor.header.number))
        await until(client, S.FOLLOWING)
        await trio.sleep(60)
        assert told == sorted(set(told))
        assert told[-1] == client.anchor.header.number
        client.count_proof()
        before = client.status().proofs
        client.count_proof()
        assert client.status().proofs == before + 1


async def test_shorter_bounds_are_kept_too(tmp_path, inline_threads, autojump_clock):
    """Bounds are arguments: a development chain stalls after 20 s where that is asked for."""
    policy = dataclasses.replace(USUAL, stalled_s=20)
    world = World(tmp_path, groups=("a",), kind=NetworkKind.DEVELOPMENT, policy=policy)
    world.grow(5)
    async with running(world, checkpoints=[world.checkpoint()]) as client:
        await until(client, S.FOLLOWING)
        world[0].gone = True
        await until(client, S.STALLED, seconds=30)
        world[0].gone = False
        await until(client, S.FOLLOWING, seconds=30)
