"""A checkpoint's chain beside ours: in memory, with its hand-offs."""

from edge_node.chain_light.beside import Beside
from edge_node.chain_light.proof_steps import Step
from tests.chain_light.steps import START, walk


def as_steps(advanced):
    """Kept advances as the steps they were."""
    return [Step(one.before, one.after, one.justification, ()) for one in advanced]


async def test_hand_offs_and_the_last_step_are_remembered():
    """What lies between proves nothing that they do not."""
    steps = as_steps(walk(8, every=3))
    beside = Beside(START)
    await beside.take(steps[:5], "ws://a.example")
    await beside.take(steps[5:], "ws://a.example")
    assert beside.anchor == steps[-1].after
    assert beside.steps == [steps[2], steps[5], steps[7]]


async def test_steps_from_elsewhere_are_not_taken():
    """They are of another moment."""
    steps = as_steps(walk(4))
    beside = Beside(START)
    await beside.take([], "ws://a.example")
    await beside.take(steps[1:], "ws://a.example")
    assert (beside.anchor, beside.steps) == (START, [])
