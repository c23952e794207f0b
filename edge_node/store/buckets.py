"""Buckets: the scopes of DDC, each with an owner, and the port that says which there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edge_node.base.ids import VaultId
from edge_node.settings import DdcSettings
from edge_node.settings.buckets import parse_buckets
from edge_node.store.bucket_errors import UnknownBucket
from edge_node.store.scope import Scope


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket: its number, whose it is, and whether anybody may read it."""

    id: int
    owner: VaultId
    public: bool

    @property
    def scope(self) -> Scope:
        """Where references of this bucket lie."""
        return Scope(self.owner, self.id)


class BucketAuthority(Protocol):
    """Who says which buckets exist: the settings offline, the chain where it is known."""

    async def find(self, bucket_id: int) -> Bucket | None:
        """The bucket of this number, or None."""

    def list(self) -> Sequence[Bucket]:
        """Every bucket this node serves, by number."""


class StaticBuckets:
    """The buckets of the settings: the authority that needs no chain."""

    def __init__(self, settings: DdcSettings, node_vault: VaultId) -> None:
        """`node_vault` is meant by `owner=node`. ValueError for rules that a load of the settings would refuse."""
        self._node_vault = node_vault
        self._buckets: dict[int, Bucket] = {}
        self.apply(settings)

    def apply(self, settings: DdcSettings) -> None:
        """Take over another snapshot, whole: with the next call."""
        self._buckets = {
            rule.id: Bucket(rule.id, self._node_vault if rule.owner is None else VaultId(rule.owner), rule.public)
            for rule in parse_buckets(settings.buckets)
        }

    async def find(self, bucket_id: int) -> Bucket | None:
        """See BucketAuthority."""
        return self._buckets.get(bucket_id)

    def list(self) -> Sequence[Bucket]:
        """See BucketAuthority."""
        return [self._buckets[number] for number in sorted(self._buckets)]


async def require_bucket(authority: BucketAuthority, bucket_id: int) -> Bucket:
    """The bucket of this number; UnknownBucket when there is none."""
    bucket = await authority.find(bucket_id)
    if bucket is None:
        raise UnknownBucket(bucket_id)
    return bucket
