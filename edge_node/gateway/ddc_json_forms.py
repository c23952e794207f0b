"""DAG nodes and CNS records as protobuf's JSON has them: bytes as base64, 64-bit numbers as text, names in camelCase.

Only what differs from a default is written; what is not named here is refused. A record in JSON is signed as the
encoded message: fields ascending, defaults left out.
"""

from typing import Annotated, Literal

import msgspec

from edge_node.base.ids import Cid
from edge_node.gateway.errors import MalformedMessage
from edge_node.wire.cid import read_cid
from edge_node.wire.dag_node import DagNode, Link, Tag, read_node, write_node
from edge_node.wire.ddc_messages import read_cns_record
from edge_node.wire.proto import cns_pb2, common_pb2

Algorithm = Literal["ED_25519", "SR_25519"]
ALGORITHMS: tuple[Algorithm, ...] = ("ED_25519", "SR_25519")
# 64 bits without a sign: written as text, which loses no digit in JavaScript; a number is taken too.
Wide = int | Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,20}\Z")]


class Form(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """A message in JSON."""


class LinkForm(Form, frozen=True):
    """dag.Link."""

    cid: bytes = b""
    name: str = ""
    size: Wide = 0


class TagForm(Form, frozen=True):
    """dag.Tag."""

    key: str = ""
    value: str = ""


class NodeForm(Form, frozen=True):
    """dag.Node."""

    data: bytes = b""
    links: list[LinkForm] = []
    tags: list[TagForm] = []


class DagPutForm(Form, frozen=True):
    """dag.PutRequest; the bucket stands in the path, and may be repeated here."""

    bucket_id: Wide | None = None
    node: NodeForm | None = None
    cid: bytes | None = None


class DagAnswerForm(Form, frozen=True):
    """dag.GetResponse."""

    node: NodeForm | None = None


class SignatureForm(Form, frozen=True):
    """common.Signature."""

    algorithm: Algorithm | Literal[0, 1] = "ED_25519"
    signer: bytes = b""
    value: bytes = b""


class RecordForm(Form, frozen=True):
    """cns.Record."""

    signature: SignatureForm | None = None
    cid: bytes = b""
    name: str = ""
    ttl: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)] | None = None


class CnsPutForm(Form, frozen=True):
    """cns.PutRequest."""

    bucket_id: Wide | None = None
    record: RecordForm | None = None


class CnsAnswerForm(Form, frozen=True):
    """cns.GetResponse."""

    record: RecordForm | None = None


class CidForm(Form, frozen=True):
    """dag.PutResponse."""

    cid: bytes = b""


_as_dag_put = msgspec.json.Decoder(DagPutForm).decode
_as_cns_put = msgspec.json.Decoder(CnsPutForm).decode
_encode = msgspec.json.Encoder().encode


def read_dag_put(raw: bytes, bucket: int) -> tuple[bytes, Cid | None]:
    """The canonical node of a dag.PutRequest for `bucket`, and the CID it should have; MalformedMessage.

    Offload bodies above 256 KiB.
    """
    try:
        form = _as_dag_put(raw)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise MalformedMessage(str(error)) from None
    _check_bucket(form.bucket_id, bucket)
    if form.node is None:
        raise MalformedMessage("no node")
    links = [Link(link.cid, link.name, _wide(link.size)) for link in form.node.links]
    node = DagNode(form.node.data, links, [Tag(tag.key, tag.value) for tag in form.node.tags])
    return write_node(node), None if form.cid is None else read_cid(form.cid)


def write_dag_answer(raw: bytes) -> bytes:
    """The dag.GetResponse of an encoded node. Offload nodes above 256 KiB."""
    node = read_node(raw)
    links = [LinkForm(cid=link.cid, name=link.name, size=str(link.size) if link.size else 0) for link in node.links]
    tags = [TagForm(key=tag.key, value=tag.value) for tag in node.tags]
    return _encode(DagAnswerForm(node=NodeForm(data=bytes(node.data), links=links, tags=tags)))


def write_cid_answer(cid: Cid) -> bytes:
    """The dag.PutResponse for a CID."""
    return _encode(CidForm(cid=bytes(cid)))


def read_cns_put(raw: bytes, bucket: int) -> bytes:
    """The encoded record of a cns.PutRequest for `bucket`; MalformedMessage."""
    try:
        form = _as_cns_put(raw)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise MalformedMessage(str(error)) from None
    _check_bucket(form.bucket_id, bucket)
    if form.record is None:
        raise MalformedMessage("no record")
    return _encode_record(form.record)


def write_cns_answer(raw: bytes | None) -> bytes:
    """The cns.GetResponse of an encoded record, or of none."""
    if raw is None:
        return _encode(CnsAnswerForm())
    record, signature = read_cns_record(raw), None
    if (signed := record.signature) is not None:
        algorithm = ALGORITHMS[signed.algorithm]
        signature = SignatureForm(algorithm=algorithm, signer=signed.signer, value=signed.value)
    form = RecordForm(signature=signature, cid=record.cid, name=record.name, ttl=record.ttl_s)
    return _encode(CnsAnswerForm(record=form))


def _encode_record(form: RecordForm) -> bytes:
    record = cns_pb2.Record(cid=form.cid, name=form.name, ttl=form.ttl)
    if (signed := form.signature) is not None:
        named = signed.algorithm
        algorithm = ALGORITHMS[named] if isinstance(named, int) else named
        signature = common_pb2.Signature(algorithm=algorithm, signer=signed.signer, value=signed.value)
        record.signature.CopyFrom(signature)
    return record.SerializeToString(deterministic=True)


def _check_bucket(named: int | str | None, bucket: int) -> None:
    if named is not None and _wide(named) != bucket:
        raise MalformedMessage(f"the path names bucket {bucket}, the body another")


def _wide(value: int | str) -> int:
    if not 0 <= (number := int(value)) < 2**64:
        raise MalformedMessage("a number of more than 64 bits")
    return number
