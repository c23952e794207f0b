"""The doors' own refusals: each a fact with a status, a name for machines and a remedy for people."""

from edge_node.base.errors import Refusal
from edge_node.gateway import errors
from edge_node.gateway.errors import GatewayRefusal, SignatureMissing
from edge_node.serving.problems import problem_document


def test_every_refusal_has_a_name_a_status_and_a_remedy() -> None:
    """What a client shows its user is never empty."""
    concrete = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, GatewayRefusal)]
    concrete.remove(GatewayRefusal)
    assert concrete
    for kind in concrete:
        assert kind.slug != Refusal.slug
        assert 400 <= kind.status < 500
        assert kind.remedy or kind is SignatureMissing


def test_a_missing_signature_names_the_page_that_explains_it() -> None:
    """The remedy depends on which signature is missing."""
    document = problem_document(SignatureMissing("Edge-Request", "docs/specs/signed-request.md"))
    assert "signed-request.md" in str(document["remedy"])
    assert document["header"] == "Edge-Request"
