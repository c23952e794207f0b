"""The hand-read DDC messages against the generated code, the SDK's vectors, and hostile bytes."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.wire import ddc_messages as ddc
from edge_node.wire.proto import cns_pb2, common_pb2, dag_pb2, file_pb2
from edge_node.wire.protobuf_fields import MalformedProtobuf, cut_field

VECTORS = {v["id"]: v for v in json.loads((Path(__file__).parents[1] / "vectors/ddc.json").read_text())["vectors"]}

uint64 = st.integers(0, 2**64 - 1)
some = st.binary(max_size=40)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=4)
READERS = [
    ddc.read_put_piece,
    ddc.read_multipart,
    ddc.read_get_file,
    ddc.read_dag_put,
    ddc.read_dag_get,
    ddc.read_cns_put,
    ddc.read_cns_get,
    ddc.read_cns_record,
    ddc.read_new_cns_record,
    ddc.read_signature,
]


@given(uint64, st.none() | some, st.none() | uint64, st.booleans(), uint64)
def test_put_metadata(bucket, cid, offset, is_multipart, size):
    """A put's first message is read as the generated code wrote it, presence included."""
    metadata = file_pb2.PutRawPieceRequest.Metadata(
        bucketId=bucket, cid=cid, offset=offset, isMultipart=is_multipart, size=size
    )
    raw = file_pb2.PutRawPieceRequest(metadata=metadata).SerializeToString()
    assert ddc.read_put_piece(raw) == (bucket, cid, offset, is_multipart, size)


@given(st.binary(max_size=400))
def test_put_content_is_a_view(content):
    """Content is found where it lies in the message; empty content is content."""
    raw = file_pb2.PutRawPieceRequest(content=file_pb2.PutRawPieceRequest.Content(data=content)).SerializeToString()
    view = ddc.read_put_piece(raw)
    assert isinstance(view, memoryview)
    assert view == content
    assert view.obj is raw


@given(uint64, st.none() | some, uint64, uint64, hashes)
def test_multipart(bucket, cid, total, part, digests):
    """Hashes come in their order, beside what the client says of sizes."""
    message = file_pb2.PutMultiPartPieceRequest(
        bucketId=bucket, cid=cid, totalSize=total, partSize=part, partHashes=digests
    )
    assert ddc.read_multipart(message.SerializeToString()) == (bucket, cid, total, part, digests)


def test_multipart_of_the_sdk():
    """The SDK's request with a rounded part size reads as it says."""
    vector = VECTORS["multipart-partsize-rounding"]
    read = ddc.read_multipart(bytes.fromhex(vector["requestProtoHex"]))
    assert (read.bucket, read.part_size) == (7, vector["sentPartSize"])
    assert read.part_hashes == [b"\x01" * 32, b"\x02" * 32]


def test_hashes_of_32_bytes_and_a_bounded_number_of_them():
    """31 and 33 bytes are no hash; the limit on their number is met at the limit and broken at one more."""
    for size in (0, 31, 33):
        with pytest.raises(MalformedProtobuf):
            ddc.read_multipart(file_pb2.PutMultiPartPieceRequest(partHashes=[bytes(size)]).SerializeToString())
    full = file_pb2.PutMultiPartPieceRequest(bucketId=1, partHashes=[bytes(32)] * ddc.PART_HASHES_MAX)
    assert len(ddc.read_multipart(full.SerializeToString()).part_hashes) == ddc.PART_HASHES_MAX
    full.partHashes.append(bytes(32))
    with pytest.raises(MalformedProtobuf):
        ddc.read_multipart(full.SerializeToString())


@given(some, uint64, st.none() | st.tuples(uint64, uint64), st.booleans())
def test_get_file(cid, bucket, wanted, authenticate):
    """A read's first message, with and without a range; a range from 0 to 0 is a range."""
    request = file_pb2.GetFileRequest.Request(cid=cid, bucketId=bucket, authenticate=authenticate)
    if wanted is not None:
        request.range.start, request.range.end = wanted
        request.range.SetInParent()
    raw = file_pb2.GetFileRequest(request=request).SerializeToString()
    assert ddc.read_get_file(raw) == (cid, bucket, wanted, authenticate)


@given(names, uint64)
def test_an_acknowledgment_is_kept_as_it_came(request_id, amount):
    """A later message of a read is the acknowledgment's own bytes, to be verified as received."""
    message = file_pb2.GetFileRequest()
    message.ack.requestId, message.ack.bytesStoredOrDelivered = request_id, amount
    message.ack.SetInParent()
    view = ddc.read_get_file(message.SerializeToString())
    assert view == message.ack.SerializeToString()


@pytest.mark.parametrize("read", [ddc.read_put_piece, ddc.read_get_file])
def test_a_choice_is_exactly_one(read):
    """Neither field of a choice, or both, is refused."""
    for raw in (b"", b"\x0a\x00\x12\x00", b"\x1a\x00"):
        with pytest.raises(MalformedProtobuf):
            read(raw)


@given(uint64, some, st.none() | some)
def test_dag_put(bucket, data, cid):
    """The node is kept as it came; an empty one is there."""
    message = dag_pb2.PutRequest(bucketId=bucket, node=dag_pb2.Node(data=data), cid=cid)
    read = ddc.read_dag_put(message.SerializeToString())
    assert (read.bucket, bytes(read.node), read.cid) == (bucket, message.node.SerializeToString(), cid)


