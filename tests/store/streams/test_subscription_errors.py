"""What subscribers are told: slugs, statuses and what to do, as docs/specs/subscriptions.md has them."""

from pathlib import Path

import pytest

from edge_node.base.errors import Refusal
from edge_node.store.streams import subscription_errors as errors

SPEC = Path(__file__).parents[3] / "docs/specs/subscriptions.md"
REFUSALS = [
    (errors.SubscriptionsFull(7), "subscriptions-full", 503),
    (errors.SubscriptionsExceeded(7), "subscriptions-exceeded", 429),
    (errors.OffsetBeyondEnd(9, 7), "offset-beyond-end", 409),
    (errors.SubscriberSlow(9, 7), "subscriber-slow", 408),
    (errors.SubscriptionEnded(), "stopping", 503),
    (errors.PastUnreadable(), "store-unreadable", 503),
]


@pytest.mark.parametrize(("refusal", "slug", "status"), REFUSALS, ids=lambda value: str(value)[:24])
def test_each_is_in_the_specification(refusal: Refusal, slug: str, status: int) -> None:
    """A slug, a status, a remedy, and a line for strangers; waiting is suggested where it helps."""
    assert (refusal.slug, refusal.status) == (slug, status)
    assert f"`{slug}`" in SPEC.read_text()
    assert refusal.remedy
    assert (refusal.retry_after_s is not None) == (status in {429, 503})


def test_the_end_is_said() -> None:
    """Who asked for too much learns where the stream ends."""
    assert errors.OffsetBeyondEnd(9, 7).end == 7
