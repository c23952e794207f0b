"""A nonce once: inside the window, across clock steps, and when memory is full."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.base.ids import Nonce, PublicKey
from edge_node.trust.nonce_window import PER_KEY_PARTS, NonceWindow, NonceWindowFull

WINDOW = 300_000
NOW = 1_800_000_000_000
ALICE, BOB = PublicKey(b"\x01" * 32), PublicKey(b"\x02" * 32)


def nonce(number: int) -> Nonce:
    """A nonce of a number."""
    return Nonce(number.to_bytes(16, "big"))


def test_a_nonce_is_used_once_per_key():
    """The second use by the same key is refused, by another key it is a first use."""
    window = NonceWindow(WINDOW)
    assert window.admit(ALICE, nonce(1), NOW, NOW)
    assert not window.admit(ALICE, nonce(1), NOW, NOW)
    assert not window.admit(ALICE, nonce(1), NOW + 1, NOW + 5)
    assert window.admit(BOB, nonce(1), NOW, NOW)
    assert window.admit(ALICE, nonce(2), NOW, NOW)


@pytest.mark.parametrize("off", [-WINDOW, 0, WINDOW])
def test_the_window_reaches_both_ways(off):
    """The edge of the window is inside, one millisecond beyond is not."""
    window = NonceWindow(WINDOW)
    assert window.admit(ALICE, nonce(1), NOW + off, NOW)
    beyond = off + (1 if off > 0 else -1)
    if off:
        assert not window.admit(ALICE, nonce(2), NOW + beyond, NOW)


def test_a_request_signed_ahead_is_remembered_until_it_is_too_old():
    """A nonce is kept for as long as its request would be accepted, and then makes room."""
    window = NonceWindow(WINDOW)
    assert window.admit(ALICE, nonce(1), NOW + WINDOW, NOW)
    assert not window.admit(ALICE, nonce(1), NOW + WINDOW, NOW + 2 * WINDOW)
    assert len(window) == 1
    assert window.admit(BOB, nonce(2), NOW + 2 * WINDOW + 1, NOW + 2 * WINDOW + 1)
    assert len(window) == 1


def test_a_clock_that_steps_back_opens_no_second_chance():
    """What was forgotten stays refused when the clock returns to its time."""
    window = NonceWindow(WINDOW)
    assert window.admit(ALICE, nonce(1), NOW, NOW)
    assert window.admit(ALICE, nonce(2), NOW + 2 * WINDOW, NOW + 2 * WINDOW)
    assert not window.admit(ALICE, nonce(1), NOW, NOW)
    assert window.admit(ALICE, nonce(3), NOW + 1, NOW + 1)


def test_a_clock_that_was_ahead_for_a_moment_locks_nobody_out():
    """After a leap of a year and back, new requests are admitted."""
    window, year = NonceWindow(WINDOW), 31_536_000_000
    assert window.admit(ALICE, nonce(1), NOW, NOW)
    assert not window.admit(ALICE, nonce(2), NOW + 1, NOW + year)
    assert window.admit(ALICE, nonce(2), NOW + 2, NOW + 2)


def test_a_full_window_refuses_and_forgets_nothing():
    """At its limit it answers 503 and still knows every nonce; after time it takes new ones."""
    window = NonceWindow(WINDOW, nonces_max=PER_KEY_PARTS)
    keys = [PublicKey(bytes([number]) * 32) for number in range(PER_KEY_PARTS + 1)]
    for key in keys[:-1]:
        assert window.admit(key, nonce(1), NOW, NOW)
    with pytest.raises(NonceWindowFull) as refused:
        window.admit(keys[-1], nonce(1), NOW, NOW)
    assert (refused.value.status, refused.value.slug) == (503, "overloaded")
    assert refused.value.retry_after_s
    assert not window.admit(keys[0], nonce(1), NOW, NOW)
    assert window.admit(keys[-1], nonce(1), NOW + WINDOW + 1, NOW + WINDOW + 1)


def test_one_key_cannot_fill_the_window():
    """A key gets its share; then it is refused and others are not."""
    window = NonceWindow(WINDOW, nonces_max=8)
    for number in range(8 // PER_KEY_PARTS):
        assert window.admit(ALICE, nonce(number), NOW, NOW)
    with pytest.raises(NonceWindowFull):
        window.admit(ALICE, nonce(99), NOW, NOW)
    assert window.admit(BOB, nonce(99), NOW, NOW)
    later = NOW + WINDOW + 1
    assert window.admit(ALICE, nonce(100), later, later)


uses = st.lists(st.tuples(st.integers(0, 3), st.integers(-40, 40), st.integers(-60, 60)), min_size=1, max_size=40)


@given(uses)
def test_no_request_is_admitted_twice_whatever_the_clock_does(steps):
    """Over any walk of the clock, one signed request (key, nonce, time) is admitted at most once."""
    window, now, admitted = NonceWindow(30), 1_000, []
    for number, off, step in steps:
        now = max(0, now + step)
        t_ms = max(0, 1_000 + off)  # few times, so that repetitions are common
        if window.admit(ALICE, nonce(number), t_ms, now):
            admitted.append((number, t_ms))
    assert len(set(admitted)) == len(admitted)
