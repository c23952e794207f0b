"""The strict reading of a small protobuf message whose bytes are signed: known fields alone, each at most once."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge_node.base.limits import NUMBER_EXACT_IN_JSON
from edge_node.wire.protobuf_fields import MalformedProtobuf, WireType, read_field, read_varint

U53_MAX = NUMBER_EXACT_IN_JSON - 1  # what JavaScript, hence the SDK, holds exactly
FIELDS_MAX = 64  # no message here has more than 10; the rest is room for operations that come one by one
_LONG = 0x80  # from here on a varint has a second byte

Value = int | memoryview


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

    __slots__ = ("_places", "_repeated", "_values", "_view")

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._values: dict[int, Value] = {}
        self._repeated: dict[int, list[Value]] = {}
        self._places: dict[int, tuple[int, int]] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._values or number in self._repeated

    def without(self, number: int) -> bytes:
        """The message without a field that is not repeated, every other byte as it stood: what a signature covers."""
        start, stop = self._places.get(number, (0, 0))
        return bytes(self._view[:start]) + bytes(self._view[stop:])

    def number(self, number: int, absent: int) -> int:
        """An integer field, or `absent`."""
        value = self._values.get(number, absent)
        assert isinstance(value, int), "the shape fixes the type"
        return value

    def view(self, number: int) -> memoryview:
        """A field of bytes; empty when it is absent, as proto3 has it."""
        value = self._values.get(number, _NOTHING)
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
        for value in self._repeated.get(number, ()):
            values += (value,) if isinstance(value, int) else _unpack(value)
        return values

    def take(self, shape: Shape, number: int, wire_type: int, value: Value, place: tuple[int, int]) -> None:
        """Put in the field that stands at `place`; MalformedProtobuf when the shape has none such, or it is there."""
        wanted = shape.types.get(number)
        if wanted is None:
            raise MalformedProtobuf(f"field {number} is unknown")
        if number in shape.repeated:
            if wire_type not in (wanted, WireType.BYTES):
                raise MalformedProtobuf(f"field {number} has another type")
            self._repeated.setdefault(number, []).append(value)
            return
        if wire_type != wanted:
            raise MalformedProtobuf(f"field {number} has another type")
        if number in self._values:
            raise MalformedProtobuf(f"field {number} stands twice")
        self._values[number], self._places[number] = value, place


_NOTHING = memoryview(b"")


def read_message(raw: bytes | memoryview, shape: Shape) -> MessageFields:
    """The fields of `raw`; MalformedProtobuf for an unknown, doubled, missing or differently typed one."""
    view = memoryview(raw)
    fields, place, stop = MessageFields(view), 0, len(view)
    for _ in range(FIELDS_MAX):
        if place == stop:
            break
        place = _read_next(view, place, shape, fields)
    if place != stop:
        raise MalformedProtobuf(f"more than {FIELDS_MAX} fields")
    for number in shape.required:
        if number not in fields:
            raise MalformedProtobuf(f"field {number} is missing")
    return fields


def _read_next(view: memoryview, start: int, shape: Shape, fields: MessageFields) -> int:
    """Take the field at `start`; where it ends.

    A call brings three such messages within each other, and nearly all tags, numbers and lengths in them are one byte
    long: those are read here. All else, and whatever is wrong, is wire.protobuf_fields' to read or to refuse.
    """
    if start + 1 < len(view) and (tag := view[start]) < _LONG and (value := view[start + 1]) < _LONG and tag >> 3:
        wire_type, place = tag & 7, start + 2
        if wire_type == 0:
            fields.take(shape, tag >> 3, wire_type, value, (start, place))
            return place
        if wire_type == 2 and place + value <= len(view):
            stop = place + value
            fields.take(shape, tag >> 3, wire_type, view[place:stop], (start, stop))
            return stop
    field = read_field(view, start)
    fields.take(shape, field.number, field.wire_type, field.value, (start, field.stop))
    return field.stop


def _unpack(packed: memoryview) -> list[int]:
    values, place = [], 0
    while place < len(packed):
        value, place = read_varint(packed, place)
        values.append(value)
    return values
