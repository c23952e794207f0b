"""What an operator sees of buckets: those that are served, and those that hold something nobody vouches for."""

import os
from pathlib import Path

from edge_node.activity import Capture, Totals
from edge_node.journal import Lane
from edge_node.settings import DdcSettings
from edge_node.store.bucket_view import BucketFigures, view_buckets
from edge_node.store.buckets import StaticBuckets
from edge_node.trust.access import Verb
from edge_node.wire.cid import cid_digest, raw_piece_cid
from tests.store.name_rig import signed_record
from tests.store.rig import NOW_MS, FixedClock, bucket_of, key_of, opened, vault_of

ANN, BOB = vault_of("ann"), vault_of("bob")


async def test_buckets_with_their_figures(tmp_path: Path) -> None:
    """A file counts as a piece and for no byte, a piece in two buckets for both; an empty bucket is there too."""
    authority = StaticBuckets(DdcSettings(buckets=(f"1 owner={ANN} public", "2 owner=node", f"9 owner={ANN}")), BOB)
    async with opened(tmp_path) as store:
        one, two, three = bucket_of("ann", 1), bucket_of("bob", 2), bucket_of("bob", 3)
        for bucket in (one, two, three):
            await store.put_in(bucket, b"content")
        await store.put_in(one, b"more")
        parts = [cid_digest(raw_piece_cid(part)) for part in (b"content", b"more")]
        await store.files.put_multipart(store.may_in(one, Verb.PUT), one, parts, 11)
        await store.names.put(store.may_in(one, Verb.PUT), one, signed_record(key_of("ann"), raw_piece_cid(b"x"), "a"))
        assert await view_buckets(store.journal, authority) == [
            BucketFigures(1, ANN, public=True, pieces=3, bytes=11, names=1),
            BucketFigures(2, BOB, public=False, pieces=1, bytes=7, names=0),
            BucketFigures(3, BOB, public=None, pieces=1, bytes=7, names=0),
            BucketFigures(9, ANN, public=False, pieces=0, bytes=0, names=0),
        ]
        cid = raw_piece_cid(b"content")
        await store.pieces.delete(store.may_in(three, Verb.DELETE), three.owner, cid, bucket=3)
        assert [view.id for view in await view_buckets(store.journal, authority)] == [1, 2, 9]


async def test_a_bucket_s_records_add_up_beside_what_it_holds(tmp_path: Path) -> None:
    """By its number: a bucket that holds nothing has figures too, and both owners of a number have the same."""
    authority = StaticBuckets(DdcSettings(buckets=(f"1 owner={ANN}", f"{(2**53 - 1)} owner={ANN}")), BOB)
    async with opened(tmp_path) as store:
        capture = Capture(store.journal, key_of("node").public, FixedClock(), random=os.urandom)
        holder, cid = key_of("ann").public, raw_piece_cid(b"x")
        sizes = ((1, 5), (1, 7), ((2**53 - 1), 1), (8, 100))
        drafts = [capture.stored(holder, bucket, cid, size, None, NOW_MS) for bucket, size in sizes]
        await store.journal.append(drafts, Lane.CONTROL)
        await store.put_in(bucket_of("bob", 1), b"from before")
        views = await view_buckets(store.journal, authority)
        assert {(view.id, view.owner): view.activity for view in views} == {
            (1, ANN): Totals(stores=2, stored_bytes=12),
            (1, BOB): Totals(stores=2, stored_bytes=12),
            ((2**53 - 1), ANN): Totals(stores=1, stored_bytes=1),
        }
