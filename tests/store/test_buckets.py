"""Buckets of the settings: found by number, replaced whole, and missed in the words DDC clients look for."""

import pytest

from edge_node.base.ids import VaultId
from edge_node.settings import DdcSettings
from edge_node.store.bucket_errors import UnknownBucket
from edge_node.store.buckets import Bucket, StaticBuckets, require_bucket

OWN, OTHER = VaultId(b"n" * 32), VaultId(b"o" * 32)
SETTINGS = DdcSettings(buckets=(f"7 owner={OTHER} public", "3 owner=node"))


async def test_the_settings_are_an_authority() -> None:
    """Each rule is a bucket; `owner=node` is this node's own vault; others there are not."""
    buckets = StaticBuckets(SETTINGS, OWN)
    assert await buckets.find(7) == Bucket(7, OTHER, public=True)
    assert await require_bucket(buckets, 3) == Bucket(3, OWN, public=False)
    assert await buckets.find(99) is None
    assert [bucket.id for bucket in buckets.list()] == [3, 7]


async def test_an_unknown_bucket_is_missed_in_the_known_words() -> None:
    """DDC clients look for this text, and ask no other node."""
    with pytest.raises(UnknownBucket, match=r"^no bucket 99$") as refusal:
        await require_bucket(StaticBuckets(SETTINGS, OWN), 99)
    assert (refusal.value.status, refusal.value.bucket) == (404, 99)


async def test_another_snapshot_replaces_all() -> None:
    """A bucket that left the settings is unknown with the next question."""
    buckets = StaticBuckets(SETTINGS, OWN)
    buckets.apply(DdcSettings(buckets=("3 owner=node public",)))
    assert await buckets.find(7) is None
    assert await buckets.find(3) == Bucket(3, OWN, public=True)
