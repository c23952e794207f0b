"""The adapter of the operator socket: who may open it may read the node's vaults, and each verdict is an audit row."""

from edge_node.base.ids import VaultId
from edge_node.control.house import House
from edge_node.control.payload import Standing
from edge_node.store.buckets import Bucket
from edge_node.store.scope import Scope
from edge_node.trust.access import Access, Deny, Verb, check
from edge_node.trust.access_capability import Capability
from edge_node.trust.access_errors import AccessDenied
from edge_node.trust.access_resource import Resource, vault_resource
from edge_node.trust.audit import AuditRow

# What stands behind the sockets' file modes. Nothing is written to a vault here: a test event is signed by the
# operator's key and judged like any other.
VERBS = {
    Standing.OPERATOR: frozenset({Verb.READ, Verb.LIST, Verb.GET}),
    Standing.VIEWER: frozenset({Verb.READ, Verb.LIST}),
}


def access_of(house: House, standing: Standing, peer: str, vault: VaultId, resource: Resource, verb: Verb) -> Access:
    """The access of one socket's user to a part of a vault on this node; AccessDenied. One audit row."""
    capability = Capability(
        issuer=house.node_key,
        holder=house.node_key,
        audience=vault,
        resource=vault_resource(vault),
        verbs=VERBS[standing],
    )
    verdict = check([capability], house.node_key, resource, verb, house.now_ms)
    reason = verdict.reason if isinstance(verdict, Deny) else ""
    slug = AccessDenied.slug if reason else ""
    house.audit.record(AuditRow(house.now_ms, b"", resource, verb, slug, source_of(standing, peer)))
    if isinstance(verdict, Deny):
        raise AccessDenied(house.node_key, resource, verb, verdict.reason)
    return verdict


def bucket_of(scope: Scope) -> Bucket:
    """The bucket of a scope, for the operator: it may be one that nobody vouches for any more."""
    assert scope.bucket is not None
    return Bucket(scope.bucket, scope.owner, public=False)


def source_of(standing: Standing, peer: str) -> str:
    """Where a row of the audit log says that somebody came from."""
    return f"{'control' if standing is Standing.OPERATOR else 'view'} {peer}"
