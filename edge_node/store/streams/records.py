"""Records of the event log: signed bodies with header and enrichment, evidence of equivocation, what was removed."""

import msgspec

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import PublicKey, Signature, StreamName, VaultId, strip_type
from edge_node.trust.signed_event import EventHeader

EVENTS_KIND = 8
EVIDENCE_KIND = 9
RETENTION_KIND = 11
VERSION = 1


class EventsRecord(msgspec.Struct, array_like=True, frozen=True, kw_only=False):
    """One event body as stored: MessagePack array `[8, 1, …]`, fields only ever appended before nothing.

    `body` is verbatim; `form` is `wire.event_body.BodyForm`; times are ms UTC; qualities are ClockQuality.
    """

    kind: int
    version: int
    stream: str
    first_offset: int
    count: int
    form: int
    key: bytes
    audience: bytes
    content_type: str
    seq: int
    t_ms: int
    quality: int
    signature: bytes
    received_ms: int
    clock_quality: int
    late: bool
    source: str
    pipeline: str
    body: bytes

    def header(self) -> EventHeader:
        """The device's signed header, as it was sent."""
        return EventHeader(
            key=PublicKey(self.key),
            audience=VaultId(self.audience),
            stream=StreamName(self.stream),
            content_type=self.content_type,
            seq=self.seq,
            t_ms=self.t_ms,
            quality=ClockQuality(self.quality),
            signature=Signature(self.signature),
        )


class EvidenceRecord(msgspec.Struct, array_like=True, frozen=True):
    """Two different messages signed under one sequence number: `[9, 1, …]`.

    `message` is the whole signed message of the second (it holds the body's BLAKE2b-256, not the body).
    """

    kind: int
    version: int
    key: bytes
    audience: bytes
    stream: str
    seq: int
    message: bytes
    signature: bytes
    first_cid: bytes
    received_ms: int


class SignerMark(msgspec.Struct, array_like=True, frozen=True):
    """What stays of a signer whose bodies were removed, so that an index made without them refuses their repeats.

    `highest` and `bits` (little-endian, zeros at its end left out) are the replay window of the removed bodies alone;
    `days` lists [UTC day, bytes] of what they added.
    """

    key: bytes
    highest: int
    bits: bytes
    days: list[tuple[int, int]]


class RetentionRecord(msgspec.Struct, array_like=True, frozen=True):
    """Bodies of a stream below `first_offset` are removed: `[11, 1, …]`, class rc.

    `document` is the signed retention anchor with this `number`, `certificate` the node key's word for the key that
    signed it (docs/specs/retention.md). `last_received_ms` is the latest time at which one of them came.
    """

    kind: int
    version: int
    vault: bytes
    stream: str
    number: int
    first_offset: int
    last_received_ms: int
    signers: list[SignerMark]
    document: bytes
    certificate: bytes


_ENCODER = msgspec.msgpack.Encoder(enc_hook=strip_type)
_EVENTS = msgspec.msgpack.Decoder(EventsRecord)
_EVIDENCE = msgspec.msgpack.Decoder(EvidenceRecord)
_RETENTION = msgspec.msgpack.Decoder(RetentionRecord)


def encode_record(record: EventsRecord | EvidenceRecord | RetentionRecord) -> bytes:
    """The record's payload."""
    return _ENCODER.encode(record)


def decode_events(payload: bytes) -> EventsRecord:
    """Read an events payload; trailing fields of a later release are passed over."""
    return _EVENTS.decode(payload)


def decode_evidence(payload: bytes) -> EvidenceRecord:
    """Read an evidence payload."""
    return _EVIDENCE.decode(payload)


def decode_retention(payload: bytes) -> RetentionRecord:
    """Read a retention payload."""
    return _RETENTION.decode(payload)
