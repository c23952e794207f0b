"""grpcio as the second client of a real node process: every method, and how calls end that do not go well."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest

from edge_node.base.ids import Digest
from edge_node.base.limits import MIB
from edge_node.wire.cid import CidKind, format_cid, make_cid, parse_cid, raw_piece_cid, read_cid
from edge_node.wire.proto import cns_pb2, dag_pb2, file_pb2
from tests.interop.accounts import GET, READ, STORE, Account, now_ms
from tests.interop.contents import content, dag_cid, multipart_cid, raw_cid
from tests.interop.grpc_client import Client, Reading, put_messages
from tests.interop.place import ABSENT, EDITHS, PUBLIC, Place

EDITH, BOB = Account.of(1), Account.of(3)
Code = grpc.StatusCode


@pytest.fixture
def client(place: Place) -> Iterator[Client]:
    """The owner of bucket 7 on a channel of her own."""
    with Client(place.target, EDITH) as client:
        yield client


def status_of(act: Callable[[], Any]) -> tuple[grpc.StatusCode, str]:
    """The status that a call ends with, and its message."""
    with pytest.raises(grpc.RpcError) as caught:
        act()
    return caught.value.code(), caught.value.details()


@pytest.mark.parametrize(("size", "chunk"), [(1, 1), (1_000, 7), (MIB + 1, 12_345), (9 * MIB, 4_000_000)])
def test_a_raw_piece_comes_back_as_it_went(client: Client, size: int, chunk: int) -> None:
    """In messages of any size."""
    raw = content(size, 31)
    cid = client.put(EDITHS, raw, chunk=chunk)
    assert cid == bytes(raw_piece_cid(raw))
    assert client.get(EDITHS, cid) == raw
    assert client.get(EDITHS, cid, start=size // 2, end=size - 1) == raw[size // 2 :]


def test_a_multipart_piece_is_joined_of_parts_of_any_length(client: Client) -> None:
    """And named by the hash of the whole."""
    parts = [content(size, 32) for size in (MIB + 5, 77, 2 * MIB)]
    hashes = [client.put(EDITHS, part)[-32:] for part in parts]
    whole = b"".join(parts)
    asked = file_pb2.PutMultiPartPieceRequest(
        bucketId=EDITHS, totalSize=len(whole), partSize=2 * MIB, partHashes=hashes
    )
    reply = client.stubs.join(asked, metadata=EDITH.metadata(STORE, EDITHS))
    assert reply.cid == bytes(parse_cid(multipart_cid(whole)))
    assert client.get(EDITHS, reply.cid) == whole


def test_a_dag_node_is_found_by_a_path(client: Client) -> None:
    """The node that comes back hashes to its CID."""

    def put(node: dag_pb2.Node) -> bytes:
        asked = dag_pb2.PutRequest(bucketId=EDITHS, node=node)
        return bytes(client.stubs.put_node(asked, metadata=EDITH.metadata(STORE, EDITHS)).cid)

    leaf = dag_pb2.Node(data=b"leaf of grpcio")
    root = dag_pb2.Node(links=[dag_pb2.Link(cid=put(leaf), name="a", size=1)])
    cid = put(root)
    assert cid == bytes(parse_cid(dag_cid(root.SerializeToString())))
    for path, node in ((None, root), ("a", leaf)):
        asked = dag_pb2.GetRequest(bucketId=EDITHS, cid=cid, path=path)
        reply = client.stubs.get_node(asked, metadata=EDITH.metadata(READ, EDITHS, cid))
        assert reply.node == node


def test_the_empty_node_is_present_in_the_answer(client: Client) -> None:
    """Clients look whether there is one."""
    cid = bytes(make_cid(CidKind.DAG_NODE, Digest(raw_piece_cid(b"")[-32:])))
    asked = dag_pb2.PutRequest(bucketId=EDITHS, node=dag_pb2.Node())
    assert client.stubs.put_node(asked, metadata=EDITH.metadata(STORE, EDITHS)).cid == cid
    got = client.stubs.get_node(
        dag_pb2.GetRequest(bucketId=EDITHS, cid=cid), metadata=EDITH.metadata(READ, EDITHS, cid)
    )
    assert got.HasField("node")


def test_a_name_comes_back_byte_for_byte(client: Client) -> None:
    """A name that nobody set is an empty answer, and OK."""
    record = EDITH.record("grpcio/name", bytes(raw_piece_cid(b"x")))
    client.stubs.put_name(cns_pb2.PutRequest(bucketId=EDITHS, record=record), metadata=EDITH.metadata(STORE, EDITHS))
    for name, found in (("grpcio/name", True), ("grpcio/nobody", False)):
        reply = client.stubs.get_name(
            cns_pb2.GetRequest(bucketId=EDITHS, name=name), metadata=EDITH.metadata(READ, EDITHS)
        )
        assert reply.HasField("record") == found
        assert not found or reply.record == record


def test_a_name_without_its_owner_s_signature_is_refused(client: Client) -> None:
    """None at all, and one over something else."""
    unsigned = cns_pb2.Record(cid=bytes(raw_piece_cid(b"x")), name="n")
    forged = EDITH.record("n", bytes(raw_piece_cid(b"x")))
    forged.name = "m"
    for record in (unsigned, forged):
        asked = cns_pb2.PutRequest(bucketId=EDITHS, record=record)
        code, _ = status_of(lambda asked=asked: client.stubs.put_name(asked, metadata=EDITH.metadata(STORE, EDITHS)))
        assert code is Code.INVALID_ARGUMENT


def test_a_request_counts_once(client: Client) -> None:
    """The same metadata again is a replay: what was overheard opens nothing."""
    asked, metadata = cns_pb2.GetRequest(bucketId=EDITHS, name="nobody"), EDITH.metadata(READ, EDITHS)
    assert not client.stubs.get_name(asked, metadata=metadata).HasField("record")
    assert status_of(lambda: client.stubs.get_name(asked, metadata=metadata))[0] is Code.UNAUTHENTICATED


@pytest.mark.parametrize("what", ["bucket", "type", "id", "old", "early", "signer", "malformed"])
def test_a_request_that_does_not_hold_is_refused(client: Client, what: str) -> None:
    """It speaks of another bucket, kind or piece, of another time, or is signed by somebody else."""
    cid, other = client.put(EDITHS, content(100, 34)), bytes(raw_piece_cid(b"other"))
    request = {
        "bucket": lambda: EDITH.request(READ, PUBLIC, cid),
        "type": lambda: EDITH.request(STORE, EDITHS, cid),
        "id": lambda: EDITH.request(READ, EDITHS, other),
        "old": lambda: EDITH.request(READ, EDITHS, cid, t_ms=now_ms() - 301_000),
        "early": lambda: EDITH.request(READ, EDITHS, cid, t_ms=now_ms() + 301_000),
        "signer": lambda: BOB.request(READ, EDITHS, cid),
        "malformed": lambda: "AAAA",
    }[what]()
    metadata = [("token", EDITH.token()), ("request", request)]
    asked = dag_pb2.GetRequest(bucketId=EDITHS, cid=cid)
    code, _ = status_of(lambda: client.stubs.get_node(asked, metadata=metadata))
    assert code in {Code.UNAUTHENTICATED, Code.PERMISSION_DENIED, Code.INVALID_ARGUMENT}


def test_a_bound_token_needs_no_request(client: Client, place: Place) -> None:
    """Whoever has it reads."""
    raw = content(2_000, 35)
    cid = client.put(EDITHS, raw)
    asked = file_pb2.GetFileRequest(request=file_pb2.GetFileRequest.Request(cid=cid, bucketId=EDITHS))
    metadata = [("token", EDITH.token(bucket=EDITHS, operations=[GET]))]
    with Client(place.target, BOB) as bob:
        assert b"".join(reply.data for reply in bob.stubs.get_file(iter([asked]), metadata=metadata)) == raw


def test_a_public_bucket_is_read_without_a_token(client: Client) -> None:
    """A name that nobody set, asked by nobody in particular; a private one wants a token."""
    assert not client.stubs.get_name(cns_pb2.GetRequest(bucketId=PUBLIC, name="x")).HasField("record")
    asked = cns_pb2.GetRequest(bucketId=EDITHS, name="x")
    assert status_of(lambda: client.stubs.get_name(asked))[0] is Code.UNAUTHENTICATED


def test_a_bucket_that_nobody_has_is_named(client: Client) -> None:
    """Before anything else is looked at."""
    asked = cns_pb2.GetRequest(bucketId=ABSENT, name="x")
    assert status_of(lambda: client.stubs.get_name(asked)) == (Code.NOT_FOUND, "no bucket 99")


def _put(bucket: int, size: int) -> file_pb2.PutRawPieceRequest:
    return next(put_messages(bucket, b"", said=size))


def _data(data: bytes) -> file_pb2.PutRawPieceRequest:
    return file_pb2.PutRawPieceRequest(content=file_pb2.PutRawPieceRequest.Content(data=data))


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([], Code.INVALID_ARGUMENT),
        ([_data(b"x")], Code.INVALID_ARGUMENT),
        ([_put(EDITHS, 1), _put(EDITHS, 1)], Code.INVALID_ARGUMENT),
        ([_put(EDITHS, 3)], Code.INVALID_ARGUMENT),
        ([_put(EDITHS, 3), _data(b"four")], Code.INVALID_ARGUMENT),
        ([_put(EDITHS, 128 * MIB + 1)], Code.INVALID_ARGUMENT),
        ([b"\x0a\xff\xff"], Code.INVALID_ARGUMENT),
        ([_put(EDITHS, 9 * MIB), _data(bytes(5 * MIB))], Code.INVALID_ARGUMENT),
    ],
    ids=["none", "no-metadata", "twice", "no-content", "too-much", "too-large", "malformed", "large-message"],
)
def test_an_upload_that_is_none_is_refused(client: Client, messages: list[Any], code: grpc.StatusCode) -> None:
    """And nothing of it is kept."""
    metadata = EDITH.metadata(STORE, EDITHS)
    seen = status_of(lambda: client.stubs.put_raw(iter(messages), metadata=metadata, timeout=30))
    assert seen[0] is code, seen


def test_content_cut_short_keeps_nothing(client: Client) -> None:
    """The client goes away in the middle of an upload."""
    raw, began = content(6 * MIB, 36), threading.Event()

    def messages() -> Iterator[file_pb2.PutRawPieceRequest]:
        yield from put_messages(EDITHS, raw, said=2 * len(raw))
        began.set()
        threading.Event().wait(30)

    call = client.stubs.put_raw.future(messages(), metadata=EDITH.metadata(STORE, EDITHS))
    assert began.wait(30)
    call.cancel()
    cid = bytes(raw_piece_cid(raw))
    assert status_of(lambda: client.get(EDITHS, cid))[0] is Code.NOT_FOUND


def test_cancelled_reads_leave_the_channel_whole(client: Client) -> None:
    """A hundred reads given up after their first message, then one to its end."""
    raw = content(20 * MIB, 37)
    cid = client.put(EDITHS, raw)
    for _ in range(100):
        reading = Reading(client, EDITHS, cid)
        assert next(reading.call)
        reading.close()
    assert client.get(EDITHS, cid) == raw


def test_a_deadline_ends_a_call_and_nothing_else(client: Client) -> None:
    """A read that is not consumed within its time."""
    raw = content(20 * MIB, 38)
    cid = client.put(EDITHS, raw)
    reading = Reading(client, EDITHS, cid, timeout=0.5)
    threading.Event().wait(1.0)
    assert status_of(lambda: list(reading))[0] is Code.DEADLINE_EXCEEDED
    assert client.get(EDITHS, cid) == raw


def test_acknowledgements_that_do_not_hold_end_the_read(client: Client) -> None:
    """Backwards, more than was sent, or by somebody else; a message that is half sent can only be broken off."""
    cid = client.put(EDITHS, content(40 * MIB, 39))
    for sizes, who in (((2_000_000, 1_999_999), EDITH), ((1 << 40,), EDITH), ((100,), BOB)):
        reading = Reading(client, EDITHS, cid, acks=False)
        assert next(reading.call)
        for size in sizes:
            reading.acknowledge(size, who)
        code, _ = status_of(lambda reading=reading: list(reading))
        assert code in {Code.INVALID_ARGUMENT, Code.CANCELLED}


def test_a_reader_that_does_not_acknowledge_is_told_so(client: Client) -> None:
    """After 32 MiB and some patience."""
    cid = client.put(EDITHS, content(40 * MIB, 40))
    reading = Reading(client, EDITHS, cid, acks=False)
    assert status_of(lambda: list(reading))[0] is Code.RESOURCE_EXHAUSTED
    assert 24 * MIB < reading.size <= 32 * MIB


def test_five_thousand_queued_calls_are_all_answered(client: Client) -> None:
    """What the node does not take at once waits at the client."""
    token = EDITH.token(bucket=EDITHS)
    asked = cns_pb2.GetRequest(bucketId=EDITHS, name="nobody")
    calls = [client.stubs.get_name.future(asked, metadata=[("token", token)]) for _ in range(5_000)]
    assert Counter(call.code() for call in calls) == {Code.OK: 5_000}


def test_compressed_messages_are_refused(place: Place) -> None:
    """The node says that it does not speak gzip."""
    with Client(place.target, EDITH, compression=grpc.Compression.Gzip) as client:
        asked = cns_pb2.GetRequest(bucketId=EDITHS, name="x" * 200)
        code, _ = status_of(lambda: client.stubs.get_name(asked, metadata=EDITH.metadata(READ, EDITHS)))
        assert code is Code.UNIMPLEMENTED


def test_a_method_that_does_not_exist_is_unimplemented(client: Client) -> None:
    """Names are case-sensitive."""
    for path in ("/file.FileApi/PutRawPiece", "/file.FileApi/nothing", "/nobody/home"):
        method = client.channel.unary_unary(path, request_serializer=bytes, response_deserializer=bytes)
        assert status_of(lambda method=method: method(b""))[0] is Code.UNIMPLEMENTED


def test_large_metadata_ends_the_call_alone(client: Client) -> None:
    """15 KB of token are no token, 60 KB are more than a call may bring, and the channel lives even with more."""
    asked = cns_pb2.GetRequest(bucketId=EDITHS, name="x")
    for size, codes in (
        (15_000, {Code.UNAUTHENTICATED}),
        (60_000, {Code.INVALID_ARGUMENT}),
        (200_000, {Code.RESOURCE_EXHAUSTED, Code.INTERNAL, Code.UNAVAILABLE}),
    ):
        metadata = [("token", "2" * size)]
        code, _ = status_of(lambda metadata=metadata: client.stubs.get_name(asked, metadata=metadata, timeout=10))
        assert code in codes
    assert not client.stubs.get_name(asked, metadata=EDITH.metadata(READ, EDITHS)).HasField("record")


def test_raw_cids_are_the_sdk_s(client: Client) -> None:
    """The text that the SDK shows is the bytes that grpcio gets."""
    raw = content(64, 41)
    assert format_cid(read_cid(client.put(EDITHS, raw))) == raw_cid(raw)
