"""A question has an end."""

import pytest
import trio

from edge_node.chain_light.patience import within
from edge_node.chain_light.source_errors import EndpointSilent


async def test_an_answer_in_time_is_the_answer(world, autojump_clock):
    """Nothing is changed about it."""
    assert await within(1, world[0], "chain_getFinalizedHead", world[0].finalized()) == world.chain.final.hash


async def test_silence_ends_after_its_time(world, autojump_clock):
    """The error names who was asked what, and for how long."""
    world[0].fault = "silent"
    began = trio.current_time()
    with pytest.raises(EndpointSilent) as silent:
        await within(30, world[0], "grandpa_proveFinality", world[0].finality(3))
    assert (silent.value.method, silent.value.waited_s) == ("grandpa_proveFinality", 30)
    assert trio.current_time() - began == 30
