"""Anchors read back: as they were signed, in pages, and without the right to read not at all."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge_node.base.ids import StreamName
from edge_node.paths import Paths
from edge_node.settings import RetentionPolicy
from edge_node.store.errors import UnknownStream
from edge_node.store.streams.anchors import ANCHOR_BOUND_BYTES, Anchors
from edge_node.trust.access import AccessDenied, Verb
from edge_node.trust.retention_anchor import open_anchor
from tests.store.rig import STREAM
from tests.store.streams.retention_rig import NODE_KEY, VAULT, Kept, keeping


async def three(kept: Kept) -> None:
    """Three anchors of one body each."""
    for number in range(4):
        await kept.post()
        if number:
            await kept.retainer.retain(VAULT, STREAM, RetentionPolicy(bytes_max=1), number)


async def read(kept: Kept, start: int = 1, limit: int = 10, **more: Any) -> Any:
    return msgspec.json.decode(
        await Anchors(kept.journal).read(kept.may(Verb.READ), VAULT, STREAM, start, limit, **more)
    )


async def test_pages_lead_from_the_first_to_the_last(tmp_path: Path) -> None:
    """Whole documents, in order, with where to go on; the longest answer was announced."""
    async with keeping(tmp_path / "d") as kept:
        await kept.post()
        assert await read(kept) == {
            "stream": STREAM, "vault": VAULT.hex(), "first": 0, "anchors": [], "next": 1, "end": 1,
        }  # fmt: skip
    async with keeping(tmp_path / "e") as kept:
        await three(kept)
        announced: list[int] = []
        page = await read(kept, 1, 2, reserve=announced.append)
        assert ([entry["number"] for entry in page["anchors"]], page["next"], page["end"]) == ([1, 2], 3, 4)
        rest = await read(kept, page["next"])
        assert ([entry["number"] for entry in rest["anchors"]], rest["next"]) == ([3], 4)
        for entry in (*page["anchors"], *rest["anchors"]):
            raw, certificate = (msgspec.json.encode(entry[name]) for name in ("anchor", "certificate"))
            assert len(raw) + len(certificate) < ANCHOR_BOUND_BYTES
            assert open_anchor(raw, certificate, NODE_KEY).first == entry["first"]
        assert len(msgspec.json.encode(page)) <= announced[0]
        beyond = await read(kept, 50)
        assert (beyond["anchors"], beyond["next"]) == ([], 4)


async def test_the_longest_name_stays_within_the_bound(tmp_path: Path) -> None:
    """A stream's name may have 127 letters; numbers grow."""
    async with keeping(tmp_path / "d") as kept:
        long = "s" * 127
        await kept.post(1_000, stream=long)
        await kept.retainer.retain(VAULT, StreamName(long), RetentionPolicy(bytes_max=1), 1_000)
        raw = await Anchors(kept.journal).read(kept.may(Verb.READ), VAULT, StreamName(long), 1, 1)
        assert len(raw) < ANCHOR_BOUND_BYTES


async def test_a_damaged_anchor_stands_as_null(tmp_path: Path) -> None:
    """The others are given all the same."""
    root = tmp_path / "d"
    async with keeping(root) as kept:
        await three(kept)
    path = Paths(root).segments / "rc" / "00000001.seg"
    data = bytearray(path.read_bytes())
    at = data.index(b"retention-anchor")
    data[at] ^= 1
    path.write_bytes(data)
    async with keeping(root) as kept:
        entries = (await read(kept))["anchors"]
        assert [entry["anchor"] is None for entry in entries] == [True, False, False]
        assert [entry["first"] for entry in entries] == [1, 2, 3]


async def test_only_readers_of_the_stream_are_told(tmp_path: Path) -> None:
    """Another's access, or one for something else, opens nothing; a stream that never was is unknown."""
    async with keeping(tmp_path / "d") as kept:
        await three(kept)
        anchors = Anchors(kept.journal)
        for access in (kept.may(Verb.READ, "bob"), kept.may(Verb.LIST)):
            with pytest.raises(AccessDenied):
                await anchors.read(access, VAULT, STREAM, 1, 10)
        with pytest.raises(UnknownStream):
            await anchors.read(kept.may(Verb.READ), VAULT, StreamName("none"), 1, 10)
