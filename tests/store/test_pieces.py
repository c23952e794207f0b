"""The piece store against a dict: puts, gets, ranges, deletes, owners, restarts, rot, and space given back."""

import contextlib
import functools
import os
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.ids import Cid
from edge_node.base.limits import MIB
from edge_node.journal import SegmentClass
from edge_node.settings import StoreSettings
from edge_node.store.errors import (
    CidMismatch,
    PieceDamaged,
    PieceGone,
    PieceIsEventBody,
    PieceTooLarge,
    PieceVanished,
    QuotaExceeded,
    UnknownPiece,
)
from edge_node.store.figures import PieceFigures
from edge_node.store.pieces import INLINE_BYTES, Put
from edge_node.store.rows import find_held
from edge_node.store.scope import Scope
from edge_node.trust.access import AccessDenied, Verb
from edge_node.wire.cid import raw_piece_cid
from tests.store.rig import JOURNAL, Store, chunks_of, drop_index, dump, opened, sign, vault_of

SIZES = (0, 1, INLINE_BYTES, INLINE_BYTES + 1, MIB, MIB + 1, 2 * MIB + 7)
CONTENTS = [bytes([number]) * size for number, size in enumerate(SIZES)]
SMALL_SEGMENTS = msgspec.structs.replace(JOURNAL, segment_bytes=256 * 1024)


async def put(store: Store, content: bytes, who: str = "ann", *, expect: Cid | None = None) -> Put:
    return await store.pieces.put(store.may(who, Verb.PUT), vault_of(who), chunks_of(content), expect=expect)


async def get(store: Store, cid: Cid, who: str = "ann", start: int = 0, stop: int | None = None) -> bytes:
    piece = await store.pieces.open(store.may(who, Verb.GET), vault_of(who), cid)
    async with contextlib.aclosing(store.pieces.read(piece, start, stop)) as parts:
        return b"".join([part async for part in parts])


async def delete(store: Store, cid: Cid, who: str = "ann") -> None:
    await store.pieces.delete(store.may(who, Verb.DELETE), vault_of(who), cid)


WHO, WHICH = st.sampled_from(["ann", "bob"]), st.integers(0, len(SIZES) - 1)
STEPS = st.one_of(
    st.tuples(st.just("put"), WHO, WHICH),
    st.tuples(st.just("delete"), WHO, WHICH),
    st.tuples(st.sampled_from(["restart", "rebuild"]), st.none(), st.none()),
)


class Model:
    """Who holds what; every step is checked against the store."""

    def __init__(self) -> None:
        self.held: set[tuple[str, int]] = set()

    async def put(self, store: Store, who: str, which: int) -> None:
        done = await put(store, CONTENTS[which], who)
        assert done == Put(raw_piece_cid(CONTENTS[which]), SIZES[which], duplicate=(who, which) in self.held)
        self.held.add((who, which))

    async def delete(self, store: Store, who: str, which: int) -> None:
        cid = raw_piece_cid(CONTENTS[which])
        if (who, which) in self.held:
            await delete(store, cid, who)
            self.held.remove((who, which))
        else:
            with pytest.raises(UnknownPiece):
                await delete(store, cid, who)

    async def check(self, store: Store) -> None:
        for who in ("ann", "bob"):
            for which, content in enumerate(CONTENTS):
                cid = raw_piece_cid(content)
                if (who, which) in self.held:
                    assert await get(store, cid, who) == content
                else:
                    with pytest.raises(UnknownPiece):
                        await store.pieces.open(store.may(who, Verb.GET), vault_of(who), cid)
            used = sum(SIZES[which] for owner, which in self.held if owner == who)
            rows = await store.journal.query(_used_bytes, vault_of(who))
            assert rows == used


def _used_bytes(conn, owner) -> int:
    row = conn.execute("SELECT bytes FROM usage WHERE owner = ?", (owner,)).fetchone()
    return row[0] if row else 0


