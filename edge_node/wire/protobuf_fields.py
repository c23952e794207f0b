"""One protobuf message as its raw fields, without a schema (protobuf "Encoding"), for what is verified as received.

Stricter than the format: a varint has its shortest form only, and groups are refused. Otherwise one signed message
could be written in many ways, and what is remembered by its bytes (a revoked token, a spent request) would come back.
"""

import enum
from typing import Final, NamedTuple

from edge_node.base.errors import RemoteError

FIELDS_MAX: Final = 1_024  # a DDC message other than a DAG node has a dozen; a scan's time grows with their number
_TAG_MAX: Final = (1 << 32) - 1
_VARINT_BYTES_MAX: Final = 10
_LONG: Final = 0x80  # from here on a varint has a second byte


class WireType(enum.IntEnum):
    """How a field's value is written."""

    VARINT = 0
    FIXED64 = 1
    BYTES = 2
    FIXED32 = 5


_FIXED_BYTES: Final = {WireType.FIXED64: 8, WireType.FIXED32: 4}


class MalformedProtobuf(RemoteError):
    """Bytes are not the protobuf message that was wanted; `why` says which rule broke, never with their content."""

    slug = "malformed-protobuf"
    status = 400
    remedy = "Send the message as the DDC SDK encodes it (reference: the .proto files in edge_node/wire/proto)."

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"not the protobuf message wanted: {why}")


class Field(NamedTuple):
    """One field of a message: raw[start:stop] is the whole of it, tag and length included.

    `value` is an unsigned integer (varint, fixed) or a view of the bytes, valid as long as the buffer is.
    """

    number: int
    wire_type: WireType
    start: int
    stop: int
    value: int | memoryview


def scan_fields(raw: bytes | memoryview, *, fields_max: int = FIELDS_MAX) -> list[Field]:
    """The fields of one message in the order they stand; MalformedProtobuf when the bytes are no message.

    One pass over tags and lengths, no copy: at most `fields_max` steps, whatever the size.
    """
    view = memoryview(raw)
    fields: list[Field] = []
    place = 0
    while place < len(view):
        if len(fields) == fields_max:
            raise MalformedProtobuf(f"more than {fields_max} fields")
        field = read_field(view, place)
        fields.append(field)
        place = field.stop
    return fields


def cut_field(raw: bytes | memoryview, number: int) -> bytes:
    """The message without its fields `number`, every other byte as it stood; MalformedProtobuf as scan_fields."""
    view = memoryview(raw)
    return b"".join(view[field.start : field.stop] for field in scan_fields(view) if field.number != number)


def read_field(view: memoryview, start: int) -> Field:
    """The field that begins at `start`; MalformedProtobuf when none does.

    A call brings several messages within each other, and nearly all tags, numbers and lengths in them are one byte
    long: those are read first and without a further call.
    """
    if start + 1 < len(view) and (tag := view[start]) < _LONG and (value := view[start + 1]) < _LONG and tag >> 3:
        place = start + 2
        if tag & 7 == WireType.VARINT:
            return Field(tag >> 3, WireType.VARINT, start, place, value)
        if tag & 7 == WireType.BYTES and place + value <= len(view):
            return Field(tag >> 3, WireType.BYTES, start, place + value, view[place : place + value])
    return _read_long_field(view, start)


def _read_long_field(view: memoryview, start: int) -> Field:
    """A field in whatever lengths, and what is wrong with it."""
    tag, place = read_varint(view, start)
    number, kind = tag >> 3, tag & 7
    if tag > _TAG_MAX or number == 0:
        raise MalformedProtobuf("a field number outside 1 to 2^29-1")
    if kind == WireType.VARINT:
        value, stop = read_varint(view, place)
        return Field(number, WireType.VARINT, start, stop, value)
    if kind == WireType.BYTES:
        length, place = read_varint(view, place)
        stop = place + length
        if stop > len(view):
            raise MalformedProtobuf("a field that reaches past the end")
        return Field(number, WireType.BYTES, start, stop, view[place:stop])
    if kind in (WireType.FIXED32, WireType.FIXED64):
        stop = place + _FIXED_BYTES[WireType(kind)]
        if stop > len(view):
            raise MalformedProtobuf("a field that reaches past the end")
        return Field(number, WireType(kind), start, stop, int.from_bytes(view[place:stop], "little"))
    raise MalformedProtobuf(f"wire type {kind}, which no DDC message has")


def read_varint(view: memoryview, start: int) -> tuple[int, int]:
    """The unsigned 64-bit integer at `start` and where it ends; MalformedProtobuf for any but its shortest form."""
    value = shift = 0
    for place in range(start, min(start + _VARINT_BYTES_MAX, len(view))):
        byte = view[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if (byte == 0 and place > start) or value >> 64:
                raise MalformedProtobuf("a varint longer than it needs to be, or above 64 bits")
            return value, place + 1
        shift += 7
    raise MalformedProtobuf("a varint that does not end")


def write_varint(value: int) -> bytes:
    """The shortest form of an unsigned integer below 2**64."""
    written = bytearray()
    while value > 0x7F:
        written.append((value & 0x7F) | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def field_head(number: int, length: int) -> bytes:
    """What precedes the `length` bytes of a field of bytes, text or a message: its tag and its length."""
    return write_varint(number << 3 | WireType.BYTES) + write_varint(length)
