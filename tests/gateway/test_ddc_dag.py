"""DagApi: nodes by their canonical form, found by themselves and by paths."""

from typing import Any

import pytest
import trio
import trio.testing
from blake3 import blake3

from edge_node.base.errors import Refusal
from edge_node.base.ids import Digest
from edge_node.base.limits import MIB
from edge_node.gateway.ddc_dag import PUT_MESSAGE_BYTES
from edge_node.gateway.ddc_errors import CacheTakesNoStores, MessageOutOfOrder
from edge_node.store.bucket_errors import InvalidPath, NodeTooLarge, NotANode, UnknownLink
from edge_node.store.dag import NODE_BYTES_MAX
from edge_node.store.errors import CidMismatch, UnknownPiece
from edge_node.trust.access import AccessDenied
from edge_node.wire.cid import CidKind, MalformedCid, make_cid, raw_piece_cid
from edge_node.wire.proto.dag_pb2 import GetRequest, GetResponse, Link, Node, PutRequest, PutResponse, Tag
from edge_node.wire.protobuf_fields import MalformedProtobuf, field_head
from tests.gateway.ddc_rig import GET_NODE, OWNER, PRIVATE, PUBLIC, PUT_NODE, DdcNode, MemoryCall, ddc_at
from tests.gateway.rig import ANSWER_S, Site
from tests.gateway.wallet import text_of


def cid_of(node: Node) -> bytes:
    """What a node's CID is."""
    return bytes(make_cid(CidKind.DAG_NODE, Digest(blake3(node.SerializeToString(deterministic=True)).digest())))


async def put(rig: DdcNode, node: Node, **said: Any) -> bytes:
    """Store a node; its CID."""
    bucket = said.get("bucket", PRIVATE)
    (answer,) = await rig.store(PUT_NODE, PutRequest(bucketId=bucket, node=node), **said)
    return PutResponse.FromString(answer).cid


async def get(rig: DdcNode, cid: bytes, path: str | None = None, *, bucket: int = PRIVATE, **said: Any) -> Node:
    """Read the node, or the one its path leads to."""
    asked = GetRequest(bucketId=bucket, cid=cid)
    if path is not None:
        asked.path = path
    (answer,) = await rig.read(GET_NODE, asked, bucket=bucket, cid=cid, **said)
    response = GetResponse.FromString(answer)
    assert response.HasField("node")
    return response.node


async def test_a_node_comes_back_as_it_went(site: Site) -> None:
    """Named by the hash of its canonical form, also where it came in another."""
    node = Node(data=b"data", links=[Link(cid=b"x", name="a", size=1)], tags=[Tag(key="k", value="v")])
    async with ddc_at(site) as rig:
        assert await put(rig, node) == cid_of(node)
        assert await get(rig, cid_of(node)) == node
        backwards = b"".join(
            field_head(number, len(part)) + part
            for number, part in ((3, node.tags[0].SerializeToString()), (2, node.links[0].SerializeToString()),
                                 (1, b"data"))
        )  # fmt: skip
        (answer,) = await rig.store(PUT_NODE, b"\x08\x02" + field_head(2, len(backwards)) + backwards)
        assert PutResponse.FromString(answer).cid == cid_of(node)


async def test_the_empty_node_is_one(site: Site) -> None:
    """It comes as two bytes and must be present in the answer: the SDK looks into it."""
    async with ddc_at(site) as rig:
        (answer,) = await rig.store(PUT_NODE, b"\x08\x02\x12\x00")
        cid = PutResponse.FromString(answer).cid
        assert cid == cid_of(Node())
        assert await rig.read(GET_NODE, GetRequest(bucketId=PRIVATE, cid=cid), cid=cid) == [b"\x0a\x00"]


async def test_a_path_leads_to_what_its_links_name(site: Site) -> None:
    """The whole rest as one name first, then segment by segment; a link to nowhere leads nowhere."""
    async with ddc_at(site) as rig:
        leaf, other = Node(data=b"leaf"), Node(data=b"other")
        piece = await rig.put(b"piece")
        inner = Node(links=[Link(cid=await put(rig, leaf), name="b"), Link(cid=piece, name="file")])
        root = Node(
            links=[
                Link(cid=await put(rig, inner), name="a"),
                Link(cid=await put(rig, other), name="a/c"),
                Link(cid=cid_of(Node(data=b"nowhere")), name="gone"),
            ]
        )
        cid = await put(rig, root)
        for path, node in (("a/b", leaf), ("/a/b", leaf), ("a", inner), ("a/c", other), ("", root), (None, root)):
            assert await get(rig, cid, path) == node
        refusals = {"z": UnknownLink, "a/z": UnknownLink, "gone": UnknownPiece, "a/file": NotANode,
                    "x" * 5_000: InvalidPath}  # fmt: skip
        for path, refusal in refusals.items():
            with pytest.raises(refusal):
                await get(rig, cid, path)


