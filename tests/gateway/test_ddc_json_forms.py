"""DAG nodes and CNS records in protobuf's JSON."""

import base64
import json

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st

from edge_node.gateway.ddc_json_forms import (
    read_cns_put,
    read_dag_put,
    write_cid_answer,
    write_cns_answer,
    write_dag_answer,
)
from edge_node.gateway.errors import MalformedMessage
from edge_node.wire.cid import MalformedCid, raw_piece_cid
from edge_node.wire.proto import cns_pb2, dag_pb2

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
UINT64 = st.integers(0, 2**64 - 1)
NODES = st.builds(
    dag_pb2.Node,
    data=st.binary(max_size=50),
    links=st.lists(st.builds(dag_pb2.Link, cid=st.binary(max_size=40), name=TEXT, size=UINT64), max_size=4),
    tags=st.lists(st.builds(dag_pb2.Tag, key=TEXT, value=TEXT), max_size=4),
)


@given(node=NODES, bucket=UINT64)
def test_a_node_is_read_as_the_reference_library_writes_it(node: dag_pb2.Node, bucket: int) -> None:
    """Whatever its content, it becomes the same canonical bytes."""
    text = json_format.MessageToJson(dag_pb2.PutRequest(bucketId=bucket, node=node))
    if "node" not in json.loads(text):
        text = '{"node": {}}'
    raw, cid = read_dag_put(text.encode(), bucket)
    assert (raw, cid) == (node.SerializeToString(deterministic=True), None)


@given(node=NODES)
def test_a_node_is_written_as_the_reference_library_writes_it(node: dag_pb2.Node) -> None:
    """The very same JSON value, the empty node included."""
    answer = dag_pb2.GetResponse()
    answer.node.CopyFrom(node)
    written = write_dag_answer(node.SerializeToString(deterministic=True))
    assert json.loads(written) == json_format.MessageToDict(answer)


@given(
    cid=st.binary(max_size=40),
    name=TEXT,
    ttl=st.none() | st.integers(0, 2**32 - 1),
    algorithm=st.sampled_from([0, 1]),
    value=st.binary(max_size=64),
)
def test_a_record_goes_both_ways(cid: bytes, name: str, ttl: int | None, algorithm: int, value: bytes) -> None:
    """As the reference library reads and writes it; its bytes are those that were signed."""
    record = cns_pb2.Record(cid=cid, name=name, ttl=ttl)
    record.signature.algorithm, record.signature.value = algorithm, value
    record.signature.signer = b"s" * 32
    text = json_format.MessageToJson(cns_pb2.PutRequest(record=record))
    raw = record.SerializeToString(deterministic=True)
    assert read_cns_put(text.encode(), 7) == raw
    assert json_format.Parse(write_cns_answer(raw), cns_pb2.GetResponse()).record == record


def test_no_record_is_an_empty_answer() -> None:
    """As over gRPC."""
    assert write_cns_answer(None) == b"{}"


def test_a_stored_node_s_cid() -> None:
    """In base64."""
    cid = raw_piece_cid(b"x")
    assert json.loads(write_cid_answer(cid)) == {"cid": base64.b64encode(cid).decode()}


def test_the_cid_a_node_should_have() -> None:
    """Its bytes, checked."""
    cid = raw_piece_cid(b"x")
    said = {"node": {}, "cid": base64.b64encode(cid).decode()}
    assert read_dag_put(json.dumps(said).encode(), 7) == (b"", cid)
    with pytest.raises(MalformedCid):
        read_dag_put(b'{"node": {}, "cid": "AAAA"}', 7)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"node": null}',
        b'{"node": {}, "other": 1}',
        b'{"node": {"Data": ""}}',
        b'{"node": {"data": "%%%"}}',
        b'{"node": {"data": 5}}',
        b'{"node": {"links": [{"size": -1}]}}',
        b'{"node": {"links": [{"size": "18446744073709551616"}]}}',
        b'{"node": {"links": [{"size": 1.5}]}}',
        b'{"node": {"links": [{"size": "1\\n"}]}}',
        b'{"node": {"links": [{"size": " 1"}]}}',
        b'{"node": {"links": [[]]}}',
        b'{"node": {"tags": [{"key": "\\ud800"}]}}',
        b'{"bucketId": "8", "node": {}}',
        b'{"node": {"data": "\xff"}}',
        b'{"node": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_message_is_refused(text: bytes) -> None:
    """Unknown members, other types, numbers out of reason, another bucket than the path's, and no JSON at all."""
    with pytest.raises(MalformedMessage):
        read_dag_put(text, 7)


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b'{"record": {"ttl": -1}}',
        b'{"record": {"ttl": 4294967296}}',
        b'{"record": {"signature": {"algorithm": "EC"}}}',
        b'{"record": {"signature": {"algorithm": 2}}}',
        b'{"bucketId": 8, "record": {}}',
    ],
)
def test_what_is_no_record_is_refused(text: bytes) -> None:
    """Its types are the message's."""
    with pytest.raises(MalformedMessage):
        read_cns_put(text, 7)


def test_a_number_may_come_as_one() -> None:
    """Text is what protobuf writes; it reads both."""
    assert read_dag_put(b'{"bucketId": 7, "node": {"links": [{"size": 3}]}}', 7) == (b"\x12\x02\x18\x03", None)
