"""Changes that wait for their block: at once, later, one after the other, and never crosswise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.chain_light.authorities import AuthoritySet
from edge_node.chain_light.authority_changes import Scheduled
from edge_node.chain_light.finality_errors import OverlappingChanges, UnfitAuthorities
from edge_node.chain_light.pending_changes import PendingChange, PendingChanges
from tests.chain_light.electorate import electorate

VOTERS = AuthoritySet(7, electorate(4))
NONE = PendingChanges()


def test_without_delay_the_announcing_block_is_the_last() -> None:
    """Block 10 announces and ends the set; once it is final the next one votes."""
    pending = NONE.announced(10, Scheduled(electorate(3), 0))
    assert pending.last_of_set == 10
    assert pending.after(10, VOTERS) == (AuthoritySet(8, electorate(3)), NONE)


def test_with_delay_the_set_stays_until_its_last_block() -> None:
    """Block 10 announces, block 15 ends the set: nothing changes before."""
    pending = NONE.announced(10, Scheduled(electorate(3), 5))
    assert pending.last_of_set == 15
    for number in range(10, 15):
        assert pending.after(number, VOTERS) == (VOTERS, pending)
    assert pending.after(15, VOTERS) == (AuthoritySet(8, electorate(3)), NONE)


def test_nothing_pending_changes_nothing() -> None:
    """The set goes on without an end."""
    assert NONE.last_of_set is None
    assert NONE.after(10, VOTERS) == (VOTERS, NONE)


def test_two_changes_follow_one_another() -> None:
    """Announced before the first took effect, the second waits for its own block."""
    pending = NONE.announced(10, Scheduled(electorate(3), 5)).announced(12, Scheduled(electorate(2), 20))
    voters, rest = pending.after(15, VOTERS)
    assert rest == PendingChanges((PendingChange(32, electorate(2)),))
    assert rest.after(32, voters) == (AuthoritySet(9, electorate(2)), NONE)


@pytest.mark.parametrize(("number", "delay"), [(12, 0), (12, 3), (11, 2)])
def test_a_set_does_not_end_before_the_one_before_it(number: int, delay: int) -> None:
    """Such changes no chain gets past."""
    pending = NONE.announced(10, Scheduled(electorate(3), 5))
    with pytest.raises(OverlappingChanges) as refused:
        pending.announced(number, Scheduled(electorate(2), delay))
    assert (refused.value.number, refused.value.after) == (number + delay, 15)


def test_an_unfit_list_is_refused_when_it_is_announced() -> None:
    """Nobody waits for a set that cannot vote."""
    with pytest.raises(UnfitAuthorities):
        NONE.announced(10, Scheduled((), 0))
    with pytest.raises(UnfitAuthorities):
        PendingChanges((PendingChange(10, electorate(1) * 2),))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 6)), max_size=8))
def test_each_set_ends_with_its_own_block(steps: list[tuple[int, int]]) -> None:
    """Walked block by block, whatever is announced when: the id grows by one at each end, in order."""
    announced, number = {}, 0
    for gap, delay in steps:
        number += gap
        announced[number] = delay
    voters, pending, ends = AuthoritySet(0, electorate(1)), NONE, []
    for height in range(1, number + 12):
        if height in announced:
            try:
                pending = pending.announced(height, Scheduled(electorate(1 + height % 3), announced[height]))
            except OverlappingChanges:
                assert height + announced[height] <= pending.changes[-1].number
        before = voters.id
        voters, pending = pending.after(height, voters)
        if voters.id != before:
            ends.append(height)
            assert voters.id == before + 1
    assert ends == sorted(ends)
    assert len(ends) == voters.id
    assert pending == NONE
