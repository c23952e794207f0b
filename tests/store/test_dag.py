"""DAG nodes: kept canonically, walked by names, bounded in every direction."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from edge_node.base.ids import Cid
from edge_node.store import dag
from edge_node.store.bucket_errors import InvalidPath, NodeTooLarge, NotANode, UnknownLink
from edge_node.store.buckets import Bucket
from edge_node.store.dag import DEPTH_MAX, NODE_BYTES_MAX, PATH_CHARACTERS_MAX, DagNode, Reached
from edge_node.store.errors import CidMismatch, UnknownPiece
from edge_node.store.pieces import Put
from edge_node.trust.access import AccessDenied, Verb
from edge_node.wire.cid import CidKind, cid_digest, make_cid, parse_cid, raw_piece_cid
from edge_node.wire.dag_node import DagNode as Node
from edge_node.wire.dag_node import Link, Tag, write_node
from edge_node.wire.protobuf_fields import MalformedProtobuf
from tests.store.rig import Store, bucket_of, opened

VECTORS = {v["id"]: v for v in json.loads((Path(__file__).parents[1] / "vectors/ddc.json").read_text())["vectors"]}
ONE, TWO = bucket_of("ann", 1), bucket_of("ann", 2)
NOWHERE = raw_piece_cid(b"nobody has this")


def node_cid(raw: bytes) -> Cid:
    return make_cid(CidKind.DAG_NODE, cid_digest(raw_piece_cid(raw)))


async def put(store: Store, links: Sequence[tuple[str, bytes]], data: bytes = b"", bucket: Bucket = ONE) -> Cid:
    node = write_node(Node(data, [Link(cid, name, 0) for name, cid in links], []))
    return (await store.dag.put(store.may_in(bucket, Verb.PUT), bucket, node)).cid


async def walk(store: Store, root: Cid, path: str, bucket: Bucket = ONE) -> Reached:
    return await store.dag.walk(store.may_in(bucket, Verb.GET), bucket, root, path)


@pytest.mark.parametrize("name", ["dag-leaf", "dag-empty"])
async def test_vectors(tmp_path: Path, name: str) -> None:
    """The CIDs of the protocol's vectors, and the same bytes back; an empty node is one."""
    vector = VECTORS[name]
    raw, cid = bytes.fromhex(vector["nodeProtoHex"]), parse_cid(vector["cidString"])
    async with opened(tmp_path) as store:
        assert await store.dag.put(store.may_in(ONE, Verb.PUT), ONE, raw, expect=cid) == Put(cid, len(raw), False)
        assert await store.dag.put(store.may_in(ONE, Verb.PUT), ONE, raw) == Put(cid, len(raw), True)
        assert await store.dag.get(store.may_in(ONE, Verb.GET), ONE, cid) == DagNode(cid, raw)
        assert await store.dag.get(store.may_in(ONE, Verb.GET), ONE, cid, "") == DagNode(cid, raw)
        assert await store.files.verify(store.may_in(ONE, Verb.GET), ONE, cid) == len(raw)
        assert await store.get_in(ONE, cid) == raw


async def test_a_node_is_kept_in_its_canonical_form(tmp_path: Path) -> None:
    """However its fields were ordered, its CID is that of the one form, and that is what comes back."""
    canonical = write_node(Node(b"data", [Link(NOWHERE, "a", 3)], [Tag("k", "v")]))
    link, tag = canonical[6:-8], canonical[-8:]
    assert tag == write_node(Node(b"", [], [Tag("k", "v")]))
    mixed = tag + link + canonical[:6]
    async with opened(tmp_path) as store:
        put = await store.dag.put(store.may_in(ONE, Verb.PUT), ONE, memoryview(mixed))
        assert put.cid == node_cid(canonical) != node_cid(mixed)
        assert (await store.dag.get(store.may_in(ONE, Verb.GET), ONE, put.cid)).raw == canonical


async def test_what_is_no_node_is_refused(tmp_path: Path) -> None:
    """Fields that are not a node's, bytes that are no protobuf, another CID than was expected."""
    async with opened(tmp_path) as store:
        for raw in (b"\x22\x00", b"\x0a\x05abc", b"\xff" * 9):
            with pytest.raises(MalformedProtobuf):
                await store.dag.put(store.may_in(ONE, Verb.PUT), ONE, raw)
        with pytest.raises(CidMismatch):
            await store.dag.put(store.may_in(ONE, Verb.PUT), ONE, b"", expect=node_cid(b"x"))


