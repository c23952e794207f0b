"""Long offline: what an anchor's age asks for, and what gives it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import Hash256
from edge_node.chain_light.offline_age import (
    TRUSTED_TIME_MS,
    Standing,
    Trust,
    Witnesses,
    agreeing,
    standing_after,
    vouching_checkpoint,
)

HOUR = 3_600_000
W = 72 * HOUR
NOW = 1_790_000_000_000
OURS, OTHER = Hash256(b"\x01" * 32), Hash256(b"\x02" * 32)
NOBODY = Witnesses(groups=frozenset(), typed=False, slot_ms=NOW, now_ms=NOW)
ENOUGH = replace(NOBODY, groups=frozenset({"a", "b"}), typed=True)


@pytest.mark.parametrize(
    ("age", "standing"),
    [
        (-HOUR, Standing.SOUND),
        (48 * HOUR, Standing.SOUND),
        (48 * HOUR + 1, Standing.TWO_GROUPS),
        (W, Standing.TWO_GROUPS),
        (W + 1, Standing.PROVISIONAL),
        (28 * 24 * HOUR, Standing.PROVISIONAL),
    ],
)
def test_the_age_decides_at_its_bounds(age, standing):
    """Up to two thirds of the bonding time nothing is owed, up to all of it a second group, above it vouching."""
    assert standing_after(age, W) is standing
    assert Trust().after(age, W).standing is standing


@given(st.lists(st.integers(0, 2 * W)))
def test_only_vouching_makes_it_better(ages):
    """Steps from young anchors, which follow those from an old one, do not heal what that one left open."""
    trust = Trust()
    for age in ages:
        trust = trust.after(age, W)
    assert trust.standing is max((standing_after(age, W) for age in ages), default=Standing.SOUND)
    assert bool(trust.reason(NOBODY)) is (trust.standing is not Standing.SOUND)


def test_a_second_group_lifts_the_middle_standing():
    """Two groups, or one and a person."""
    trust = Trust().after(W, W)
    one = replace(NOBODY, groups=frozenset({"a"}))
    assert trust.vouched(one) == trust
    assert trust.vouched(replace(one, typed=True)) == Trust()
    assert trust.vouched(replace(one, groups=frozenset({"a", "b"}))) == Trust()


@pytest.mark.parametrize(
    "lacking",
    [
        {"groups": frozenset({"a"})},
        {"typed": False, "groups": frozenset({"a", "b", "c", "d"})},
        {"slot_ms": None},
        {"now_ms": None},
        {"slot_ms": NOW - TRUSTED_TIME_MS - 1},
        {"slot_ms": NOW + TRUSTED_TIME_MS + 1},
    ],
)
def test_provisional_needs_all_it_asks_for(lacking):
    """Three witnesses, one of them a person, and a newest block of now: without any one of these it stays."""
    trust = Trust().after(W + 1, W)
    assert trust.vouched(ENOUGH) == Trust()
    assert trust.vouched(replace(ENOUGH, slot_ms=NOW - TRUSTED_TIME_MS)) == Trust()
    assert trust.vouched(replace(ENOUGH, **lacking)) == trust
    assert "3 days" in trust.reason(replace(ENOUGH, **lacking))


def test_the_reason_names_what_is_lacking():
    """A person reads what is missing, and nothing that is there."""
    trust = Trust().after(28 * 24 * HOUR, W)
    told = trust.reason(replace(NOBODY, groups=frozenset({"a", "b"})))
    assert "28 days" in told
    assert "2 of 3 groups agree" in told
    assert "no person confirmed" in told
    assert "not of now" not in told
    assert "49 hours" not in Trust().after(49 * HOUR, W).reason(NOBODY)
    assert "2 days" in Trust().after(49 * HOUR, W).reason(NOBODY)


def test_a_group_of_two_tongues_is_no_witness():
    """Endpoints of one group are one witness; one that says another hash takes the group's word away."""
    said = [("a", OURS), ("a", OURS), ("b", OURS), ("b", OTHER), ("c", None), ("d", OTHER), ("e", None), ("e", OURS)]
    assert agreeing(OURS, said) == {"a", "e"}


def test_a_checkpoint_vouches_only_while_it_is_young():
    """Its block's own time counts, not when it was signed; where a block has none, the signature's."""
    assert vouching_checkpoint(NOW - W, NOW, NOW, W)
    assert not vouching_checkpoint(NOW - W - 1, NOW, NOW, W)
    assert vouching_checkpoint(None, NOW - W, NOW, W)
    assert not vouching_checkpoint(None, NOW - W - 1, NOW, W)
