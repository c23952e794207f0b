"""What a DDC client signs about a call: the request before it and the acknowledgements during it (ddc-access.md)."""

import base64
import binascii
import enum
import re
from dataclasses import dataclass, field

from edge_node.base.errors import RemoteError
from edge_node.base.ids import Cid, PublicKey
from edge_node.base.limits import U53_MAX
from edge_node.trust.wallet_signature import WalletSignature, read_wallet_signature, verify_signed
from edge_node.wire.cid import MalformedCid, read_cid
from edge_node.wire.protobuf_fields import MalformedProtobuf, WireType
from edge_node.wire.protobuf_message import Message, Shape, read_exact_message

TEXT_MAX_CHARACTERS = 1_024  # the longest request makes about 400
RAW_MAX_BYTES = 768
REQUEST_ID_MAX = 64  # a UUID has 36

_REQUEST_SIGNATURE = 10
_ACKNOWLEDGMENT_SIGNATURE = 4
_REQUEST = Shape(
    {
        # 1, parentRequest, is what one node signs towards another; no client sends it and nobody here could judge it.
        2: WireType.BYTES,  # requestId
        3: WireType.VARINT,  # requestType
        4: WireType.VARINT,  # contentType
        5: WireType.VARINT,  # bucketId
        6: WireType.BYTES,  # id
        7: WireType.VARINT,  # offset
        8: WireType.VARINT,  # size
        9: WireType.VARINT,  # timestamp
        _REQUEST_SIGNATURE: WireType.BYTES,
    },
    required=(2, 9, _REQUEST_SIGNATURE),
)
_ACKNOWLEDGMENT = Shape(
    {
        1: WireType.BYTES,  # requestId
        2: WireType.VARINT,  # bytesStoredOrDelivered
        3: WireType.VARINT,  # timestamp
        _ACKNOWLEDGMENT_SIGNATURE: WireType.BYTES,
    },
    required=(1, 3, _ACKNOWLEDGMENT_SIGNATURE),
)
_A_REQUEST, _AN_ACKNOWLEDGMENT = "request", "acknowledgement"
_Raw = bytes  # for the class that has a field `bytes`
_REQUEST_ID = re.compile(rb"[!-~]{1,%d}" % REQUEST_ID_MAX)


class RequestMalformed(RemoteError):
    """A signed request or acknowledgement does not have its form; `why` says where."""

    slug = "activity-malformed"
    status = 400
    remedy = "Send `request` as the SDK makes it: base64 of a signed ActivityRequest (docs/specs/ddc-access.md)."

    def __init__(self, what: str, why: str) -> None:
        self.why = why
        super().__init__(f"not a signed {what}: {why}")


class RequestForged(RemoteError):
    """A signed request or acknowledgement is not signed by the account it names."""

    slug = "activity-forged"
    status = 401
    forged = True
    remedy = "Sign with the key whose account stands in the message, over the message without its signature."

    def __init__(self, what: str) -> None:
        super().__init__(f"the {what} is not signed by the account it names")


class RequestType(enum.IntEnum):
    """What the call does, by its number on the wire."""

    STORE = 0
    GET = 1


class ContentType(enum.IntEnum):
    """What the call is about, by its number on the wire; the SDK sends PIECE alone."""

    PIECE = 0
    SEGMENT = 1
    MERKLE_TREE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRequest:
    """What `signer` says it asks for: `size` bytes from `offset` of `id` (empty: not said) in `bucket`.

    `t_ms` is the client's clock, ms UTC. `raw` are the bytes as received, signature included.
    """

    signer: PublicKey
    request_id: str
    type: RequestType
    content: ContentType
    bucket: int
    id: bytes
    offset: int
    size: int
    t_ms: int
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgment:
    """What `signer` says it has received so far, in all, of the read `request_id`. `raw` as of ActivityRequest."""

    signer: PublicKey
    request_id: str
    bytes: int
    t_ms: int
    raw: _Raw = field(repr=False)