async def test_limit_and_limit_plus_one(tmp_path: Path) -> None:
    """A node of 4,000,000 bytes is kept and read back; with one byte more it could be uploaded and never be read."""
    async with opened(tmp_path) as store:
        largest = write_node(Node(b"x" * (NODE_BYTES_MAX - 5), [], []))
        assert len(largest) == NODE_BYTES_MAX
        cid = (await store.dag.put(store.may_in(ONE, Verb.PUT), ONE, largest)).cid
        assert (await store.dag.get(store.may_in(ONE, Verb.GET), ONE, cid)).raw == largest
        with pytest.raises(NodeTooLarge) as refusal:
            await store.dag.put(store.may_in(ONE, Verb.PUT), ONE, largest + b"\x0a\x00")
        assert (refusal.value.status, refusal.value.size) == (400, NODE_BYTES_MAX + 2)


async def site(store: Store) -> tuple[Cid, Cid, Cid, Cid]:
    """A site: names that are whole paths beside names that are segments."""
    leaf = await put(store, [], b"Leaf")
    page = (await store.put_in(ONE, b"<h1>")).cid
    inner = await put(store, [("b", leaf), ("page", page), ("b/c", page), ("..", page), ("", leaf)])
    root = await put(
        store,
        [
            ("a", inner), ("assets/styles.css", page), ("a/b", leaf), ("twice", leaf), ("twice", page),
            ("nowhere", NOWHERE), ("broken", b"no cid"), (".", page), ("lost", node_cid(b"lost")),
        ],
    )  # fmt: skip
    return root, inner, leaf, page


async def test_paths(tmp_path: Path) -> None:
    """The whole rest as one name first, then its first segment; the first of two links; slashes around mean nothing."""
    async with opened(tmp_path) as store:
        root, inner, leaf, page = await site(store)
        node, file = (lambda cid: Reached(cid, CidKind.DAG_NODE)), (lambda cid: Reached(cid, CidKind.RAW_PIECE))
        for path, reached in {
            "": node(root), "/": node(root), "a": node(inner), "/a/": node(inner), "assets/styles.css": file(page),
            "a/b": node(leaf), "a/page": file(page), "a/b/c": file(page), "twice": node(leaf), ".": file(page),
            "a/..": file(page),
        }.items():  # fmt: skip
            assert (path, await walk(store, root, path)) == (path, reached)
        assert await store.dag.get(store.may_in(ONE, Verb.GET), ONE, root, "a/b") == DagNode(leaf, b"\x0a\x04Leaf")
        with pytest.raises(NotANode):
            await store.dag.get(store.may_in(ONE, Verb.GET), ONE, root, "a/page")


async def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    """Each is not found, and none is walked up, out of the root, or through a file."""
    async with opened(tmp_path) as store:
        root, _, _, page = await site(store)
        unknown_links = (
            "b", "A", "a/nope", "assets", "assets/", "..", "../a", "a//b", "a/./b", "broken", "a/page/x",
            "assets/styles.css/x", "%61",
        )  # fmt: skip
        for path in unknown_links:
            with pytest.raises(UnknownLink) as refusal:
                await walk(store, root, path)
            assert refusal.value.status == 404
        for path in ("nowhere", "lost", "lost/x"):
            with pytest.raises(UnknownPiece):
                await walk(store, root, path)
        with pytest.raises(UnknownPiece):
            await walk(store, NOWHERE, "")
        with pytest.raises(UnknownPiece):
            await walk(store, node_cid(b"no root"), "a")
        assert await walk(store, page, "") == Reached(page, CidKind.RAW_PIECE)


async def test_a_path_stays_in_its_bucket(tmp_path: Path) -> None:
    """A link to what only another bucket holds leads to nothing, on the way and at the end."""
    async with opened(tmp_path) as store:
        there = await put(store, [("x", NOWHERE)], bucket=TWO)
        page = (await store.put_in(TWO, b"there")).cid
        root = await put(store, [("node", there), ("page", page)])
        for path in ("node", "node/x", "page"):
            with pytest.raises(UnknownPiece):
                await walk(store, root, path)
        await put(store, [("node", there), ("page", page)], bucket=TWO)
        assert (await walk(store, root, "page", TWO)).cid == page


