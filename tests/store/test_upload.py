"""An upload cuts what comes, however it comes, into the same extents."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.limits import EXTENT_BYTES, MIB
from edge_node.store.errors import PieceTooLarge
from edge_node.store.upload import INLINE_BYTES, Upload
from edge_node.wire.cid import CidKind, make_cid, raw_piece_cid
from tests.store.rig import opened

CONTENT = bytes(at % 251 for at in range(2 * MIB + 7))


async def unknown() -> bool:
    return False


@given(st.lists(st.integers(1, 2 * MIB), max_size=6))
@settings(max_examples=30)
def test_any_cut_gives_the_same_extents(cuts: list[int]) -> None:
    """Chunks larger and smaller than an extent: whole extents leave, the rest is kept."""
    upload = Upload.__new__(Upload)
    upload._buffer = bytearray()
    extents, at = [], 0
    for cut in [*cuts, len(CONTENT)]:
        extents += [bytes(extent) for extent in upload._cut(memoryview(CONTENT)[at : at + cut])]
        at = min(at + cut, len(CONTENT))
    assert b"".join([*extents, bytes(upload._buffer)]) == CONTENT
    assert {len(extent) for extent in extents} == {EXTENT_BYTES}


@pytest.mark.parametrize("kind", [CidKind.RAW_PIECE, CidKind.DAG_NODE])
async def test_it_ends_with_the_cid_of_what_was_taken(tmp_path: Path, kind: CidKind) -> None:
    """Small content stays in hand, larger lies in extents; views are taken as bytes are."""
    async with opened(tmp_path) as store:
        for size in (0, INLINE_BYTES, INLINE_BYTES + 1, len(CONTENT)):
            upload = Upload(store.journal, MIB * 3, unknown)
            await upload.take(memoryview(CONTENT)[: size // 2])
            await upload.take(CONTENT[size // 2 : size])
            assert await upload.finish(kind) == make_cid(kind, raw_piece_cid(CONTENT[:size])[-32:])
            assert upload.inline == (CONTENT[:size] if size <= INLINE_BYTES else b"")
            assert len(upload.extents) == (0 if size <= INLINE_BYTES else -(-size // EXTENT_BYTES))


async def test_limit_and_limit_plus_one(tmp_path: Path) -> None:
    """The byte too much is refused as it comes."""
    async with opened(tmp_path) as store:
        upload = Upload(store.journal, 10, unknown)
        await upload.take(b"x" * 10)
        with pytest.raises(PieceTooLarge):
            await upload.take(b"x")
