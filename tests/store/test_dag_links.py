"""The links of nodes: the fast ways give what the exact way gives, and memory has an end."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.store.dag_links import LinkMemory, find_targets, make_canonical, read_names
from edge_node.wire.cid import CidKind, make_cid, raw_piece_cid
from edge_node.wire.dag_node import LINKS_AND_TAGS_MAX, DagNode, Link, Tag, canonical_node, write_node
from edge_node.wire.protobuf_fields import MalformedProtobuf

TEXT = st.text(max_size=4)
CIDS = st.sampled_from([b"", b"no cid", raw_piece_cid(b"x"), make_cid(CidKind.DAG_NODE, b"n" * 32)])
LINKS = st.lists(st.builds(Link, CIDS, TEXT, st.integers(0, 2**64 - 1)), max_size=4)
NODES = st.builds(DagNode, st.binary(max_size=4), LINKS, st.lists(st.builds(Tag, TEXT, TEXT), max_size=3))


@given(NODES)
def test_what_is_canonical_stays_as_it_is(node: DagNode) -> None:
    """To the byte, and without a second look."""
    raw = write_node(node)
    assert make_canonical(raw) is raw
    assert canonical_node(raw) == raw


@given(NODES, st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=3), st.binary(max_size=6))
def test_anything_else_goes_the_exact_way(node: DagNode, flips: list[tuple[int, int]], more: bytes) -> None:
    """Whatever bytes: the answer and the refusal are those of canonical_node."""
    spoilt = bytearray(write_node(node) + more)
    for at, value in flips:
        if at < len(spoilt):
            spoilt[at] = value
    raw = bytes(spoilt)
    assert outcome(make_canonical, raw) == outcome(canonical_node, raw)


def outcome(make: Callable[[bytes], bytes], raw: bytes) -> bytes | str:
    """The canonical form, or why there is none."""
    try:
        return make(raw)
    except MalformedProtobuf as malformed:
        return malformed.why


def test_too_many_links_are_refused_however_well_written() -> None:
    """The limit is the same on both ways."""
    raw = b"\x12\x00" * LINKS_AND_TAGS_MAX
    assert make_canonical(raw) == raw
    with pytest.raises(MalformedProtobuf):
        make_canonical(raw + b"\x12\x00" * 2)


@given(NODES)
def test_names_and_targets(node: DagNode) -> None:
    """The first link of each name; every node and multipart once, and whether a CID is among the targets."""
    raw, names = write_node(node), read_names(write_node(node))
    for link in reversed(node.links):
        assert link.name in names
    assert names == {link.name: link.cid for link in reversed(node.links)}
    wanted = raw_piece_cid(b"x")
    found, inner = find_targets(raw, wanted)
    assert found == any(link.cid == wanted for link in node.links)
    nodes = {link.cid for link in node.links if len(link.cid) == 36 and link.cid[1] == CidKind.DAG_NODE}
    assert set(inner) == nodes
    assert len(inner) == len(nodes)


def test_memory_keeps_what_is_asked_for() -> None:
    """Beyond its links the node that nobody asked for goes first; a node larger than all of it is not kept."""
    memory = LinkMemory(20)
    one, two, three = (make_cid(CidKind.DAG_NODE, bytes([number]) * 32) for number in range(3))
    memory.add(one, {"a": b"1"})
    memory.add(two, {"b": b"2"})
    memory.add(one, {"other": b""})
    assert memory.get(one) == {"a": b"1"}
    memory.add(three, dict.fromkeys("cdefghi", b"3"))
    assert [memory.get(cid) is not None for cid in (one, two, three)] == [True, False, True]
    memory.add(two, {str(number): b"" for number in range(30)})
    assert [memory.get(cid) for cid in (one, two, three)] == [None, None, None]
    memory.add(one, {})
    assert memory.get(one) == {}
