"""Figures as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.words import age_of, clock_of, count_of, counted, moment_of, rate_of, short_count, size_of, span_of


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (count_of(12_481_730), "12,481,730"), (counted(1, "stream"), "1 stream"), (counted(0, "row"), "0 rows"),
        (short_count(999), "999"), (short_count(1_000), "1.0k"),
        (short_count(12_400), "12.4k"), (short_count(999_960), "1.0M"), (size_of(0), "0 B"), (size_of(1_023), "1023 B"),
        (size_of(1_024), "1.0 KiB"), (size_of(311 * 2**30), "311 GiB"), (rate_of(0), "0/s"), (rate_of(0.3), "0.3/s"),
        (rate_of(12_400), "12.4k/s"), (span_of(59.9), "59s"), (span_of(60), "1m"), (span_of(3_600), "1h"),
        (span_of(172_800), "2d"), (age_of(0, 5), "-"), (age_of(1_000, 61_000), "1m"), (age_of(9_000, 1_000), "future"),
        (clock_of(0), "-"), (moment_of(1_786_716_239_000), "2026-08-14 14:03:59Z"), (moment_of(10**19), f"{10**19} ms"),
    ],
)  # fmt: skip
def test_a_figure_is_said_so(said: str, wanted: str) -> None:
    """Short, with its unit."""
    assert said == wanted


@given(st.floats(0, 1e14))
def test_short_figures_fit_their_columns(value: float) -> None:
    """No count is wider than six cells, no size than nine: the columns are made for that."""
    assert len(short_count(value)) <= 6
    assert len(size_of(value)) <= 9
