"""The activity record: what was stored or read, by whom, with the client's signed words (docs/specs/activity.md).

Its payload is an era's leaf: the format is frozen, and fields are only ever appended.
"""

import enum
import hashlib
from typing import Final

import msgspec

from edge_node.base.ids import strip_type
from edge_node.base.limits import MIB
from edge_node.trust.activity_request import ActivityRequest
from edge_node.wire.protobuf_message import read_message

ACTIVITY_KIND: Final = 15
VERSION: Final = 1

# Twelve parts are at most 20 KB (two signed messages of 768 bytes each), 480 digests at most 43 KB.
PARTS_MAX: Final = 12
DIGESTS_MAX: Final = 480
RECORD_MAX_BYTES: Final = 64 * 1024
WINDOW_S: Final = 60.0
WINDOW_BYTES: Final = 32 * MIB

SESSION_BYTES: Final = 16
IDENTITY_BYTES: Final = 16
NO_SESSION: Final = bytes(SESSION_BYTES)


class Action(enum.IntEnum):
    """What happened; the numbers are those of ActivityRequest.requestType."""

    STORE = 0
    READ = 1


class Part(msgspec.Struct, array_like=True, frozen=True):
    """What one store, or one read within this record, moved; cumulative bytes of the read before and at the end.

    `request` and `ack` are the signed messages as received, empty when none came.
    """

    cid: bytes
    sent_from: int
    sent_to: int
    acked_from: int
    acked_to: int
    request: bytes
    ack: bytes


class PartDigest(msgspec.Struct, array_like=True, frozen=True):
    """A part of which only digests are kept: `identity_of` its request, `evidence_of` the part."""

    identity: bytes
    evidence: bytes
    sent_from: int
    sent_to: int
    acked_from: int
    acked_to: int


class ActivityRecord(msgspec.Struct, array_like=True, frozen=True):
    """One record: `[15, 1, …]`, class rc. Times are ms UTC, `clock_quality` a ClockQuality, `action` an Action."""

    kind: int
    version: int
    action: int
    node: bytes
    holder: bytes
    bucket: int
    window: bytes
    session: bytes
    first_ms: int
    last_ms: int
    clock_quality: int
    count: int
    bytes: int
    acked: int
    parts: "list[Part]"
    digests: "list[PartDigest]"


_ENCODER = msgspec.msgpack.Encoder(enc_hook=strip_type)
_DECODER = msgspec.msgpack.Decoder(ActivityRecord)


def encode_activity(record: ActivityRecord) -> bytes:
    """The record's payload: what an era hashes."""
    return _ENCODER.encode(record)


def decode_activity(payload: bytes) -> ActivityRecord:
    """Read a payload; trailing fields of a later release are passed over. msgspec.DecodeError for anything else."""
    return _DECODER.decode(payload)


def leaf_of(payload: bytes) -> bytes:
    """The era leaf of a payload: BLAKE2b-256(00 | payload), 32 bytes (docs/specs/activity.md).

    For who verifies an era: it is the published form, which the vectors hold.
    """
    return hashlib.blake2b(b"\0" + payload, digest_size=32).digest()


def identity_of(signer: bytes, action: int, request_id: bytes) -> bytes:
    """What a signed request is counted by, once: BLAKE2b-128(signer | requestType u8 | requestId)."""
    return hashlib.blake2b(signer + bytes((action,)) + request_id, digest_size=IDENTITY_BYTES).digest()


def identity_of_request(request: ActivityRequest) -> bytes:
    """`identity_of` a request."""
    return identity_of(request.signer, request.type, request.request_id.encode("ascii"))


def identity_of_raw(request: bytes) -> bytes:
    """`identity_of` a request as it stands in a part; MalformedProtobuf for bytes that are none."""
    message = read_message(request)
    return identity_of(read_message(message.view(10)).bytes(2), message.uint(3, largest=255), message.bytes(2))


def evidence_of(part: Part) -> bytes:
    """BLAKE2b-256 of the part's MessagePack: what a digest commits the node to."""
    return hashlib.blake2b(_ENCODER.encode(part), digest_size=32).digest()


def digest_part(part: Part, identity: bytes) -> PartDigest:
    """The digest that stands for a part; `identity` of its request."""
    return PartDigest(identity, evidence_of(part), part.sent_from, part.sent_to, part.acked_from, part.acked_to)
