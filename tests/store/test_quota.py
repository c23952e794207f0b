"""The quota ledger: nobody overdraws, however requests interleave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.settings import StoreSettings
from edge_node.store.errors import QuotaExceeded
from edge_node.store.quota import QuotaLedger
from edge_node.store.usage import DAY_MS

OWNER, KEY = b"o" * 32, b"k" * 32


@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=40))
def test_reservations_never_pass_the_limit(plan: list[tuple[int, bool]]) -> None:
    """The sum of what was granted and not given back stays within the owner's bytes."""
    ledger, used = QuotaLedger(StoreSettings(owner_bytes_max=100)), 0
    for size, give_back in plan:
        if used + size > 100:
            with pytest.raises(QuotaExceeded) as refusal:
                ledger.reserve(OWNER, KEY, size, 0)
            assert (refusal.value.used, refusal.value.limit) == (used, 100)
            continue
        ledger.reserve(OWNER, KEY, size, 0)
        used += 0 if give_back else size
        if give_back:
            ledger.release(OWNER, KEY, size)
        assert ledger.owners[OWNER] == used <= 100


def test_limit_and_limit_plus_one() -> None:
    """Exactly the limit fits, one byte more does not."""
    ledger = QuotaLedger(StoreSettings(owner_bytes_max=10))
    ledger.reserve(OWNER, KEY, 10, 0)
    with pytest.raises(QuotaExceeded):
        ledger.reserve(OWNER, KEY, 1, 0)


def test_a_key_s_day_ends() -> None:
    """What a key may add in a day is there again on the next; the owner's bytes stay counted."""
    ledger = QuotaLedger(StoreSettings(key_bytes_per_day_max=10))
    ledger.reserve(OWNER, KEY, 10, DAY_MS - 1)
    with pytest.raises(QuotaExceeded):
        ledger.reserve(OWNER, KEY, 1, DAY_MS - 1)
    ledger.reserve(OWNER, KEY, 10, DAY_MS)
    assert ledger.owners[OWNER] == 20


def test_a_device_s_own_limit_stands_before_the_node_s() -> None:
    """A limit given at enrolment replaces the general one."""
    own = {b"strict": 5, b"free": 0}
    ledger = QuotaLedger(StoreSettings(key_bytes_per_day_max=10), own_day_max=own.get)
    for key, most in ((b"strict", 5), (KEY, 10)):
        with pytest.raises(QuotaExceeded):
            ledger.reserve(OWNER, key, most + 1, 0)
        ledger.reserve(OWNER, key, most, 0)
    ledger.reserve(OWNER, b"free", 2**40, 0)


def test_zero_does_not_limit() -> None:
    """The defaults let everything through."""
    ledger = QuotaLedger(StoreSettings())
    ledger.reserve(OWNER, KEY, 2**60, 0)
    assert ledger.owners[OWNER] == 2**60


def test_limits_change_while_it_counts() -> None:
    """A lowered limit takes nothing more and gives nothing away; a raised one takes again."""
    ledger = QuotaLedger(StoreSettings(owner_bytes_max=10))
    ledger.reserve(OWNER, KEY, 8, 0)
    ledger.apply(StoreSettings(owner_bytes_max=5))
    with pytest.raises(QuotaExceeded):
        ledger.reserve(OWNER, KEY, 1, 0)
    ledger.apply(StoreSettings(owner_bytes_max=20))
    ledger.reserve(OWNER, KEY, 12, 0)
    assert ledger.owners[OWNER] == 20
