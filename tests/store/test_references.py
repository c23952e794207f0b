"""References: one writer per CID, quota with every one of them, and parts that stay while a file needs them."""

from pathlib import Path

import pytest
import trio
import trio.testing

from edge_node.journal import Draft, Lane
from edge_node.settings import StoreSettings
from edge_node.store.bucket_errors import PieceInUse
from edge_node.store.errors import QuotaExceeded, UnknownPiece
from edge_node.store.records import DELETE_KIND, REFERENCE_KIND, VERSION
from edge_node.store.scope import Scope
from edge_node.trust.access import Verb
from edge_node.wire.cid import raw_piece_cid
from tests.store.rig import bucket_of, chunks_of, dump, opened, vault_of

ONE, TWO = bucket_of("ann", 1), bucket_of("ann", 2)
CONTENT = b"content"
CID = raw_piece_cid(CONTENT)


async def test_two_buckets_are_two_references_and_one_copy(tmp_path: Path) -> None:
    """Each is charged; within one bucket the second put is a duplicate; letting go of one leaves the other."""
    async with opened(tmp_path) as store:
        puts = [await store.put_in(bucket, CONTENT) for bucket in (ONE, TWO, ONE)]
        access = store.may("ann", Verb.PUT)
        puts.append(await store.pieces.put(access, vault_of("ann"), chunks_of(CONTENT)))
        assert [put.duplicate for put in puts] == [False, False, True, False]
        assert store.quota.owners == {vault_of("ann"): 3 * len(CONTENT)}
        assert len(dump(tmp_path)["pieces"]) == 1
        await store.pieces.delete(store.may_in(ONE, Verb.DELETE), ONE.owner, CID, bucket=ONE.id)
        assert await store.get_in(TWO, CID) == CONTENT
        with pytest.raises(UnknownPiece, match="bucket 1 holds no piece"):
            await store.get_in(ONE, CID)
        assert store.quota.owners == {vault_of("ann"): 2 * len(CONTENT)}
        standing = await store.pieces.references.standing(CID)
        assert standing.references == {TWO.scope: len(CONTENT), Scope(vault_of("ann")): len(CONTENT)}


async def test_a_refused_quota_writes_nothing(tmp_path: Path) -> None:
    """Neither the reference nor what goes with it."""
    async with opened(tmp_path, store=StoreSettings(owner_bytes_max=len(CONTENT))) as store:
        await store.put_in(ONE, CONTENT)
        with pytest.raises(QuotaExceeded):
            await store.put_in(TWO, CONTENT)
        assert store.quota.owners == {vault_of("ann"): len(CONTENT)}


async def test_companions_are_written_with_every_put(tmp_path: Path) -> None:
    """In the ticket of the piece, of the reference, or by themselves for a duplicate: each put is recorded once."""
    async with opened(tmp_path) as store:
        other = raw_piece_cid(b"other")
        await store.put_in(ONE, b"other")
        told: list[tuple[bytes, int]] = []

        def companions(cid: bytes, size: int) -> list[Draft]:
            told.append((cid, size))
            return [store.pieces.references.refer(access, Scope(vault_of("bob"), 100 + len(told)), other, 5)]

        access = store.may_in(ONE, Verb.PUT)
        for bucket in (ONE, TWO, ONE):
            await store.pieces.put(
                store.may_in(bucket, Verb.PUT), bucket.owner, chunks_of(CONTENT), bucket=bucket.id,
                companions=companions,
            )  # fmt: skip
        assert told == [(CID, len(CONTENT))] * 3
        standing = await store.pieces.references.standing(other)
        assert {scope.bucket for scope in standing.references} == {1, 101, 102, 103}


async def test_what_is_kept_is_not_let_go(tmp_path: Path) -> None:
    """While a file is put together its parts stay, in this scope alone; afterwards they may go."""
    async with opened(tmp_path) as store:
        references = store.pieces.references
        for bucket in (ONE, TWO):
            await store.put_in(bucket, CONTENT)
        access = store.may_in(ONE, Verb.DELETE)
        async with references.keeping(ONE.scope, {CID}), references.keeping(ONE.scope, {CID}):
            with pytest.raises(PieceInUse, match="being put together"):
                await references.let_go(access, ONE.scope, CID)
            await references.let_go(access, TWO.scope, CID)
        await references.let_go(access, ONE.scope, CID)
        with pytest.raises(UnknownPiece):
            await references.let_go(access, ONE.scope, CID)


async def test_who_keeps_waits_for_a_delete_under_way(tmp_path: Path) -> None:
    """What was about to go has gone before anybody counts on it."""
    async with opened(tmp_path) as store:
        references = store.pieces.references
        order = []

        async def keep() -> None:
            async with references.keeping(ONE.scope, {CID}):
                order.append("kept")

        async with trio.open_nursery() as nursery, references.alone_with(CID):
            nursery.start_soon(keep)
            await trio.testing.wait_all_tasks_blocked()
            order.append("gone")
        assert order == ["gone", "kept"]


async def test_drafts_name_their_scope(tmp_path: Path) -> None:
    """A reference and its end differ in their kind alone."""
    async with opened(tmp_path) as store:
        access = store.may_in(ONE, Verb.PUT)
        for kind in (REFERENCE_KIND, DELETE_KIND):
            draft = store.pieces.references.refer(access, ONE.scope, CID, 7, kind)
            assert (draft.kind, draft.version, draft.cid, draft.item.bucket) == (kind, VERSION, CID, 1)
        await store.pieces.references.append(access, ONE.scope, 0, [draft], Lane.CONTROL)
        await store.pieces.references.accompany([])
