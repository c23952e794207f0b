"""Utility's description."""

from edge_node.devnet.pallets.utility import PALLET


def test_its_index_and_calls():
    """Index 1; each call at its own index."""
    assert PALLET.index == 1
    assert {call.name: call.index for call in PALLET.calls} == {
        "batch": 0,
        "as_derivative": 1,
        "batch_all": 2,
        "force_batch": 4,
    }


def test_its_events_stand_in_order():
    """An event's place is its number on the wire."""
    assert [event.name for event in PALLET.events] == [
        "BatchInterrupted",
        "BatchCompleted",
        "BatchCompletedWithErrors",
        "ItemCompleted",
        "ItemFailed",
        "DispatchedAs",
    ]


def test_what_is_not_carried_out_is_said():
    """as_derivative is described, since clients see it, and declared unsupported."""
    assert PALLET.unsupported == {"as_derivative"}
