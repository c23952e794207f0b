"""The canonical form of DAG nodes against the DDC SDK's CIDs, the official encoder, and hostile nodes."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.wire.cid import CidKind, content_matches, format_cid, make_cid, parse_cid
from edge_node.wire.dag_node import LINKS_AND_TAGS_MAX, DagNode, Link, Tag, canonical_node, read_node, write_node
from edge_node.wire.proto import dag_pb2
from edge_node.wire.protobuf_fields import MalformedProtobuf

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/ddc.json").read_text())["vectors"]
NODES = {v["id"]: v for v in VECTORS if "nodeProtoHex" in v}

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
uint64 = st.integers(0, 2**64 - 1)
nodes = st.builds(
    dag_pb2.Node,
    data=st.binary(max_size=20),
    links=st.lists(st.builds(dag_pb2.Link, cid=st.binary(max_size=38), name=names, size=uint64), max_size=4),
    tags=st.lists(st.builds(dag_pb2.Tag, key=names, value=names), max_size=4),
)

HOSTILE = {
    "field of another message": "2200",
    "data twice": "0a01610a0162",
    "data as integer": "0801",
    "links as integer": "1001",
    "field inside a link": "12022200",
    "name twice in a link": "120612016112" + "0162",
    "size twice in a link": "120418011801",
    "size as bytes": "12021a00",
    "cid as integer": "12020801",
    "name not UTF-8": "12031201ff",
    "link cut short": "12031205",
    "link that reaches past itself": "120412056162",
    "fixed size in a link": "12051d00000000",
    "group in a link": "12020b0c",
    "field number 0 in a link": "12020001",
    "key twice in a tag": "1a060a01610a0162",
    "integer in a tag": "1a020801",
    "third field in a tag": "1a021a00",
    "value not UTF-8": "1a031201ff",
    "size with a needless byte": "1203188000",
}


@pytest.mark.parametrize("vector", NODES.values(), ids=NODES.keys())
def test_nodes_have_the_cids_of_the_sdk(vector):
    """The SDK's node is canonical as it is, and its BLAKE3 is the node's CID."""
    node = canonical_node(bytes.fromhex(vector["nodeProtoHex"]))
    assert node.hex() == vector["nodeProtoHex"]
    cid = parse_cid(vector["cidString"])
    assert content_matches(cid, node)
    assert format_cid(make_cid(CidKind.DAG_NODE, bytes.fromhex(vector["contentHashHex"]))) == vector["cidString"]


@given(nodes)
def test_the_canonical_form_is_the_official_encoding(node):
    """What the generated code writes is canonical, and reads back field by field."""
    raw = node.SerializeToString(deterministic=True)
    assert canonical_node(raw) == raw
    read = read_node(raw)
    assert bytes(read.data) == node.data
    assert read.links == [Link(link.cid, link.name, link.size) for link in node.links]
    assert read.tags == [Tag(tag.key, tag.value) for tag in node.tags]


@given(nodes, st.randoms(use_true_random=False))
def test_every_spelling_of_a_node_has_one_canonical_form(node, random):
    """Fields in another order, and defaults written out, make the same node with the same CID."""
    singles = [dag_pb2.Node(data=node.data).SerializeToString() or b"\x0a\x00"]
    links = [dag_pb2.Node(links=[link]).SerializeToString() for link in node.links]
    tags = [dag_pb2.Node(tags=[tag]).SerializeToString() for tag in node.tags]
    groups = [singles, links, tags]
    random.shuffle(groups)
    spelled = b"".join(part for group in groups for part in group)
    assert canonical_node(spelled) == node.SerializeToString(deterministic=True)


def test_defaults_written_out_in_links_and_tags_are_left_out():
    """An empty name, a size of 0 and an empty value do not change what a node is."""
    spelled = bytes.fromhex("0a00" + "12060a0012001800" + "1a040a001200")
    assert canonical_node(spelled) == bytes.fromhex("12001a00")
    assert write_node(DagNode(b"", [Link(b"", "", 0)], [Tag("", "")])) == bytes.fromhex("12001a00")


@given(nodes)
def test_the_canonical_form_of_a_canonical_form_is_itself(node):
    """Storing what was read changes nothing."""
    once = canonical_node(node.SerializeToString())
    assert canonical_node(once) == once


@pytest.mark.parametrize("raw_hex", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_nodes_are_refused(raw_hex):
    """What would not survive the way to the canonical form, or has two readings, is MalformedProtobuf."""
    with pytest.raises(MalformedProtobuf):
        canonical_node(bytes.fromhex(raw_hex))


@given(st.binary(max_size=80))
def test_any_bytes_are_a_node_or_refused(raw):
    """What is read is read alike by the generated code; whatever is not, only MalformedProtobuf leaves."""
    with contextlib.suppress(MalformedProtobuf):
        assert canonical_node(raw) == dag_pb2.Node.FromString(raw).SerializeToString(deterministic=True)


@given(nodes, st.data())
def test_a_changed_node_is_a_node_or_refused(node, data):
    """One byte changed: either what the generated code reads, or MalformedProtobuf."""
    raw = bytearray(node.SerializeToString() or b"\x0a\x00")
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MalformedProtobuf):
        assert canonical_node(raw) == dag_pb2.Node.FromString(bytes(raw)).SerializeToString(deterministic=True)


def test_as_many_links_and_tags_as_allowed_and_no_more():
    """A directory may hold 65,536 entries beside its data; one more is refused before any is read."""
    full = b"\x0a\x01x" + b"\x12\x00" * LINKS_AND_TAGS_MAX
    assert canonical_node(full) == full
    with pytest.raises(MalformedProtobuf):
        canonical_node(full + b"\x12\x00")
