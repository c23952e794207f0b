"""The signed event: the bytes a device signs, and the one door to all its forms (docs/specs/signed-event.md)."""

import hashlib
import struct

import msgspec

from edge_node.base.clock import ClockQuality
from edge_node.base.ids import Signature, StreamName, VaultId
from edge_node.trust.documents import EVENT_TAG
from edge_node.trust.event_frame import MalformedEventFrame, format_event_frame, parse_event_frame
from edge_node.trust.event_header import (
    HEADER_NAME,
    EventHeader,
    UnsignableEvent,
    format_event_header,
    parse_event_header,
)
from edge_node.trust.signature_fields import MalformedSignatureHeader
from edge_node.trust.signing_key import SigningKey, verify_signature
from edge_node.wire.event_body import clean_content_type

__all__ = [
    "HEADER_NAME",
    "EventHeader",
    "MalformedEventFrame",
    "MalformedSignatureHeader",
    "UnsignableEvent",
    "event_message",
    "format_event_frame",
    "format_event_header",
    "parse_event_frame",
    "parse_event_header",
    "sign_event",
    "verify_event",
]

_ED25519 = b"\x01"  # alg: the one signature algorithm of version 1
_HEAD = EVENT_TAG + b"\x00" + _ED25519
_NUMBERS = struct.Struct("<QQBI")  # seq, t_ms, t_quality, body_len

_NO_SIGNATURE = Signature(bytes(Signature.size))


def event_message(header: EventHeader, body: bytes) -> bytes:
    """The bytes to be signed (at most 521), with BLAKE2b-256(body) last; UnsignableEvent for fields out of range.

    The header's own signature plays no part. Offload bodies above 256 KiB: they are hashed here.
    """
    try:
        stream, content_type = header.stream.encode("ascii"), header.content_type.encode("ascii")
        return b"".join(
            (
                _HEAD,
                header.key,
                header.audience,
                bytes((len(stream),)),
                stream,
                bytes((len(content_type),)),
                content_type,
                _NUMBERS.pack(header.seq, header.t_ms, header.quality, len(body)),
                hashlib.blake2b(body, digest_size=32).digest(),
            )
        )
    except (UnicodeEncodeError, ValueError, struct.error) as error:
        raise UnsignableEvent(str(error)) from error


def sign_event(
    key: SigningKey,
    *,
    audience: VaultId,
    stream: StreamName,
    content_type: str,
    seq: int,
    t_ms: int,
    quality: ClockQuality,
    body: bytes,
) -> EventHeader:
    """The signed header of `body`; ContentTypeRefused or UnsignableEvent for fields that cannot be signed."""
    unsigned = EventHeader(
        key=key.public,
        audience=audience,
        stream=stream,
        content_type=clean_content_type(content_type),
        seq=seq,
        t_ms=t_ms,
        quality=quality,
        signature=_NO_SIGNATURE,
    )
    return msgspec.structs.replace(unsigned, signature=key.sign(event_message(unsigned, body)))


def verify_event(header: EventHeader, body: bytes) -> bool:
    """Say whether the header's key signed this header and this body."""
    return verify_signature(header.key, event_message(header, body), header.signature)
