"""The client's errors: the node's words, kept apart from everything that only looks like them."""

import pytest

from edge_node.client.errors import (
    Conflict,
    NodeRefusal,
    NodeUnavailable,
    NotAllowed,
    NotAuthenticated,
    NotProcessable,
    NotThere,
    RequestInvalid,
    SlowDown,
    refusal_type,
)  # fmt: skip


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, RequestInvalid), (413, RequestInvalid), (401, NotAuthenticated), (403, NotAllowed), (404, NotThere),
     (409, Conflict), (422, NotProcessable), (429, SlowDown), (500, NodeUnavailable), (503, NodeUnavailable)],
)  # fmt: skip
def test_every_status_has_its_class(status: int, kind: type[NodeRefusal]) -> None:
    """A caller catches what it can act on, by class."""
    assert refusal_type(status) is kind


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (401, True), (403, True), (408, False), (409, True), (422, True), (429, False), (500, False),
     (503, False)],
)  # fmt: skip
def test_only_what_would_be_refused_again_is_permanent(status: int, permanent: bool) -> None:
    """A reading is set apart for a 4xx, and kept in the queue for a timeout, a rate or the node's own trouble."""
    refusal = refusal_type(status)(status, "slug", "detail", "remedy", {})
    assert refusal.permanent is permanent


def test_a_refusal_speaks_in_the_nodes_words() -> None:
    """Slug, remedy and data are the node's; the text names fact and status."""
    refusal = Conflict(409, "sequence-conflict", "seq 7 was used", "Count on.", {"first_cid": "b"})
    assert (refusal.slug, refusal.remedy, refusal.data) == ("sequence-conflict", "Count on.", {"first_cid": "b"})
    assert str(refusal) == "seq 7 was used (409 sequence-conflict)"