def test_a_put_without_its_node_or_record_is_refused():
    """Absence is not emptiness."""
    assert ddc.read_dag_put(bytes.fromhex(VECTORS["dag-empty"]["putRequestProtoHex_bucket7"])).node == b""
    for read in (ddc.read_dag_put, ddc.read_cns_put):
        with pytest.raises(MalformedProtobuf):
            read(b"\x08\x07")


@given(uint64, some, st.none() | names)
def test_dag_get(bucket, cid, path):
    """An empty path is a path, an absent one is none."""
    raw = dag_pb2.GetRequest(bucketId=bucket, cid=cid, path=path).SerializeToString()
    assert ddc.read_dag_get(raw) == (bucket, cid, path)


@given(uint64, names)
def test_cns_get(bucket, name):
    """Bucket and name are read."""
    assert ddc.read_cns_get(cns_pb2.GetRequest(bucketId=bucket, name=name).SerializeToString()) == (bucket, name)


@given(st.integers(0, 1), some, some, some, names, st.none() | st.integers(0, 2**32 - 1))
def test_cns_record(algorithm, signer, value, cid, name, ttl):
    """A record's fields are read beside its signature, from the bytes as they came."""
    signature = common_pb2.Signature(algorithm=algorithm, signer=signer, value=value)
    record = cns_pb2.Record(signature=signature, cid=cid, name=name, ttl=ttl)
    put = ddc.read_cns_put(cns_pb2.PutRequest(bucketId=1, record=record).SerializeToString())
    assert put == (1, record.SerializeToString())
    assert ddc.read_cns_record(put.record) == ((algorithm, signer, value), cid, name, ttl)
    assert ddc.read_new_cns_record(put.record) == ((algorithm, signer, value), cid, name, ttl)
    assert ddc.read_cns_record(cut_field(put.record, 1)) == (None, cid, name, ttl)


def test_cns_record_of_the_sdk():
    """The SDK's record reads as it says, and what was signed is the rest of it."""
    vector = VECTORS["cns-put"]
    put = ddc.read_cns_put(bytes.fromhex(vector["putRequestProtoHex"]))
    record = ddc.read_cns_record(put.record)
    assert (put.bucket, record.cid.hex(), record.name, record.ttl_s) == (
        7,
        vector["recordCidHex"],
        vector["name"],
        None,
    )
    assert record.signature is not None
    assert record.signature.value.hex() == vector["signatureHex"]
    assert cut_field(put.record, 1).hex() == vector["signedBytesHex"]


@pytest.mark.parametrize("more", ["2a00", "2801", "78ffff03", "2d00000000"])
def test_a_new_cns_record_holds_nothing_without_a_meaning(more):
    """Neither beside its fields nor in its signature; a stored one is read as if it were not there."""
    signature = common_pb2.Signature(signer=bytes(32), value=bytes(64)).SerializeToString()
    said = cns_pb2.Record(cid=b"cid", name="name", ttl=60).SerializeToString()
    plain = b"\x0a" + bytes([len(signature)]) + signature + said
    inside = b"\x0a" + bytes([len(signature) + len(bytes.fromhex(more))]) + signature + bytes.fromhex(more) + said
    read = ddc.read_new_cns_record(plain)
    for raw in (plain + bytes.fromhex(more), bytes.fromhex(more) + plain, inside):
        with pytest.raises(MalformedProtobuf, match="unknown"):
            ddc.read_new_cns_record(raw)
        assert ddc.read_cns_record(raw) == read


def test_a_ttl_of_more_than_32_bits_is_refused():
    """A field of 32 bits has 32 bits: cut off, it would be another time."""
    assert ddc.read_cns_record(bytes.fromhex("20ffffffff0f")).ttl_s == 2**32 - 1
    with pytest.raises(MalformedProtobuf):
        ddc.read_cns_record(bytes.fromhex("208080808010"))


@given(some)
def test_answers_are_read_by_the_generated_code(content):
    """What the node writes by hand is what a client decodes."""
    assert file_pb2.PutRawPieceResponse.FromString(ddc.cid_answer(content)).cid == content
    data = file_pb2.GetFileResponse.FromString(ddc.file_data_head(len(content)) + content)
    assert (data.WhichOneof("body"), data.data) == ("data", content)
    node = dag_pb2.Node(data=content).SerializeToString()
    answer = dag_pb2.GetResponse.FromString(b"".join(ddc.message_answer([node])))
    assert answer.HasField("node")
    assert answer.node.data == content
    assert not cns_pb2.GetResponse.FromString(b"".join(ddc.message_answer(None))).HasField("record")


@pytest.mark.parametrize("read", READERS)
@given(raw=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(read, raw):
    """Whatever the bytes, only MalformedProtobuf leaves."""
    with contextlib.suppress(MalformedProtobuf):
        read(raw)


SEEDS = [
    bytes.fromhex(VECTORS["cns-put"]["putRequestProtoHex"]),
    bytes.fromhex(VECTORS["dag-leaf"]["putRequestProtoHex_bucket7"]),
    bytes.fromhex(VECTORS["multipart-partsize-rounding"]["requestProtoHex"]),
]


@pytest.mark.parametrize("read", READERS)
@given(raw=st.sampled_from(SEEDS), data=st.data())
def test_a_changed_message_is_read_or_refused(read, raw, data):
    """One byte of a good message changed, or the message cut: only MalformedProtobuf leaves."""
    changed = bytearray(raw)
    place = data.draw(st.integers(0, len(raw) - 1))
    changed[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MalformedProtobuf):
        read(bytes(changed))
    with contextlib.suppress(MalformedProtobuf):
        read(raw[:place])
