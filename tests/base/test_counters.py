"""Counters in process."""

from edge_node.base.counters import REFUSALS, refusals


def test_refusals_are_counted_by_slug() -> None:
    """A slug never seen has zero; each refusal adds one to its own slug alone."""
    assert refusals("test-never-seen") == 0
    before = refusals("test-one")
    REFUSALS.labels(slug="test-one").inc()
    REFUSALS.labels(slug="test-other").inc()
    assert refusals("test-one") == before + 1
