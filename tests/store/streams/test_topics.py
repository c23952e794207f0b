"""Streams read back: pages against a model, limits of bytes, damage, and whose stream it is."""

import tempfile
from pathlib import Path

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.ids import StreamName
from edge_node.settings import IngestSettings
from edge_node.store.errors import PieceDamaged, UnknownStream
from edge_node.store.streams.rows import StreamRow, find_by_cid
from edge_node.store.streams.topics import read_body
from edge_node.trust.access import AccessDenied, Verb
from edge_node.wire.cid import format_cid
from tests.store.rig import NOW_MS, STREAM, opened, sign, vault_of

NDJSON = "application/x-ndjson"


def body_of(number: int, count: int) -> bytes:
    return b"".join(b'{"n":%d,"i":%d}\n' % (number, item) for item in range(count))


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 70), st.integers(1, 30)), min_size=1, max_size=12),
    st.integers(1, 400),
)
@settings(max_examples=20)
def test_pages_agree_with_a_list(counts: list[int], asked: list[tuple[int, int]], page_bytes: int) -> None:
    """Any page is a prefix of the wanted slice, never empty while there is more, and walking `next` finds it all."""
    model = [{"n": number, "i": item} for number, count in enumerate(counts) for item in range(count)]

    async def check(root: Path) -> None:
        async with opened(root, ingest=IngestSettings(page_bytes_max=page_bytes)) as store:
            for number, count in enumerate(counts):
                body = body_of(number, count)
                await store.ingest.submit(sign(body, number, content_type=NDJSON), body, "test")
            for start, limit in asked:
                page = await store.page(start=start, limit=limit)
                found = [event["event"] for event in page["events"]]
                assert found == model[start : start + len(found)]
                assert len(found) <= limit
                assert bool(found) == (start < len(model))
                assert page["end"] == len(model)
            walked, at = [], 0
            while at < len(model):
                page = await store.page(start=at, limit=7)
                walked += [event["event"] for event in page["events"]]
                at = page["next"]
            assert walked == model

    with tempfile.TemporaryDirectory() as name:
        trio.run(check, Path(name) / "data")


async def test_a_page_ends_early_at_its_bytes(tmp_path: Path) -> None:
    """At least one body, then no more than fit."""
    async with opened(tmp_path / "data", ingest=IngestSettings(page_bytes_max=250)) as store:
        for seq in range(3):
            body = b'"' + bytes([97 + seq]) * 100 + b'"'
            await store.ingest.submit(sign(body, seq), body, "test")
        assert len((await store.page())["events"]) == 2
    async with opened(tmp_path / "data", ingest=IngestSettings(page_bytes_max=1)) as store:
        page = await store.page(start=1, proof=True)
        assert [event["offset"] for event in page["events"]] == [1]
        assert len(page["proofs"]) == 1


async def test_summaries_of_streams(tmp_path: Path) -> None:
    """Per stream the counts, bytes and offsets; another vault's are not listed."""
    async with opened(tmp_path / "data") as store:
        for seq, (who, stream) in enumerate([("ann", "b"), ("ann", "a"), ("ann", "a"), ("bob", "c")]):
            body = body_of(1, 2)
            header = sign(body, seq, who, stream=StreamName(stream), content_type=NDJSON)
            await store.ingest.submit(header, body, "test")
        size = len(body_of(1, 2))
        found = await store.topics.list_streams(store.may("ann", Verb.LIST), vault_of("ann"))
        assert found == [StreamRow("a", 4, 2, 2 * size, 0, 4, NOW_MS), StreamRow("b", 2, 1, size, 0, 2, NOW_MS)]


async def test_an_unknown_stream(tmp_path: Path) -> None:
    """Nothing stored under a name is told from an empty page."""
    async with opened(tmp_path / "data") as store:
        with pytest.raises(UnknownStream) as refusal:
            await store.page()
        assert refusal.value.stream == STREAM


async def test_another_vault_is_closed(tmp_path: Path) -> None:
    """An access to one's own streams reads and lists no others."""
    async with opened(tmp_path / "data") as store:
        with pytest.raises(AccessDenied):
            await store.topics.list_streams(store.may("ann", Verb.LIST), vault_of("bob"))
        with pytest.raises(AccessDenied):
            await store.topics.read_page(store.may("ann", Verb.READ), vault_of("bob"), STREAM, 0, 1, proof=False)


async def test_damage_is_named_and_stays_where_it_is(tmp_path: Path) -> None:
    """A page ends before a rotten body; the refusal of the next page has its CID and says where to go on."""
    async with opened(tmp_path / "data") as store:
        cids = []
        for seq in range(3):
            body = b'"number %d"' % seq
            cids.append((await store.ingest.submit(sign(body, seq), body, "test")).cid)
        path = tmp_path / "data" / "seg" / "ev" / "00000001.seg"
        raw = bytearray(path.read_bytes())
        raw[raw.index(b"number 1")] ^= 1
        path.write_bytes(raw)
        page = await store.page()
        assert ([event["event"] for event in page["events"]], page["next"], page["end"]) == (["number 0"], 1, 3)
        with pytest.raises(PieceDamaged) as damage:
            await store.page(start=1)
        assert (damage.value.cid, damage.value.next) == (format_cid(cids[1]), 2)
        assert [event["event"] for event in (await store.page(start=2))["events"]] == ["number 2"]


async def test_a_body_is_read_by_its_row(tmp_path: Path) -> None:
    """What the pieces door shows of an event is the body alone, verbatim."""
    async with opened(tmp_path / "data") as store:
        body = b'{"celsius": 21}'
        cid = (await store.ingest.submit(sign(body, 1), body, "test")).cid
        row = await store.journal.query(find_by_cid, vault_of("ann"), cid)
        assert read_body(store.journal, row) == (cid, body)
