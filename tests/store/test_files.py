"""Files of buckets: pieces joined under the hash of the whole, read in any range, refused where they do not add up."""

import json
import os
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.limits import MIB
from edge_node.store.bucket_errors import (
    EmptyMultipart,
    MalformedPartHash,
    PieceInUse,
    TooManyParts,
    TotalSizeMismatch,
    TotalSizeZero,
    UnknownPart,
)
from edge_node.store.buckets import Bucket
from edge_node.store.errors import CidMismatch, PieceDamaged, PieceGone, UnknownPiece
from edge_node.store.file_rows import RUN_MAX
from edge_node.store.files import PARTS_MAX
from edge_node.store.pieces import Put
from edge_node.trust.access import AccessDenied, Verb
from edge_node.trust.token_errors import TokenMissing
from edge_node.wire.cid import CidKind, cid_digest, make_cid, parse_cid, raw_piece_cid
from tests.store.rig import JOURNAL, Store, bucket_of, drop_index, opened
from tests.store.test_pieces import flip

VECTORS = {v["id"]: v for v in json.loads((Path(__file__).parents[1] / "vectors/ddc.json").read_text())["vectors"]}
ONE, TWO, BOBS = bucket_of("ann", 1), bucket_of("ann", 2), bucket_of("bob", 1)
SMALL_SEGMENTS = msgspec.structs.replace(JOURNAL, segment_bytes=256 * 1024)
PARTS = [os.urandom(size) for size in (10, 2 * MIB + 5, 70_000, 1, MIB)]
WHOLE = b"".join(PARTS)


async def join(store: Store, parts: Sequence[bytes], bucket: Bucket = ONE, **more: Any) -> Put:
    """Put the parts into the bucket, and the file made of them."""
    for part in parts:
        await store.put_in(bucket, part)
    hashes = [cid_digest(raw_piece_cid(part)) for part in parts]
    return await store.files.put_multipart(store.may_in(bucket, Verb.PUT), bucket, hashes, sum(map(len, parts)), **more)


def whole_cid(content: bytes):
    return make_cid(CidKind.MULTIPART, cid_digest(raw_piece_cid(content)))


async def test_a_file_is_the_hash_of_its_parts_joined(tmp_path: Path) -> None:
    """Each part has its own length; the answer is the CID the SDK verifies; the second time it is a duplicate."""
    async with opened(tmp_path) as store:
        assert await join(store, PARTS) == Put(whole_cid(WHOLE), len(WHOLE), duplicate=False)
        assert await join(store, PARTS, expect=whole_cid(WHOLE)) == Put(whole_cid(WHOLE), len(WHOLE), duplicate=True)
        assert store.pieces.figures.files == 2
        assert store.quota.owners == {ONE.owner: len(WHOLE)}
        assert await store.get_in(ONE, whole_cid(WHOLE)) == WHOLE
        file = await store.files.open(store.may_in(ONE, Verb.GET), ONE, whole_cid(WHOLE))
        assert (file.size, file.kind) == (len(WHOLE), CidKind.MULTIPART)
        told: list[int] = []
        assert await store.files.verify(store.may_in(ONE, Verb.GET), ONE, file.cid, told=told.append) == len(WHOLE)
        assert told == list(accumulate(len(part) for part in PARTS))


@pytest.mark.parametrize("name", ["raw-empty", "raw-hello", "raw-1024-pattern", "raw-1MiB-pattern", "raw-4MiB-pattern"])
async def test_raw_vectors(tmp_path: Path, name: str) -> None:
    """What the SDK's content hashes to is what the store answers, and what it reads back as a file."""
    vector = VECTORS[name]
    content = bytes.fromhex(vector["contentHex"]) if "contentHex" in vector else _pattern(vector["contentLength"])
    async with opened(tmp_path) as store:
        cid = parse_cid(vector["cidString"])
        assert await store.put_in(ONE, content) == Put(cid, len(content), duplicate=False)
        assert await store.get_in(ONE, cid) == content
        assert await store.files.verify(store.may_in(ONE, Verb.GET), ONE, cid) == len(content)


async def test_the_multipart_vector(tmp_path: Path) -> None:
    """4,096, 4,096 and 1,000 bytes: part CIDs and the file's CID as in the protocol's vectors."""
    vector = VECTORS["multipart-tree-small"]
    content = _pattern(vector["wholeLength"])
    parts = [content[:4096], content[4096:8192], content[8192:]]
    async with opened(tmp_path) as store:
        put = await join(store, parts)
        assert [raw_piece_cid(part) for part in parts] == [parse_cid(text) for text in vector["partPlainCids"]]
        assert put.cid == parse_cid(vector["cidString"])
        assert await store.get_in(ONE, put.cid) == content


