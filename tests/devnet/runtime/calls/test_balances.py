"""Balances through signed extrinsics: money moves, accounts are born and die, and each refusal has its name."""

import pytest

from edge_node.chain_light.values import Chosen
from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.runtime.dispatch import call_of
from tests.devnet.runtime.stage import ALICE, BOB, SUDO, Account, make_stage

NOBODY = Account("nobody")


@pytest.fixture
def stage():
    """A fresh chain."""
    return make_stage()


def free(stage, account):
    """A free balance."""
    return stage.read("System", "Account", account.id)["data"]["free"]


def send(stage, call, amount, dest=NOBODY, sender=ALICE):
    """A transfer; what came of it."""
    return stage.outcome(sender, call_of("Balances", call, dest=dest.address, value=amount))


def test_a_transfer_makes_an_account_and_says_so(stage):
    """The new account is endowed, and the events stand in a real chain's order."""
    events = stage.ok(ALICE, "Balances", "transfer_allow_death", dest=NOBODY.address, value=3 * CERE)
    assert free(stage, NOBODY) == 3 * CERE
    assert [name for name, _ in events] == [
        "Balances.Withdraw", "System.NewAccount", "Balances.Endowed", "Balances.Transfer", "Balances.Deposit",
        "Balances.Deposit", "TransactionPayment.TransactionFeePaid", "System.ExtrinsicSuccess",
    ]  # fmt: skip


def test_what_nobody_has_cannot_be_sent(stage):
    """Token.FundsUnavailable."""
    assert send(stage, "transfer_allow_death", 2_000_000 * CERE) == "Token.FundsUnavailable"


def test_less_than_keeps_an_account_alive_makes_none(stage):
    """Token.BelowMinimum."""
    assert send(stage, "transfer_allow_death", CERE - 1) == "Token.BelowMinimum"
    assert send(stage, "transfer_allow_death", CERE) == "Ok"


def test_keeping_alive_refuses_to_die(stage):
    """Token.NotExpendable when less than the existential deposit would be left."""
    send(stage, "transfer_allow_death", 5 * CERE)
    assert send(stage, "transfer_keep_alive", 4 * CERE - 1, dest=BOB, sender=NOBODY) == "Token.NotExpendable"
    assert send(stage, "transfer_keep_alive", 3 * CERE, dest=BOB, sender=NOBODY) == "Ok"


def test_an_account_dies_with_its_last_money(stage):
    """Its dust is lost, its nonce forgotten, and the total issuance is less by the dust."""
    send(stage, "transfer_allow_death", 5 * CERE)
    issued = stage.read("Balances", "TotalIssuance")
    events = dict(stage.ok(NOBODY, "Balances", "transfer_allow_death", dest=BOB.address, value=4 * CERE))
    assert events["System.KilledAccount"] == {"account": NOBODY.id}
    assert stage.read("Balances", "TotalIssuance") == issued - events["Balances.DustLost"]["amount"]
    assert stage.read("System", "Account", NOBODY.id)["nonce"] == 0


def test_all_of_it(stage):
    """transfer_all leaves nothing, or what keeps the account alive."""
    send(stage, "transfer_allow_death", 5 * CERE)
    stage.ok(NOBODY, "Balances", "transfer_all", dest=BOB.address, keep_alive=True)
    assert free(stage, NOBODY) == CERE


def test_locked_money_stays(stage):
    """Token.Frozen above what no lock holds."""
    lock = [{"id": b"ddcstake", "amount": 999_999 * CERE, "reasons": Chosen("All")}]
    account = stage.read("System", "Account", ALICE.id)
    account["data"]["frozen"] = lock[0]["amount"]
    raw = stage.chain.form.encode("frame_system::AccountInfo", account)
    stage.set_raw("System", "Account", ALICE.id, raw=raw)
    assert send(stage, "transfer_allow_death", 2 * CERE) == "Token.Frozen"


def test_what_something_refers_to_does_not_die(stage):
    """Token.Frozen while the account has consumers: it cannot be emptied, lock or no lock."""
    account = stage.read("System", "Account", ALICE.id) | {"consumers": 1, "nonce": 0}
    account["data"]["free"] = 5 * CERE
    stage.set_raw("System", "Account", ALICE.id, raw=stage.chain.form.encode("frame_system::AccountInfo", account))
    assert send(stage, "transfer_allow_death", 4 * CERE + CERE // 10) == "Token.Frozen"


def test_more_than_128_bits_is_refused(stage):
    """Arithmetic.Overflow for a receiver whose balance would not fit."""
    account = stage.read("System", "Account", BOB.id)
    account["data"]["free"] = (1 << 128) - 1
    stage.set_raw("System", "Account", BOB.id, raw=stage.chain.form.encode("frame_system::AccountInfo", account))
    assert send(stage, "transfer_allow_death", 2 * CERE, dest=BOB) == "Arithmetic.Overflow"


def test_an_index_leads_to_no_account(stage):
    """CannotLookup: there is no pallet of indices here."""
    call = call_of("Balances", "transfer_allow_death", dest=Chosen("Index", 1), value=CERE)
    assert stage.outcome(ALICE, call) == "CannotLookup"


def test_a_transfer_to_oneself_and_of_nothing_changes_nothing(stage):
    """Both succeed, as on real chains."""
    issued = stage.read("Balances", "TotalIssuance")
    assert "Balances.Transfer" not in dict(
        stage.ok(ALICE, "Balances", "transfer_allow_death", dest=ALICE.address, value=CERE)
    )
    assert send(stage, "transfer_allow_death", 0) == "Ok"
    assert free(stage, NOBODY) == 0
    assert stage.read("Balances", "TotalIssuance") == issued


def test_root_moves_and_sets_what_it_likes(stage):
    """force_transfer and force_set_balance, which nobody else may call."""
    moved = call_of("Balances", "force_transfer", source=ALICE.address, dest=NOBODY.address, value=7 * CERE)
    assert stage.as_root(moved) == "Ok"
    assert free(stage, NOBODY) == 7 * CERE
    assert stage.as_root(call_of("Balances", "force_set_balance", who=NOBODY.address, new_free=CERE - 1)) == "Ok"
    assert free(stage, NOBODY) == 0
    for call in (moved, call_of("Balances", "force_set_balance", who=NOBODY.address, new_free=1)):
        assert stage.outcome(SUDO, call) == "BadOrigin"


def test_money_beyond_counting_is_counted_as_the_most(stage):
    """Root may give two accounts all that a number holds."""
    for who in (ALICE, BOB):
        call = call_of("Balances", "force_set_balance", who=who.address, new_free=(1 << 128) - 1)
        assert stage.as_root(call) == "Ok"
    assert stage.read("Balances", "TotalIssuance") == (1 << 128) - 1


def test_setting_a_balance_below_what_consumers_need_is_refused(stage):
    """ConsumerRemaining: an account that something refers to is not ended by root either."""
    account = stage.read("System", "Account", ALICE.id) | {"consumers": 1}
    stage.set_raw("System", "Account", ALICE.id, raw=stage.chain.form.encode("frame_system::AccountInfo", account))
    call = call_of("Balances", "force_set_balance", who=ALICE.address, new_free=0)
    assert stage.as_root(call) == "ConsumerRemaining"
