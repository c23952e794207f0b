"""Hashing a piece on this side."""

import base64
from typing import Any

import pytest
from blake3 import blake3

from edge_node.wire.cid import CidKind, MalformedCid, format_cid, make_cid, parse_cid
from tests.tui.rig import under_asyncio
from tui.verify import CHUNK_BYTES, ContentWithheld, content_holds, hash_for


class Content:
    """A door that hands out this content."""

    def __init__(self, content: bytes, **changes: Any) -> None:
        self.content, self.changes, self.asked = content, changes, 0
        self.queries: list[Any] = []

    async def get(self, path: str, query: Any = None) -> Any:
        self.asked += 1
        self.queries.append(query)
        part = self.content[query["from"] : query["from"] + query["length"]]
        return {"content_base64": base64.b64encode(part).decode(), **self.changes}


def cid_of(content: bytes) -> str:
    return format_cid(make_cid(CidKind.RAW_PIECE, blake3(content).digest()))


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 5 * CHUNK_BYTES])
@under_asyncio
async def test_the_right_content_holds_and_no_other(size: int) -> None:
    """Read in parts of what one answer may hold."""
    content, seen = bytes(size), []
    door = Content(content)
    assert await content_holds(door, cid_of(content), size, seen.append)
    assert door.asked == -(-size // CHUNK_BYTES)
    assert seen[-1:] == ([size] if size else [])
    if size:
        assert not await content_holds(Content(b"x" * size), cid_of(content), size, seen.append)


@pytest.mark.parametrize("kind", CidKind)
@under_asyncio
async def test_every_kind_of_piece_is_hashed_alike(kind: CidKind) -> None:
    """A multipart over the content of its parts, a DAG node over its canonical bytes; asked of who holds it."""
    content = b"abc" * CHUNK_BYTES
    door = Content(content)
    text = format_cid(make_cid(kind, blake3(content).digest()))
    assert await content_holds(door, text, len(content), lambda _: None, {"vault": "ab" * 32, "bucket": 7})
    assert {(query["vault"], query["bucket"]) for query in door.queries} == {("ab" * 32, 7)}


@under_asyncio
async def test_a_door_that_holds_back_or_cheats_is_found_out() -> None:
    """No content, less content, no base64."""
    silent = Content(b"abc")
    silent.get = lambda *_: _nothing()
    with pytest.raises(ContentWithheld):
        await content_holds(silent, cid_of(b"abc"), 3, lambda _: None)
    assert not await content_holds(Content(b"abc", content_base64="YQ=="), cid_of(b"abc"), 3, lambda _: None)
    with pytest.raises(ValueError, match=r"."):
        await content_holds(Content(b"abc", content_base64="%"), cid_of(b"abc"), 3, lambda _: None)
    with pytest.raises(MalformedCid):
        await content_holds(Content(b"abc"), "baebb", 3, lambda _: None)


async def _nothing() -> dict[str, Any]:
    return {"cid": "", "length": 0}


def test_a_legacy_cid_names_another_hash() -> None:
    """BLAKE2b-256 in the 38-byte form."""
    legacy = parse_cid(format_cid(type(parse_cid(cid_of(b"")))(bytes.fromhex("0155a0e40220") + bytes(32))))
    assert hash_for(legacy).digest() != hash_for(parse_cid(cid_of(b""))).digest()
