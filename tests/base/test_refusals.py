"""The newest refusals in memory."""

from edge_node.base import counters
from edge_node.base.refusals import KEPT, REFUSAL_RING, Asker, RefusalRing, counts, title_of


def test_a_refusal_is_kept_and_counted() -> None:
    """Everything an operator asks about it, and one more on its slug."""
    ring, before = RefusalRing(), counters.refusals("test-ring")
    ring.note("test-ring", 403, "why", "Do.", Asker("10.0.0.7", "aabbccdd…", "https"))
    (one,) = ring.since()
    assert (one.slug, one.status, one.title, one.detail, one.remedy) == ("test-ring", 403, "Test ring", "why", "Do.")
    assert (one.peer, one.key, one.door) == ("10.0.0.7", "aabbccdd…", "https")
    assert one.t_ms > 1_700_000_000_000
    assert counters.refusals("test-ring") == counts()["test-ring"] == before + 1


def test_what_a_peer_says_is_bounded() -> None:
    """A detail of megabytes takes a line."""
    ring = RefusalRing()
    ring.note("test-ring", 400, "x" * 5_000_000, "Do.")
    assert len(ring.since()[0].detail) < 500


def test_only_the_newest_are_kept() -> None:
    """500 of them, asked for by cursor and slug; the counts go on."""
    ring = RefusalRing()
    for number in range(KEPT + 10):
        ring.note("test-odd" if number % 2 else "test-even", 400, "", "")
    assert len(ring.since()) == KEPT
    assert ring.first == 11
    assert {one.slug for one in ring.since(0, "test-odd")} == {"test-odd"}
    assert [one.sequence for one in ring.since(505, limit=2)] == [506, 507]
    assert REFUSAL_RING is not ring


def test_titles_are_slugs_in_words() -> None:
    """A person reads the slug."""
    assert title_of("sequence-too-old") == "Sequence too old"