def _pattern(length: int) -> bytes:
    return bytes(at % 251 for at in range(251)) * (length // 251) + bytes(range(length % 251))


@given(st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE)))
@settings(max_examples=25)
def test_a_range_is_a_slice(one: int, other: int) -> None:
    """Wherever parts and extents end."""
    start, stop = sorted((one, other))

    async def check() -> None:
        async with opened(_filled()) as store:
            assert await store.get_in(ONE, whole_cid(WHOLE), start, stop) == WHOLE[start:stop]
            assert await store.get_in(ONE, whole_cid(WHOLE), start) == WHOLE[start:]

    trio.run(check)


_FILLED: list[Path] = []


def _filled() -> Path:
    """A directory that holds the file, made once."""
    return _FILLED[0]


@pytest.fixture(scope="module", autouse=True)
def _fill(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("filled") / "data"

    async def fill() -> None:
        async with opened(root) as store:
            await join(store, PARTS)

    trio.run(fill)
    _FILLED[:] = [root]


async def test_a_range_reads_its_parts_alone(tmp_path: Path) -> None:
    """A part that rotted hurts nobody who does not ask for it; who does hears which file is damaged."""
    root = tmp_path / "data"
    async with opened(root) as store:
        cid = (await join(store, PARTS)).cid
        flip(root, PARTS[2])
        before = len(PARTS[0]) + len(PARTS[1])
        assert await store.get_in(ONE, cid, 0, before) == WHOLE[:before]
        assert await store.get_in(ONE, cid, before + 70_000) == WHOLE[before + 70_000 :]
        with pytest.raises(PieceDamaged):
            await store.get_in(ONE, cid, before, before + 1)
        with pytest.raises(PieceDamaged):
            await store.files.verify(store.may_in(ONE, Verb.GET), ONE, cid)
        assert store.pieces.is_damaged(cid)
        await store.put_in(ONE, PARTS[2])
        assert await store.files.verify(store.may_in(ONE, Verb.GET), ONE, cid) == len(WHOLE)
        assert not store.pieces.is_damaged(cid)


@pytest.mark.parametrize(
    ("hashes", "total", "refusal"),
    [
        ([], 1, EmptyMultipart),
        ([b"h" * 32] * (PARTS_MAX + 1), 1, TooManyParts),
        ([b"h" * 32], 0, TotalSizeZero),
        ([b"h" * 32, b"h" * 31], 1, MalformedPartHash),
        ([cid_digest(raw_piece_cid(b"held"))], 3, TotalSizeMismatch),
        ([cid_digest(raw_piece_cid(b"held"))] * 2, 4, TotalSizeMismatch),
        ([cid_digest(raw_piece_cid(b"held")), b"h" * 32], 4, UnknownPart),
        ([cid_digest(raw_piece_cid(b"elsewhere"))], 9, UnknownPart),
        ([cid_digest(raw_piece_cid(b"foreign"))], 7, UnknownPart),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
async def test_what_does_not_add_up(tmp_path: Path, hashes: list[bytes], total: int, refusal: type) -> None:
    """Each fault has its own refusal, none that a client would repeat, and nothing is kept."""
    async with opened(tmp_path) as store:
        for bucket, content in ((ONE, b"held"), (TWO, b"elsewhere"), (BOBS, b"foreign")):
            await store.put_in(bucket, content)
        with pytest.raises(refusal) as met:
            await store.files.put_multipart(store.may_in(ONE, Verb.PUT), ONE, hashes, total)
        assert met.value.status in {400, 404}
        assert store.pieces.figures.files == 0


async def test_as_many_parts_as_there_may_be(tmp_path: Path) -> None:
    """The same part in every place: one piece on the disk, a file of 16,384 times its length."""
    async with opened(tmp_path) as store:
        await store.put_in(ONE, b"xy")
        hashes = [cid_digest(raw_piece_cid(b"xy"))] * PARTS_MAX
        put = await store.files.put_multipart(store.may_in(ONE, Verb.PUT), ONE, hashes, 2 * PARTS_MAX)
        assert put.cid == whole_cid(b"xy" * PARTS_MAX)
        assert await store.get_in(ONE, put.cid, 3, 9) == b"yxyxyx"


async def test_an_unexpected_cid_is_refused(tmp_path: Path) -> None:
    """The client's own idea of the CID is held against the bytes."""
    async with opened(tmp_path) as store:
        with pytest.raises(CidMismatch):
            await join(store, [b"a", b"b"], expect=whole_cid(b"ba"))
        with pytest.raises(UnknownPiece):
            await store.get_in(ONE, whole_cid(b"ab"))


async def test_order_counts(tmp_path: Path) -> None:
    """The same parts in another order are another file; a part may come twice."""
    async with opened(tmp_path) as store:
        for parts in ([b"a", b"b"], [b"b", b"a"], [b"a", b"a", b"b"]):
            assert (await join(store, parts)).cid == whole_cid(b"".join(parts))
            assert await store.get_in(ONE, whole_cid(b"".join(parts))) == b"".join(parts)


async def test_parts_stay_as_long_as_their_file(tmp_path: Path) -> None:
    """A delete of a part says which file has it; in another bucket the piece is free; after the file it is too."""
    async with opened(tmp_path) as store:
        cid = (await join(store, [b"a", b"b"])).cid
        await store.put_in(TWO, b"a")
        part = raw_piece_cid(b"a")
        with pytest.raises(PieceInUse) as refusal:
            await store.pieces.delete(store.may_in(ONE, Verb.DELETE), ONE.owner, part, bucket=1)
        assert (parse_cid(refusal.value.file or ""), refusal.value.status) == (cid, 409)
        await store.pieces.delete(store.may_in(TWO, Verb.DELETE), TWO.owner, part, bucket=2)
        assert await store.dag.reaches(ONE, cid, part)
        assert not await store.dag.reaches(TWO, cid, part)
        await store.pieces.delete(store.may_in(ONE, Verb.DELETE), ONE.owner, cid, bucket=1)
        assert not await store.dag.reaches(ONE, cid, part)
        with pytest.raises(UnknownPiece):
            await store.get_in(ONE, cid)
        assert await store.get_in(ONE, part) == b"a"
        await store.pieces.delete(store.may_in(ONE, Verb.DELETE), ONE.owner, part, bucket=1)


async def test_parts_stay_while_the_file_is_put_together(tmp_path: Path) -> None:
    """A delete that comes while the parts are read again finds them in use, and the file is whole."""
    async with opened(tmp_path) as store:
        refused = []
        for part in PARTS:
            await store.put_in(ONE, part)

        async def spoil() -> None:
            for part in PARTS:
                try:
                    await store.pieces.delete(store.may_in(ONE, Verb.DELETE), ONE.owner, raw_piece_cid(part), bucket=1)
                except PieceInUse:
                    refused.append(part)

        async def put() -> None:
            hashes = [cid_digest(raw_piece_cid(part)) for part in PARTS]
            await store.files.put_multipart(store.may_in(ONE, Verb.PUT), ONE, hashes, len(WHOLE))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(put)
            for _ in range(10):
                await trio.lowlevel.checkpoint()  # it has named its parts by then
            nursery.start_soon(spoil)
        assert refused == PARTS
        assert await store.get_in(ONE, whole_cid(WHOLE)) == WHOLE


async def test_a_right_that_has_ended_when_the_parts_are_read_makes_no_file(tmp_path: Path) -> None:
    """Asked after all else, and asked also for a file that stands: nothing is written, and the next one may."""

    async def ended() -> None:
        raise TokenMissing

    async def holds() -> None: ...

    async with opened(tmp_path) as store:
        with pytest.raises(TokenMissing):
            await join(store, PARTS, confirm=ended)
        with pytest.raises(UnknownPiece):
            await store.get_in(ONE, whole_cid(WHOLE))
        with pytest.raises(CidMismatch):
            await join(store, PARTS, confirm=ended, expect=raw_piece_cid(WHOLE))
        assert store.pieces.figures.files == 0
        assert await join(store, PARTS, confirm=holds) == Put(whole_cid(WHOLE), len(WHOLE), duplicate=False)
        with pytest.raises(TokenMissing):
            await join(store, PARTS, confirm=ended)


async def test_two_buckets_cut_the_same_bytes_as_they_like(tmp_path: Path) -> None:
    """One CID, two lists of parts; without the file in the one, the other still has it."""
    async with opened(tmp_path) as store:
        cid = (await join(store, [b"ab", b"c"], ONE)).cid
        assert (await join(store, [b"a", b"bc"], TWO)) == Put(cid, 3, duplicate=False)
        for bucket in (ONE, TWO):
            assert await store.get_in(bucket, cid) == b"abc"
        await store.pieces.delete(store.may_in(ONE, Verb.DELETE), ONE.owner, cid, bucket=1)
        assert await store.get_in(TWO, cid) == b"abc"


async def test_other_parts_of_the_same_bytes_count_from_then_on(tmp_path: Path) -> None:
    """The file is put again, cut elsewhere: its former parts are free, and it is read from the new ones."""
    async with opened(tmp_path) as store:
        cid = (await join(store, [b"ab", b"c"])).cid
        assert await join(store, [b"a", b"bc"]) == Put(cid, 3, duplicate=False)
        await store.pieces.delete(store.may_in(ONE, Verb.DELETE), ONE.owner, raw_piece_cid(b"ab"), bucket=1)
        assert await store.get_in(ONE, cid) == b"abc"


async def test_a_file_deleted_while_it_is_read_is_gone(tmp_path: Path) -> None:
    """A slow reader hears that it is gone, not that it is damaged."""
    async with opened(tmp_path) as store:
        cid = (await join(store, [b"a" * 100, b"b" * 100])).cid
        file = await store.files.open(store.may_in(ONE, Verb.GET), ONE, cid)
        extents = store.files.read(file)
        assert await anext(extents) == b"a" * 100
        for one in (cid, raw_piece_cid(b"b" * 100)):
            await store.pieces.delete(store.may_in(ONE, Verb.DELETE), ONE.owner, one, bucket=1)
        with pytest.raises(PieceGone):
            await anext(extents)


async def test_a_part_that_the_log_lost_is_damage(tmp_path: Path) -> None:
    """Its record rotted and the index was made anew: the file says which part is lost, and a put of it heals."""
    root, lost = tmp_path / "data", os.urandom(1_000)
    async with opened(root) as store:
        cid = (await join(store, [lost, b"b"])).cid
    flip(root, lost)
    drop_index(root)
    async with opened(root) as store:
        with pytest.raises(PieceDamaged, match="is lost"):
            await store.get_in(ONE, cid)
        assert await store.get_in(ONE, cid, 1_000) == b"b"
        await store.put_in(ONE, lost)
        assert await store.get_in(ONE, cid) == lost + b"b"


async def test_files_live_on_in_the_log(tmp_path: Path) -> None:
    """After the loss of the index, in segments that rolled, files are what they were."""
    root = tmp_path / "data"
    async with opened(root, journal=SMALL_SEGMENTS) as store:
        cid = (await join(store, PARTS)).cid
        gone = (await join(store, [b"a", b"b"])).cid
        await store.pieces.delete(store.may_in(ONE, Verb.DELETE), ONE.owner, gone, bucket=1)
    drop_index(root)
    async with opened(root, journal=SMALL_SEGMENTS) as store:
        assert await store.get_in(ONE, cid) == WHOLE
        with pytest.raises(UnknownPiece):
            await store.get_in(ONE, gone)


async def test_access_is_asked_for(tmp_path: Path) -> None:
    """For the bucket at hand; a right on what leads to a file is a right on it, if the caller says so."""
    async with opened(tmp_path) as store:
        cid = (await join(store, [b"a", b"b"])).cid
        with pytest.raises(AccessDenied):
            await store.files.put_multipart(store.may_in(TWO, Verb.PUT), ONE, [b"h" * 32], 1)
        with pytest.raises(AccessDenied):
            await store.files.open(store.may_in(TWO, Verb.GET), ONE, cid)
        narrow = store.access.decide(store.may_in(ONE, Verb.GET).holder, ONE.scope.resource(cid), Verb.GET, 0)
        part = raw_piece_cid(b"a")
        with pytest.raises(AccessDenied):
            await store.files.open(narrow, ONE, part)
        assert (await store.files.open(narrow, ONE, part, through=cid)).size == 1


async def test_a_long_list_of_parts_is_read_in_runs(tmp_path: Path) -> None:
    """A reader knows a few hundred parts ahead; from whichever byte it begins, it gets what lies there."""
    parts = [bytes([number % 251]) * (1 + number % 3) for number in range(RUN_MAX * 2 + 10)]
    whole = b"".join(parts)
    async with opened(tmp_path) as store:
        cid = (await join(store, parts)).cid
        for start, stop in ((0, len(whole)), (len(whole) // 2, len(whole)), (500, 1_100), (len(whole) - 1, len(whole))):
            assert await store.get_in(ONE, cid, start, stop) == whole[start:stop]
