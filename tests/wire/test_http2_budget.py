"""wire.http2_budget: bursts pass, floods do not."""

import pytest

from edge_node.wire.http2_budget import PINGS, UPDATES_AT_ONCE, Budget, Http2Broken, NotHttp2, charge
from edge_node.wire.http2_frames import ErrorCode


def test_a_burst_passes_and_one_more_does_not():
    """At the limit and at limit + 1; time brings some back."""
    budget, burst = Budget(0.0), int(PINGS[1])
    for _ in range(burst):
        charge(budget.pings, 0.0, "too_many_pings")
    with pytest.raises(Http2Broken) as over:
        charge(budget.pings, 0.0, "too_many_pings")
    assert over.value.code is ErrorCode.ENHANCE_YOUR_CALM
    charge(budget.pings, 1.0, "too_many_pings")


def test_what_we_sent_pays_for_window_updates():
    """A client that takes 128 MiB in small steps is no flood; the budget never grows beyond its burst."""
    budget = Budget(0.0)
    for _ in range(20_000):
        budget.note_sent(8_192)
        charge(budget.updates, 0.0, "")
    budget.note_opened()
    budget.note_sent(1 << 40)
    assert budget.updates.level == UPDATES_AT_ONCE


def test_data_we_sent_allows_a_ping():
    """Clients that measure the line while they download send one for each answer of it."""
    budget = Budget(0.0)
    for _ in range(10_000):
        budget.note_sent(1_000)
        charge(budget.pings, 0.0, "")
    assert budget.pings.level <= PINGS[1]


def test_a_stranger_is_known_by_its_first_bytes():
    """What it said is kept, for the answer."""
    assert NotHttp2(b"GET /").first == b"GET /"
