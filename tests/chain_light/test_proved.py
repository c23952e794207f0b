"""What a proof is worth in each state of the client."""

from dataclasses import replace

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light.proved import NotProvable, ProofStatus, Proved, worth_of
from edge_node.chain_light.status import ChainState
from tests.chain_light.view_rig import FOLLOWED

WORTH = {
    ChainState.LOADING: ProofStatus.STALE,
    ChainState.CLOCK_CHECK: ProofStatus.STALE,
    ChainState.PROBING: ProofStatus.STALE,
    ChainState.WARPING: ProofStatus.STALE,
    ChainState.CROSS_CHECK: ProofStatus.DEGRADED,
    ChainState.FOLLOWING: ProofStatus.FINAL,
    ChainState.STALLED: ProofStatus.STALE,
    ChainState.DEGRADED: ProofStatus.DEGRADED,
    ChainState.NEEDS_CHECKPOINT: ProofStatus.STALE,
}


@pytest.mark.parametrize("state", ChainState)
def test_every_state_has_its_worth(state):
    """Or none at all: without an anchor, and where what is final is in doubt, nothing is told."""
    status = replace(FOLLOWED, state=state, reason="why so")
    if state in WORTH:
        worth, why = worth_of(status)
        assert worth is WORTH[state]
        assert why == ("" if worth is ProofStatus.FINAL else "why so")
    else:
        with pytest.raises(NotProvable) as none:
            worth_of(status)
        assert (none.value.state, none.value.reason) == (state, "why so")
        assert str(none.value) == f"the chain is {state}: why so"


@pytest.mark.parametrize("state", [ChainState.FOLLOWING, ChainState.STALLED, ChainState.DEGRADED])
def test_what_nobody_vouched_for_is_marked_first(state):
    """Whatever else is the case."""
    assert worth_of(replace(FOLLOWED, state=state, provisional="30 days asleep")) == (
        ProofStatus.PROVISIONAL, "30 days asleep"
    )  # fmt: skip


def test_what_is_made_of_a_value_keeps_its_proof():
    """Block, age and worth are those of what it was made of."""
    proved = Proved(
        value=b"7", number=3, block=Hash256(bytes(32)), state_root=Hash256(b"\1" * 32), age_ms=5,
        proof=ProofStatus.STALE, why="asleep",
    )  # fmt: skip
    assert proved.map(int) == replace(proved, value=7)
