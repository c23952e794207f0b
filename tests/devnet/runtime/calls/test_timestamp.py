"""Timestamp's call: the author's own."""

from edge_node.devnet.runtime.dispatch import call_of
from tests.devnet.runtime.stage import ALICE, make_stage


def test_every_block_says_its_time():
    """The first extrinsic of a block sets it."""
    stage = make_stage()
    stage.write()
    assert stage.read("Timestamp", "Now") == stage.now_ms
    assert stage.events(0)[-1][0] == "System.ExtrinsicSuccess"


def test_nobody_else_sets_it():
    """BadOrigin for a signed call, and for root."""
    stage, call = make_stage(), call_of("Timestamp", "set", now=1)
    assert stage.outcome(ALICE, call) == "BadOrigin"
    assert stage.as_root(call) == "BadOrigin"
