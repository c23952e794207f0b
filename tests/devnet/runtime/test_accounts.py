"""Accounts as the chain's own code moves them; calls/test_balances.py sees them through extrinsics."""

import pytest

from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.pallets.system import CONSUMERS_MAX
from edge_node.devnet.runtime.accounts import (
    account_of,
    add_consumer,
    drop_consumer,
    force_balance,
    free_balance,
    give_fee,
    liquid_balance,
    mint,
    set_lock,
    take_fee,
    transfer,
)
from edge_node.devnet.runtime.block import begin_work
from edge_node.devnet.runtime.refusals import CallRefused
from tests.devnet.runtime.stage import ALICE, BOB, Account, make_stage

NEW = Account("new").id


@pytest.fixture
def work():
    """The work of a first block."""
    stage = make_stage()
    return begin_work(stage.chain.rules, stage.chain.head)


def issued(work):
    """All money there is."""
    return work.get("Balances", "TotalIssuance")


def test_minted_money_counts(work):
    """The total issuance is the sum of all balances."""
    before = issued(work)
    mint(work, NEW, 3 * CERE)
    assert (free_balance(work, NEW), issued(work)) == (3 * CERE, before + 3 * CERE)


def test_a_fee_leaves_the_account_alive(work):
    """It is refused, with nothing changed, when less than the existential deposit would be left."""
    mint(work, NEW, 2 * CERE)
    assert not take_fee(work, NEW, CERE + 1)
    assert free_balance(work, NEW) == 2 * CERE
    assert take_fee(work, NEW, CERE)
    assert free_balance(work, NEW) == CERE


def test_a_share_that_makes_no_account_is_burnt(work):
    """Money does not hang in the air."""
    before = issued(work)
    give_fee(work, NEW, CERE - 1)
    assert (free_balance(work, NEW), issued(work)) == (0, before - CERE + 1)
    give_fee(work, BOB.id, 5)
    assert issued(work) == before - CERE + 1


def test_locks_overlay(work):
    """The largest counts; the account has two consumers for all of them, until the last is gone."""
    set_lock(work, b"a" * 8, ALICE.id, 5 * CERE)
    set_lock(work, b"b" * 8, ALICE.id, 7 * CERE)
    account = account_of(work, ALICE.id)
    assert (account["data"]["frozen"], account["consumers"]) == (7 * CERE, 2)
    assert liquid_balance(work, ALICE.id, keep=False) == free_balance(work, ALICE.id) - 7 * CERE
    set_lock(work, b"b" * 8, ALICE.id, 0)
    set_lock(work, b"a" * 8, ALICE.id, 0)
    account = account_of(work, ALICE.id)
    assert (account["data"]["frozen"], account["consumers"], work.has("Balances", "Locks", ALICE.id)) == (0, 0, False)


def test_consumers_are_bounded(work):
    """16, and none for who does not exist."""
    for _ in range(CONSUMERS_MAX):
        add_consumer(work, ALICE.id)
    with pytest.raises(CallRefused, match="TooManyConsumers"):
        add_consumer(work, ALICE.id)
    with pytest.raises(CallRefused, match="NoProviders"):
        add_consumer(work, NEW)
    for _ in range(CONSUMERS_MAX + 1):
        drop_consumer(work, ALICE.id)
    assert account_of(work, ALICE.id)["consumers"] == 0


def test_a_forced_balance_changes_what_is_issued(work):
    """Up and down; below the existential deposit it is none."""
    before, held = issued(work), free_balance(work, ALICE.id)
    force_balance(work, ALICE.id, held + 5)
    assert issued(work) == before + 5
    force_balance(work, ALICE.id, 1)
    assert (free_balance(work, ALICE.id), issued(work)) == (0, before - held)


def test_money_is_neither_made_nor_lost_by_moving(work):
    """The issuance stays."""
    before = issued(work)
    transfer(work, ALICE.id, NEW, 9 * CERE, keep=True)
    assert (free_balance(work, NEW), issued(work)) == (9 * CERE, before)