def open_activity_request(text: str) -> ActivityRequest:
    """Read and verify, over the bytes as received without field 10; RequestMalformed or RequestForged. About 70 us."""
    request, signature, signed = _read_request(text)
    if not verify_signed(signature, signed):
        raise RequestForged(_A_REQUEST)
    return request


def open_acknowledgment(raw: bytes | memoryview) -> Acknowledgment:
    """Read and verify, over the bytes as received without field 4; RequestMalformed or RequestForged."""
    acknowledgment, signature, signed = _read_acknowledgment(raw)
    if not verify_signed(signature, signed):
        raise RequestForged(_AN_ACKNOWLEDGMENT)
    return acknowledgment


def _read_request(text: str) -> tuple[ActivityRequest, WalletSignature, bytes]:
    """The request, its signature, and the bytes that must be signed."""
    raw = _decode(_A_REQUEST, text)
    try:
        fields = read_exact_message(raw, _REQUEST)
        signature = read_wallet_signature(fields.view(_REQUEST_SIGNATURE))
        request = ActivityRequest(
            signer=signature.signer,
            request_id=_request_id(fields, 2),
            type=RequestType(_known(fields, 3, RequestType)),
            content=ContentType(_known(fields, 4, ContentType)),
            bucket=fields.uint(5),
            id=_id(fields),
            offset=fields.uint(7),
            size=fields.uint(8),
            t_ms=_time(fields, 9),
            raw=raw,
        )
    except (MalformedProtobuf, MalformedCid) as error:
        raise RequestMalformed(_A_REQUEST, error.why) from None
    return request, signature, fields.without(_REQUEST_SIGNATURE)


def _read_acknowledgment(raw: bytes | memoryview) -> tuple[Acknowledgment, WalletSignature, bytes]:
    """As _read_request."""
    if len(raw) > RAW_MAX_BYTES:
        raise RequestMalformed(_AN_ACKNOWLEDGMENT, f"{len(raw)} bytes, at most {RAW_MAX_BYTES} are read")
    kept = bytes(raw)
    try:
        fields = read_exact_message(kept, _ACKNOWLEDGMENT)
        signature = read_wallet_signature(fields.view(_ACKNOWLEDGMENT_SIGNATURE))
        acknowledgment = Acknowledgment(
            signer=signature.signer,
            request_id=_request_id(fields, 1),
            bytes=fields.uint(2),
            t_ms=_time(fields, 3),
            raw=kept,
        )
    except MalformedProtobuf as error:
        raise RequestMalformed(_AN_ACKNOWLEDGMENT, error.why) from None
    return acknowledgment, signature, fields.without(_ACKNOWLEDGMENT_SIGNATURE)


def _decode(what: str, text: str) -> bytes:
    if len(text) > TEXT_MAX_CHARACTERS:
        raise RequestMalformed(what, f"{len(text)} characters, at most {TEXT_MAX_CHARACTERS} are read")
    try:
        raw = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise RequestMalformed(what, "not standard base64 with padding") from None
    # One spelling: unused bits of the last digit would make many texts of one request.
    if base64.b64encode(raw).decode("ascii") != text:
        raise RequestMalformed(what, "not the one base64 spelling of its bytes")
    return raw


def _request_id(fields: Message, number: int) -> str:
    value = fields.bytes(number)
    if not _REQUEST_ID.fullmatch(value):
        raise MalformedProtobuf(f"a request id other than 1 to {REQUEST_ID_MAX} printable ASCII characters")
    return value.decode("ascii")


def _known(fields: Message, number: int, known: type[enum.IntEnum]) -> int:
    value = fields.uint(number)
    if value >= len(known):  # they are numbered from 0 without a gap
        raise MalformedProtobuf(f"no {known.__name__} {value} is known")
    return value


def _id(fields: Message) -> bytes:
    value = fields.bytes(6)
    return bytes(Cid(read_cid(value))) if value else b""


def _time(fields: Message, number: int) -> int:
    value = fields.uint(number)
    if value > U53_MAX:
        raise MalformedProtobuf("a time above 2^53-1 ms")
    return value
