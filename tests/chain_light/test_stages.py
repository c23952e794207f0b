"""The table of states: every one is reached and left, and none is told without a reason."""

import pytest

from edge_node.base.errors import LocalError
from edge_node.base.ids import Hash256
from edge_node.chain_light import stages
from edge_node.chain_light.stages import LEADS_TO, WRITES, NoSuchTurn, Stage, turned
from edge_node.chain_light.status import ChainState, EndpointStatus, Verdict
from tests.chain_light.chain_facts import endpoint

TOLD = [
    stages.loading(),
    stages.no_anchor("Cere", ""),
    stages.no_anchor("Cere", "anchor 3 is damaged"),
    stages.clock_check("the node starts"),
    stages.probing([]),
    stages.probing([endpoint("a")]),
    stages.warping(5, 900, 2),
    stages.cross_check("block 5 is compared"),
    stages.following(7, 1),
    stages.following(7, 3),
    stages.degraded("one group", "add one"),
    stages.forced(9, 4),
    stages.without_progress({"a", "b"}, 30, ""),
    stages.halted(stages.conflict_words(3, Hash256(b"\x01" * 32), Hash256(b"\x02" * 32))),
]


@pytest.mark.parametrize("stage", TOLD)
def test_each_is_told_with_a_reason(stage):
    """What is to be done about it is told where a person can do something."""
    assert stage.reason
    wants_somebody = stage.state in {
        ChainState.NO_ANCHOR, ChainState.PROBING, ChainState.DEGRADED, ChainState.NEEDS_CHECKPOINT, ChainState.HALTED,
    }  # fmt: skip
    assert bool(stage.remedy) is wants_somebody


def test_the_table_has_every_state():
    """Each leads somewhere, and from LOADING each is reached."""
    assert set(LEADS_TO) == set(ChainState)
    reached, ahead = {ChainState.LOADING}, [ChainState.LOADING]
    while ahead:
        new = LEADS_TO[ahead.pop()] - reached
        reached |= new
        ahead += new
    assert reached == set(ChainState)
    assert all(LEADS_TO.values())


def test_halted_is_left_by_a_new_beginning_alone():
    """Whatever comes from endpoints, HALTED stays: a person's checkpoint begins anew."""
    assert LEADS_TO[ChainState.HALTED] == {ChainState.CLOCK_CHECK}


def test_a_forbidden_turn_raises():
    """An unknown pair is our own mistake; telling the same state anew is none."""
    loading = stages.loading()
    with pytest.raises(NoSuchTurn):
        turned(loading, stages.following(1, 1))
    assert turned(loading, loading._replace(reason="row 2 is read")).reason == "row 2 is read"
    with pytest.raises(LocalError):
        turned(loading, Stage(ChainState.LOADING, ""))
    with pytest.raises(LocalError):
        turned(loading, Stage(ChainState.HALTED, ""))


def test_long_reasons_are_cut():
    """However many endpoints have however much to say, a status stays a line."""
    stage = turned(stages.clock_check("start"), stages.probing([endpoint(f"e{n}", reason="r" * 300) for n in range(9)]))
    assert len(stage.reason) == 600


def test_writes_are_for_following_alone():
    """Anything lacking stops them."""
    assert {ChainState.FOLLOWING} == WRITES


def test_addresses_are_told_without_their_keys():
    """What follows host and port may be a secret."""
    one = EndpointStatus(
        url="wss://rpc.example:443/secret-key?token=x",
        group="g",
        verdict=Verdict.SILENT,
        reason="no\x1b[31m answer",
        finalized=None,
        best=None,
        latency_ms=None,
        asked=0,
        refused=0,
        leads=False,
        banned_until_ms=None,
    )
    told = stages.told([one])
    assert "secret" not in told
    assert "token" not in told
    assert "\x1b" not in told
