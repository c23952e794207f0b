"""The whole store against dicts: two owners, three buckets and the vaults themselves, through restarts and rebuilds."""

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.base.ids import Cid, VaultId
from edge_node.base.limits import MIB
from edge_node.store.bucket_errors import PieceInUse, UnknownPart
from edge_node.store.bucket_view import view_buckets
from edge_node.store.buckets import Bucket
from edge_node.store.errors import UnknownPiece
from edge_node.store.pieces import Put
from edge_node.store.scope import Scope
from edge_node.trust.access import Access, Verb
from edge_node.wire.cid import CidKind, make_cid, raw_piece_cid
from tests.store.name_rig import signed_record
from tests.store.rig import JOURNAL, Store, bucket_of, chunks_of, drop_index, key_of, opened, vault_of

# The first two joined give the same bytes in either order: one CID, two ways to cut it.
CONTENTS = [b"a" * 10, b"a" * 20, b"", b"b" * 70_000, bytes(range(256)) * 4096 + b"tail"]
BUCKETS = [bucket_of("ann", 1), bucket_of("ann", 2, public=True), bucket_of("bob", 3)]
SCOPES = [Scope(vault_of("ann")), Scope(vault_of("bob")), *(bucket.scope for bucket in BUCKETS)]
SMALL_SEGMENTS = msgspec.structs.replace(JOURNAL, segment_bytes=256 * 1024)

SCOPE, WHICH, BUCKET = st.sampled_from(SCOPES), st.integers(0, len(CONTENTS) - 1), st.sampled_from(BUCKETS)
PARTS = st.lists(WHICH, min_size=1, max_size=3).map(tuple)
STEPS = st.one_of(
    st.tuples(st.just("put"), SCOPE, WHICH),
    st.tuples(st.just("delete"), SCOPE, WHICH),
    st.tuples(st.just("join"), BUCKET, PARTS),
    st.tuples(st.just("part"), BUCKET, PARTS),
    st.tuples(st.just("name"), BUCKET, st.tuples(st.sampled_from(["a", "b/c"]), WHICH)),
    st.tuples(st.sampled_from(["restart", "rebuild"]), st.none(), st.none()),
)


def joined(parts: tuple[int, ...]) -> bytes:
    return b"".join(CONTENTS[which] for which in parts)


def file_cid(parts: tuple[int, ...]) -> Cid:
    return make_cid(CidKind.MULTIPART, raw_piece_cid(joined(parts))[-32:])


def may(store: Store, scope: Scope, verb: Verb) -> Access:
    who = next(name for name in ("ann", "bob") if vault_of(name) == scope.owner)
    if scope.bucket is None:
        return store.may(who, verb)
    return store.may_in(Bucket(scope.bucket, scope.owner, public=False), verb)


