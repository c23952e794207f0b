"""Which authorities follow which."""

import pytest

from edge_node.devnet.runtime import ChangeOrder
from edge_node.devnet.set_changes import ChangeUnderWay, require_free, rotated
from tests.devnet.runtime.stage import VALIDATORS, make_stage


def test_each_turn_another_one_rests():
    """So that neighbouring sets differ, and each can finalize by itself."""
    sets = [rotated(VALIDATORS, turn) for turn in range(5)]
    assert all(len(one) == 3 for one in sets)
    assert sets[0] == sets[4]
    assert len(set(sets)) == 4


def test_few_change_their_order_alone():
    """A set without one of three could not finalize if one more were missing."""
    assert len(rotated(VALIDATORS[:3], 1)) == 3
    assert [one.key for one in rotated(VALIDATORS[:2], 1)] == [v.grandpa.public for v in (VALIDATORS[1], VALIDATORS[0])]


def test_one_change_at_a_time():
    """While its delay lasts, no other is announced."""
    stage = make_stage()
    require_free(stage.chain)
    stage.chain.schedule(ChangeOrder(rotated(VALIDATORS, 1), 2))
    stage.write()
    with pytest.raises(ChangeUnderWay):
        require_free(stage.chain)
    stage.skip(2)
    require_free(stage.chain)
