"""What an extrinsic does in its block, seen from its events."""

import pytest

from edge_node.chain_light.values import Chosen
from edge_node.devnet.runtime.apply import apply_inherent
from edge_node.devnet.runtime.block import begin_work
from edge_node.devnet.runtime.dispatch import call_of
from edge_node.devnet.runtime.refusals import CallRefused
from tests.devnet.runtime.stage import ALICE, BOB, make_stage

BAD = call_of("Balances", "force_set_balance", who=BOB.address, new_free=1)


def test_a_failure_names_its_error_and_what_it_weighed():
    """The last event of the extrinsic; what the call did is undone, the fee is not."""
    stage = make_stage()
    names = [name for name, _ in stage.send(ALICE, BAD)]
    assert names[0] == "Balances.Withdraw"
    assert names[-2:] == ["TransactionPayment.TransactionFeePaid", "System.ExtrinsicFailed"]
    _, value = stage.events(1)[-1]
    assert value["dispatch_error"] == Chosen("BadOrigin")
    assert (value["dispatch_info"]["class"], value["dispatch_info"]["pays_fee"]) == (Chosen("Normal"), Chosen("Yes"))


def test_the_authors_part_is_mandatory_and_free():
    """No fee, no nonce; a refusal of it is our own fault and not passed over."""
    stage = make_stage()
    stage.write()
    ((name, value),) = stage.events(0)
    assert (name, value["dispatch_info"]["class"]) == ("System.ExtrinsicSuccess", Chosen("Mandatory"))
    work = begin_work(stage.chain.rules, stage.chain.head)
    with pytest.raises(CallRefused):
        apply_inherent(work, BAD)


def test_an_account_that_ends_itself_still_paid():
    """The last of it goes: the fee was taken before."""
    stage = make_stage()
    events = stage.ok(ALICE, "Balances", "transfer_all", dest=BOB.address, keep_alive=False)
    assert "System.KilledAccount" in dict(events)
    assert stage.read("System", "Account", ALICE.id)["providers"] == 0
