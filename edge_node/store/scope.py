"""Where a reference lies: a vault by itself, or one of its buckets."""

from dataclasses import dataclass

from edge_node.base.ids import Cid, VaultId
from edge_node.trust.access import Resource, bucket_piece_resource, piece_resource
from edge_node.wire.cid import format_cid


@dataclass(frozen=True, slots=True)
class Scope:
    """A vault (`bucket` None) or a bucket of it.

    The same bytes in two scopes are two references, each counted, and one copy on the disk; what one scope holds
    cannot be read through another.
    """

    owner: VaultId
    bucket: int | None = None

    def resource(self, cid: Cid | None = None, *, through: Cid | None = None) -> Resource:
        """What an access is asked for: one piece of this scope, or with None all of them.

        `through`: the node or file it was reached from, so that a right on that one is enough.
        """
        text = None if cid is None else format_cid(cid)
        if self.bucket is None:
            return piece_resource(self.owner, text)
        above = None if through is None else format_cid(through)
        return bucket_piece_resource(self.owner, self.bucket, text, through=above)
