"""Segments that hold nothing leave, unless an upload may still write to them."""

from pathlib import Path

import msgspec

from edge_node.store.reclaim import PieceSegments
from edge_node.store.scope import Scope
from edge_node.trust.access import Verb
from edge_node.wire.cid import raw_piece_cid
from tests.store.rig import JOURNAL, Store, chunks_of, opened, vault_of

SMALL_SEGMENTS = msgspec.structs.replace(JOURNAL, segment_bytes=256 * 1024)


async def fill(store: Store) -> None:
    """A sealed segment without a live byte."""
    for number in range(3):
        content = bytes([number]) * 200_000
        await store.pieces.put(store.may("ann", Verb.PUT), vault_of("ann"), chunks_of(content))
    for number in range(2):
        cid = raw_piece_cid(bytes([number]) * 200_000)
        await store.pieces.references.let_go(store.may("ann", Verb.DELETE), Scope(vault_of("ann")), cid)


async def test_a_pin_keeps_what_was_begun_under_it(tmp_path: Path) -> None:
    """While an upload is under way nothing from its first segment on goes; afterwards it goes once."""
    async with opened(tmp_path, journal=SMALL_SEGMENTS) as store:
        segments = PieceSegments(store.journal)
        with segments.pinned(object()):
            await fill(store)
            assert await segments.reclaim() == 0
        went = await segments.reclaim()
        assert went >= 1
        assert await segments.reclaim() == 0
        assert len(list((tmp_path / "seg" / "px").glob("*.seg"))) >= 1


async def test_once_per_segment_is_enough(tmp_path: Path) -> None:
    """Until another segment is begun there is nothing new to find."""
    async with opened(tmp_path, journal=SMALL_SEGMENTS) as store:
        segments = PieceSegments(store.journal)
        await segments.reclaim_once_per_segment()
        await fill(store)
        before = set((tmp_path / "seg" / "px").glob("*.seg"))
        await segments.reclaim_once_per_segment()
        assert set((tmp_path / "seg" / "px").glob("*.seg")) < before
