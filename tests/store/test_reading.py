"""Reading asks the scope first, checks what it gives out, and remembers what is damaged."""

import os
from pathlib import Path

import pytest
import trio
from blake3 import blake3

from edge_node.base.limits import MIB
from edge_node.store.errors import PieceDamaged, UnknownPiece
from edge_node.store.scope import Scope
from edge_node.trust.access import AccessDenied, Verb
from edge_node.wire.cid import CidKind, cid_digest, make_cid, raw_piece_cid
from tests.store.rig import Store, bucket_of, chunks_of, drop_index, opened, sign, vault_of
from tests.store.test_pieces import flip

ONE, TWO, BOBS = bucket_of("ann", 1), bucket_of("ann", 2), bucket_of("bob", 1)
SIZES = (0, 10, 100_000, 5 * MIB + 3)


@pytest.mark.parametrize("size", SIZES)
async def test_one_scope_is_not_read_through_another(tmp_path: Path, size: int) -> None:
    """What bucket 1 holds is unknown to bucket 2, to the vault itself, and to another owner's bucket 1."""
    content = os.urandom(size)
    async with opened(tmp_path) as store:
        cid = (await store.put_in(ONE, content)).cid
        assert await store.get_in(ONE, cid) == content
        for scope in (TWO.scope, BOBS.scope, Scope(vault_of("ann"))):
            with pytest.raises(UnknownPiece):
                await store.pieces.reading.find(scope, cid)


async def test_an_access_is_for_one_bucket(tmp_path: Path) -> None:
    """A right on bucket 1 is none on bucket 2, nor on the vault's own pieces."""
    async with opened(tmp_path) as store:
        cid = (await store.put_in(ONE, b"x")).cid
        access = store.may_in(ONE, Verb.GET)
        for bucket in (2, None):
            with pytest.raises(AccessDenied):
                await store.pieces.open(access, ONE.owner, cid, bucket=bucket)
        with pytest.raises(AccessDenied):
            await store.pieces.put(store.may_in(TWO, Verb.PUT), ONE.owner, chunks_of(b"y"), bucket=1)
        with pytest.raises(AccessDenied):
            await store.pieces.delete(store.may_in(TWO, Verb.DELETE), ONE.owner, cid, bucket=1)


async def test_event_bodies_are_pieces_of_their_vault_alone(tmp_path: Path) -> None:
    """A bucket of the same owner does not show them."""
    body = b'{"celsius":21}'
    async with opened(tmp_path) as store:
        cid = (await store.ingest.submit(sign(body, 1), body, "test")).cid
        assert (await store.pieces.reading.find(Scope(vault_of("ann")), cid)).inline == body
        with pytest.raises(UnknownPiece):
            await store.get_in(ONE, cid)
        with pytest.raises(UnknownPiece):
            await store.pieces.delete(store.may_in(ONE, Verb.DELETE), ONE.owner, cid, bucket=1)


@pytest.mark.parametrize("size", SIZES)
async def test_feeding_a_hasher_and_joining_read_all(tmp_path: Path, size: int) -> None:
    """Both give the whole content, whichever way it lies on disk."""
    content = os.urandom(size)
    async with opened(tmp_path) as store:
        cid = (await store.put_in(ONE, content)).cid
        piece, hasher = await store.pieces.reading.find(ONE.scope, cid), blake3()
        await store.pieces.reading.feed(piece, hasher)
        assert hasher.digest() == cid_digest(cid)
        assert await store.pieces.reading.content(piece) == content


async def test_bytes_under_a_wrong_cid_are_damage(tmp_path: Path) -> None:
    """Their digests hold, and they are still not what the CID says."""
    async with opened(tmp_path) as store:
        cid = (await store.put_in(ONE, b"content")).cid
        piece = await store.pieces.reading.find(ONE.scope, cid)
        other = type(piece)(raw_piece_cid(b"other"), piece.size, piece.position, piece.extents, piece.inline)
        with pytest.raises(PieceDamaged, match="another CID"):
            await store.pieces.reading.verify(other)
        assert store.pieces.is_damaged(other.cid)


async def fill(store: Store, content: bytes) -> None:
    for bucket in (ONE, TWO, BOBS):
        await store.put_in(bucket, content)
    await store.pieces.put(store.may("bob", Verb.PUT), vault_of("bob"), chunks_of(content))


@pytest.mark.parametrize("size", [1_000, 3 * MIB])
async def test_a_damaged_piece_heals_for_every_scope(tmp_path: Path, size: int) -> None:
    """Whoever puts the bytes again heals them for all, at no cost, also when the index is made anew afterwards."""
    root, content = tmp_path / "data", os.urandom(size)
    cid = raw_piece_cid(content)
    async with opened(root) as store:
        await fill(store, content)
        flip(root, content[: min(size, MIB)])
        with pytest.raises(PieceDamaged):
            await store.get_in(TWO, cid)
        assert (await store.put_in(BOBS, content)).duplicate is False
        assert store.quota.owners == {vault_of("ann"): 2 * size, vault_of("bob"): 2 * size}
    drop_index(root)
    async with opened(root) as store:
        for bucket in (ONE, TWO, BOBS):
            assert await store.get_in(bucket, cid) == content
        assert len((await store.pieces.references.standing(cid)).references) == 4


async def test_a_file_is_no_piece(tmp_path: Path) -> None:
    """A multipart's CID is not found among pieces, even where the file stands: it is read by files."""
    async with opened(tmp_path) as store:
        cid = (await store.put_in(ONE, b"part")).cid
        await store.files.put_multipart(store.may_in(ONE, Verb.PUT), ONE, [cid_digest(cid)], 4)
        with pytest.raises(UnknownPiece):
            await store.pieces.reading.find(ONE.scope, make_cid(CidKind.MULTIPART, cid_digest(cid)))


async def test_many_pieces_are_hashed_in_their_order(tmp_path: Path) -> None:
    """Small ones together, large ones alone, any of them twice; one that rotted or is missing is named."""
    contents = [os.urandom(size) for size in (10, 20, MIB + 1, 30, 0, 70_000)] + [bytes([n]) * 9 for n in range(70)]
    contents += contents[:3]
    async with opened(tmp_path) as store:
        for content in contents:
            await store.put_in(ONE, content)
        cids, told, hasher = [raw_piece_cid(content) for content in contents], [], blake3()
        turns = trio.CapacityLimiter(1)
        await store.pieces.reading.feed_all(ONE.scope, cids, hasher, turns, told.append)
        assert hasher.digest() == blake3(b"".join(contents)).digest()
        assert told == sorted(set(told))
        assert told[-1] == len(cids)
        with pytest.raises(UnknownPiece):
            await store.pieces.reading.feed_all(ONE.scope, [cids[0], raw_piece_cid(b"nothing")], blake3(), turns)
        flip(tmp_path, contents[1])
        with pytest.raises(PieceDamaged):
            await store.pieces.reading.feed_all(ONE.scope, cids, blake3(), turns)
        assert [store.pieces.is_damaged(cid) for cid in cids[:3]] == [False, True, False]