async def test_a_token_for_a_root_opens_what_lies_below(site: Site) -> None:
    """By path and by CID, pieces too; not the rest of the bucket."""
    async with ddc_at(site) as rig:
        leaf, outside = Node(data=b"leaf"), Node(data=b"outside")
        piece = await rig.put(b"piece")
        root = Node(links=[Link(cid=await put(rig, leaf), name="leaf"), Link(cid=piece, name="piece")])
        cid, stranger = await put(rig, root), await put(rig, outside)
        token = text_of(OWNER.token(bucket=PRIVATE, piece=cid))
        assert await get(rig, cid, "leaf", token=token, request=None) == leaf
        assert await get(rig, cid_of(leaf), token=token, request=None) == leaf
        assert await rig.get(piece, token=token, request=None) == b"piece"
        with pytest.raises(AccessDenied):
            await get(rig, stranger, token=token, request=None)


@pytest.mark.parametrize(
    ("message", "refusal"),
    [
        (PutRequest(bucketId=PRIVATE), MalformedProtobuf),
        (b"\x08\x02\x12\x02\xff\xff", MalformedProtobuf),
        (PutRequest(bucketId=PRIVATE, node=Node(data=bytes(NODE_BYTES_MAX))), NodeTooLarge),
        (PutRequest(bucketId=PRIVATE, node=Node(), cid=bytes(raw_piece_cid(b""))), CidMismatch),
        (PutRequest(bucketId=PRIVATE, node=Node(), cid=b"c"), MalformedCid),
    ],
    ids=["no node", "broken", "oversize", "another kind of cid", "no cid"],
)
async def test_what_is_no_node(site: Site, message: PutRequest | bytes, refusal: type[Refusal]) -> None:
    """Each is refused by its own name."""
    async with ddc_at(site) as rig:
        with pytest.raises(refusal):
            await rig.store(PUT_NODE, message)
        assert rig.bodies.held == 0


async def test_the_largest_node_passes(site: Site) -> None:
    """4,000,000 bytes in all; its message is within what the method takes."""
    node = Node(data=bytes(NODE_BYTES_MAX - 5))
    assert node.ByteSize() == NODE_BYTES_MAX
    async with ddc_at(site) as rig:
        assert await get(rig, await put(rig, node)) == node
    assert PutRequest(bucketId=PRIVATE, node=Node(data=bytes(NODE_BYTES_MAX))).ByteSize() < PUT_MESSAGE_BYTES


async def test_what_is_not_there(site: Site) -> None:
    """In this bucket; and a call without a message."""
    async with ddc_at(site) as rig:
        cid = await put(rig, Node(data=b"d"))
        with pytest.raises(UnknownPiece):
            await get(rig, cid, bucket=PUBLIC)
        with pytest.raises(MessageOutOfOrder):
            await rig.ask(GET_NODE)
        with pytest.raises(CacheTakesNoStores):
            await put(rig, Node(), mode="cache")


async def test_large_nodes_that_nobody_takes_wait_before_they_are_read(site: Site) -> None:
    """One fills what an account may hold: the next has its headers, and its node when the first was taken."""
    node = Node(data=bytes(3_000_000))
    async with ddc_at(site, grpc={"reads_bytes_max": 8 * MIB}) as rig:
        cid = await put(rig, node)
        asked, token = GetRequest(bucketId=PRIVATE, cid=cid), text_of(OWNER.token(bucket=PRIVATE))
        first, second = (MemoryCall(GET_NODE, {"token": token}).say(asked).half_close() for _ in range(2))
        with trio.fail_after(ANSWER_S):
            for call in (first, second):
                rig.nursery.start_soon(rig.handle, call)
                await call.accepted.wait()
            while not rig.ddc.reads.held:
                await trio.sleep(0.01)
            await trio.testing.wait_all_tasks_blocked(0.05)
            assert 2 * 3_000_000 < rig.ddc.reads.held < 4 * 3_000_000
            for call in (first, second):
                assert GetResponse.FromString(await call.answers.receive()).node == node


async def test_many_searches_for_what_is_not_there_are_made_a_few_at_a_time(site: Site) -> None:
    """A token for a piece opens nothing that the piece does not lead to, however often it is asked for."""
    async with ddc_at(site) as rig:
        root = await put(rig, Node(links=[Link(cid=await put(rig, Node(data=bytes([at])))) for at in range(20)]))
        other = await put(rig, Node(data=b"other"))
        token = text_of(OWNER.token(bucket=PRIVATE, piece=root))
        refused = 0

        async def ask() -> None:
            nonlocal refused
            with pytest.raises(AccessDenied):
                await rig.ask(GET_NODE, GetRequest(bucketId=PRIVATE, cid=other), token=token)
            refused += 1

        async with trio.open_nursery() as nursery:
            for _ in range(30):
                nursery.start_soon(ask)
        assert refused == 30