class Model:
    """Which scope holds what; every step is checked against the store."""

    def __init__(self) -> None:
        self.held: set[tuple[Scope, int]] = set()
        self.files: dict[tuple[Scope, Cid], tuple[int, ...]] = {}
        self.names: dict[tuple[int, str], bytes] = {}

    async def put(self, store: Store, scope: Scope, which: int) -> None:
        chunks = chunks_of(CONTENTS[which])
        done = await store.pieces.put(may(store, scope, Verb.PUT), scope.owner, chunks, bucket=scope.bucket)
        assert done == Put(raw_piece_cid(CONTENTS[which]), len(CONTENTS[which]), (scope, which) in self.held)
        self.held.add((scope, which))

    async def delete(self, store: Store, scope: Scope, which: int) -> None:
        ask = (may(store, scope, Verb.DELETE), scope.owner, raw_piece_cid(CONTENTS[which]))
        if (scope, which) not in self.held:
            with pytest.raises(UnknownPiece):
                await store.pieces.delete(*ask, bucket=scope.bucket)
        elif any(owner == scope and which in parts for (owner, _), parts in self.files.items()):
            with pytest.raises(PieceInUse):
                await store.pieces.delete(*ask, bucket=scope.bucket)
        else:
            await store.pieces.delete(*ask, bucket=scope.bucket)
            self.held.remove((scope, which))

    async def join(self, store: Store, bucket: Bucket, parts: tuple[int, ...]) -> None:
        hashes = [raw_piece_cid(CONTENTS[which])[-32:] for which in parts]
        size = len(joined(parts))
        ask = (store.may_in(bucket, Verb.PUT), bucket, hashes, size)
        if size == 0:
            return
        if any((bucket.scope, which) not in self.held for which in parts):
            with pytest.raises(UnknownPart):
                await store.files.put_multipart(*ask)
            return
        cid = file_cid(parts)
        known = self.files.get((bucket.scope, cid)) == parts
        assert await store.files.put_multipart(*ask, expect=cid) == Put(cid, size, known)
        self.files[bucket.scope, cid] = parts

    async def part(self, store: Store, bucket: Bucket, parts: tuple[int, ...]) -> None:
        cid = file_cid(parts)
        ask = (store.may_in(bucket, Verb.DELETE), bucket.owner, cid)
        if self.files.pop((bucket.scope, cid), None) is None:
            with pytest.raises(UnknownPiece):
                await store.pieces.delete(*ask, bucket=bucket.id)
        else:
            await store.pieces.delete(*ask, bucket=bucket.id)

    async def name(self, store: Store, bucket: Bucket, said: tuple[str, int]) -> None:
        record = signed_record(key_of("ann"), raw_piece_cid(CONTENTS[said[1]]), said[0])
        await store.names.put(store.may_in(bucket, Verb.PUT), bucket, record)
        self.names[bucket.id, said[0]] = record

    async def check(self, store: Store) -> None:
        for scope in SCOPES:
            await self.check_pieces(store, scope)
        for bucket in BUCKETS:
            await self.check_files(store, bucket)
            for name in ("a", "b/c"):
                found = await store.names.get(store.may_in(bucket, Verb.GET), bucket, name)
                assert (None if found is None else found.raw) == self.names.get((bucket.id, name))
        await self.check_figures(store)

    async def check_pieces(self, store: Store, scope: Scope) -> None:
        access = may(store, scope, Verb.GET)
        for which, content in enumerate(CONTENTS):
            ask = (access, scope.owner, raw_piece_cid(content))
            if (scope, which) in self.held:
                piece = await store.pieces.open(*ask, bucket=scope.bucket)
                assert b"".join([part async for part in store.pieces.read(piece)]) == content
            else:
                with pytest.raises(UnknownPiece):
                    await store.pieces.open(*ask, bucket=scope.bucket)

    async def check_files(self, store: Store, bucket: Bucket) -> None:
        for (scope, cid), parts in self.files.items():
            if scope == bucket.scope:
                content = joined(parts)
                assert await store.get_in(bucket, cid) == content
                low, high = len(content) // 3, len(content) - 1
                assert await store.get_in(bucket, cid, low, high) == content[low:high]
                for which, held in enumerate(CONTENTS):
                    is_part = await store.dag.reaches(bucket, cid, raw_piece_cid(held))
                    assert is_part == (which in parts)
            elif (bucket.scope, cid) not in self.files:
                with pytest.raises(UnknownPiece):
                    await store.get_in(bucket, cid)

    async def check_figures(self, store: Store) -> None:
        for owner in (vault_of("ann"), vault_of("bob")):
            pieces, size = self.figures(lambda scope, owner=owner: scope.owner == owner)
            row = await store.journal.query(_usage, owner)
            assert row == (size, pieces)
        for view in await view_buckets(store.journal, _Authority()):
            pieces, size = self.figures(lambda scope, view=view: scope.bucket == view.id)
            names = sum(bucket == view.id for bucket, _ in self.names)
            assert (view.pieces, view.bytes, view.names) == (pieces, size, names)

    def figures(self, counts: Any) -> tuple[int, int]:
        held = [which for scope, which in self.held if counts(scope)]
        return len(held) + sum(counts(scope) for scope, _ in self.files), sum(len(CONTENTS[which]) for which in held)


class _Authority:
    async def find(self, bucket_id: int) -> Bucket | None:
        return next((bucket for bucket in BUCKETS if bucket.id == bucket_id), None)

    def list(self) -> list[Bucket]:
        return BUCKETS


def _usage(conn: Any, owner: VaultId) -> tuple[int, int]:
    return conn.execute("SELECT bytes, pieces FROM usage WHERE owner = ?", (owner,)).fetchone() or (0, 0)


@given(st.lists(STEPS, max_size=20))
@settings(max_examples=20)
def test_the_store_agrees_with_dicts(plan: list[tuple[str, Any, Any]]) -> None:
    """Whatever is put, joined, named and deleted in whatever order: each scope finds its own, and figures add up."""
    with tempfile.TemporaryDirectory() as name:
        trio.run(_play, Path(name) / "data", plan)


async def _play(root: Path, plan: list[tuple[str, Any, Any]]) -> None:
    model, left = Model(), list(plan)
    while True:
        async with opened(root, journal=SMALL_SEGMENTS) as store:
            await model.check(store)
            while left and left[0][0] not in {"restart", "rebuild"}:
                what, where, which = left.pop(0)
                await getattr(model, what)(store, where, which)
            await model.check(store)
        if not left:
            return
        if left.pop(0)[0] == "rebuild":
            drop_index(root)
            for suffix in ("", "-wal", "-shm"):
                (root / f"meta.db{suffix}").unlink(missing_ok=True)


def test_the_sizes_meet_every_way_of_lying_on_disk() -> None:
    """Inline, one extent, several; and one content that is empty."""
    assert [len(content) > 65_536 for content in CONTENTS] == [False, False, False, True, True]
    assert len(CONTENTS[-1]) > MIB
