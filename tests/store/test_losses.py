"""What damage in the log means: the pieces and events in it are named, nothing else is, and the rest is readable."""

import os
from pathlib import Path

import msgspec
import pytest
import trio
import trio.testing

from edge_node.base.ids import Cid
from edge_node.base.limits import MIB
from edge_node.journal import Cause, Damage, Position, SegmentClass
from edge_node.store.errors import PieceDamaged, UnknownPiece
from edge_node.store.losses import Losses, Lost, LostBody, find_lost
from edge_node.store.records import MULTIPART_KIND, PIECE_KIND
from edge_node.store.rows import find_standings
from edge_node.trust.access import Verb
from edge_node.wire.cid import cid_digest, raw_piece_cid
from tests.store.rig import JOURNAL, STREAM, Store, bucket_of, chunks_of, drop_index, opened, sign, vault_of

SMALL_SEGMENTS = msgspec.structs.replace(JOURNAL, segment_bytes=64 * 1024)
BODIES = [b'{"pad":"%s"}' % (b"%d" % number * 40_000) for number in range(6)]
CONTENTS = [os.urandom(MIB + 1 + number) for number in range(3)]


async def fill(store: Store) -> None:
    for seq, body in enumerate(BODIES, 1):
        await store.ingest.submit(sign(body, seq), body, "test")
    for content in CONTENTS:
        await put(store, content)


async def put(store: Store, content: bytes) -> bool:
    access = store.may("ann", Verb.PUT)
    return (await store.pieces.put(access, vault_of("ann"), chunks_of(content))).duplicate


async def get(store: Store, content: bytes) -> bytes:
    piece = await store.pieces.open(store.may("ann", Verb.GET), vault_of("ann"), raw_piece_cid(content))
    return b"".join([part async for part in store.pieces.read(piece)])


def spoil(root: Path, segment_class: str, needle: bytes) -> None:
    """Change a byte of a sealed segment, and forget what a start would not scan it for."""
    for path in sorted((root / "seg" / segment_class).glob("*.seg")):
        raw = bytearray(path.read_bytes())
        if (at := raw.find(needle)) >= 0:
            raw[at + len(needle) // 2] ^= 1
            path.write_bytes(raw)
            path.with_suffix(".sum").unlink()
            return
    raise AssertionError("it lies in no segment")


async def test_what_lies_in_the_damage_is_named_and_heals_at_the_next_put(tmp_path: Path) -> None:
    """A body and an extent rot in sealed segments: the start names both; neighbours are read; a put needs no read."""
    root, noted = tmp_path / "data", []
    async with opened(root, journal=SMALL_SEGMENTS) as store:
        await fill(store)
    spoil(root, "ev", BODIES[2])
    spoil(root, "px", CONTENTS[1][:MIB])
    async with opened(root, journal=SMALL_SEGMENTS) as store, trio.open_nursery() as nursery:
        losses = Losses(store.journal, noted.append)
        assert losses.condition().startswith("2 damaged stretches of the log")
        await nursery.start(losses.run)
        while losses.lost == Lost():
            await trio.sleep(0.001)
        lost_piece = raw_piece_cid(CONTENTS[1])
        assert losses.lost == Lost((lost_piece,), (LostBody(raw_piece_cid(BODIES[2]), vault_of("ann"), STREAM, 2, 1),))
        assert losses.condition().endswith("; unreadable: 1 piece, 1 event in 1 body")
        assert noted == [lost_piece]
        with pytest.raises(PieceDamaged) as damage:
            await store.page(start=2)
        assert [event["offset"] for event in (await store.page(start=0))["events"]] == [0, 1]
        assert [event["offset"] for event in (await store.page(start=damage.value.next))["events"]] == [3, 4, 5]
        for content in (CONTENTS[0], CONTENTS[2]):
            assert await get(store, content) == content
        store.pieces.note_damage(lost_piece)
        assert await put(store, CONTENTS[1]) is False
        assert await get(store, CONTENTS[1]) == CONTENTS[1]
        nursery.cancel_scope.cancel()


async def test_what_a_rebuilt_index_never_saw_is_named_by_its_header(tmp_path: Path) -> None:
    """The CID of a record whose payload rotted is still known; without damage there is nothing to say."""
    root = tmp_path / "data"
    async with opened(root) as store:
        await put(store, b"a small piece")
        await put(store, b"another")  # so that what lies before it was synced once: damage there is no torn write
        assert (Losses(store.journal, [].append).condition(), store.journal.recovery.losses) == ("", ())
    path = root / "seg" / "px" / "00000001.seg"
    path.write_bytes(path.read_bytes().replace(b"a small piece", b"a spoilt one!"))
    drop_index(root)
    async with opened(root) as store:
        lost = await store.journal.query(find_lost, store.journal.recovery.losses)
        assert lost == Lost(unlisted=(raw_piece_cid(b"a small piece"),))


async def test_a_file_whose_record_rots_is_named_once_the_index_is_lost(tmp_path: Path) -> None:
    """As long as the index has its list it is read as before; a rebuilt index says what it never saw."""
    root, one = tmp_path / "data", bucket_of("ann", 1)
    async with opened(root) as store:
        parts = [cid_digest((await store.put_in(one, part)).cid) for part in (b"part one", b"part two")]
        file = (await store.files.put_multipart(store.may_in(one, Verb.PUT), one, parts, 16)).cid
        await store.put_in(one, b"another")
        await store.put_in(bucket_of("ann", 2), b"another")  # in its class too: so that what lies before was synced
    path = root / "seg" / "rc" / "00000001.seg"
    raw = path.read_bytes()
    path.write_bytes(raw.replace(parts[1], bytes(32)))
    async with opened(root) as store:
        assert await store.get_in(one, file) == b"part onepart two"
        spot = Damage(Position(SegmentClass.RC, 1, 64), 8, Cause.ROT, MULTIPART_KIND, 1, bytes(file))
        assert await store.journal.query(find_lost, [spot]) == Lost()
    drop_index(root)
    async with opened(root) as store:
        assert await store.journal.query(find_lost, store.journal.recovery.losses) == Lost(unlisted=(file,))
        with pytest.raises(UnknownPiece):
            await store.get_in(one, file)


async def test_a_segment_that_cannot_be_read_at_all(tmp_path: Path) -> None:
    """Everything that begins in it is lost, and what lies beside it is not."""
    async with opened(tmp_path / "data", journal=SMALL_SEGMENTS) as store:
        await fill(store)
        (standing,) = await store.journal.query(find_standings, [raw_piece_cid(CONTENTS[0])])
        assert standing.piece is not None
        segment, other = standing.piece.extents[0][0], standing.piece.position.segment + 1
        whole = Damage(Position(SegmentClass.PX, segment, 0), 2**40, Cause.ROT)
        assert raw_piece_cid(CONTENTS[0]) in (await store.journal.query(find_lost, [whole])).pieces
        beside = Damage(Position(SegmentClass.PX, segment, standing.piece.extents[0][1] + 8), 8, Cause.ROT)
        elsewhere = Damage(Position(SegmentClass.RC, other, 0), 2**40, Cause.ROT, PIECE_KIND, 1, b"")
        assert await store.journal.query(find_lost, [beside, elsewhere]) == Lost()
        named = Damage(Position(SegmentClass.PX, 99, 64), 8, Cause.ROT, PIECE_KIND, 1, bytes(raw_piece_cid(b"x")))
        assert (await store.journal.query(find_lost, [named])).unlisted == (Cid(raw_piece_cid(b"x")),)
