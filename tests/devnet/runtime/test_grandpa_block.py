"""Changes of authorities in state and header, with and without a delay."""

import pytest

from edge_node.chain_light.authority_changes import Forced, Scheduled, set_change_of
from edge_node.devnet.runtime.genesis import list_of
from edge_node.devnet.runtime.grandpa_block import ChangeOrder
from edge_node.devnet.runtime.refusals import PalletRefusal
from tests.devnet.runtime.stage import VALIDATORS, make_stage

NEXT = tuple(one.authority for one in VALIDATORS[:3])


def test_without_a_delay_a_change_is_announced_and_made_in_one_block():
    """The header tells it, the state has the new list and the next set id."""
    stage = make_stage()
    stage.chain.schedule(ChangeOrder(NEXT, 0))
    block = stage.write()
    assert set_change_of(block.header) == Scheduled(NEXT, 0)
    assert stage.read("Grandpa", "Authorities") == list_of(NEXT)
    assert stage.read("Grandpa", "CurrentSetId") == 1
    assert stage.read("Grandpa", "PendingChange") is None
    assert ("Grandpa.NewAuthorities", {"authority_set": list_of(NEXT)}) in stage.events()
    assert set_change_of(stage.write().header) is None


def test_with_a_delay_the_list_changes_in_the_last_block_of_the_set():
    """Announced once, enacted five blocks later; ChangePending for another one meanwhile."""
    stage = make_stage()
    stage.chain.schedule(ChangeOrder(NEXT, 5))
    assert set_change_of(stage.write().header) == Scheduled(NEXT, 5)
    stage.chain.schedule(ChangeOrder(NEXT, 0))
    with pytest.raises(PalletRefusal) as refused:
        stage.write()
    assert refused.value.detail == "Grandpa.ChangePending"
    assert stage.chain.head.number == 1, "no block came of it"
    for _ in range(4):
        assert set_change_of(stage.write().header) is None
        assert stage.read("Grandpa", "Authorities") == list_of(one.authority for one in VALIDATORS)
    stage.write()
    assert stage.read("Grandpa", "Authorities") == list_of(NEXT)
    assert stage.read("Grandpa", "PendingChange") is None


def test_a_forced_change_is_told_as_one():
    """With the median that makes it so."""
    stage = make_stage()
    stage.chain.schedule(ChangeOrder(NEXT, 2, median=0))
    assert set_change_of(stage.write().header) == Forced(0, Scheduled(NEXT, 2))
