"""Buckets as an operator sees them: what each holds, what came and went, and whether anybody still vouches for it."""

from dataclasses import dataclass

from edge_node.activity import Totals, list_totals
from edge_node.base.ids import VaultId
from edge_node.journal import Database, Journal
from edge_node.store.buckets import BucketAuthority
from edge_node.store.name_rows import count_names
from edge_node.store.usage import list_bucket_usage

_NOTHING = Totals()


@dataclass(frozen=True, slots=True)
class BucketFigures:
    """One bucket: what it is charged and how many pieces (files among them) and names it has.

    `public` is None when no authority knows it (any more): then `owner` is that of what it holds. `activity` is what
    the records of its number add up to, whoever owned it when.
    """

    id: int
    owner: VaultId
    public: bool | None
    pieces: int
    bytes: int
    names: int
    activity: Totals = _NOTHING


async def view_buckets(journal: Journal, authority: BucketAuthority) -> list[BucketFigures]:
    """Every bucket that is served or holds anything, by number and owner; figures as of the last commit."""
    usage = {(bucket, owner): (size, pieces) for bucket, owner, size, pieces in await journal.query(list_bucket_usage)}
    names = await journal.query(count_names, database=Database.META)
    activity = await journal.query(list_totals)
    served = {(bucket.id, bytes(bucket.owner)): bucket.public for bucket in authority.list()}
    kept = {place for place, figures in usage.items() if any(figures)}
    return [
        BucketFigures(
            number,
            VaultId(owner),
            served.get((number, owner)),
            pieces=usage.get((number, owner), (0, 0))[1],
            bytes=usage.get((number, owner), (0, 0))[0],
            names=names.get(number, 0),
            activity=activity.get(number, _NOTHING),
        )
        for number, owner in sorted(kept | served.keys())
    ]
