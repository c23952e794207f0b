"""Sudo's description."""

from edge_node.devnet.pallets.sudo import PALLET


def test_its_index_and_calls():
    """Index 14; each call at its own index."""
    assert PALLET.index == 14
    assert {call.name: call.index for call in PALLET.calls} == {
        "sudo": 0,
        "sudo_unchecked_weight": 1,
        "set_key": 2,
        "sudo_as": 3,
        "remove_key": 4,
    }


def test_its_events_stand_in_order():
    """An event's place is its number on the wire."""
    assert [event.name for event in PALLET.events] == ["Sudid", "KeyChanged", "KeyRemoved", "SudoAsDone"]


def test_its_only_error():
    """RequireSudo."""
    assert PALLET.errors == ("RequireSudo",)
