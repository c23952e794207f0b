"""The header of a signed event, and its HTTP text form `Edge-Signature` (docs/specs/signed-event.md)."""

import base64
import binascii
import re

import msgspec

from edge_node.base.clock import ClockQuality
from edge_node.base.errors import LocalError
from edge_node.base.ids import PublicKey, Signature, StreamName, VaultId
from edge_node.trust.signature_fields import FieldCheck, base64_64, decimal, hex_32, read_fields, read_u64
from edge_node.wire.event_body import clean_content_type

HEADER_NAME = "Edge-Signature"

_CHECKS: dict[str, FieldCheck] = {
    "key": hex_32,
    "audience": hex_32,
    "stream": re.compile(r"[a-z0-9][a-z0-9._/-]{0,126}").fullmatch,
    "seq": decimal,
    "t": decimal,
    "q": re.compile(r"[0-3]").fullmatch,
    "sig": base64_64,
}
# What format_event_header writes, as nearly every sender does: read in one step instead of field by field.
_AS_FORMATTED = re.compile(
    r"key=([0-9a-f]{64}), audience=([0-9a-f]{64}), stream=([a-z0-9][a-z0-9._/-]{0,126}),"
    r" seq=(0|[1-9][0-9]{0,19}), t=(0|[1-9][0-9]{0,19}), q=([0-3]), sig=([A-Za-z0-9+/]{85}[AQgw]==)"
).fullmatch
_QUALITIES = {str(int(quality)): quality for quality in ClockQuality}


class UnsignableEvent(LocalError):
    """Our own code asked for the signed bytes of an event that no field layout holds."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"no signed event can say this: {why}")


class EventHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Who says what, where and when about a body, and the signature that binds them.

    `seq` and `t_ms` (ms UTC) are below 2^64. `content_type` is the header's value without outer white space, 1 to 255
    printable ASCII characters. Immutable; made by sign_event and the parsers, which check the ranges.
    """

    key: PublicKey
    audience: VaultId
    stream: StreamName
    content_type: str
    seq: int
    t_ms: int
    quality: ClockQuality
    signature: Signature


def parse_event_header(text: str, content_type: str) -> EventHeader:
    """Read an `Edge-Signature` value; `content_type` is the Content-Type header's value as received.

    Raises MalformedSignatureHeader or ContentTypeRefused. Nothing is verified.
    """
    found = _AS_FORMATTED(text)
    key, audience, stream, seq, t_ms, quality, signature = found.groups() if found else _in_any_order(text)
    return EventHeader(
        key=PublicKey(bytes.fromhex(key)),
        audience=VaultId(bytes.fromhex(audience)),
        stream=StreamName(stream),
        content_type=clean_content_type(content_type),
        seq=read_u64(HEADER_NAME, "seq", seq),
        t_ms=read_u64(HEADER_NAME, "t", t_ms),
        quality=_QUALITIES[quality],
        signature=Signature(binascii.a2b_base64(signature)),
    )


def _in_any_order(text: str) -> list[str]:
    fields = read_fields(HEADER_NAME, text, _CHECKS)
    return [fields[name] for name in _CHECKS]


def format_event_header(header: EventHeader) -> str:
    """The `Edge-Signature` value; the content type travels in its own header."""
    return (
        f"key={header.key}, audience={header.audience}, stream={header.stream}, seq={header.seq}, t={header.t_ms},"
        f" q={int(header.quality)}, sig={base64.b64encode(header.signature).decode('ascii')}"
    )
