"""A protobuf message whose fields are known by number, read strictly: each value once, of its type, in its range.

Two degrees of strictness. `read_message`: what a client sends with a call; a field that nobody asks for is passed
over. `read_exact_message`: what is signed, and remembered by its bytes; a field that is not in the message's shape is
refused, as everything is that would let one content be signed in many forms.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from edge_node.wire.protobuf_fields import FIELDS_MAX, Field, MalformedProtobuf, WireType, read_varint, scan_fields

UINT32_MAX: Final = 2**32 - 1
EXACT_FIELDS_MAX: Final = 64  # no such message has more than 10; the rest is room for operations that come one by one


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields an exact message may have, by number; `repeated` may stand several times, `required` must be there.

    A repeated number may also come packed (protobuf obliges a reader to take both).
    """

    types: Mapping[int, WireType]
    required: tuple[int, ...] = ()
    repeated: frozenset[int] = frozenset()


class Message:
    """The fields of one message. A field that is absent has its default, as proto3 says; `has` tells absence apart.

    A field written twice is refused, where a protobuf library would take the last or join both: two readers of one
    signed message must not see two contents. Views are valid as long as the buffer is. MalformedProtobuf everywhere.
    """

    __slots__ = ("_found", "_lists", "raw")

    def __init__(self, raw: memoryview, fields: list[Field], repeated: Collection[int]) -> None:
        """`repeated` are the numbers of fields that may stand more than once."""
        self.raw = raw
        self._found: dict[int, Field] = {}
        self._lists: dict[int, list[Field]] = {number: [] for number in repeated}
        for field in fields:
            number = field.number
            if number in self._lists:
                self._lists[number].append(field)
            elif self._found.setdefault(number, field) is not field:
                raise MalformedProtobuf(f"field {number} stands twice")

    def has(self, number: int) -> bool:
        """Whether the field is there at all."""
        return number in self._found or bool(self._lists.get(number))

    def uint(self, number: int, largest: int = 2**64 - 1) -> int:
        """An unsigned integer or an enumeration, 0 when absent."""
        field = self._found.get(number)
        if field is None:
            return 0
        if field.wire_type is not WireType.VARINT or not isinstance(field.value, int):
            raise MalformedProtobuf(f"field {number} is no integer")
        if field.value > largest:
            raise MalformedProtobuf(f"field {number} is above {largest}")
        return field.value

    def uints(self, number: int) -> list[int]:
        """The values of a repeated integer field, packed or not, in order."""
        values: list[int] = []
        for field in self._lists[number]:
            values += (field.value,) if isinstance(field.value, int) else _unpack(field.value)
        return values

    def flag(self, number: int) -> bool:
        """A boolean, False when absent."""
        value = self.uint(number)
        if value > 1:
            raise MalformedProtobuf("a bool other than 0 and 1")
        return bool(value)

    def view(self, number: int) -> memoryview:
        """Bytes or a message, as a view of the buffer; empty when absent."""
        field = self._found.get(number)
        return self.raw[:0] if field is None else _view_of(field)

    def views(self, number: int) -> list[memoryview]:
        """The values of a repeated field of bytes or messages, in order."""
        return [_view_of(field) for field in self._lists[number]]

    def exact(self, number: int, size: int, what: str) -> bytes:
        """Bytes, copied, just `size` of them; MalformedProtobuf otherwise, which calls them `what`."""
        value = self.view(number)
        if len(value) != size:
            raise MalformedProtobuf(f"{what} of {len(value)} bytes, wants {size}")
        return bytes(value)

    def without(self, number: int) -> bytes:
        """The message without a field that is not repeated, every other byte as it stood: what a signature covers."""
        field = self._found.get(number)
        return bytes(self.raw) if field is None else bytes(self.raw[: field.start]) + bytes(self.raw[field.stop :])

    def bytes(self, number: int) -> bytes:
        """Bytes, copied; empty when absent."""
        return bytes(self.view(number))

    def text(self, number: int) -> str:
        """Text in UTF-8, empty when absent."""
        return text_of(self.view(number), number)


def read_message(raw: bytes | memoryview, *, repeated: Collection[int] = (), fields_max: int = FIELDS_MAX) -> Message:
    """The fields of `raw`, known or not; `repeated` are the numbers of those that may stand more than once.

    MalformedProtobuf for a doubled field and for more than `fields_max`; types and ranges are judged where a value is
    asked for.
    """
    view = memoryview(raw)
    return Message(view, scan_fields(view, fields_max=fields_max), repeated)


def read_exact_message(raw: bytes | memoryview, shape: Shape) -> Message:
    """The fields of `raw`; MalformedProtobuf for an unknown, doubled, missing or differently typed one."""
    view = memoryview(raw)
    fields = scan_fields(view, fields_max=EXACT_FIELDS_MAX)
    for number, wire_type, _, _, _ in fields:
        wanted = shape.types.get(number)
        if wanted is None:
            raise MalformedProtobuf(f"field {number} is unknown")
        if wire_type is not wanted and not (wire_type is WireType.BYTES and number in shape.repeated):
            raise MalformedProtobuf(f"field {number} has another type")
    message = Message(view, fields, shape.repeated)
    for number in shape.required:
        if not message.has(number):
            raise MalformedProtobuf(f"field {number} is missing")
    return message


def text_of(view: memoryview, number: int) -> str:
    """The UTF-8 text of field `number`; MalformedProtobuf when it is none."""
    try:
        return str(view, "utf-8")
    except UnicodeDecodeError:
        raise MalformedProtobuf(f"field {number} is not UTF-8") from None


def _view_of(field: Field) -> memoryview:
    if not isinstance(field.value, memoryview):
        raise MalformedProtobuf(f"field {field.number} holds no bytes")
    return field.value


def _unpack(packed: memoryview) -> list[int]:
    values, place = [], 0
    while place < len(packed):
        value, place = read_varint(packed, place)
        values.append(value)
    return values
