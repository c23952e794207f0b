"""TransactionPayment's description."""

from edge_node.devnet.pallets.transaction_payment import PALLET


def test_its_index_and_calls():
    """Index 7; each call at its own index."""
    assert PALLET.index == 7
    assert {call.name: call.index for call in PALLET.calls} == {}


def test_its_events_stand_in_order():
    """An event's place is its number on the wire."""
    assert [event.name for event in PALLET.events] == ["TransactionFeePaid"]


def test_the_multiplier_of_operational_calls():
    """5, as on Cere."""
    assert [(one.name, one.value) for one in PALLET.constants] == [("OperationalFeeMultiplier", 5)]
