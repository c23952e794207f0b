"""A signed request once: inside the window, across clock steps, and when memory is full."""

import pytest

from edge_node.base.ids import PublicKey, VaultId
from edge_node.trust.spent_requests import PER_OWNER_PARTS, SLOT_MS, SpentRequests, SpentRequestsFull

WINDOW = 300_000
NOW = 1_800_000_000_000
OWNER, OTHER = VaultId(b"\x0a" * 32), VaultId(b"\x0b" * 32)
ALICE, BOB = PublicKey(b"\x01" * 32), PublicKey(b"\x02" * 32)


def test_a_request_is_used_once_per_signer() -> None:
    """The second use is refused, also under another time; another signer or id is a first use."""
    spent = SpentRequests(WINDOW)
    assert spent.spend(OWNER, ALICE, "a", NOW, NOW)
    assert not spent.spend(OWNER, ALICE, "a", NOW, NOW)
    assert not spent.spend(OWNER, ALICE, "a", NOW + 3 * SLOT_MS, NOW + 5)
    assert spent.spend(OWNER, BOB, "a", NOW, NOW)
    assert spent.spend(OWNER, ALICE, "b", NOW, NOW)
    assert len(spent) == 3


@pytest.mark.parametrize("off", [-WINDOW, 0, WINDOW])
def test_the_window_reaches_both_ways(off: int) -> None:
    """The edge of the window is inside, one millisecond beyond is not."""
    spent = SpentRequests(WINDOW)
    assert spent.spend(OWNER, ALICE, "a", NOW + off, NOW)
    if off:
        assert not spent.spend(OWNER, ALICE, "b", NOW + off + (1 if off > 0 else -1), NOW)


def test_it_is_remembered_until_it_is_too_old() -> None:
    """Kept for as long as it would be taken, and then it makes room."""
    spent = SpentRequests(WINDOW)
    assert spent.spend(OWNER, ALICE, "a", NOW + WINDOW, NOW)
    assert not spent.spend(OWNER, ALICE, "a", NOW + WINDOW, NOW + 2 * WINDOW)
    later = NOW + 2 * WINDOW + SLOT_MS
    assert spent.spend(OWNER, BOB, "b", later, later)
    assert len(spent) == 1


def test_a_clock_that_steps_back_opens_no_second_chance() -> None:
    """What was forgotten stays refused when the clock returns to its time."""
    spent = SpentRequests(WINDOW)
    assert spent.spend(OWNER, ALICE, "a", NOW, NOW)
    assert spent.spend(OWNER, ALICE, "b", NOW + 2 * WINDOW, NOW + 2 * WINDOW)
    assert not spent.spend(OWNER, ALICE, "a", NOW, NOW)
    assert spent.spend(OWNER, ALICE, "c", NOW + SLOT_MS, NOW + SLOT_MS)


def test_a_clock_that_was_ahead_for_a_moment_locks_nobody_out() -> None:
    """After a leap of a year and back, new requests are taken, and old ones make room again."""
    spent, year = SpentRequests(WINDOW, spent_max=4), 31_536_000_000
    assert spent.spend(OWNER, ALICE, "ahead", NOW + year, NOW + year)
    assert spent.spend(OWNER, ALICE, "a", NOW, NOW)
    with pytest.raises(SpentRequestsFull):
        spent.spend(OWNER, ALICE, "b", NOW, NOW)
    later = NOW + 2 * WINDOW
    assert spent.spend(OWNER, ALICE, "c", later, later)


def test_when_full_it_refuses_and_forgets_nothing() -> None:
    """One owner's callers fill at most their part; another's are still served; what is held is still refused."""
    spent = SpentRequests(WINDOW, spent_max=8)
    for number in range(8 // PER_OWNER_PARTS):
        assert spent.spend(OWNER, ALICE, str(number), NOW, NOW)
    with pytest.raises(SpentRequestsFull):
        spent.spend(OWNER, BOB, "x", NOW, NOW)
    assert not spent.spend(OWNER, ALICE, "0", NOW, NOW)
    for number in range(8 - 8 // PER_OWNER_PARTS):
        assert spent.spend(OTHER, ALICE, str(number), NOW, NOW)
    with pytest.raises(SpentRequestsFull):
        spent.spend(VaultId(bytes(32)), ALICE, "y", NOW, NOW)
