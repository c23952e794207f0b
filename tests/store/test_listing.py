"""Pages of what is stored: streams, pieces, totals, and when each device wrote last."""

import os
from pathlib import Path

import pytest

from edge_node.base.ids import Cid, StreamName
from edge_node.base.limits import MIB
from edge_node.store.errors import SequenceJump
from edge_node.store.listing import (
    Totals,
    find_cid,
    find_streams,
    load_seen,
    next_number,
    page_pieces,
    page_streams,
    read_totals,
)
from edge_node.trust.access import Verb
from edge_node.wire.cid import raw_piece_cid
from tests.store.rig import NOW_MS, Store, chunks_of, key_of, opened, sign, vault_of

EVERY = (b"", b"\xff" * 38)


async def put(store: Store, content: bytes, who: str = "ann") -> Cid:
    done = await store.pieces.put(store.may(who, Verb.PUT), vault_of(who), chunks_of(content))
    return done.cid


async def say(store: Store, stream: str, seq: int, who: str = "ann") -> None:
    body = b'{"n":%d}' % seq
    await store.ingest.submit(sign(body, seq, who, stream=StreamName(stream)), body, "test")


async def test_totals_part_events_from_pieces(tmp_path: Path) -> None:
    """Bytes of bodies and of pieces are told apart, a piece of two owners counts for both."""
    async with opened(tmp_path) as store:
        assert await store.journal.query(read_totals) == Totals(0, 0, 0, 0, 0, 0)
        await say(store, "a", 1)
        await say(store, "b", 1)
        for who in ("ann", "bob"):
            await put(store, b"x" * 1_000, who)
        totals = await store.journal.query(read_totals)
    assert totals == Totals(streams=2, bodies=2, events=2, event_bytes=14, pieces=2, piece_bytes=2_000)


async def test_streams_come_in_pages_by_name(tmp_path: Path) -> None:
    """From a name on, with a part of the name, at most so many; another vault's are not among them."""
    async with opened(tmp_path) as store:
        for name in ("site/b", "site/a", "lab", "site/c"):
            await say(store, name, 1)
        await say(store, "site/x", 1, "bob")

        async def names(after: str, part: str, limit: int) -> list[str]:
            return [row.stream for row in await store.journal.query(page_streams, vault_of("ann"), after, part, limit)]

        assert await names("", "", 10) == ["lab", "site/a", "site/b", "site/c"]
        assert await names("site/a", "", 1) == ["site/b"]
        assert await names("", "te/", 10) == ["site/a", "site/b", "site/c"]
        rows = await store.journal.query(find_streams, vault_of("ann"), ["site/c", "lab", "none"])
        assert [(row.stream, row.events, row.first_offset, row.next_offset) for row in rows] == [
            ("lab", 1, 0, 1),
            ("site/c", 1, 0, 1),
        ]


async def test_pieces_come_in_pages_by_cid(tmp_path: Path) -> None:
    """Each once, however many own it; by owner, by size and by the CID's beginning."""
    async with opened(tmp_path) as store:
        cids = sorted([await put(store, os.urandom(size)) for size in (10, 2 * MIB + 1, 70_000)])
        shared = await put(store, b"shared")
        await put(store, b"shared", "bob")
        every = await store.journal.query(page_pieces, b"", EVERY, None, 0, 10)
        assert [row.cid for row in every] == sorted([*cids, shared])
        assert {row.cid: row.owners for row in every}[shared] == 2
        assert sorted(row.extents for row in every) == [0, 0, 1, 3]
        assert await store.journal.query(page_pieces, every[1].cid, EVERY, None, 0, 1) == [every[2]]
        assert [row.cid for row in await store.journal.query(page_pieces, b"", EVERY, vault_of("bob"), 0, 9)] == [
            shared
        ]
        assert [row.extents for row in await store.journal.query(page_pieces, b"", EVERY, None, MIB, 9)] == [3]
        span = (bytes(every[0].cid), bytes(every[0].cid))
        assert await store.journal.query(page_pieces, b"", span, None, 0, 9) == [every[0]]


async def test_a_cid_tells_all_that_lies_under_it(tmp_path: Path) -> None:
    """Extents, owners, and the event body of the same bytes."""
    async with opened(tmp_path) as store:
        cid = await put(store, b"z" * (MIB + 5))
        found = await store.journal.query(find_cid, cid)
        assert found.piece is not None
        assert (found.piece.size, len(found.piece.extents)) == (MIB + 5, 2)
        assert [(one.vault, one.size, one.since_ms) for one in found.holders] == [(vault_of("ann"), MIB + 5, NOW_MS)]
        assert found.body is None
        await say(store, "site/a", 4_000)
        body = (await store.journal.query(find_cid, raw_piece_cid(b'{"n":4000}'))).body
        assert body is not None
        assert (body.stream, body.first_offset, body.count, body.seq, body.size) == ("site/a", 0, 1, 4_000, 10)
        assert (body.key, body.t_ms) == (key_of("ann").public, NOW_MS)
        unknown = await store.journal.query(find_cid, raw_piece_cid(b"nothing"))
        assert (unknown.piece, unknown.holders, unknown.body) == (None, (), None)


async def test_the_index_remembers_who_wrote_last(tmp_path: Path) -> None:
    """Over a restart each device has its newest stream and number, and the number to go on with."""
    async with opened(tmp_path) as store:
        await say(store, "site/a", 1)
        await say(store, "site/a", 7)
        await say(store, "lab", 3, "bob")
    async with opened(tmp_path) as store:
        seen = dict(await store.journal.query(load_seen))
        assert (seen[key_of("ann").public].stream, seen[key_of("ann").public].seq) == ("site/a", 7)
        assert (seen[key_of("bob").public].stream, seen[key_of("bob").public].at_ms) == ("lab", NOW_MS)
        ask = (vault_of("ann"), StreamName("site/a"), key_of("ann").public)
        assert await store.journal.query(next_number, *ask) == 8
        assert await store.journal.query(next_number, vault_of("ann"), StreamName("new"), key_of("ann").public) == 1


async def test_ingest_counts_what_lands_and_what_does_not(tmp_path: Path) -> None:
    """A stored body is in the traffic of its stream and device; a refused one is counted with its reason."""
    async with opened(tmp_path) as store:
        await say(store, "site/a", 5)
        traffic, key = store.ingest.traffic, key_of("ann").public
        traffic.turn(1.0)
        assert traffic.stream_rates(vault_of("ann"), StreamName("site/a")).events == 1
        seen = traffic.seen(key)
        assert seen is not None
        assert seen.seq == 5
        with pytest.raises(SequenceJump) as jump:
            await say(store, "site/a", 2**40)
        refused = traffic.refused(key)
        assert refused is not None
        assert (refused.count, refused.detail) == (1, str(jump.value))
