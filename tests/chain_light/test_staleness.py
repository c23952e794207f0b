"""Which state the facts are: each cause told apart, at its bound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.chain_light.staleness import claimants, stage_of
from edge_node.chain_light.status import ChainState, Verdict
from tests.chain_light.chain_facts import endpoint, facts

OLD = {"age_ms": 180_001}
MUTE = endpoint("a", verdict=Verdict.SILENT, reason="30 s")
AHEAD = endpoint("a", finalized=140, best=143)


def test_all_well_is_following():
    """Two groups, a young block, a known clock."""
    stage = stage_of(facts())
    assert (stage.state, stage.remedy) == (ChainState.FOLLOWING, "")
    assert "block 100" in stage.reason


def test_the_age_is_judged_at_its_bound():
    """At the bound it follows, a moment later it is stalled."""
    assert stage_of(facts(age_ms=180_000)).state is ChainState.FOLLOWING
    assert stage_of(facts(**OLD)).state is ChainState.STALLED


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"groups": frozenset(), "endpoints": (MUTE,)}, "a.example silent (30 s)"),
        ({"groups": frozenset(), "endpoints": ()}, "there is none"),
        ({"endpoints": (AHEAD, endpoint("b"))}, "block 140 is final, and none has proved it"),
        ({"endpoints": (AHEAD,), "disk": "chain.db is full"}, "cannot be kept: chain.db is full"),
        ({"endpoints": (endpoint("a", best=143),)}, "makes blocks (up to 143) and finalizes none"),
        ({"endpoints": (endpoint("a", best=143),), "still_ms": 180_000}, "makes no blocks"),
        ({"endpoints": (endpoint("a", best=100),), "still_ms": 0}, "makes no blocks"),
        ({"endpoints": (endpoint("a", finalized=None, best=None),)}, "makes no blocks, as far as a, b tell"),
    ],
)  # fmt: skip
def test_whose_fault_a_stall_is(changes, told):
    """Endpoints silent, we lag, finality stands still, the whole chain stands still: each in its own words."""
    stage = stage_of(facts(**OLD, **changes))
    assert stage.state is ChainState.STALLED
    assert told in stage.reason
    assert stage.remedy


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"groups": frozenset({"a"})}, "only one group of endpoints, a"),
        ({"groups": frozenset(), "endpoints": (endpoint("a", verdict=Verdict.UNREACHABLE),)}, "a.example unreachable"),
        ({"groups": frozenset(), "live": False}, "no endpoint can be used"),
        ({"clock": "it is 1970"}, "it is 1970"),
        ({"disk": "chain.db is full"}, "chain.db is full"),
        ({"state": "set 3 is counted, we 2"}, "set 3 is counted"),
    ],
)
def test_what_is_lacking_degrades(changes, told):
    """What is read stays proved; what would make it surer is named."""
    stage = stage_of(facts(**changes))
    assert stage.state is ChainState.DEGRADED
    assert told in stage.reason
    assert stage.remedy


def test_a_development_chain_needs_one_group():
    """There is no second operator on one's own machine."""
    assert stage_of(facts(live=False, groups=frozenset({"a"}))).state is ChainState.FOLLOWING


def test_while_the_old_set_leads_on_a_forced_change_degrades():
    """It may sign up to the block from which on the other set is in force; what is to come is told already."""
    stage = stage_of(facts(forced=(105, 5), leads_on=True))
    assert stage.state is ChainState.DEGRADED
    assert "block 100 forces another set of authorities from block 105 on" in stage.reason
    assert stage.remedy


def test_a_checkpoint_is_asked_for_only_for_its_two_reasons():
    """A forced change that is proved; or 30 minutes in which two groups claimed more and proved nothing."""
    forced = stage_of(facts(forced=(105, 5)))
    assert forced.state is ChainState.NEEDS_CHECKPOINT
    assert "block 100 forces" in forced.reason
    last = facts(forced=(101, 5), leads_on=True)
    assert (last.finalized, stage_of(last).state) == (100, ChainState.NEEDS_CHECKPOINT)
    ahead = (endpoint("a", finalized=101), endpoint("b", finalized=101, verdict=Verdict.BANNED))
    stuck = {"endpoints": ahead, "lagging_ms": 1_800_000, **OLD}
    assert stage_of(facts(**stuck)).state is ChainState.NEEDS_CHECKPOINT
    assert stage_of(facts(**stuck, last_fault="weight 0 of 3 voted")).reason.endswith("weight 0 of 3 voted")
    assert stage_of(facts(**stuck | {"lagging_ms": 1_799_999})).state is ChainState.STALLED
    assert stage_of(facts(**stuck | {"endpoints": ahead[:1]})).state is ChainState.STALLED
    same_group = (ahead[0], endpoint("a", finalized=150))
    assert stage_of(facts(**stuck | {"endpoints": same_group})).state is ChainState.STALLED


def test_who_cannot_be_heard_claims_nothing():
    """Claims of endpoints that are silent or unreachable are not counted; those that were refused are."""
    statuses = tuple(endpoint(str(verdict), verdict=verdict) for verdict in Verdict)
    assert claimants(statuses, 99) == {"usable", "behind", "banned"}
    assert claimants(statuses, 100) == frozenset()


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "age_ms": st.integers(0, 10**9),
            "still_ms": st.integers(0, 10**7),
            "live": st.booleans(),
            "groups": st.frozensets(st.sampled_from("abc")),
            "endpoints": st.lists(
                st.builds(
                    endpoint,
                    st.sampled_from("abc"),
                    finalized=st.none() | st.integers(0, 300),
                    best=st.none() | st.integers(0, 300),
                    verdict=st.sampled_from(Verdict),
                    reason=st.text(max_size=5),
                ),
                max_size=4,
            ).map(tuple),
            "clock": st.sampled_from(["", "1970"]),
            "disk": st.sampled_from(["", "full"]),
            "state": st.sampled_from(["", "differs"]),
            "forced": st.none() | st.just((105, 5)),
            "leads_on": st.booleans(),
            "lagging_ms": st.integers(0, 10**7),
        },
    )
)
def test_there_is_always_a_reason(changes):
    """Whatever the facts: one of the running states, with a reason, and a remedy unless all is well."""
    stage = stage_of(facts(**changes))
    assert stage.reason
    assert stage.state in {
        ChainState.FOLLOWING, ChainState.STALLED, ChainState.DEGRADED, ChainState.NEEDS_CHECKPOINT,
    }  # fmt: skip
    assert bool(stage.remedy) is (stage.state is not ChainState.FOLLOWING)
