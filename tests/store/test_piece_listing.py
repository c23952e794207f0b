"""Pieces, nodes and files in pages by CID: of everybody, of one owner, of one bucket, of one kind."""

import os
from pathlib import Path

import pytest

from edge_node.base.ids import Cid
from edge_node.base.limits import MIB
from edge_node.store.listing import find_cid
from edge_node.store.piece_listing import (
    _FILES,
    _OF_BUCKET,
    _PIECES,
    PARTS_SHOWN,
    REFERENCES_SHOWN,
    FileDetail,
    PieceSummary,
    find_files,
    find_holders,
    find_piece,
    page_pieces,
)
from edge_node.store.scope import Scope
from edge_node.trust.access import Verb
from edge_node.wire.cid import CidKind, cid_digest, make_cid, raw_piece_cid
from tests.store.rig import NOW_MS, Store, bucket_of, chunks_of, opened, vault_of

EVERY = (b"", b"\xff" * 38)
ONE, TWO, BOBS = bucket_of("ann", 1), bucket_of("ann", 2), bucket_of("bob", 3)
ANN, BOB = vault_of("ann"), vault_of("bob")
SMALL, LARGE, NODE = b"small", os.urandom(2 * MIB + 1), b"\x0a\x04Leaf"
SMALL_CID, LARGE_CID = raw_piece_cid(SMALL), raw_piece_cid(LARGE)
NODE_CID = make_cid(CidKind.DAG_NODE, cid_digest(raw_piece_cid(NODE)))
FILE_CID = make_cid(CidKind.MULTIPART, cid_digest(raw_piece_cid(SMALL + LARGE)))


async def fill(store: Store) -> None:
    """Small pieces in two buckets and a vault, a large one, a node, and a file over both that two buckets have."""
    for bucket, content in ((ONE, SMALL), (ONE, LARGE), (BOBS, SMALL), (BOBS, LARGE), (TWO, SMALL)):
        await store.put_in(bucket, content)
    await store.pieces.put(store.may("ann", Verb.PUT), ANN, chunks_of(SMALL))
    await store.dag.put(store.may_in(TWO, Verb.PUT), TWO, NODE)
    parts = [cid_digest(SMALL_CID), cid_digest(LARGE_CID)]
    for bucket in (ONE, BOBS):
        await store.files.put_multipart(store.may_in(bucket, Verb.PUT), bucket, parts, len(SMALL + LARGE))


async def test_pages_of_everything(tmp_path: Path) -> None:
    """Each once by its CID, nodes before pieces before files, with who refers to it."""
    async with opened(tmp_path) as store:
        await fill(store)
        rows = await store.journal.query(page_pieces, b"", EVERY, None, 0, 10)
        assert [row.cid for row in rows] == sorted([SMALL_CID, LARGE_CID, NODE_CID, FILE_CID])
        by_cid = {row.cid: row for row in rows}
        holders = _sorted(ONE.scope, BOBS.scope)
        assert by_cid[FILE_CID] == PieceSummary(FILE_CID, len(SMALL + LARGE), 2, 0, 0, holders)
        assert (by_cid[FILE_CID].kind, by_cid[NODE_CID].kind) == (CidKind.MULTIPART, CidKind.DAG_NODE)
        assert by_cid[SMALL_CID].references == _sorted(ONE.scope, TWO.scope, BOBS.scope, Scope(ANN))
        assert (by_cid[LARGE_CID].extents, by_cid[SMALL_CID].extents) == (3, 0)
        after: bytes = b""
        for row in rows:
            (following,) = await store.journal.query(page_pieces, after, EVERY, None, 0, 1)
            assert following == row
            after = row.cid
        assert await store.journal.query(page_pieces, after, EVERY, None, 0, 1) == []


def _sorted(*scopes: Scope) -> tuple[Scope, ...]:
    return tuple(sorted(scopes, key=lambda scope: (scope.owner, -1 if scope.bucket is None else scope.bucket)))


