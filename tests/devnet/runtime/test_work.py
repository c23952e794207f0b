"""What handlers work with."""

import pytest

from edge_node.chain_light.values import Chosen
from edge_node.devnet.runtime.block import begin_work
from edge_node.devnet.runtime.dispatch import call_of
from edge_node.devnet.runtime.origin import ROOT, Origin
from edge_node.devnet.runtime.refusals import CallRefused, PalletRefusal
from edge_node.devnet.runtime.work import ensure
from tests.devnet.runtime.stage import ALICE, BOB, make_stage


@pytest.fixture
def work():
    """The work of a first block."""
    stage = make_stage()
    return begin_work(stage.chain.rules, stage.chain.head)


def test_storage_by_names(work):
    """Default, value, absence."""
    assert work.get("DdcCustomers", "BucketsCount") == 0
    assert not work.has("DdcCustomers", "BucketsCount")
    work.put("DdcCustomers", "BucketsCount", 3)
    assert (work.get("DdcCustomers", "BucketsCount"), work.has("DdcCustomers", "BucketsCount")) == (3, True)
    work.remove("DdcCustomers", "BucketsCount")
    assert work.get("Sudo", "Key") is not None
    work.put_raw("Sudo", "Key", BOB.id)
    assert work.get("Sudo", "Key") == BOB.id


def test_a_refused_call_leaves_no_event_and_no_change(work):
    """Whatever it did before it was refused."""

    def half(work, _origin, _call):
        work.emit("System", "CodeUpdated")
        work.put("DdcCustomers", "BucketsCount", 9)
        raise CallRefused("BadOrigin")

    work.carry_out = half
    assert work.dispatch(ROOT, Chosen("any")).kind == "BadOrigin"
    assert (work.events, work.get("DdcCustomers", "BucketsCount")) == ([], 0)


def test_a_carried_out_call_stays(work):
    """And its events."""
    call = call_of("System", "remark_with_event", remark=b"")
    assert work.dispatch(Origin(ALICE.id), call) is None
    assert len(work.events) == 1


def test_results_are_values_of_events(work):
    """Ok and Err."""
    assert work.result_of(None) == Chosen("Ok", ())
    assert work.result_of(CallRefused("BadOrigin")) == Chosen("Err", Chosen("BadOrigin"))


def test_an_address_is_looked_up(work):
    """Accounts alone."""
    assert work.lookup(ALICE.address) == ALICE.id
    with pytest.raises(CallRefused, match="CannotLookup"):
        work.lookup(Chosen("Raw", b"x"))


def test_ensure_refuses_by_name():
    """And lets pass what holds."""
    ensure(True, "DdcNodes", "NodeDoesNotExist")
    with pytest.raises(PalletRefusal, match=r"DdcNodes\.NodeDoesNotExist"):
        ensure(False, "DdcNodes", "NodeDoesNotExist")
