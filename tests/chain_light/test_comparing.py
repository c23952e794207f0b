"""Endpoints are asked for what the anchor is held against, and lies about it are told."""

from dataclasses import replace

import pytest

from edge_node.chain_light.comparing import Comparing, OtherFinalBlock
from edge_node.chain_light.cross_check import Agrees, Differs
from edge_node.chain_light.sync_policy import USUAL
from tests.chain_light.chain_world import FOUR


def comparing(world):
    return Comparing(world.pool, clock=world.clock, policy=USUAL)


async def test_one_proof_is_enough_and_every_group_is_heard(world, autojump_clock):
    """The state agrees, and both groups have our block."""
    made, anchor = comparing(world), world.anchor_at(30)
    compared = await made.compare(anchor)
    assert (compared.outcome, compared.groups, compared.why) == (Agrees(anchor), {"a", "b"}, "")
    assert made.proofs == 1
    assert compared.proof


@pytest.mark.parametrize(
    ("fault", "lies"), [("short proof", True), ("other proof", True), ("no proof", False), ("silent", False)]
)
async def test_the_next_endpoint_is_asked(world, autojump_clock, fault, lies):
    """A bad proof is told to the pool; having none, or silence, is no lie."""
    world[0].fault = fault
    compared = await comparing(world).compare(world.anchor_at(30))
    assert isinstance(compared.outcome, Agrees)
    assert [url for url, _ in world.pool.complaints] == [world[0].url] * lies
    assert compared.groups == ({"b"} if fault == "silent" else {"a", "b"})


async def test_without_any_proof_it_is_not_known(world, autojump_clock):
    """No outcome, and why: each endpoint with what it did."""
    world[0].fault, world[1].fault = "short proof", "no proof"
    compared = await comparing(world).compare(world.anchor_at(30))
    assert compared.outcome is None
    assert "a0.example" in compared.why
    assert "b1.example" in compared.why
    world.sources.clear()
    assert "no endpoint is usable" in (await comparing(world).compare(world.anchor_at(30))).why


async def test_another_block_at_a_final_height_is_told(world, autojump_clock):
    """Its group is no witness."""
    world[1].fault = "other hashes"
    compared = await comparing(world).compare(world.anchor_at(30))
    assert compared.groups == {"a"}
    ((url, error),) = world.pool.complaints
    assert url == world[1].url
    assert isinstance(error, OtherFinalBlock)


async def test_who_is_behind_may_be_on_a_fork(world, autojump_clock):
    """It does not say yet that any block of this height is final: no lie, and no witness."""
    world[1].fault, world[1].final_at = "other hashes", 29
    compared = await comparing(world).compare(world.anchor_at(30))
    assert compared.groups == {"a"}
    assert world.pool.complaints == []


async def test_nobody_is_blamed_by_an_anchor_that_nobody_vouches_for(world, autojump_clock):
    """It may be the anchor that is made up, and the other one honest; a witness it is not."""
    world[1].fault = "other hashes"
    compared = await comparing(world).compare(world.anchor_at(30), sound=False)
    assert compared.groups == {"a"}
    assert world.pool.complaints == []


async def test_another_belief_differs(world, autojump_clock):
    """The outcome comes with the proof that shows it."""
    anchor = world.anchor_at(30)
    wrong = replace(anchor, voters=anchor.voters.next(FOUR))
    compared = await comparing(world).compare(wrong)
    assert isinstance(compared.outcome, Differs)
    assert compared.proof
