"""The OpenAPI document is what the routes declare, and every problem has its place."""

from docs.generate.log_events import ROOT
from docs.generate.metrics import load_everything
from docs.generate.openapi import render
from edge_node.gateway.openapi import OPERATIONS
from edge_node.serving.problems import problem_registry

# Rooms whose refusals an HTTP request can meet; those of `settings`, `client` and their like reach nobody that way.
ROOMS = ("base", "wire", "trust", "journal", "store", "serving", "gateway")
# Refusals of those rooms that no route of this door answers with, and why.
ELSEWHERE = {
    "access-refused": "a root, never raised itself",
    "bad-transition": "device changes are made on the control socket or by the CLI",
    "device-exists": "as bad-transition",
    "device-refused": "a root of device changes",
    "key-revoked": "as bad-transition",
    "malformed-device": "as bad-transition",
    "name-taken": "as bad-transition",
    "stale-change": "as bad-transition",
    "unknown-device": "as bad-transition",
    "unreadable-device-change": "a record of the journal that cannot be read at the start",
    "wider-than-parent": "as bad-transition",
    "credential-missing": "the node's own key, at the start",
    "key-file-exists": "as credential-missing",
    "key-file-exposed": "as credential-missing",
    "key-file-foreign": "as credential-missing",
    "key-file-malformed": "as credential-missing",
    "key-file-missing": "as credential-missing",
    "key-file-not-plain": "as credential-missing",
    "key-file-refused": "as credential-missing",
    "document-not-trusted": "signed documents come by files, not by requests",
    "document-refused": "as document-not-trusted",
    "document-too-large": "as document-not-trusted",
    "key-certificate-refused": "as document-not-trusted",
    "malformed-document": "as document-not-trusted",
    "malformed-json": "as document-not-trusted",
    "malformed-scale": "a chain's endpoint sends it to us",
    "retention-anchor-refused": "as document-not-trusted",
    "malformed-event-frame": "MQTT's form of an event",
    "malformed-revocation": "tokens are revoked on the control socket",
    "token-refused": "a root, never raised itself",
    "malformed-resource": "resources are made by us from checked parts",
    "event-too-large": "a server-sent event as a client reads it",
    "piece-in-use": "files are made over gRPC and grpc-web, and pieces of buckets deleted by operators",
    "empty-multipart": "as piece-in-use",
    "too-many-parts": "as piece-in-use",
    "malformed-part-hash": "as piece-in-use",
    "total-size-zero": "as piece-in-use",
    "total-size-mismatch": "as piece-in-use",
    "unknown-part": "as piece-in-use",
    "acks-missing": "calls in gRPC and grpc-web are answered with a status, not with a problem",
    "compressed-message": "as acks-missing",
    "empty-piece": "as acks-missing",
    "malformed-address": "as acks-missing",
    "malformed-call": "as acks-missing",
    "malformed-http2": "as acks-missing",
    "message-out-of-order": "as acks-missing",
    "message-too-large": "as acks-missing",
    "message-truncated": "as acks-missing",
    "metadata-too-large": "as acks-missing",
    "no-such-method": "as acks-missing",
    "not-http2": "as acks-missing",
    "range-outside": "as acks-missing",
    "size-understated": "as acks-missing",
    "protocol-broken": "a root, never raised itself",
}


def test_the_document_is_fresh() -> None:
    """`make docs` writes it."""
    assert (ROOT / "docs/specs/openapi.json").read_text() == render(), "run `make docs`"


def is_of_the_doors(module: str) -> bool:
    """Whether a module is one of the product's rooms behind the door, and not a test's."""
    package, _, rest = module.partition(".")
    return package == "edge_node" and rest.partition(".")[0] in ROOMS


def test_every_problem_has_its_place() -> None:
    """A refusal that an HTTP request can meet is listed at a route; any other is said not to be."""
    load_everything()
    listed = {slug for operation in OPERATIONS for slug in operation.slugs}
    known = {
        slug
        for slug, kinds in problem_registry().items()
        if any(is_of_the_doors(kind.error.__module__) for kind in kinds)
    }
    assert known - listed - ELSEWHERE.keys() == set(), "name it at its operation's `refusals` in edge_node/gateway"
    assert listed - known == set()
    assert listed & ELSEWHERE.keys() == set()


def test_a_slug_means_one_status() -> None:
    """Who lists a slug tells its status; two classes of one slug must agree on it."""
    load_everything()
    listed = {slug for operation in OPERATIONS for slug in operation.slugs} - {"internal"}
    registry = problem_registry()
    assert {slug for slug in listed if len({kind.status for kind in registry[slug]}) > 1} == set()
