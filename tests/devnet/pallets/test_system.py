"""System's description, which says the runtime's version."""

from edge_node.devnet.pallets.system import Version, describe, version_value

PALLET = describe(Version(spec_version=5, transaction_version=3), 1)


def test_its_index_and_calls():
    """Index 0; the calls that are there keep their real indexes."""
    assert PALLET.index == 0
    assert {call.name: call.index for call in PALLET.calls} == {
        "remark": 0, "set_code": 2, "set_storage": 4, "kill_storage": 5, "remark_with_event": 7,
    }  # fmt: skip


def test_its_events_stand_in_order():
    """Success and failure of extrinsics are 0 and 1: every client waits for them."""
    assert [event.name for event in PALLET.events][:2] == ["ExtrinsicSuccess", "ExtrinsicFailed"]


def test_the_constants_clients_read_first():
    """Addresses of prefix 54, block hashes for 2,400 blocks, and the version with the state version in it."""
    values = {one.name: one.value for one in PALLET.constants}
    assert (values["SS58Prefix"], values["BlockHashCount"]) == (54, 2_400)
    assert values["Version"] == version_value(Version(5, 3), 1)
    assert values["Version"]["system_version"] == 1
