"""Grandpa's description."""

from edge_node.devnet.pallets.grandpa import PALLET


def test_its_index_and_calls():
    """Index 11; each call at its own index."""
    assert PALLET.index == 11
    assert {call.name: call.index for call in PALLET.calls} == {}


def test_its_events_stand_in_order():
    """An event's place is its number on the wire."""
    assert [event.name for event in PALLET.events] == ["NewAuthorities", "Paused", "Resumed"]


def test_the_set_and_its_id_can_be_read():
    """What a light client compares its own knowledge with."""
    assert {"CurrentSetId", "Authorities"} <= {item.name for item in PALLET.storage}
    assert PALLET.errors.index("ChangePending") == 2
