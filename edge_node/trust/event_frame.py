"""The binary frame of a signed event, for MQTT 3.1.1 and tiny devices (docs/specs/signed-event.md).

A published form with vectors: devices write it and readers take it, whatever brings it to a node.
"""

import struct

from edge_node.base.clock import ClockQuality
from edge_node.base.errors import RemoteError
from edge_node.base.ids import PublicKey, Signature, StreamName, VaultId
from edge_node.trust.event_header import EventHeader, UnsignableEvent
from edge_node.wire.event_body import ContentTypeRefused, clean_content_type

FRAME_MAGIC = b"EE\x01"

_ALG_ED25519 = 1
_FIXED = struct.Struct("<3sB32sQQBB")  # magic and version, alg, key, seq, t_ms, t_quality, length of the content type


class MalformedEventFrame(RemoteError):
    """Bytes are not an event frame of version 1; `why` says where."""

    slug = "malformed-event-frame"
    status = 400
    remedy = "Build the frame as docs/specs/signed-event.md defines it."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"malformed event frame: {why}")


def parse_event_frame(raw: bytes, stream: StreamName, audience: VaultId) -> tuple[EventHeader, bytes]:
    """The header and the body of a frame; `stream` comes from the topic, `audience` from the device's enrolment.

    Raises MalformedEventFrame. Nothing is verified; a body may be empty.
    """
    if len(raw) < _FIXED.size:
        raise MalformedEventFrame(f"{len(raw)} bytes are too few")
    magic, alg, key, seq, t_ms, quality, type_length = _FIXED.unpack_from(raw)
    if magic != FRAME_MAGIC or alg != _ALG_ED25519:
        raise MalformedEventFrame("it does not begin with 45 45 01 01")
    if quality not in _QUALITIES:
        raise MalformedEventFrame(f"no clock quality {quality} is known")
    signature_at = _FIXED.size + type_length
    body_at = signature_at + Signature.size
    if len(raw) < body_at:
        raise MalformedEventFrame("it ends before its body begins")
    header = EventHeader(
        key=PublicKey(key),
        audience=audience,
        stream=stream,
        content_type=_read_content_type(raw[_FIXED.size : signature_at]),
        seq=seq,
        t_ms=t_ms,
        quality=ClockQuality(quality),
        signature=Signature(raw[signature_at:body_at]),
    )
    return header, raw[body_at:]


def format_event_frame(header: EventHeader, body: bytes) -> bytes:
    """The frame of a signed event; stream and audience travel outside. UnsignableEvent for fields out of range."""
    try:
        content_type = header.content_type.encode("ascii")
        fixed = _FIXED.pack(
            FRAME_MAGIC, _ALG_ED25519, header.key, header.seq, header.t_ms, header.quality, len(content_type)
        )
    except (UnicodeEncodeError, struct.error) as error:
        raise UnsignableEvent(str(error)) from error
    return fixed + content_type + header.signature + body


_QUALITIES = frozenset(int(quality) for quality in ClockQuality)


def _read_content_type(raw: bytes) -> str:
    # The signed bytes hold the value without outer white space; a frame that carries some has two spellings.
    text = raw.decode("latin-1")
    try:
        clean = clean_content_type(text)
    except ContentTypeRefused as error:
        raise MalformedEventFrame(str(error)) from None
    if clean != text:
        raise MalformedEventFrame("the content type has outer white space")
    return text
