"""The arithmetic of saying no in time."""

import math

from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.limits import KeyRates, TokenBucket


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    """What is saved up goes at once, the rest as it comes; a refusal takes nothing."""
    bucket = TokenBucket.full(rate=2, burst=3, now=0)
    assert [bucket.take(1, 0) for _ in range(4)] == [True, True, True, False]
    assert bucket.wait_s(1) == 0.5
    assert not bucket.take(1, 0.4)
    assert bucket.take(1, 0.5)


def test_nothing_is_saved_beyond_the_burst() -> None:
    """A long rest gives no more than the burst."""
    bucket = TokenBucket.full(rate=100, burst=2, now=0)
    assert [bucket.take(1, 1e6) for _ in range(3)] == [True, True, False]


def test_what_can_never_be_there_is_not_waited_for() -> None:
    """More than the burst, or a rate of nothing, is never."""
    assert math.isinf(TokenBucket.full(1, 2, 0).wait_s(3))
    assert math.isinf(TokenBucket.full(0, 2, 0).wait_s(1))


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(1, 5)), max_size=50))
def test_never_more_than_rate_and_burst_together(asked: list[tuple[float, int]]) -> None:
    """In any run, what was given is at most the burst and the rate times the time."""
    bucket, now, given_out = TokenBucket.full(rate=3, burst=4, now=0), 0.0, 0
    for pause, amount in asked:
        now += pause
        given_out += amount if bucket.take(amount, now) else 0
    assert given_out <= 4 + 3 * now + 1e-6


def test_each_key_has_its_own_rate() -> None:
    """One key's haste is not another's loss; at least one unit is always saved up."""
    rates = KeyRates(keys_max=10)
    assert [rates.take("a", 0.5, 0), rates.take("a", 0.5, 0), rates.take("b", 0.5, 0)] == [True, False, True]
    assert rates.take("a", 0.5, 2)


def test_memory_is_bounded_and_forgetting_forgives() -> None:
    """At the limit nothing is forgotten; one more key forgets the longest unused."""
    rates = KeyRates(keys_max=2)
    assert [rates.take(key, 1, 0) for key in ("a", "b")] == [True, True]
    assert not rates.take("a", 1, 0)
    assert rates.take("c", 1, 0)
    assert not rates.take("a", 1, 0)
    assert rates.take("b", 1, 0)


def test_looking_takes_nothing() -> None:
    """`has` says what `take` would, as often as it is asked, and time brings the unit back."""
    rates = KeyRates(keys_max=2)
    assert all(rates.has("a", 1, 0) for _ in range(5))
    assert rates.take("a", 1, 0)
    assert not rates.has("a", 1, 0.5)
    assert rates.has("a", 1, 1)
    assert rates.has("a", 2, 0)
    assert rates.take("a", 1, 1)


def test_a_changed_rate_starts_afresh() -> None:
    """A reload of the settings takes effect at once."""
    rates = KeyRates(keys_max=2)
    assert [rates.take("a", 1, 0), rates.take("a", 1, 0), rates.take("a", 2, 0)] == [True, False, True]
