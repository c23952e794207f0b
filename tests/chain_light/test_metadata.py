"""What is looked up in metadata, by name and by number."""

import pytest

from edge_node.chain_light.codec import decode_whole
from edge_node.chain_light.metadata import ModuleError, NotInMetadata
from tests.chain_light.runtimes import metadata_of, mini_metadata

MINI = mini_metadata()


def test_what_there_is_is_found():
    """Pallets, calls, events, storage with its pallet's prefix, constants."""
    assert MINI.find_pallet("Bank") is MINI.pallet_at(6) is MINI.pallets[1]
    call = MINI.find_call("Bank", "pay")
    assert (call.index, [field.name for field in call.fields]) == (1, ["to", "planck"])
    assert MINI.find_event("Bank", "Paid").index == 0
    assert MINI.find_storage("Bank", "Balance").name == "Vault.Balance"
    deposit = MINI.find_constant("Bank", "Deposit")
    assert decode_whole(MINI.registry, deposit.type, deposit.value) == 10**10


@pytest.mark.parametrize(
    ("look", "message"),
    [
        (lambda: MINI.find_pallet("bank"), "no pallet bank"),
        (lambda: MINI.pallet_at(5), "no pallet 5"),
        (lambda: MINI.find_call("Bank", "rob"), "no call Bank.rob"),
        (lambda: MINI.find_call("Vault", "pay"), "no pallet Vault"),
        (lambda: MINI.find_event("System", "Paid"), "no event System.Paid"),
        (lambda: MINI.find_error(6, 1), "no error Bank.1"),
        (lambda: MINI.find_error(0, 0), "no error System.0"),
        (lambda: MINI.find_constant("Bank", "Fee"), "no constant Bank.Fee"),
        (lambda: MINI.find_storage("Bank", "balance"), "no storage Bank.balance"),
    ],
)
def test_what_there_is_not_is_said_by_name(look, message):
    """Nothing near is taken for it."""
    with pytest.raises(NotInMetadata, match=message):
        look()


def test_an_error_has_a_name():
    """A dispatch error's two numbers are a pallet's error, with what the runtime says of it."""
    assert MINI.find_error(6, 7) == ModuleError("Bank", "Closed", ())
    found = metadata_of("polkadot-v15").find_error(5, 2)
    assert (found.pallet, found.name) == ("Balances", "InsufficientBalance")
    assert found.docs == ("Balance too low to send value.",)
