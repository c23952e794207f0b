"""What a running client remembers to judge itself by."""

from dataclasses import replace

from edge_node.chain_light.outlook import Outlook
from edge_node.chain_light.status import Verdict
from edge_node.chain_light.sync_policy import USUAL
from tests.chain_light.chain_facts import endpoint
from tests.chain_light.test_clock_check import SetClock

TWO = (endpoint("a"), endpoint("b"))


def made():
    """An outlook, and its clock."""
    clock = SetClock()
    return Outlook(clock, USUAL, live=True), clock


def look(outlook, endpoints=TWO, finalized=100, age_ms=5):
    """The facts as of now."""
    return outlook.facts(
        finalized=finalized, age_ms=age_ms, endpoints=endpoints, groups=frozenset({"a"}), clock_fault="", disk=""
    )


def test_heads_stand_still_from_when_they_last_grew():
    """Any endpoint's higher head counts; a lower one, or none, does not."""
    outlook, clock = made()
    assert look(outlook).still_ms == 0
    clock.pass_s(10)
    assert look(outlook).still_ms == 10_000
    assert look(outlook, (endpoint("a", best=90), endpoint("b", best=None))).still_ms == 10_000
    assert look(outlook, (endpoint("a", best=103), endpoint("b"))).still_ms == 0
    assert outlook.best((endpoint("a", best=None),)) is None


def test_we_lag_while_two_groups_say_there_is_more():
    """One that stops saying so, or a proof that leads on, begins the time anew."""
    outlook, clock = made()
    assert look(outlook, finalized=99).lagging_ms == 0
    clock.pass_s(60)
    assert look(outlook, finalized=99).lagging_ms == 60_000
    silent = (TWO[0], replace(TWO[1], verdict=Verdict.SILENT))
    assert look(outlook, silent, finalized=99).lagging_ms == 0
    assert look(outlook, finalized=99).lagging_ms == 0
    clock.pass_s(60)
    outlook.advanced(99)
    assert look(outlook, finalized=99).lagging_ms == 0


def test_an_advance_takes_alarms_back():
    """A forced change and the last fault are about not getting on."""
    outlook, _ = made()
    outlook.note_forced(9, 2)
    outlook.last_fault, outlook.state = "torn", "differs"
    facts = look(outlook)
    assert (facts.forced, facts.leads_on, facts.last_fault, facts.state) == ((9, 2), False, "torn", "differs")
    outlook.advanced(9)
    facts = look(outlook)
    assert (facts.forced, facts.last_fault, facts.state) == (None, "", "differs")


def test_a_forced_change_is_remembered_until_its_block():
    """The old set may sign up to there; proved once more, the same change is no news."""
    outlook, _ = made()
    outlook.advanced(6)
    outlook.note_forced(9, 2)
    assert not look(outlook).leads_on
    outlook.advanced(8)
    outlook.note_forced(9, 2)
    facts = look(outlook)
    assert (facts.forced, facts.leads_on) == ((9, 2), True)
    assert not look(outlook, age_ms=10**9).leads_on
    outlook.note_forced(20, 2)
    assert not look(outlook).leads_on


def test_one_that_boasts_does_not_hide_that_the_others_grow():
    """Its head is as high as there is any, once; the chain makes blocks all the same."""
    outlook, clock = made()
    boasts = endpoint("a", best=(1 << 32) - 1)
    look(outlook, (boasts, endpoint("b", best=100)))
    clock.pass_s(10)
    assert look(outlook, (boasts, endpoint("b", best=101))).still_ms == 0
