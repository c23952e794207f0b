"""Batches through signed extrinsics."""

import pytest

from edge_node.devnet.pallets.balances import CERE
from edge_node.devnet.runtime.calls import utility
from edge_node.devnet.runtime.dispatch import call_of
from tests.devnet.runtime.stage import ALICE, BOB, Account, make_stage

NEW = Account("new")
GOOD = call_of("Balances", "transfer_allow_death", dest=NEW.address, value=CERE)
BAD = call_of("Balances", "force_set_balance", who=BOB.address, new_free=1)


@pytest.fixture
def stage():
    """A fresh chain."""
    return make_stage()


def batch(stage, call, *calls):
    """Send a batch; its own events by name, and what came of it."""
    events = stage.send(ALICE, call_of("Utility", call, calls=list(calls)))
    return [name for name, _ in events if name.startswith("Utility")], stage.outcome_of(events[-1])


def held(stage):
    """What the receiver has."""
    return stage.read("System", "Account", NEW.id)["data"]["free"]


def test_a_batch_stops_at_the_first_refusal_and_keeps_what_was_before(stage):
    """The extrinsic itself succeeds; the event says which call was refused."""
    assert batch(stage, "batch", GOOD, BAD, GOOD) == (["Utility.ItemCompleted", "Utility.BatchInterrupted"], "Ok")
    assert held(stage) == CERE


def test_a_batch_of_all_is_all_or_none(stage):
    """The refusal is the extrinsic's, and nothing of it stays."""
    assert batch(stage, "batch_all", GOOD, BAD) == ([], "BadOrigin")
    assert held(stage) == 0
    assert batch(stage, "batch_all", GOOD, GOOD)[1] == "Ok"
    assert held(stage) == 2 * CERE


def test_a_forced_batch_goes_on(stage):
    """Each refusal is told, and the end says that there were some."""
    names, outcome = batch(stage, "force_batch", BAD, GOOD)
    assert names == ["Utility.ItemFailed", "Utility.ItemCompleted", "Utility.BatchCompletedWithErrors"]
    assert (outcome, held(stage)) == ("Ok", CERE)


def test_an_empty_batch_is_complete(stage):
    """Nothing to do is no error."""
    assert batch(stage, "batch") == (["Utility.BatchCompleted"], "Ok")


def test_too_many_calls_are_refused(stage, monkeypatch):
    """Utility.TooManyCalls above the limit, not at it."""
    monkeypatch.setattr(utility, "BATCH_MAX", 2)
    remark = call_of("System", "remark", remark=b"")
    assert batch(stage, "batch", remark, remark)[1] == "Ok"
    assert batch(stage, "batch", remark, remark, remark)[1] == "Utility.TooManyCalls"


def test_a_batch_in_a_batch(stage):
    """Calls nest."""
    inner = call_of("Utility", "batch_all", calls=[GOOD])
    assert batch(stage, "batch_all", inner)[1] == "Ok"
    assert held(stage) == CERE


def test_what_is_described_and_not_carried_out_is_unavailable(stage):
    """as_derivative is refused, never passed over."""
    assert stage.refusal(ALICE, "Utility", "as_derivative", index=1, call=GOOD) == "Unavailable"
