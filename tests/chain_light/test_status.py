"""What the light client says of itself: nothing left out, nothing that changes afterwards."""

import dataclasses
import re

import pytest

from edge_node.base.ids import Hash256
from edge_node.chain_light.status import ChainState, ChainStatus, EndpointStatus, FinalBlock, Verdict

FINAL = FinalBlock(
    number=7,
    hash=Hash256(b"\x07" * 32),
    state_root=Hash256(b"\x01" * 32),
    set_id=1,
    voters=4,
    slot_ms=None,
    verified_ms=1_790_000_000_000,
)


@pytest.mark.parametrize("names", [ChainState, Verdict])
def test_names_are_one_form_for_machines(names):
    """A state and a verdict are told by a lower-case name with hyphens, each by another."""
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)
    assert len(set(map(str, names))) == len(names)


def test_there_is_a_state_for_each_of_the_plan():
    """What docs/specs/chain-client.md tells of has a name here, and nothing else has."""
    assert [state.name for state in ChainState] == [
        "NO_ANCHOR", "LOADING", "CLOCK_CHECK", "PROBING", "WARPING", "CROSS_CHECK", "FOLLOWING", "STALLED",
        "DEGRADED", "NEEDS_CHECKPOINT", "HALTED",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [FinalBlock, EndpointStatus, ChainStatus])
def test_nothing_may_be_left_unsaid(kind):
    """No field has a default: who makes a status says all of it, by name."""
    fields = dataclasses.fields(kind)
    assert all(f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING for f in fields)
    assert all(f.kw_only for f in fields)


def test_a_status_once_told_stays():
    """It may be handed around and compared: nobody changes it on the way."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        FINAL.number = 8
    assert hash(FINAL) == hash(dataclasses.replace(FINAL))
