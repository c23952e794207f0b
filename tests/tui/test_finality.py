"""Finality over time, in columns that keep their height."""

import hypothesis.strategies as st
from hypothesis import given

from tui.finality import STEPS_MS, Finality, finality_of

T = 1_786_716_000_000  # a whole hour


def test_every_block_stands_in_the_step_it_became_final_in() -> None:
    """Blocks of a step are added up; the first point only says where the counting begins."""
    history = [(T, 100), (T + 600, 101), (T + 1_400, 103), (T + 1_900, 104), (T + 3_000, 105)]
    shown = finality_of(history, T + 3_500, 10)
    assert shown == Finality(1_000, (1.0, 3.0, 0.0, 1.0), (600.0, 800.0, 1_099.0, 1_100.0))


def test_a_wait_grows_until_it_ends() -> None:
    """While nothing becomes final the columns stay empty and the wait under them rises, up to now."""
    shown = finality_of([(T, 1), (T + 1_000, 2)], T + 9_500, 20)
    assert shown.blocks == (0.0, 1.0, *[0.0] * 8)
    assert shown.waits_ms[2:] == (1_999.0, 2_999.0, 3_999.0, 4_999.0, 5_999.0, 6_999.0, 7_999.0, 8_500.0)


def test_a_column_keeps_its_height_while_time_goes_on() -> None:
    """Whatever second it is drawn in: nothing that is over changes, the picture moves by whole columns."""
    history = [(T + 700 * n, n) for n in range(40)]
    earlier, later = (finality_of(history, T + 28_000 + extra, 60) for extra in (0, 999))
    assert earlier.blocks == later.blocks
    assert earlier.waits_ms[:-1] == later.waits_ms[:-1]
    assert finality_of(history, T + 29_000, 60).blocks[:29] == earlier.blocks


def test_all_that_is_known_has_room() -> None:
    """A step is long enough for the whole history, and for blocks that come seldom; without any there is no column."""
    assert finality_of([(T, 1), (T + 600_000, 2)], T + 600_000, 50).step_ms == STEPS_MS[-1] // 6
    assert finality_of([(T + 6_000 * n, n) for n in range(10)], T + 60_000, 70).step_ms == 10_000
    assert finality_of([(T + 999, 1), (T + 1_500, 2)], T + 2_000, 2).blocks == (1.0, 0.0)  # it touches three
    assert finality_of([], T, 50) == finality_of([(T + 5, 1)], T, 50) == finality_of([(T, 1)], T, 0)


def test_a_leap_does_not_flatten_the_rest() -> None:
    """The way to the head is thousands of blocks in a second: its column is full, the top is that of the others."""
    history = [(T, 0), (T + 1_000, 5_000), *((T + 1_000 * n, 4_999 + n) for n in range(2, 9))]
    shown = finality_of(history, T + 9_000, 20)
    assert max(shown.blocks) == 5_000
    assert max(shown.blocks_shown) == 1


@given(
    st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 2**32)), max_size=30),
    st.integers(0, 2 * 10**7),
    st.integers(-1, 90),
)
def test_whatever_the_node_says_it_is_drawn(points: list[tuple[int, int]], now_ms: int, columns: int) -> None:
    """No more columns than there is room for, none below zero; also of a history in no order."""
    shown = finality_of(points, now_ms, columns)
    assert len(shown.blocks) == len(shown.waits_ms) <= max(0, columns)
    assert all(value >= 0 for value in (*shown.blocks, *shown.waits_ms))
