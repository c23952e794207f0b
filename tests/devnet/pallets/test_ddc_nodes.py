"""DdcNodes' description."""

from edge_node.devnet.pallets.ddc_nodes import MODES_DEV, describe

PALLET = describe()


def test_its_index_calls_events_and_errors():
    """As read of the real pallet."""
    assert PALLET.index == 37
    assert [(call.name, call.index) for call in PALLET.calls] == [
        ("create_node", 0), ("delete_node", 1), ("set_node_params", 2),
    ]  # fmt: skip
    assert [event.name for event in PALLET.events] == ["NodeCreated", "NodeDeleted", "NodeParamsChanged"]
    assert (len(PALLET.errors), PALLET.errors[6]) == (7, "NodeHasDanglingStake")


def test_modes_are_numbered_from_one():
    """Full is 1; compute nodes exist on the later line alone."""
    assert [(arm.name, arm.index) for arm in PALLET.types["StorageNodeMode"].arms] == [
        ("Full", 1), ("Storage", 2), ("Cache", 3),
    ]  # fmt: skip
    assert describe(MODES_DEV).types["StorageNodeMode"].arms[3].index == 4


def test_the_mode_stands_first_in_what_is_sent_and_last_in_what_is_stored():
    """The same fields, in two orders."""
    sent, stored = PALLET.types["StorageNodeParams"].fields, PALLET.types["StorageNodeProps"].fields
    assert (sent[0].name, stored[-1].name) == ("mode", "mode")
    assert {field.name for field in sent} == {field.name for field in stored}
