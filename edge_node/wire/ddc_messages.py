"""The messages of FileApi, DagApi and CnsApi, read by hand on the received bytes (edge_node/wire/proto/*.proto).

By hand, because a put's four megabytes must not be copied only to be looked at, and because what is signed is
verified as it came.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from edge_node.wire.dag_node import DagNode, Link, Tag, canonical_node, read_node, write_node
from edge_node.wire.protobuf_fields import MalformedProtobuf, WireType, field_head
from edge_node.wire.protobuf_message import UINT32_MAX, Shape, read_exact_message, read_message

__all__ = [
    "PART_HASHES_MAX",
    "CnsGet",
    "CnsPut",
    "CnsRecord",
    "DagGet",
    "DagNode",
    "DagPut",
    "FileRange",
    "FileRequest",
    "Link",
    "MultipartPut",
    "PutMetadata",
    "Tag",
    "WireSignature",
    "canonical_node",
    "cid_answer",
    "file_data_head",
    "message_answer",
    "read_cns_get",
    "read_cns_put",
    "read_cns_record",
    "read_dag_get",
    "read_dag_put",
    "read_get_file",
    "read_multipart",
    "read_new_cns_record",
    "read_node",
    "read_put_piece",
    "read_signature",
    "write_node",
]

PART_HASHES_MAX: Final = 32_768  # 128 GiB in parts of 4 MiB, the SDK's smallest; 1.1 MB of message

_SIGNATURE = Shape({1: WireType.VARINT, 2: WireType.BYTES, 3: WireType.BYTES})
_RECORD = Shape({1: WireType.BYTES, 2: WireType.BYTES, 3: WireType.BYTES, 4: WireType.VARINT})


class WireSignature(NamedTuple):
    """A signature as it stands in a message: lengths and algorithm are not checked here (0 ed25519, 1 sr25519)."""

    algorithm: int
    signer: bytes
    value: bytes


class PutMetadata(NamedTuple):
    """The first message of putRawPiece. `size` is what the client declared, which may be wrong; None: absent."""

    bucket: int
    cid: bytes | None
    offset: int | None
    is_multipart: bool
    size: int


class MultipartPut(NamedTuple):
    """putMultipartPiece: digests of the parts in order. `part_size` is rounded by the SDK: no part's real length."""

    bucket: int
    cid: bytes | None
    total_size: int
    part_size: int
    part_hashes: list[bytes]


class FileRange(NamedTuple):
    """The bytes from `start` to `last`, both included, as the client wrote them."""

    start: int
    last: int


class FileRequest(NamedTuple):
    """The first message of getFile; no range: the whole file."""

    cid: bytes
    bucket: int
    range: FileRange | None
    authenticate: bool


class DagPut(NamedTuple):
    """DagApi.Put: the node as it came (a view of the message), to be made canonical."""

    bucket: int
    node: memoryview
    cid: bytes | None


class DagGet(NamedTuple):
    """DagApi.Get; no path: the node itself."""

    bucket: int
    cid: bytes
    path: str | None


class CnsPut(NamedTuple):
    """CnsApi.Put: the record as it came."""

    bucket: int
    record: bytes


class CnsGet(NamedTuple):
    """CnsApi.Get."""

    bucket: int
    name: str


class CnsRecord(NamedTuple):
    """A name's record. Signed is the record without field 1, as received (`cut_field(raw, 1)`)."""

    signature: WireSignature | None
    cid: bytes
    name: str
    ttl_s: int | None


def read_signature(raw: bytes | memoryview) -> WireSignature:
    """A common.Signature; MalformedProtobuf."""
    message = read_message(raw)
    return WireSignature(message.uint(1), message.bytes(2), message.bytes(3))


def read_put_piece(raw: bytes | memoryview) -> PutMetadata | memoryview:
    """A message of putRawPiece: its metadata, or a view of the content it carries. MalformedProtobuf."""
    outer = read_message(raw)
    if outer.has(1) == outer.has(2):
        raise MalformedProtobuf("neither metadata nor content, or both")
    if outer.has(2):
        return read_message(outer.view(2)).view(1)
    message = read_message(outer.view(1))
    return PutMetadata(
        bucket=message.uint(1),
        cid=message.bytes(2) if message.has(2) else None,
        offset=message.uint(3) if message.has(3) else None,
        is_multipart=message.flag(4),
        size=message.uint(5),
    )