async def test_depth_and_length_are_bounded(tmp_path: Path) -> None:
    """64 nodes on a path and 4,096 characters; one more of either is refused before it is walked."""
    async with opened(tmp_path) as store:
        chain = [await put(store, [], b"end")]
        for _ in range(DEPTH_MAX + 1):
            chain.append(await put(store, [("n", chain[-1])]))
        assert (await walk(store, chain[DEPTH_MAX], "/".join("n" * DEPTH_MAX))).cid == chain[0]
        with pytest.raises(InvalidPath, match="64 nodes"):
            await walk(store, chain[-1], "/".join("n" * (DEPTH_MAX + 1)))
        longest = "x" * PATH_CHARACTERS_MAX
        with pytest.raises(UnknownLink):
            await walk(store, chain[0], longest)
        with pytest.raises(InvalidPath, match="4096 characters"):
            await walk(store, chain[0], longest + "x")


async def test_a_node_with_many_links_is_searched_whole(tmp_path: Path) -> None:
    """The last of twenty thousand links is found, off the loop."""
    async with opened(tmp_path) as store:
        page = (await store.put_in(ONE, b"page")).cid
        links = [(f"{number}.html", page) for number in range(20_000)]
        root = await put(store, links)
        assert (await walk(store, root, "19999.html")).cid == page
        assert await store.dag.reaches(ONE, root, page)


async def test_a_right_on_the_root_is_enough(tmp_path: Path) -> None:
    """What lies below needs none of its own; another root does."""
    async with opened(tmp_path) as store:
        root, inner, leaf, _ = await site(store)
        holder = store.may_in(ONE, Verb.GET).holder
        narrow = store.access.decide(holder, ONE.scope.resource(root), Verb.GET, 0)
        assert (await store.dag.walk(narrow, ONE, root, "a/b")).cid == leaf
        with pytest.raises(AccessDenied):
            await store.dag.walk(narrow, ONE, inner, "b")
        assert (await store.dag.walk(narrow, ONE, inner, "b", through=root)).cid == leaf
        with pytest.raises(AccessDenied):
            await store.dag.put(store.may_in(TWO, Verb.PUT), ONE, b"")


async def test_what_a_root_reaches(tmp_path: Path) -> None:
    """Through nodes and through the parts of files, in this bucket; itself; and nothing else."""
    async with opened(tmp_path) as store:
        root, inner, leaf, page = await site(store)
        for part in (b"a", b"b"):
            await store.put_in(ONE, part)
        parts = [cid_digest(raw_piece_cid(part)) for part in (b"a", b"b")]
        file = (await store.files.put_multipart(store.may_in(ONE, Verb.PUT), ONE, parts, 2)).cid
        top = await put(store, [("site", root), ("file", file), ("site again", root)])
        for cid in (top, root, inner, leaf, page, file, raw_piece_cid(b"a"), NOWHERE):
            assert await store.dag.reaches(ONE, top, cid)
        assert await store.dag.reaches(ONE, file, raw_piece_cid(b"b"))
        assert await store.dag.reaches(ONE, page, page)
        for cid in (top, raw_piece_cid(b"a"), raw_piece_cid(b"other")):
            assert not await store.dag.reaches(ONE, root, cid)
        assert not await store.dag.reaches(TWO, top, page)
        assert not await store.dag.reaches(ONE, NOWHERE, page)
        assert not await store.dag.reaches(ONE, page, leaf)


async def test_a_search_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many nodes, or so many bytes, what was not found is not reached."""
    async with opened(tmp_path) as store:
        chain = [await put(store, [], b"end")]
        for _ in range(6):
            chain.append(await put(store, [("n", chain[-1])]))
        monkeypatch.setattr(dag, "REACHED_NODES_MAX", 4)
        assert await store.dag.reaches(ONE, chain[5], chain[1])
        assert not await store.dag.reaches(ONE, chain[5], chain[0])
        monkeypatch.setattr(dag, "REACHED_NODES_MAX", 100)
        monkeypatch.setattr(dag, "REACHED_BYTES_MAX", 100)
        assert await store.dag.reaches(ONE, chain[6], chain[4])
        assert not await store.dag.reaches(ONE, chain[6], chain[0])


async def test_names_are_remembered_and_rights_are_not(tmp_path: Path) -> None:
    """A node walked before is found no more once its bucket let go of it, nor in a bucket that never had it."""
    async with opened(tmp_path) as store:
        page = (await store.put_in(ONE, b"page")).cid
        root = await put(store, [("page", page)])
        for _ in range(2):
            assert (await walk(store, root, "page")).cid == page
        with pytest.raises(UnknownPiece):
            await walk(store, root, "page", TWO)
        await store.pieces.delete(store.may_in(ONE, Verb.DELETE), ONE.owner, root, bucket=1)
        with pytest.raises(UnknownPiece):
            await walk(store, root, "page")
