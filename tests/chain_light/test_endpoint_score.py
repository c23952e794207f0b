"""Who is asked first, who is banned for how long, and who lags: rules of time and counts alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.chain_light.endpoint_score import (
    BACK_OFF_FIRST_S,
    BACK_OFF_LONGEST_S,
    BAN_FIRST_S,
    BAN_FORGOTTEN_S,
    BAN_LONGEST_S,
    BEHIND_BLOCKS,
    BEHIND_S,
    EVIDENCE_MAX,
    FAILURES_FORGOTTEN_S,
    Score,
    back_off_s,
    in_order,
    note_heights,
)
from edge_node.chain_light.status import Verdict
from edge_node.chain_light.sync_policy import USUAL
from edge_node.chain_light.view import TURN_S


def usable(name, group=None, latency_s=0.1, finalized=None):
    score = Score(name, group or name)
    score.admit()
    score.serve(latency_s)
    score.finalized = finalized
    return score


def order(scores, leader=None, now=0.0):
    return [score.url for score in in_order(scores, leader, now)]


def test_a_new_endpoint_is_untried_and_not_asked():
    """With a reason, as every verdict has."""
    score = Score("a", "g")
    status = score.status(0.0, 0, leads=False)
    assert (status.verdict, status.reason) == (Verdict.UNTRIED, "it was not asked yet")
    assert order([score]) == []


def test_bans_grow_to_a_bound():
    """40 s, then twice the last, at most 10 minutes; each is told with when it ends."""
    score, now, lasted = usable("a"), 1_000.0, []
    for _ in range(7):
        lasted.append(score.refuse("no proof", now))
        status = score.status(now, 5_000, leads=False)
        assert (status.verdict, status.reason) == (Verdict.BANNED, "no proof")
        assert status.banned_until_ms == 5_000 + round(lasted[-1] * 1_000)
        assert score.banned(now + lasted[-1] - 0.001)
        now += lasted[-1]
        assert not score.banned(now)
    assert lasted == [BAN_FIRST_S, 80, 160, 320, BAN_LONGEST_S, BAN_LONGEST_S, BAN_LONGEST_S]
    assert score.refusals == 7


def test_a_ban_that_lasts_is_not_made_longer():
    """Four answers that were under way are one offence; all are counted."""
    score = usable("a")
    assert score.refuse("one", 0.0) == BAN_FIRST_S
    assert score.refuse("two", 10.0) == BAN_FIRST_S - 10
    assert (score.refusals, score.reason) == (2, "one")
    assert score.refuse("three", BAN_FIRST_S) == 2 * BAN_FIRST_S


def test_bans_are_forgotten():
    """An hour without one: the next is a first one. A second less, and it is not."""
    score = usable("a")
    score.refuse("x", 0.0)
    end = BAN_FIRST_S + BAN_FORGOTTEN_S
    assert score.refuse("x", end - 1) == 2 * BAN_FIRST_S
    end += 2 * BAN_FIRST_S - 1 + BAN_FORGOTTEN_S
    assert score.refuse("x", end) == BAN_FIRST_S


def test_after_a_ban_it_is_tried_again_and_says_why():
    """Untried, not usable: it is probed first."""
    score = usable("a")
    score.refuse("no proof", 0.0)
    status = score.status(BAN_FIRST_S, 0, leads=False)
    assert status.verdict is Verdict.UNTRIED
    assert "no proof" in status.reason
    assert status.banned_until_ms is None
    assert order([score], now=BAN_FIRST_S) == []
    score.admit()
    assert score.status(BAN_FIRST_S, 0, leads=False).verdict is Verdict.USABLE


def test_a_wrong_answer_weighs_more_than_silence():
    """Four times as much, and it is one of the questions that were asked."""
    a, b = usable("a", latency_s=0.1), usable("b", latency_s=0.2)
    a.refuse("lie", 1_000.0)
    assert a.asked == 2
    a.admit()
    b.fail("x", 1_000.0)
    b.serve(0.2)
    assert (a.demerits(1_000.0), b.demerits(1_000.0)) == (4.0, 1.0)
    assert a.demerits(1_300.0) == 2.0
    assert order([a, b], now=1_040.0) == ["b", "a"]


def test_evidence_is_kept_within_bounds():
    """The newest few, tamed."""
    score = usable("a")
    for number in range(EVIDENCE_MAX + 2):
        score.refuse(f"\x1b{number}" + "x" * 500, float(number))
    assert len(score.evidence) == EVIDENCE_MAX
    assert score.evidence[-1].startswith("\\x1b9")
    assert all(len(text) <= 200 for text in score.evidence)


def test_the_leader_goes_on_leading():
    """Another that is a little quicker does not take over: connections would be asked by turns for nothing."""
    a, b = usable("a", latency_s=0.2), usable("b", latency_s=0.1)
    assert order([a, b]) == ["b", "a"]
    assert order([a, b], "a") == ["a", "b"]


def test_a_leader_that_is_far_slower_gives_way():
    """Slower than a second, and than four times another that is fit; each alone is no reason."""
    for mine_s, others_s, leads in ((1.0, 0.1, "a"), (1.1, 0.1, "b"), (4.0, 1.0, "a"), (4.1, 1.0, "b")):
        a, b = usable("a", latency_s=mine_s), usable("b", latency_s=others_s)
        assert order([a, b], "a")[0] == leads
    a, b = usable("a", latency_s=9.0), usable("b", latency_s=0.1)
    b.fail("x", 0.0)
    b.fail("x", 0.0)
    assert order([a, b], "a") == ["a", "b"]


def test_two_failures_in_a_row_cost_the_lead():
    """One does not; an answer between them begins anew; after three minutes they are forgotten."""
    a, b = usable("a"), usable("b", latency_s=0.9)
    assert a.fail("lost", 0.0) == 1
    assert order([a, b], "a") == ["a", "b"]
    a.serve(0.1)
    assert a.fail("lost", 0.0) == 1
    assert a.fail("lost again", 1.0) == 2
    assert order([a, b], "a", 1.0) == ["b", "a"]
    status = a.status(1.0, 0, leads=False)
    assert (status.verdict, status.reason) == (Verdict.USABLE, "it answers, but not the last 2 calls: lost again")
    assert a.failures(1.0 + FAILURES_FORGOTTEN_S) == 0
    assert order([a, b], "a", 1.0 + FAILURES_FORGOTTEN_S) == ["a", "b"]
    assert a.fail("x", 1.0 + FAILURES_FORGOTTEN_S) == 1
    assert a.fail("x", 2.0 + FAILURES_FORGOTTEN_S) == 2


def test_hints_do_not_make_up_for_failures():
    """Who answers what nobody needs, and not what is asked, does not lead for that."""
    a, b = usable("a"), usable("b")
    a.fail("x", 0.0)
    a.note(0.1)
    a.fail("x", 0.0)
    assert order([a, b], "a") == ["b", "a"]


def test_fewest_demerits_lead_then_who_is_quick():
    """Half of what one did wrong is forgotten every five minutes."""
    a, b, c = usable("a", latency_s=0.1), usable("b", latency_s=0.3), usable("c", latency_s=0.2)
    a.fail("x", 0.0)
    a.serve(0.1)
    assert order([a, b, c]) == ["c", "b", "a"]
    assert order([a, b, c], now=1_200.0) == ["a", "c", "b"]


def test_when_nobody_is_fit_all_are_still_asked():
    """A bad endpoint is better than none."""
    a, b = usable("a"), usable("b")
    for score in (a, b):
        score.fail("x", 0.0)
        score.fail("x", 0.0)
    assert order([a, b], "b") == ["b", "a"]


def test_who_is_lost_or_banned_is_not_asked():
    """Whatever it was before."""
    a, b, c = usable("a"), usable("b"), usable("c")
    b.lose(Verdict.SILENT, "no word")
    c.refuse("lie", 0.0)
    assert order([a, b, c], "b") == ["a"]
    assert b.status(0.0, 0, leads=False).reason == "no word"


def test_who_is_far_behind_for_a_minute_loses_the_lead():
    """20 blocks behind is not far, 21 are; 59 s are not long; who catches up begins anew."""
    a, b = usable("a", finalized=100), usable("b", finalized=100 + BEHIND_BLOCKS)
    note_heights([a, b], 0.0)
    assert a.behind_since is None
    b.finalized += 1
    note_heights([a, b], 10.0)
    note_heights([a, b], 30.0)
    assert order([a, b], "a", 10.0 + BEHIND_S - 1) == ["a", "b"]
    assert a.status(10.0 + BEHIND_S - 1, 0, leads=True).verdict is Verdict.USABLE
    assert order([a, b], "a", 10.0 + BEHIND_S) == ["b", "a"]
    status = a.status(10.0 + BEHIND_S, 0, leads=False)
    assert (status.verdict, status.reason) == (Verdict.BEHIND, "more than 20 blocks behind the others for 60 s")
    a.finalized += 1
    note_heights([a, b], 80.0)
    assert order([a, b], "a", 80.0) == ["a", "b"]


def test_one_group_of_three_cannot_put_all_others_behind():
    """Its height must be claimed by a second; with two groups nobody can tell who is right."""
    scores = [usable("a", finalized=100), usable("b", finalized=101), usable("c", finalized=2**32 - 1)]
    also = usable("d", group="c", finalized=2**32 - 1)
    note_heights([*scores, also], 0.0)
    assert [score.behind_since for score in scores] == [None, None, None]
    note_heights(scores[1:], 0.0)
    assert scores[1].behind_since == 0.0
    spread = [usable("a", finalized=100), usable("b", finalized=130), usable("c", finalized=500)]
    note_heights(spread, 0.0)
    assert [score.behind_since for score in spread] == [0.0, None, None]


def test_heights_of_those_who_are_lost_do_not_count():
    """Neither for them nor against others."""
    a, b = usable("a", finalized=100), usable("b", finalized=500)
    b.lose(Verdict.UNREACHABLE, "gone")
    note_heights([a, b, Score("c", "c")], 0.0)
    assert a.behind_since is None
    b.admit()
    note_heights([a, b], 0.0)
    a.lose(Verdict.UNREACHABLE, "gone")
    assert a.behind_since is None


def test_latency_follows_slowly():
    """One slow answer does not make an endpoint slow; it is shown in ms."""
    score = usable("a", latency_s=0.1)
    score.note(1.1)
    status = score.status(0.0, 0, leads=True)
    assert status.latency_ms == pytest.approx(300)
    assert status.asked == 2
    assert status.leads


@given(attempts=st.integers(0, 10_000), chance=st.floats(0, 1))
def test_pauses_grow_to_a_bound_and_differ(attempts, chance):
    """Between half and all of what the attempts allow; nodes that lost an endpoint together do not return together."""
    assert BACK_OFF_FIRST_S / 2 <= back_off_s(attempts, chance) <= BACK_OFF_LONGEST_S
    assert back_off_s(attempts + 1, chance) >= back_off_s(attempts, chance)
    assert back_off_s(attempts, 0.0) * 2 == back_off_s(attempts, 1.0)
    assert [back_off_s(number, 1.0) for number in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["admit", "lose", "serve", "note", "fail", "refuse", "ban", "heights"]),
        st.sampled_from(["a", "b", "c"]),
        st.floats(0, 700),
        st.integers(0, 200),
    ),
    max_size=40,
)


@given(EVENTS)
def test_whatever_happens_there_is_a_reason_and_no_banned_endpoint_is_asked(events):
    """Any order of events: a verdict with its reason for each, the order has the usable ones once, bans are bounded."""
    scores, now, leader = {name: Score(name, name) for name in "abc"}, 0.0, None
    for event, name, passed_s, height in events:
        now += passed_s
        score = scores[name]
        match event:
            case "admit" if not score.banned(now):
                score.admit()
            case "lose" if not score.banned(now):
                score.lose(Verdict.UNREACHABLE, "gone")
            case "serve":
                score.serve(0.1)
            case "note":
                score.note(0.1)
            case "fail":
                score.fail("no answer", now)
            case "refuse" | "ban":
                assert 0 < getattr(score, event)("bad", now) <= BAN_LONGEST_S
            case "heights":
                score.finalized = height
        note_heights(list(scores.values()), now)
        asked = order(list(scores.values()), leader, now)
        leader = asked[0] if asked else None
        for one in scores.values():
            status = one.status(now, 0, leads=False)
            assert status.reason
            assert (status.verdict is Verdict.BANNED) == one.banned(now)
            assert not (one.banned(now) and one.url in asked)
            assert (status.banned_until_ms is not None) == one.banned(now)


def test_who_drags_every_question_out_has_two_failures_in_a_row():
    """The longest question, one after the other: or it would lead for ever, and each answer take as long."""
    assert max(TURN_S, USUAL.idle_s) + USUAL.poll_s < FAILURES_FORGOTTEN_S