@given(st.lists(STEPS, max_size=12))
@settings(max_examples=12)
def test_the_store_agrees_with_a_dict(plan: list[tuple[str, str, int]]) -> None:
    """Puts and deletes by two owners in any order, through restarts and a lost index, in segments that roll."""
    with tempfile.TemporaryDirectory() as name:
        trio.run(_play, Path(name) / "data", plan)


async def _play(root: Path, plan: list[tuple[str, str, int]]) -> None:
    model, left = Model(), list(plan)
    while True:
        async with opened(root, journal=SMALL_SEGMENTS) as store:
            await model.check(store)
            while left and left[0][0] in {"put", "delete"}:
                what, who, which = left.pop(0)
                await getattr(model, what)(store, who, which)
            await model.check(store)
        if not left:
            return
        if left.pop(0)[0] == "rebuild":
            drop_index(root)


@given(st.integers(0, 2 * MIB + 7), st.integers(0, 2 * MIB + 7))
@settings(max_examples=15)
def test_a_range_is_a_slice(start: int, stop: int) -> None:
    """Whatever the borders of extents, `[start, stop)` gives those bytes."""
    low, high = sorted((start, stop))
    content = os.urandom(2 * MIB + 7)

    async def check(root: Path) -> None:
        async with opened(root) as store:
            cid = (await put(store, content)).cid
            assert await get(store, cid, start=low, stop=high) == content[low:high]
            assert await get(store, cid, start=high) == content[high:]
            assert store.pieces.figures.read_bytes == len(content) - low

    with tempfile.TemporaryDirectory() as name:
        trio.run(check, Path(name) / "data")


@pytest.mark.parametrize("size", SIZES)
async def test_verify_reads_all_of_it(tmp_path: Path, size: int) -> None:
    """A sound piece verifies with its size."""
    async with opened(tmp_path / "data") as store:
        cid = (await put(store, bytes(size))).cid
        assert await store.pieces.verify(store.may("ann", Verb.GET), vault_of("ann"), cid) == size


async def test_the_expected_cid_is_held_against_the_bytes(tmp_path: Path) -> None:
    """Other bytes make no piece, and count for nobody."""
    async with opened(tmp_path / "data") as store:
        for content in (b"small", bytes(MIB + 1)):
            with pytest.raises(CidMismatch):
                await put(store, content, expect=raw_piece_cid(content + b"x"))
        assert store.quota.owners == {}
        assert store.pieces.figures.puts == 0
        assert (await put(store, b"small", expect=raw_piece_cid(b"small"))).duplicate is False
        assert (await put(store, b"small")).duplicate is True
        assert store.pieces.figures == PieceFigures(puts=2, duplicates=1, put_bytes=10)


async def test_limit_and_limit_plus_one(tmp_path: Path) -> None:
    """The largest piece passes, one byte more does not."""
    async with opened(tmp_path / "data", store=StoreSettings(piece_bytes_max=100)) as store:
        await put(store, bytes(100))
        with pytest.raises(PieceTooLarge) as refusal:
            await put(store, bytes(101))
        assert refusal.value.limit == 100


async def test_access_is_asked_for_each_verb(tmp_path: Path) -> None:
    """An access to one vault opens no other, and one verb is not another."""
    async with opened(tmp_path / "data") as store:
        cid = (await put(store, b"mine")).cid
        for verb, call in [
            (Verb.PUT, functools.partial(store.pieces.put, chunks=chunks_of(b"x"))),
            (Verb.GET, functools.partial(store.pieces.open, cid=cid)),
            (Verb.DELETE, functools.partial(store.pieces.delete, cid=cid)),
        ]:
            with pytest.raises(AccessDenied):
                await call(store.may("bob", verb), vault_of("ann"))


