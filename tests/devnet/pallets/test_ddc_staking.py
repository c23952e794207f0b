"""DdcStaking's description."""

from edge_node.devnet.pallets.ddc_staking import PALLET


def test_its_index_and_calls():
    """Eleven calls, numbered without a gap."""
    assert PALLET.index == 35
    assert [call.index for call in PALLET.calls] == list(range(11))
    assert {"bond": 0, "store": 3, "bond_cluster": 8}.items() <= {
        call.name: call.index for call in PALLET.calls
    }.items()


def test_its_events_have_no_field_names():
    """Clients find amounts by their place."""
    assert [event.name for event in PALLET.events] == [
        "Bonded", "Unbonded", "Withdrawn", "Chilled", "ChillSoon", "Activated", "LeaveSoon", "Left",
    ]  # fmt: skip
    assert {field.name for event in PALLET.events for field in event.fields} == {None}


def test_its_errors_are_counted():
    """20, some of which only other lines of the runtime raise."""
    assert (len(PALLET.errors), PALLET.errors[17], PALLET.errors[19]) == (20, "NodeIsNotFound", "UnbondingProhibited")
