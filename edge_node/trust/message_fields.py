"""The strict reading of a small protobuf message whose bytes are signed: known fields alone, each at most once."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge_node.wire.protobuf_fields import Field, MalformedProtobuf, WireType, read_varint, scan_fields

U53_MAX = 2**53 - 1  # what JavaScript, hence the SDK, holds exactly
_FIELDS_MAX = 64  # no message here has more than 10; the rest is room for operations that come one by one


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields a message may have, by number; `repeated` may stand several times, `required` must be there.

    A repeated number may also come packed (protobuf obliges a reader to take both).
    """

    types: Mapping[int, WireType]
    required: tuple[int, ...] = ()
    repeated: frozenset[int] = frozenset()


class MessageFields:
    """The fields of one message, none of them unknown or doubled. Views are valid as long as the buffer is."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[int, list[Field]]) -> None:
        self._fields = fields

    def __contains__(self, number: int) -> bool:
        return number in self._fields

    def number(self, number: int, absent: int) -> int:
        """An integer field, or `absent`."""
        if number not in self._fields:
            return absent
        value = self._fields[number][0].value
        assert isinstance(value, int), "the shape fixes the type"
        return value

    def view(self, number: int) -> memoryview:
        """A field of bytes; empty when it is absent, as proto3 has it."""
        if number not in self._fields:
            return memoryview(b"")
        value = self._fields[number][0].value
        assert isinstance(value, memoryview), "the shape fixes the type"
        return value

    def exact(self, number: int, size: int, what: str) -> bytes:
        """A field of exactly `size` bytes; MalformedProtobuf otherwise, which calls it `what`."""
        value = self.view(number)
        if len(value) != size:
            raise MalformedProtobuf(f"{what} of {len(value)} bytes, wants {size}")
        return bytes(value)

    def flag(self, number: int) -> bool:
        """A bool that is 0 or 1; false when it is absent."""
        value = self.number(number, 0)
        if value > 1:
            raise MalformedProtobuf("a bool other than 0 and 1")
        return bool(value)

    def numbers(self, number: int) -> list[int]:
        """Every value of a repeated integer field, packed or not, in order."""
        values: list[int] = []
        for field in self._fields.get(number, ()):
            values += (field.value,) if isinstance(field.value, int) else _unpack(field.value)
        return values


def read_message(raw: bytes | memoryview, shape: Shape) -> MessageFields:
    """The fields of `raw`; MalformedProtobuf for an unknown, doubled, missing or differently typed one."""
    fields: dict[int, list[Field]] = {}
    for field in scan_fields(raw, fields_max=_FIELDS_MAX):
        _check(field, shape, again=field.number in fields)
        fields.setdefault(field.number, []).append(field)
    if absent := [number for number in shape.required if number not in fields]:
        raise MalformedProtobuf(f"field {absent[0]} is missing")
    return MessageFields(fields)


def _check(field: Field, shape: Shape, *, again: bool) -> None:
    wanted = shape.types.get(field.number)
    if wanted is None:
        raise MalformedProtobuf(f"field {field.number} is unknown")
    repeated = field.number in shape.repeated
    if field.wire_type is not wanted and not (repeated and field.wire_type is WireType.BYTES):
        raise MalformedProtobuf(f"field {field.number} has another type")
    if again and not repeated:
        raise MalformedProtobuf(f"field {field.number} stands twice")


def _unpack(packed: memoryview) -> list[int]:
    values, place = [], 0
    while place < len(packed):
        value, place = read_varint(packed, place)
        values.append(value)
    return values
