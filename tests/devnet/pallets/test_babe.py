"""Babe's description."""

from edge_node.devnet.pallets.babe import PALLET


def test_its_index_and_calls():
    """Index 2; each call at its own index."""
    assert PALLET.index == 2
    assert {call.name: call.index for call in PALLET.calls} == {}


def test_its_events_stand_in_order():
    """An event's place is its number on the wire."""
    assert [event.name for event in PALLET.events] == []


def test_time_is_as_on_cere():
    """Slots of 6 s, epochs of 4 h: clients reckon mortality by these."""
    values = {one.name: one.value for one in PALLET.constants}
    assert (values["ExpectedBlockTime"], values["EpochDuration"]) == (6_000, 2_400)