async def test_puts_at_once_of_the_same_bytes(tmp_path: Path) -> None:
    """However many owners and copies: one copy counts per owner, and the quota is charged once each."""
    async with opened(tmp_path / "data") as store:
        done: list[Put] = []

        async def one(who: str) -> None:
            done.append(await put(store, bytes(100_000), who))

        async with trio.open_nursery() as nursery:
            for who in ("ann", "bob") * 3:
                nursery.start_soon(one, who)
        assert sorted(put.duplicate for put in done) == [False, False, True, True, True, True]
        assert store.quota.owners == {vault_of("ann"): 100_000, vault_of("bob"): 100_000}
        assert len(dump(store.root)["pieces"]) == 1


async def test_a_put_beside_the_last_delete_is_never_lost(tmp_path: Path) -> None:
    """One owner lets go while the other puts: whatever came first, the acknowledged put reads."""
    async with opened(tmp_path / "data") as store:
        for content in (b"small", bytes(INLINE_BYTES + 1)) * 5:
            cid = (await put(store, content, "ann")).cid
            async with trio.open_nursery() as nursery:
                nursery.start_soon(delete, store, cid, "ann")
                nursery.start_soon(put, store, content, "bob")
            assert await get(store, cid, "bob") == content
            await delete(store, cid, "bob")


async def test_a_piece_deleted_while_it_is_sent_again(tmp_path: Path) -> None:
    """Bytes of a piece the node has are not stored twice; if it is gone at the end, the sender is told to come back."""
    async with opened(tmp_path / "data") as store:
        content = bytes(MIB + 1)
        cid = (await put(store, content)).cid

        async def slowly() -> AsyncGenerator[bytes, None]:
            yield content[:MIB]
            await delete(store, cid)
            yield content[MIB:]

        with pytest.raises(PieceVanished) as refusal:
            await store.pieces.put(store.may("ann", Verb.PUT), vault_of("ann"), slowly(), expect=cid)
        assert (refusal.value.status, refusal.value.retry_after_s) == (503, 1)
        assert (await put(store, content, expect=cid)).duplicate is False


