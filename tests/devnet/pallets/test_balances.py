"""Balances' description."""

from edge_node.devnet.pallets.balances import PALLET


def test_its_index_and_calls():
    """Index 6; each call at its own index."""
    assert PALLET.index == 6
    assert {call.name: call.index for call in PALLET.calls} == {
        "transfer_allow_death": 0,
        "force_transfer": 2,
        "transfer_keep_alive": 3,
        "transfer_all": 4,
        "force_set_balance": 8,
    }


def test_its_events_stand_in_order():
    """An event's place is its number on the wire."""
    assert [event.name for event in PALLET.events] == [
        "Endowed",
        "DustLost",
        "Transfer",
        "BalanceSet",
        "Reserved",
        "Unreserved",
        "ReserveRepatriated",
        "Deposit",
        "Withdraw",
        "Slashed",
        "Minted",
        "Burned",
        "Suspended",
        "Restored",
        "Upgraded",
        "Issued",
        "Rescinded",
        "Locked",
        "Unlocked",
        "Frozen",
        "Thawed",
        "TotalIssuanceForced",
    ]


def test_its_errors_and_the_existential_deposit():
    """Expendability is the fourth error; 1 CERE keeps an account alive."""
    assert PALLET.errors.index("InsufficientBalance") == 2
    assert PALLET.errors.index("Expendability") == 4
    assert {one.name: one.value for one in PALLET.constants}["ExistentialDeposit"] == 10**10