def read_multipart(raw: bytes | memoryview) -> MultipartPut:
    """A PutMultiPartPieceRequest; MalformedProtobuf, as for a part's hash that has not 32 bytes."""
    message = read_message(raw, repeated=(5,), fields_max=PART_HASHES_MAX + 4)
    hashes = [bytes(view) for view in message.views(5)]
    if len(hashes) > PART_HASHES_MAX or any(len(digest) != 32 for digest in hashes):
        raise MalformedProtobuf(f"a part's hash that has not 32 bytes, or more than {PART_HASHES_MAX} of them")
    return MultipartPut(
        bucket=message.uint(1),
        cid=message.bytes(2) if message.has(2) else None,
        total_size=message.uint(3),
        part_size=message.uint(4),
        part_hashes=hashes,
    )


def read_get_file(raw: bytes | memoryview) -> FileRequest | memoryview:
    """A message of getFile: the request, or a view of the acknowledgment as it came. MalformedProtobuf."""
    outer = read_message(raw)
    if outer.has(1) == outer.has(2):
        raise MalformedProtobuf("neither request nor acknowledgment, or both")
    if outer.has(2):
        return outer.view(2)
    message = read_message(outer.view(1))
    wanted = None
    if message.has(3):
        limits = read_message(message.view(3))
        wanted = FileRange(limits.uint(1), limits.uint(2))
    return FileRequest(message.bytes(1), message.uint(2), wanted, message.flag(4))


def read_dag_put(raw: bytes | memoryview) -> DagPut:
    """A dag.PutRequest; MalformedProtobuf, as for one without a node. An empty node is one."""
    message = read_message(raw)
    if not message.has(2):
        raise MalformedProtobuf("no node")
    return DagPut(message.uint(1), message.view(2), message.bytes(3) if message.has(3) else None)


def read_dag_get(raw: bytes | memoryview) -> DagGet:
    """A dag.GetRequest; MalformedProtobuf."""
    message = read_message(raw)
    return DagGet(message.uint(1), message.bytes(2), message.text(3) if message.has(3) else None)


def read_cns_put(raw: bytes | memoryview) -> CnsPut:
    """A cns.PutRequest; MalformedProtobuf, as for one without a record."""
    message = read_message(raw)
    if not message.has(2):
        raise MalformedProtobuf("no record")
    return CnsPut(message.uint(1), message.bytes(2))


def read_cns_get(raw: bytes | memoryview) -> CnsGet:
    """A cns.GetRequest; MalformedProtobuf."""
    message = read_message(raw)
    return CnsGet(message.uint(1), message.text(2))


def read_cns_record(raw: bytes | memoryview) -> CnsRecord:
    """A cns.Record that is kept; fields it does not know are passed over. What they may hold is the store's to say.

    MalformedProtobuf.
    """
    message = read_message(raw)
    return CnsRecord(
        signature=read_signature(message.view(1)) if message.has(1) else None,
        cid=message.bytes(2),
        name=message.text(3),
        ttl_s=message.uint(4, largest=UINT32_MAX) if message.has(4) else None,
    )


def read_new_cns_record(raw: bytes | memoryview) -> CnsRecord:
    """As `read_cns_record`, of one that is to be kept: MalformedProtobuf also for any field that has no meaning.

    It would be given out again for as long as the name stands, and what lies in the signature is signed by nobody.
    """
    message = read_exact_message(raw, _RECORD)
    if message.has(1):
        read_exact_message(message.view(1), _SIGNATURE)
    return read_cns_record(raw)


def cid_answer(cid: bytes) -> bytes:
    """The answer to every put of content: `cid` in field 1."""
    return field_head(1, len(cid)) + cid


def file_data_head(length: int) -> bytes:
    """What precedes `length` bytes of content in a GetFileResponse: the bytes follow as they lie."""
    return field_head(2, length)


def message_answer(parts: Sequence[bytes] | None) -> list[bytes]:
    """A dag or cns GetResponse: the node or record, whose bytes are `parts`, in field 1; None: the empty answer.

    An empty node is present: without its field the SDK stumbles.
    """
    return [] if parts is None else [field_head(1, sum(map(len, parts))), *parts]