def flip(root: Path, place_in: bytes, segment: int = 1) -> None:
    """Change one byte inside these bytes where the px log holds them."""
    path = root / "seg" / "px" / f"{segment:08d}.seg"
    raw = bytearray(path.read_bytes())
    raw[raw.index(place_in) + len(place_in) // 2] ^= 1
    path.write_bytes(raw)


@pytest.mark.parametrize("size", [1_000, 3 * MIB])
async def test_rot_is_found_healed_and_charged_once(tmp_path: Path, size: int) -> None:
    """A flipped byte never leaves; putting the bytes again repairs the piece for all its owners, at no cost."""
    root, content = tmp_path / "data", os.urandom(size)
    async with opened(root, store=StoreSettings(owner_bytes_max=size)) as store:
        cid = (await put(store, content, "ann")).cid
        await put(store, content, "bob")
        flip(root, content[: min(size, MIB)])
        with pytest.raises(PieceDamaged):
            await get(store, cid, "ann")
        assert (await put(store, content, "bob")).duplicate is False
        for who in ("ann", "bob"):
            assert await get(store, cid, who) == content
        assert store.quota.owners == {vault_of("ann"): size, vault_of("bob"): size}
        assert (await put(store, content, "ann")).duplicate is True


async def test_a_healed_piece_keeps_its_owners_when_the_index_is_lost(tmp_path: Path) -> None:
    """The damaged copy's segment goes, the references in it were written again."""
    root, content = tmp_path / "data", os.urandom(200_000)
    async with opened(root, journal=SMALL_SEGMENTS) as store:
        cid = (await put(store, content, "ann")).cid
        await put(store, os.urandom(200_000), "ann")
        flip(root, content)
        with pytest.raises(PieceDamaged):
            await get(store, cid, "ann")
        await put(store, content, "bob")
        await put(store, os.urandom(200_000), "ann")
        await store.pieces.reclaim()
    drop_index(root)
    async with opened(root, journal=SMALL_SEGMENTS) as store:
        for who in ("ann", "bob"):
            assert await get(store, cid, who) == content


async def test_a_reference_whose_piece_was_lost_can_be_let_go(tmp_path: Path) -> None:
    """The record that made the piece rots, the index is lost: its other owner hears of damage, and gets room back."""
    root, content = tmp_path / "data", os.urandom(1_000)
    async with opened(root) as store:
        cid = (await put(store, content, "ann")).cid
        await put(store, content, "bob")
    flip(root, content)
    drop_index(root)
    async with opened(root) as store:
        with pytest.raises(PieceDamaged):
            await store.pieces.open(store.may("bob", Verb.GET), vault_of("bob"), cid)
        await store.pieces.delete(store.may("bob", Verb.DELETE), vault_of("bob"), cid)
        with pytest.raises(UnknownPiece):
            await store.pieces.open(store.may("bob", Verb.GET), vault_of("bob"), cid)
        assert await store.journal.query(_used_bytes, vault_of("bob")) == 0


async def test_verify_finds_rot_before_a_reader_does(tmp_path: Path) -> None:
    """Verify names the damage, and the next put heals it."""
    root, content = tmp_path / "data", os.urandom(100_000)
    async with opened(root) as store:
        cid = (await put(store, content)).cid
        flip(root, content)
        with pytest.raises(PieceDamaged):
            await store.pieces.verify(store.may("ann", Verb.GET), vault_of("ann"), cid)
        await put(store, content)
        assert await store.pieces.verify(store.may("ann", Verb.GET), vault_of("ann"), cid) == 100_000


async def test_dead_segments_are_unlinked(tmp_path: Path) -> None:
    """With its last live byte gone a sealed segment leaves the disk; what other pieces need stays."""
    root = tmp_path / "data"
    async with opened(root, journal=SMALL_SEGMENTS) as store:
        contents = [os.urandom(200_000) for _ in range(6)]
        cids = [(await put(store, content)).cid for content in contents]
        full = len(list((root / "seg" / "px").glob("*.seg")))
        for cid in cids[:4]:
            await delete(store, cid)
        assert len(list((root / "seg" / "px").glob("*.seg"))) <= full - 2
        for cid, content in zip(cids[4:], contents[4:], strict=True):
            assert await get(store, cid) == content
        assert await store.pieces.reclaim() == 0
    drop_index(root)
    async with opened(root, journal=SMALL_SEGMENTS) as store:
        for cid, content in zip(cids[4:], contents[4:], strict=True):
            assert await get(store, cid) == content
        with pytest.raises(UnknownPiece):
            await get(store, cids[0])


async def _exhaust(parts: AsyncGenerator[bytes, None]) -> None:
    async for _ in parts:
        pass


async def test_what_is_deleted_while_it_is_read_is_gone_and_not_damaged(tmp_path: Path) -> None:
    """A reader slower than delete and reclaim hears so, and nothing is damaged; a segment that was lost is damage."""
    root, content = tmp_path / "data", os.urandom(20 * MIB)
    async with opened(root, journal=SMALL_SEGMENTS) as store:
        for lost in (False, True):
            cid = (await put(store, content)).cid
            await put(store, os.urandom(300_000))  # in the next segment, so that the piece's own are sealed
            piece = await store.pieces.open(store.may("ann", Verb.GET), vault_of("ann"), cid)
            async with contextlib.aclosing(store.pieces.read(piece)) as parts:
                assert await anext(parts) == content[:MIB]
                if lost:
                    for segment in {at.segment for at in piece.extents} - {at.segment for at in piece.extents[:4]}:
                        (root / "seg" / "px" / f"{segment:08d}.seg").unlink()
                else:
                    await delete(store, cid)
                with pytest.raises(PieceDamaged if lost else PieceGone):
                    await _exhaust(parts)
            if not lost:
                with pytest.raises(UnknownPiece):
                    await store.pieces.open(store.may("ann", Verb.GET), vault_of("ann"), cid)


async def test_a_small_piece_deleted_between_two_looks_is_unknown(tmp_path: Path) -> None:
    """The index named it, the log has it no more: the second look says that nobody holds it."""
    async with opened(tmp_path / "data", journal=SMALL_SEGMENTS) as store:
        cid = (await put(store, b"small")).cid
        await put(store, os.urandom(300_000))
        await put(store, b"in the next segment")
        (found,) = await store.journal.query(find_held, [(Scope(vault_of("ann")), cid)])
        assert found is not None
        await delete(store, cid)
        await store.journal.drop_segment(*found.position[:2])
        with pytest.raises(PieceGone):
            await store.pieces.reading._open_row(cid, found)
        with pytest.raises(UnknownPiece):
            await store.pieces.open(store.may("ann", Verb.GET), vault_of("ann"), cid)


async def test_a_running_upload_keeps_its_segments(tmp_path: Path) -> None:
    """Extents nobody lists yet are not taken for dead while their upload lives, and are once it broke off."""
    root = tmp_path / "data"
    async with opened(root, journal=SMALL_SEGMENTS) as store:
        content = os.urandom(3 * MIB)

        async def interrupted() -> AsyncGenerator[bytes, None]:
            for at in range(0, len(content), MIB):
                yield content[at : at + MIB]
                other = (await put(store, os.urandom(100_000))).cid
                await delete(store, other)
                await store.pieces.reclaim()

        done = await store.pieces.put(store.may("ann", Verb.PUT), vault_of("ann"), interrupted())
        assert await get(store, done.cid) == content

        async def broken() -> AsyncGenerator[bytes, None]:
            yield content[: 2 * MIB]
            raise ConnectionError

        before = len(list((root / "seg" / "px").glob("*.seg")))
        with pytest.raises(ConnectionError):
            await store.pieces.put(store.may("ann", Verb.PUT), vault_of("ann"), broken())
        await put(store, os.urandom(300_000))
        await put(store, b"and one more")
        await store.pieces.reclaim()
        assert len(list((root / "seg" / "px").glob("*.seg"))) <= before + 3
        assert await get(store, done.cid) == content


async def test_the_body_of_an_event_is_a_piece(tmp_path: Path) -> None:
    """It is read by its CID in its own vault only, verified, and not deleted."""
    body = b'{"celsius":21}'
    async with opened(tmp_path / "data") as store:
        cid = (await store.ingest.submit(sign(body, 1), body, "test")).cid
        assert await get(store, cid) == body
        assert await get(store, cid, start=2, stop=9) == body[2:9]
        with pytest.raises(UnknownPiece):
            await get(store, cid, "bob")
        with pytest.raises(PieceIsEventBody):
            await delete(store, cid)
        await put(store, body)
        await delete(store, cid)
        assert await get(store, cid) == body


async def test_a_refused_reservation_keeps_nothing(tmp_path: Path) -> None:
    """Over quota: no piece, no charge; what a delete gives back can be used."""
    async with opened(tmp_path / "data", store=StoreSettings(owner_bytes_max=100)) as store:
        first = (await put(store, bytes(60))).cid
        with pytest.raises(QuotaExceeded):
            await put(store, b"x" * 41)
        assert store.quota.owners[vault_of("ann")] == 60
        await delete(store, first)
        assert (await put(store, b"x" * 100)).duplicate is False


async def test_extents_lie_in_their_own_class(tmp_path: Path) -> None:
    """Pieces never touch the event log."""
    async with opened(tmp_path / "data") as store:
        before = (tmp_path / "data" / "seg" / "ev" / "00000001.seg").read_bytes()
        piece = await put(store, bytes(MIB + 1))
        opened_piece = await store.pieces.open(store.may("ann", Verb.GET), vault_of("ann"), piece.cid)
        assert {at.segment_class for at in opened_piece.extents} == {SegmentClass.PX}
        assert (tmp_path / "data" / "seg" / "ev" / "00000001.seg").read_bytes() == before
