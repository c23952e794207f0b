"""What a verified chain of DDC tokens, or a public bucket, allows: capabilities for the one access check."""

from collections.abc import Mapping
from functools import lru_cache

from edge_node.base.ids import PublicKey, VaultId
from edge_node.trust.access_capability import Capability, Verb
from edge_node.trust.access_resource import Resource, bucket_piece_resource, bucket_resource
from edge_node.trust.token_chain import ChainNotVerified, Operation, TokenChain, TokenLink
from edge_node.wire.cid import format_cid

RIGHTS_MAX = 4_096  # as many as chains are kept by token_book; about 1 KB a link

# Nobody's key: it verifies no signature of either algorithm.
ANYBODY = PublicKey(bytes(PublicKey.size))
"""The holder of a read that names nobody: HTTP in a public bucket."""

OPERATION_VERBS: Mapping[Operation, Verb] = {
    Operation.PUT: Verb.PUT,
    Operation.GET: Verb.GET,
    Operation.DELETE: Verb.DELETE,
}


def capabilities_of_chain(chain: TokenChain, *, owner: VaultId, bucket_id: int) -> tuple[Capability, ...]:
    """What the chain gives `chain.holder` in the bucket: nothing unless the bucket's owner signed its first link.

    One capability, with a parent per link before it: the check asks every link, so the narrowest decides. A link
    without a bucket speaks of all its owner's, hence of this one. ChainNotVerified when no signature was checked.
    """
    if not chain.verified:
        raise ChainNotVerified
    return _rights(chain, owner, bucket_id)


# The links' capabilities are half the cost of a decision, and the same for every call with the same token.
@lru_cache(maxsize=RIGHTS_MAX)
def _rights(chain: TokenChain, owner: VaultId, bucket_id: int) -> tuple[Capability, ...]:
    if VaultId(chain.root.signer) != owner:
        return ()
    capability: Capability | None = None
    for link in chain.links:
        capability = Capability(
            issuer=link.signer,
            holder=link.signer if link.subject is None else link.subject,
            audience=owner,
            resource=_scope(link, owner, bucket_id),
            verbs=frozenset(OPERATION_VERBS[operation] for operation in link.operations),
            not_after_ms=link.expires_ms - 1,
            parent=capability,
        )
    assert capability is not None, "a chain has a link"
    return (capability,)


def public_read(*, owner: VaultId, bucket_id: int, holder: PublicKey = ANYBODY) -> tuple[Capability, ...]:
    """What a public bucket gives everybody: reading. `holder` is who proved to be one, or ANYBODY."""
    return (
        Capability(
            issuer=PublicKey(owner),
            holder=holder,
            audience=owner,
            resource=bucket_resource(owner, bucket_id),
            verbs=frozenset({Verb.GET}),
        ),
    )


def _scope(link: TokenLink, owner: VaultId, bucket_id: int) -> Resource:
    bucket = bucket_id if link.bucket is None else link.bucket
    if link.piece is None:
        return bucket_resource(owner, bucket)
    return bucket_piece_resource(owner, bucket, format_cid(link.piece))
