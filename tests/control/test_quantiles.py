"""Quantiles of the last minute from a histogram that only grows."""

import pytest

from edge_node.control.quantiles import WINDOW_S, Reading, Spread, Window


def test_nothing_came() -> None:
    """Before the first reading, and while no value came, nothing is claimed."""
    window = Window([1, 2])
    assert window.spread() == Spread(0, None, None, None)
    for at in range(3):
        window.add(Reading(at, (5, 5, 5), 5.0))
    assert window.spread() == Spread(0, None, None, None)


def test_values_between_two_readings_count() -> None:
    """What came before the window does not; quantiles lie on straight lines within a bucket."""
    window = Window([1, 2, 4])
    window.add(Reading(0, (1_000, 1_000, 1_000, 1_000), 9e9))
    window.add(Reading(1, (1_050, 1_100, 1_100, 1_100), 9e9 + 120))
    spread = window.spread()
    assert (spread.count, spread.mean) == (100, pytest.approx(1.2))
    assert (spread.p50, spread.p99) == (pytest.approx(1.0), pytest.approx(1.98))


def test_beyond_the_last_bound() -> None:
    """A value above every bound is told as the last bound: more is not known."""
    window = Window([1])
    window.add(Reading(0, (0, 0), 0))
    window.add(Reading(1, (0, 10), 50))
    assert (window.spread().p50, window.spread().p99) == (1, 1)


def test_an_old_minute_is_forgotten() -> None:
    """A burst a minute ago no longer shows."""
    window = Window([1, 2])
    for at in range(int(WINDOW_S) + 5):
        window.add(Reading(at, (10, 10, 10) if at else (0, 0, 0), 10.0))
    assert window.spread().count == 0
