"""Timestamp's description."""

from edge_node.devnet.pallets.timestamp import PALLET


def test_its_index_and_calls():
    """Index 3; each call at its own index."""
    assert PALLET.index == 3
    assert {call.name: call.index for call in PALLET.calls} == {"set": 0}


def test_its_events_stand_in_order():
    """An event's place is its number on the wire."""
    assert [event.name for event in PALLET.events] == []
