"""The search for the blocks that announce sets: it finds each, in few rounds, and lies end it."""

import bisect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.chain_light.hand_offs import PROBES_MAX, STRETCHES_MAX, HandOffSearch, HintsDisagree


def number_at(changes, height):
    """The runtime's number of the set at a height: a change counts in its own block."""
    return bisect.bisect_right(changes, height)


def search(changes, low, high, most=PROBES_MAX):
    """Run the search against a chain with these changes; what it found, and the heights of each round."""
    looking = HandOffSearch.between(low, number_at(changes, low), high, number_at(changes, high))
    rounds = []
    while probes := looking.probes(most):
        rounds.append(probes)
        looking = looking.learned({height: number_at(changes, height) for height in probes})
    return looking.announcing, rounds


@given(
    st.sets(st.integers(1, 3_000), max_size=80).map(sorted),
    st.integers(0, 1_500),
    st.integers(0, 1_500),
    st.integers(1, 300),
)
def test_every_announcing_block_is_found(changes, low, span, most):
    """Whatever the changes and however few heights a round may have: each block above the start, and no other."""
    found, rounds = search(changes, low, low + span, most)
    assert list(found) == [height for height in changes if low < height <= low + span]
    assert all(len(heights) <= most and sorted(heights) == list(heights) for heights in rounds)
    assert all(low < height < low + span for heights in rounds for height in heights)


def test_nothing_is_asked_where_nothing_changed():
    """The same number at both ends is the end of the search."""
    assert search([], 5, 10_000) == ((), [])
    assert search([7], 9, 9) == ((), [])


def test_forty_sets_take_few_rounds():
    """Forty changes in 5,000 blocks are found together, not one after the other."""
    changes = list(range(60, 5_000, 123))
    found, rounds = search(changes, 0, 5_000)
    assert list(found) == changes
    assert len(rounds) <= 5


def test_one_change_in_a_long_chain_takes_few_rounds():
    """All heights of a round go to the one stretch: four rounds for four thousand million blocks."""
    found, rounds = search([3_999_999_999], 0, 4_294_967_295)
    assert found == (3_999_999_999,)
    assert len(rounds) <= 5


def test_a_round_is_bounded_and_the_lowest_come_first():
    """With more stretches than are searched at once the upper ones wait; what is found below them can be used."""
    changes = list(range(10, 40_000, 20))
    looking = HandOffSearch(tuple((height, number_at(changes, height)) for height in range(0, 40_001, 20)))
    probes = looking.probes()
    assert len(looking.stretches) > STRETCHES_MAX
    assert len(probes) <= PROBES_MAX
    assert max(probes) < 20 * (STRETCHES_MAX + 1)


def test_what_lies_above_an_unsearched_stretch_is_not_told():
    """Proofs are followed in order: a block above a gap in the knowledge would be of a set nobody knows yet."""
    looking = HandOffSearch(((0, 0), (1, 1), (50, 2), (51, 3)))
    assert looking.stretches == ((1, 50),)
    assert looking.announcing == (1,)


def test_two_sets_in_one_block_are_one_place_to_look():
    """A number that grows by two in one block marks that block once."""
    assert HandOffSearch(((0, 0), (1, 2))).announcing == (1,)


@pytest.mark.parametrize("ids", [{5: 3}, {10: 1, 20: 0}, {0: 4}])
def test_numbers_that_fall_are_refused(ids):
    """An endpoint that says so cannot be right, and nothing is planned by it."""
    with pytest.raises(HintsDisagree):
        HandOffSearch.between(0, 0, 30, 2).learned(ids)