async def test_pages_of_a_part(tmp_path: Path) -> None:
    """By owner, bucket, kind, size and beginning of the CID, and by several of them."""
    async with opened(tmp_path) as store:
        await fill(store)

        async def cids(owner=None, least: int = 0, span=EVERY, **more) -> list[Cid]:
            ask = dict({"bucket": None, "kind": None} | more)
            rows = await store.journal.query(page_pieces, b"", span, owner, least, 10, ask["bucket"], ask["kind"])
            return [row.cid for row in rows]

        both = sorted([SMALL_CID, LARGE_CID])
        assert await cids(BOB) == [*both, FILE_CID]
        assert await cids(bucket=1) == [*both, FILE_CID]
        assert await cids(bucket=2) == [NODE_CID, SMALL_CID]
        assert await cids(bucket=99) == []
        assert await cids(BOB, bucket=1) == []
        assert await cids(kind=CidKind.MULTIPART) == [FILE_CID]
        assert await cids(kind=CidKind.RAW_PIECE) == both
        assert await cids(bucket=2, kind=CidKind.DAG_NODE) == [NODE_CID]
        assert await cids(least=MIB) == [LARGE_CID, FILE_CID]
        assert await cids(bucket=1, least=MIB) == [LARGE_CID, FILE_CID]
        assert await cids(span=(SMALL_CID, SMALL_CID)) == [SMALL_CID]
        assert await cids(bucket=1, span=(FILE_CID, FILE_CID)) == [FILE_CID]


async def test_one_cid(tmp_path: Path) -> None:
    """Where it lies, who refers to it and is charged for it, and the parts of a file, which is charged to nobody."""
    async with opened(tmp_path) as store:
        await fill(store)
        piece = await store.journal.query(find_piece, LARGE_CID)
        assert (piece.size, len(piece.extents)) == (len(LARGE), 3)
        assert await store.journal.query(find_piece, FILE_CID) is None
        holders = await store.journal.query(find_holders, FILE_CID)
        assert {(one.vault, one.bucket, one.size, one.since_ms) for one in holders} == {
            (ANN, 1, 0, NOW_MS),
            (BOB, 3, 0, NOW_MS),
        }
        files = await store.journal.query(find_files, FILE_CID)
        parts = ((SMALL_CID, len(SMALL)), (LARGE_CID, len(LARGE)))
        assert set(files) == {FileDetail(scope, len(SMALL + LARGE), 2, parts) for scope in (ONE.scope, BOBS.scope)}
        found = await store.journal.query(find_cid, FILE_CID)
        assert (found.piece, found.holders, found.body, found.files) == (None, holders, None, files)


async def test_long_lists_are_cut(tmp_path: Path) -> None:
    """Eight references of a page's piece and 32 parts of a file, with how many there are."""
    async with opened(tmp_path) as store:
        for number in range(REFERENCES_SHOWN + 2):
            await store.put_in(bucket_of("ann", number), SMALL)
        (row,) = await store.journal.query(page_pieces, b"", EVERY, None, 0, 10)
        assert (row.owners, [scope.bucket for scope in row.references]) == (REFERENCES_SHOWN + 2, list(range(8)))
        hashes = [cid_digest(SMALL_CID)] * (PARTS_SHOWN + 1)
        await store.files.put_multipart(store.may_in(ONE, Verb.PUT), ONE, hashes, len(SMALL) * len(hashes))
        cid = make_cid(CidKind.MULTIPART, cid_digest(raw_piece_cid(SMALL * len(hashes))))
        (file,) = await store.journal.query(find_files, cid)
        assert (file.parts_count, len(file.parts)) == (PARTS_SHOWN + 1, PARTS_SHOWN)


@pytest.mark.parametrize("query", [_PIECES, _FILES, _OF_BUCKET], ids=["pieces", "files", "of a bucket"])
async def test_a_page_is_found_by_keys(tmp_path: Path, query: str) -> None:
    """No table is read through, and nothing is sorted."""
    asked = {"after": b"", "first": b"", "last": b"\xff", "least": 0, "owner": None, "bucket": 1, "limit": 9}
    async with opened(tmp_path) as store:
        rows = await store.journal.query(lambda conn: conn.execute(f"EXPLAIN QUERY PLAN {query}", asked).fetchall())
    steps = [row[3] for row in rows]
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step], steps
