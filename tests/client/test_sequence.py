"""Sequence numbers over process lives."""

from hypothesis import given
from hypothesis import strategies as st

from edge_node.client.sequence import COUNTER_MAX, Marks, first_seq, life_of, make_seq

JUMP_MAX = 2**32


def test_the_first_life_is_life_one() -> None:
    """A new device begins at life 1, counter 0."""
    assert first_seq(Marks(None, None, {})) == make_seq(1, 0)


def test_a_life_is_one_life_above_what_the_node_knows_or_will_know() -> None:
    """Waiting bodies count like acknowledged ones: they will arrive first."""
    assert first_seq(Marks(make_seq(4, 9), None, {})) == make_seq(5, 0)
    assert first_seq(Marks(make_seq(4, 9), make_seq(6, 2), {})) == make_seq(7, 0)
    assert first_seq(Marks(None, make_seq(6, 2), {})) == make_seq(7, 0)


def test_a_life_that_was_refused_whole_is_continued() -> None:
    """The node never saw life 5: life 6 would be a jump it refuses for ever, and no number of life 5 is given twice."""
    assert first_seq(Marks(make_seq(4, 9), None, {5: make_seq(5, 30)})) == make_seq(5, 31)
    assert first_seq(Marks(make_seq(4, 9), None, {5: make_seq(5, 30), 6: make_seq(6, 1)})) == make_seq(5, 31)
    full = {5: make_seq(5, COUNTER_MAX), 6: make_seq(6, 1)}  # a refused life that ran on into the next one's numbers
    assert first_seq(Marks(make_seq(4, 9), None, full)) == make_seq(6, 2)


@given(
    known=st.integers(1, 2**39),
    counter=st.integers(0, COUNTER_MAX),
    refused=st.integers(0, COUNTER_MAX - 1),
    lost=st.integers(0, 2**31),
)
def test_no_life_begins_with_a_jump_the_node_refuses(known: int, counter: int, refused: int, lost: int) -> None:
    """However far the last life counted, and if the first events of this one are refused, the next is within reach."""
    acknowledged = make_seq(known, counter)
    seq = first_seq(Marks(acknowledged, None, {}))
    assert acknowledged < seq <= seq + lost <= acknowledged + JUMP_MAX
    again = first_seq(Marks(acknowledged, None, {known + 1: make_seq(known + 1, refused)}))
    assert life_of(again) == known + 1
    assert acknowledged < again <= acknowledged + JUMP_MAX
