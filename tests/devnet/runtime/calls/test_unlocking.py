"""Chunks on their way out of a ledger."""

from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.runtime.calls.unlocking import is_spent, settle_unlocked, start_unlocking

LEDGER = {"total": 10 * CERE, "active": 10 * CERE, "unlocking": []}


def test_what_is_due_at_one_block_is_one_chunk():
    """Two requests of a block cost one place of the 32."""
    ledger, first = start_unlocking(LEDGER, CERE, 9)
    ledger, second = start_unlocking(ledger, CERE, 9)
    assert (first, second, ledger["unlocking"]) == (CERE, CERE, [{"value": 2 * CERE, "block": 9}])
    assert LEDGER["unlocking"] == []
    assert len(start_unlocking(ledger, CERE, 10)[0]["unlocking"]) == 2


def test_dust_goes_along():
    """What would stay below the existential deposit is taken out too; more than there is, is all there is."""
    assert start_unlocking(LEDGER, 9 * CERE + 1, 5) == (
        LEDGER | {"active": 0, "unlocking": [{"value": 10 * CERE, "block": 5}]},
        10 * CERE,
    )
    assert start_unlocking(LEDGER, 99 * CERE, 5)[1] == 10 * CERE
    assert start_unlocking(LEDGER, 9 * CERE, 5)[0]["active"] == CERE


def test_what_is_due_is_taken_at_its_block():
    """Not one block before."""
    ledger, _ = start_unlocking(LEDGER, 10 * CERE, 5)
    assert settle_unlocked(ledger, 4) == (ledger, 0)
    after, freed = settle_unlocked(ledger, 5)
    assert (freed, after["total"], after["unlocking"]) == (10 * CERE, 0, [])
    assert is_spent(after)
    assert not is_spent(ledger)
